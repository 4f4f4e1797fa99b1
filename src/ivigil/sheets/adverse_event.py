"""An adverse event report as a document: what is missing first, then every field, then the lots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from ivigil.aftercare import e2b, medwatch
from ivigil.aftercare.adverse_event import TRACE, Answer, Flaw, Kind, Report, name
from ivigil.sheets.chronology import moment
from ivigil.sheets.document import Bullets, Columns, Document, Paper, Paragraph, Rows, Section
from ivigil.sheets.layout import DISCLAIMER
from ivigil.sheets.numbers import number

_SECTIONS = {
    medwatch.STANDARD: {
        "A": "A. Patient",
        "B": "B. Adverse event",
        "D": "D. Suspect product",
        "F": "F. Other medical products",
        "G": "G. Reporter",
    },
    e2b.STANDARD: {
        "C": "C. The report, its reporter and sender",
        "D": "D. Patient",
        "E": "E. Reaction",
        "G": "G. Drug",
        "H": "H. Narrative",
    },
}
_ABOUT = {
    medwatch.STANDARD: "Boxes as numbered on the forms of 2005 to 2011; check them against the current form.",
    e2b.STANDARD: "Elements of E2B(R3). This is not an ICSR message: no XML was made, nothing was sent.",
}
_FLAW: dict[Kind, str] = {
    "no_such_field": "{standard} has no such field",
    "say_which": "say which place: {accepted}",
    "too_long": "{length} characters; accepted: at most {accepted}",
    "not_allowed": "{value!r}; accepted: {accepted}",
    "not_a_time": "{value!r}; accepted: 2026-12-01, or with time and offset 2026-12-01T10:05-06:00",
    "not_a_number": "{value!r}; accepted: a number, with its unit where one belongs (34 a)",
    "in_future": "{value} lies after the date of the report",
    "cannot_be_unknown": "this field cannot be unknown",
    "cannot_be_masked": "this field cannot be withheld",
    "versions_differ": "one report names one MedDRA version; seen: {accepted}",
}
ANSWERING = """To answer: --answer CODE=TEXT; nobody knows: --unknown CODE; private: --withhold CODE."""
_SAID = {"unknown": "unknown", "masked": "withheld"}
_FORM = {
    "text": "text",
    "time": "2026-12-01, or 2026-12-01T10:05-06:00",
    "number": "a number",
    "quantity": "a number and its unit: 34 a",
}
_CODES = ("true", "false", "NI")
_CODE = {medwatch.STANDARD: 9, e2b.STANDARD: 19}
_FROM = 9
_LONG = 120
"""So many characters stand in a column; more stand below their name."""


def report_document(report: Report, paper: Paper) -> Document:
    """The report on paper."""
    rows = (
        ("Infusion", report.infusion or "not in the journal"),
        ("Date of this report", f"{report.report_date}"),
        ("Standard", f"{report.standard}. {_ABOUT[report.standard]}"),
    )
    return Document(
        title=f"Adverse event report: {report.standard}",
        date=report.report_date,
        paper=paper,
        alert=_alert(report),
        blocks=(Rows(rows=rows), *_missing(report), *_fields(report), *_lots(report)),
        foot=f"record: from the order and the chair; reporter: as the reporter said. {DISCLAIMER}",
    )


def flaws_text(report: Report) -> str:
    """One a line."""
    return "\n".join(_flaw(flaw, report.standard) for flaw in report.flaws)


def _flaw(flaw: Flaw, standard: str) -> str:
    """What is wrong with one field, in one line: field, value seen, what is accepted."""
    accepted = "; ".join(flaw.accepted)
    text = _FLAW[flaw.kind].format(
        value=flaw.value, length=len(flaw.value), accepted=accepted, standard=standard
    )
    return f"{name(flaw.code, flaw.place)}: {text}"


def _alert(report: Report) -> str:
    if report.is_complete:
        return ""
    count = len(report.missing)
    missing = f"{count} required field{'' if count == 1 else 's'} missing" if count else ""
    wrong = "with faults" if report.flaws else ""
    return f"INCOMPLETE: {', '.join(part for part in (missing, wrong) if part)}. Not to be sent like this."


def _missing(report: Report) -> list[Section | Bullets | Columns | Paragraph]:
    parts: list[Section | Bullets | Columns | Paragraph] = []
    if report.flaws:
        parts += [Section(title="Faults"), Bullets(items=tuple(flaws_text(report).splitlines()))]
    if report.missing:
        rows = tuple(_asked(list(answers), report) for answers in _by_code(report.missing))
        heads = ("Code", "Field", "Accepted")
        parts += [
            Section(title="Missing"),
            Columns(heads=heads, widths=(_CODE[report.standard], 26, None), rows=rows),
        ]
    return parts


def _by_code(answers: tuple[Answer, ...]) -> Iterable[list[Answer]]:
    """The answers of one code together, in the order of their first places."""
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.code, []).append(answer)
    return found.values()


def _asked(answers: list[Answer], report: Report) -> tuple[str, str, str]:
    """Code, field and what it accepts; of a field in several places, where it is missing."""
    first = answers[0]
    if first.code == TRACE:
        return first.code, "lots as hung", f"only from the record; it lacks {', '.join(report.trace.lacks)}"
    several = sum(answer.code == first.code for answer in report.answers) > 1
    places = [".".join(map(str, each.place)) for each in answers if several]
    where = f" (in {', '.join(places)})" if places else ""
    accepted = "; ".join(map(_option, first.allowed)) or _FORM[first.form]
    return first.code, first.name + where, accepted


def _option(option: str) -> str:
    """A code that says nothing by itself is parted from its meaning."""
    code, _, words = option.partition(" ")
    return f"{code}: {words}" if words and (code.isdecimal() or code in _CODES) else option


def _fields(report: Report) -> list[Section | Columns | Paragraph]:
    """The answered fields; each repeated group under its own heading."""
    shown = [a for a in report.answers if a.state != "missing" and a.code != TRACE]
    parts: list[Section | Columns | Paragraph] = []
    titles = _SECTIONS[report.standard]
    for (letter, place), answers in groupby(shown, key=lambda a: (a.code[0], a.place[:1])):
        title = titles.get(letter, letter) + (f" {place[0]}" if place else "")
        parts.append(Section(title=title))
        for is_long, some in groupby(answers, key=lambda a: len(_value(a)) > _LONG):
            together = list(some)
            parts += _at_length(together) if is_long else [_table(together, report.standard)]
    return parts


def _table(answers: Iterable[Answer], standard: str) -> Columns:
    rows = tuple((name(a.code, a.place), a.name, _value(a), a.origin) for a in answers)
    widths = (_CODE[standard], 20, None, _FROM)
    return Columns(heads=("Code", "Field", "Answer", "From"), widths=widths, rows=rows)


def _at_length(answers: Iterable[Answer]) -> Iterator[Paragraph]:
    """What is too long for a column stands below its name."""
    for answer in answers:
        yield Paragraph(
            text=f"{name(answer.code, answer.place)} {answer.name} ({answer.origin})", strong=True
        )
        yield Paragraph(text=_value(answer))


def _value(answer: Answer) -> str:
    if answer.state in _SAID:
        return f"{_SAID[answer.state]} ({answer.words or answer.value})"
    text = f"{answer.value} {answer.words}".strip()
    return f"{text} (the record says {answer.instead_of})" if answer.instead_of else text


def _lots(report: Report) -> list[Section | Columns | Rows]:
    trace = report.trace
    if not trace.vials:
        return []
    vials = tuple(
        (
            vial.product or "not read",
            vial.lot or "not read",
            f"{vial.expiry or 'not read'}",
            f"{number(vial.grams, 3)} g" + (f", {number(vial.left_g, 3)} g left" if vial.left_g else ""),
            moment(vial.hung_at),
        )
        for vial in trace.vials
    )
    heads = ("Product", "Lot", "Expiry", "Size", "Hung at")
    return [
        Section(title="Vials as hung"),
        Columns(heads=heads, widths=(18, None, 11, 9, 24), rows=vials),
    ]
