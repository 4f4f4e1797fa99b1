"""``ivigil texts``: every text that staff read, as a translation to be filled in by a site."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable

import ivigil
from ivigil.cli.main import OK
from ivigil.cli.naming import InputError
from ivigil.knowledge.wording import ENGLISH
from ivigil.sheets import records

ROOMS = ("infusion", "intake", "practice", "sheets", "web")
"""Where texts for staff stand."""
_FROM = ("ivigil.sheets.spoken", "ivigil.told", "ivigil.web.parts.woven")
_SAY = {"say"}
"""What the module that has it says too."""
_FIRST = {"counted": 1}
"""Where the texts of a call begin."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", default="", metavar="CODE", help="keep what is translated already")


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    code = options.language.casefold()
    if code == ENGLISH or (code and not (len(code) == 2 and code.isalpha() and code.isascii())):
        raise InputError(f"--language {options.language!r}; accepted: a code of two letters other than en")
    known: dict[str, str] = {}
    for item in knowledge.facts.translation:
        if item.staff and item.language == code:
            known |= item.texts
    print(skeleton(code or "xx", known))
    return OK


def said() -> dict[str, None]:
    """Every English text of the pages and papers of the staff, in the order of the code."""
    found: dict[str, None] = {}
    for room in ROOMS:
        for module in _modules(resources.files(ivigil) / room):
            found |= dict.fromkeys(_texts(ast.parse(module.read_text(encoding="utf-8"))))
    return found | dict.fromkeys(records.names(ivigil.delivered()))


def _modules(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _modules(entry)
        elif entry.name.endswith(".py"):
            yield entry


def _texts(tree: ast.Module) -> Iterator[str]:
    """Patients' pages are handed their own ``say``: what counts is one that was imported."""
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in _FROM
        for alias in node.names
    }
    imported |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} & _SAY
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported:
            yield from (text for arg in node.args[_FIRST.get(node.func.id, 0) :] for text in _strings(arg))


def _strings(node: ast.expr) -> Iterator[str]:
    """The texts of a constant, of either side of a choice, of the values of a table."""
    match node:
        case ast.Constant(value=str(text)) if any(map(str.isalpha, text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from (text for side in (body, other) for text in _strings(side))
        case ast.Dict(values=values):
            yield from (text for value in values for text in _strings(value))
        case ast.Tuple(elts=values) | ast.List(elts=values) | ast.Set(elts=values):
            yield from (text for value in values for text in _strings(value))


def skeleton(code: str, known: Mapping[str, str]) -> str:
    """The TOML of a translation for staff: every text, with what is known of it."""
    quoted = (_line(english, known.get(english, "")) for english in said())
    head = (
        "# What staff read. Once two people of the site have signed it:",
        f"# ivigil serve --language {code}. A text left empty is shown in English.",
        "[[translation]]",
        f'id = "translation.{code}.staff"',
        f'language = "{code}"',
        'name = "Language, in English"',
        "staff = true",
        'basis = "synthesis"',
        "seen = false",
        "",
        "[translation.texts]",
    )
    return "\n".join((*head, *quoted))


def _line(english: str, text: str) -> str:
    return f"{_quoted(english)} = {_quoted(text)}"


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
