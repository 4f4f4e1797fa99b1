"""A centre in a test: commands with a journal of its own, and how an infusion is brought to flow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivigil.cli.main import OK, main

ORDER = Path(__file__).parents[2] / "examples" / "immunodeficiency.toml"
"""Patient P-207, 30 g of Privigen 10 % US on 2026-12-01 from 09:30 -06:00; first step 19 mL/h."""


class Centre:
    """``centre("infusion", ...)``: a command with this test's journal; what it printed is kept."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        self._capsys.readouterr()
        try:
            code = main(list(words))
        except SystemExit as stopped:
            code = int(str(stopped.code))
        self.out, self.err = self._capsys.readouterr()
        return code

    @property
    def said(self) -> str:
        """What was printed, without line breaks."""
        return " ".join(self.out.split())

    def json(self, *words: str) -> Any:
        assert self(*words, "--json") == OK, self.err
        return json.loads(self.out)

    def at_chair(self, infusion: str, clock: str, *words: str) -> int:
        return self("infusion", "record", infusion, *words, "--at", f"2026-12-01T{clock}-06:00")

    def released(self) -> str:
        """The id of a plan that was prescribed, verified by somebody else and released."""
        plan = str(self.json("authorise", "add", str(ORDER), "--name", "Fictional Patient")["plan"])
        assert self("authorise", "prescribe", plan, "--by", "Dr Example") == OK
        assert self("authorise", "verify", plan) == OK
        assert self("authorise", "release", plan) == OK
        return plan

    def running(self) -> str:
        """The id of an infusion that flows at its first rate since 09:30."""
        plan = self.released()
        infusion = f"{plan}-1"
        assert self.at_chair(infusion, "09:20", "identity", "P-207", "--scanned") == OK
        vitals = ("bp=120/75", "temperature=36.8", "pulse=80", "breathing=15", "spo2=98")
        assert self.at_chair(infusion, "09:21", "vitals", *vitals) == OK
        vial = ("--product", "privigen-us", "--grams", "20", "--lot", "L 77", "--expiry", "2027-01-01")
        assert self.at_chair(infusion, "09:22", "vial", *vial) == OK
        assert self("infusion", "start", plan, "--at", "2026-12-01T09:30-06:00") == OK
        assert self.at_chair(infusion, "09:30", "rate", "19") == OK
        return infusion
