"""``ivigil serve`` as a process, and the first administrator's way in from the command line."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ivigil.cli.main import BAD_INPUT, OK
from ivigil.web.app import make_app
from ivigil.web.settings import Settings, SettingsError, is_loopback
from tests.support.centre import Centre
from tests.support.treated import SITE_FOLDER
from tests.support.web import Browser


@contextmanager
def demonstration(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A running demonstration that writes under ``folder``; the process, what it said, its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ivigil", "serve", "--demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"TMPDIR": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"Ivigil at (http://127\.0\.0\.1:\d+)/", line):
            break
    assert found, said
    try:
        yield process, said, found[1]
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_demonstration_starts_prints_its_sign_ins_and_leaves_nothing(
    tmp_path: Path, end: signal.Signals
) -> None:
    with demonstration(tmp_path) as (process, said, address):
        for sign_in in ("prescriber", "pharmacist", "nurse", "administrator", "auditor"):
            assert re.search(rf"^  {sign_in}\b", said, re.MULTILINE)
        password = re.search(r"Password of everybody +(.+)", said)
        assert password
        with httpx.Client(base_url=address) as client:
            token = re.search(r'name="form_token" value="(\w+)"', client.get("/sign-in").text)
            assert token
            sent = {"form_token": token[1], "sign_in": "nurse", "password": password[1], "next": "/board"}
            assert client.post("/sign-in", data=sent).headers["location"] == "/board"
            assert "every person and patient here is fictional" in client.get("/board").text
        process.send_signal(end)
        assert process.wait(timeout=30) == OK
        assert process.stdout
        assert "Traceback" not in process.stdout.read()
    assert list(tmp_path.glob("ivigil-demo-*")) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "clinic.example"])
def test_demo_accounts_never_start_off_loopback(centre: Centre, host: str, tmp_path: Path) -> None:
    assert (
        centre("serve", "--demo", "--host", host, "--behind-proxy", "--name", "clinic.example") == BAD_INPUT
    )
    assert centre.err.count("\n") == 1
    assert "demo accounts have printed passwords and start on this machine alone" in centre.err
    settings = Settings(journal=str(tmp_path / "j.db"), secrets=tmp_path / "s", host=host, demo=True)
    with pytest.raises(SettingsError):
        make_app(settings)


def test_without_a_proxy_nobody_reaches_it_from_elsewhere(centre: Centre) -> None:
    assert centre("serve", "--host", "0.0.0.0") == BAD_INPUT
    assert "without encryption" in centre.err
    assert centre("serve", "--host", "0.0.0.0", "--behind-proxy") == BAD_INPUT
    assert "--name is missing" in centre.err


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
        ("::", False), ("10.0.0.1", False), ("localhost.example", False), ("", False), ("127.0.0.1.x", False),
    ],
)  # fmt: skip
def test_what_counts_as_this_machine(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_a_taken_port_and_a_missing_journal_are_told_in_one_line(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with demonstration(tmp_path) as (_, _, address):
        port = address.rpartition(":")[2]
        assert centre("serve", "--port", port) == BAD_INPUT
        assert f"--port {port}: cannot listen there" in centre.err
    monkeypatch.setenv("IVIGIL_JOURNAL", str(tmp_path / "none.db"))
    assert centre("serve", "--port", "0") == BAD_INPUT
    assert "there is no journal at" in centre.err
    assert centre.err.count("\n") == 1


def test_the_first_administrator_comes_in_by_a_code(centre: Centre, tmp_path: Path) -> None:
    assert centre.json("people", "list") == []
    admit = ("people", "admit", "boss", "--name", "A. Example", "--role", "administrator")
    code = centre.json(*admit)["code"]
    assert centre(*admit) == BAD_INPUT
    assert "boss is taken" in centre.err
    assert centre("people", "admit", "x", "--name", "X", "--role", "patient") == BAD_INPUT
    app = make_app(Settings(journal=str(tmp_path / "journal.db"), secrets=tmp_path / "secrets"))
    browser = Browser(app)
    chosen = {"sign_in": "boss", "code": code, "new": "a phrase of mine", "again": "a phrase of mine"}
    assert browser.post("/code", chosen).headers["location"] == "/"
    assert "A. Example" in browser.get("/people").text
    assert centre("people", "code", "boss") == OK
    assert browser.get("/people").status_code == 303, "the code ended the session"
    assert centre("people", "code", "nobody") == BAD_INPUT
    assert "accepted: boss" in centre.err
    assert centre("people", "join", "boss") == BAD_INPUT
    assert "accepted: staff of another site" in centre.err
    assert len(centre.json("people", "join", "boss", "--site", str(SITE_FOLDER))["sites"]) == 2
    both = ("--role", "administrator", "--role", "auditor")
    assert centre("people", "admit", "x", "--name", "X", *both) == BAD_INPUT


@pytest.mark.parametrize("given", ["0", "-5", "ten", "1.5"])
def test_a_time_out_is_a_whole_number_above_0(centre: Centre, given: str) -> None:
    assert centre("serve", f"--lock-after={given}") == BAD_INPUT
    assert "accepted: a whole number above 0" in centre.err


def test_time_outs_are_settings_that_must_make_sense(centre: Centre) -> None:
    assert centre("serve", "--lock-after", "90") == BAD_INPUT
    assert "the screen locks before the session ends" in centre.err
