"""What rules is built once and kept, and is never older than the files and signatures that it stands on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ivigil
from ivigil.knowledge.store import KnowledgeError
from tests.support.foreign import CODE, overlay
from tests.support.web import Web
from tests.test_web_sign_off import FACT, signed

NAMED = '[site]\nname = "{name}"\n'


def published(folder: Path, name: str) -> None:
    (folder / "site.toml").write_text(NAMED.format(name=name))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    """A server whose site speaks a language of its own."""
    folder = tmp_path_factory.mktemp("web")
    return Web(folder, site=overlay(folder / "site"), language=CODE)


def test_nothing_is_built_again_while_nothing_changes(web: Web) -> None:
    door = web.door
    before, spoken = door.rules.now(), door.language()
    web.browser("nurse").get("/account")
    assert door.rules.now() is before
    assert door.language() is spoken


def test_a_signature_counts_at_the_next_request(web: Web) -> None:
    for name in ("prescriber", "pharmacist"):
        signed(web.browser(name))
    assert FACT in web.door.rules.now().signed
    assert "signed by two people of this site" in web.browser("nurse").get(f"/facts/{FACT}").text


def test_a_changed_file_counts_at_the_next_request_also_where_its_length_is_the_same(web: Web) -> None:
    browser, file = web.browser("nurse"), Path(str(web.settings.site)) / "staff.toml"
    assert "«Board»" in browser.get("/account").text
    version = web.door.rules.now().version
    before = file.read_text()
    file.write_text(before.replace('fact = "translation', 'fact = "TRANSLATION'))
    assert "«Board»" not in browser.get("/account").text, "nobody has signed it any more"
    assert web.door.rules.now().version != version
    file.write_text(before)
    assert "«Board»" in browser.get("/account").text


def test_a_folder_that_became_unreadable_is_no_older_folder(tmp_path: Path) -> None:
    published(tmp_path, "Old")
    assert ivigil.load_knowledge(str(tmp_path)).site.name == "Old"
    (tmp_path / "site.toml").write_text("[site")
    with pytest.raises(KnowledgeError, match=r"site\.toml"):
        ivigil.load_knowledge(str(tmp_path))
    (tmp_path / "site.toml").unlink()
    with pytest.raises(KnowledgeError, match="no overlay"):
        ivigil.load_knowledge(str(tmp_path))


def test_threads_never_read_what_was_replaced(tmp_path: Path) -> None:
    """Each asks after the file was replaced, many at once, so that several build at the same moment."""
    crowd = 8
    turn = threading.Barrier(crowd)

    def asked(number: int) -> set[bool]:
        found: set[bool] = set()
        for round_ in range(8):
            turn.wait()
            if number == 0:
                published(tmp_path, f"Round {round_:02}")
            turn.wait()
            name = ivigil.load_knowledge(str(tmp_path)).site.name
            found.add(name == f"Round {round_:02}")
        return found

    published(tmp_path, "First")
    with ThreadPoolExecutor(crowd) as pool:
        assert {each for found in pool.map(asked, range(crowd)) for each in found} == {True}
