"""A report as a structured document, keyed by the standard's own codes.

It is no message of the standard: no HL7 ICSR is made here, and nothing is sent.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from ivigil.aftercare import e2b
from ivigil.aftercare.adverse_event import TRACE, Answer, Report, Trace, groups, name

NULL_FLAVOURS = ("NI", "MSK", "UNK", "ASKU")
_OMITTED = "omitted"
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves: the content by code, what is missing, the lots."""

    standard: str
    infusion: str
    complete: bool
    missing: tuple[str, ...]
    """Codes with their places."""
    content: dict[str, Any]
    trace: Trace


def export(report: Report) -> Export:
    """The report for machines. What is missing, or left out when unknown, is not in the content."""
    content: dict[str, Any] = {}
    for answer in report.answers:
        value = _value(answer, report.standard)
        if value is None or answer.code == TRACE:
            continue
        at = content
        for group, number in zip(groups(report.standard, answer.code), answer.place, strict=True):
            at = _member(at, group, number)
        at[answer.code] = value
    return Export(
        standard=report.standard,
        infusion=report.infusion,
        complete=report.is_complete,
        missing=tuple(name(answer.code, answer.place) for answer in report.missing),
        content=content,
        trace=report.trace,
    )


def fingerprint(report: Report) -> str:
    """SHA-256 of the exported report: the same report, the same text."""
    return hashlib.sha256(_encoder.encode(export(report))).hexdigest()


def _member(at: dict[str, Any], group: str, number: int) -> dict[str, Any]:
    """The numbered member of a repeated group; members before it are there, if only empty."""
    members: list[dict[str, Any]] = at.setdefault(group, [])
    while len(members) < number:
        members.append({})
    return members[number - 1]


def _value(answer: Answer, standard: str) -> Any:
    match answer.state:
        case "missing":
            return None
        case "unknown" if answer.value == _OMITTED:
            return None
    is_null = answer.value in NULL_FLAVOURS and (answer.words or answer.state != "answered")
    return {"nullFlavor": answer.value} if is_null and standard == e2b.STANDARD else answer.value
