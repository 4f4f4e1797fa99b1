"""Running the command in-process, as a person would."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ivigil.cli.main import main


class Ran(msgspec.Struct, frozen=True):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as JSON, numbers as decimals."""
        return json.loads(self.out, parse_float=Decimal)

    @property
    def flat(self) -> str:
        """The text on one line: where a line breaks does not matter."""
        return " ".join(self.out.split())


class Command:
    """``command("facts", "maltose")`` runs ``ivigil facts maltose``."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capture = capfd

    def __call__(self, *arguments: str) -> Ran:
        self._capture.readouterr()
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        out, err = self._capture.readouterr()
        return Ran(code, out, err)
