"""The ``ivigil`` command: one module a subcommand, imported only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from ivigil.cli.naming import BlockedError, InputError
from ivigil.knowledge.store import KnowledgeError
from ivigil.order import OrderError

OK, BAD_INPUT, BLOCKED, DEFECT, UNAVAILABLE = 0, 2, 3, 4, 5
"""Exit codes: an answer; input refused; blocked or refused on clinical grounds; a check rejected the
plan or the journal; the journal cannot be used now."""

COMMANDS = {
    "plan": "plan an order: dose, product, vials, rates, care, timeline, sources",
    "why": "explain one decision of a plan: inputs, rules, sources",
    "facts": "search the fact base and show facts with their sources",
    "conditions": "list conditions, or show one with its regimens",
    "products": "list products, or compare some side by side",
    "models": "kinetic models of IgG: list them, or compare some for a patient",
    "fit": "what measured IgG levels say about a person, by every model that applies",
    "forecast": "IgG levels to come under planned doses, with their bands",
    "aim": "a dose for a target trough, with its probability, or why none is sought",
    "simulate": "IgG levels under any doses: a typical patient or virtual ones, shares above a target",
    "triage": "symptoms after an infusion: how soon to get care, what they may be, whom to call",
    "vaccines": "when vaccines may follow (or precede) doses of immunoglobulin",
    "tests": "which antibody tests a dose makes unreliable, until when, what instead",
    "convert": "convert an intravenous dose to subcutaneous",
    "simulate-infusion": "let an invented infusion run on a plan: a reaction, a late nurse, a wrong vial",
    "authorise": "put a plan into the journal; prescribe, verify, release it",
    "infusion": "at the chair: record what happens, see what to do next",
    "check-ins": "after: when the patient is asked how they are, what was answered, who is told of silence",
    "follow-up": "after: blood tests, results, diary, hand-over, proposals for the next order",
    "report": "adverse event report, look-back letter, travel letter, wallet card",
    "lots": "from a lot to every patient who got it, with how to reach them",
    "journal": "make, verify, back up, restore and export the record of what happened",
    "people": "who may sign in to the web application: the first administrator, a new code",
    "serve": "the web application: board, chairs, people, audit trail",
    "texts": "every text that staff read, as a translation to be filled in",
    "check": "validate the fact base and a site's overlay; print coverage",
}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and exits 2, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(_usage())
        return OK
    if given[0] == "--version":
        return _version()
    name = given[0]
    if name not in COMMANDS:
        print(f"ivigil: unknown command {name!r}; accepted: {', '.join(COMMANDS)}", file=sys.stderr)
        return BAD_INPUT
    return _run(name, given[1:])


def _run(name: str, rest: list[str]) -> int:
    module = importlib.import_module(f"ivigil.cli.{name.replace('-', '_')}")
    parser = Parser(prog=f"ivigil {name}", description=COMMANDS[name])
    parser.set_defaults(json=False, site=None)
    add_common(parser)
    module.add_arguments(parser)
    options = parser.parse_args(rest)
    try:
        code: int = module.run(options)
    except OrderError as error:
        print(f"ivigil {name}: the order was not accepted\n{_indented(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except KnowledgeError as error:
        print(f"ivigil {name}: the knowledge was not accepted\n{_indented(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except InputError as error:
        print(f"ivigil {name}: {error}", file=sys.stderr)
        return BAD_INPUT
    except BlockedError as error:
        print(f"ivigil {name}: {error}", file=sys.stderr)
        return BLOCKED
    except BrokenPipeError:
        sys.stderr.close()
        return OK
    return code


def add_common(parser: argparse.ArgumentParser) -> None:
    """What every command and every action of a command takes; defaults are the command's own."""
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON instead of text"
    )
    parser.add_argument(
        "--site", metavar="FOLDER", default=argparse.SUPPRESS, help="site overlay (default: $IVIGIL_SITE)"
    )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _version() -> int:
    from importlib.metadata import version

    print(f"ivigil {version('ivigil')}")
    return OK


def _usage() -> str:
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: ivigil COMMAND [options]   (ivigil COMMAND --help says more)",
            "",
            "Plans immunoglobulin therapy from an order, with a source for every number.",
            "",
            *lines,
        ]
    )
