"""The downtime sheet: what a nurse needs of one day when no screen answers, printed before it begins."""

from __future__ import annotations

import datetime as dt
from typing import get_args

from ivigil.course import Day
from ivigil.infusion.briefing import Briefing, brief
from ivigil.infusion.treatment import doses
from ivigil.knowledge.reactions import DrugClass
from ivigil.knowledge.store import Knowledge
from ivigil.records.authorisation import Standing
from ivigil.sheets import chair_words, plan_words
from ivigil.sheets.document import Bullets, Columns, Document, Paragraph, Rows, Section, paper, written_in
from ivigil.sheets.journal import STEP
from ivigil.sheets.numbers import number
from ivigil.sheets.plan_document import (
    SIGNED,
    Part,
    care_rows,
    foot,
    identity,
    planned_day,
    reasons,
    signature,
    steps,
    titled,
)
from ivigil.sheets.reaction_drugs import dose_lines
from ivigil.sheets.references import References
from ivigil.sheets.spoken import say, spoken, texts

_VIALS = texts(("Vial", "Lot", "Expires", "Hung at", "By"))
_SEEN = texts(("Time", "Rate mL/h", "Temperature", "Pulse", "Pressure", "SpO2", "Seen, done, by"))
_BLANK = "\u00a0"
"""A cell to be written into, as high as a line."""
_RECORDS = 10
"""Empty lines for what happens."""


def downtime_sheet(standing: Standing, number_: int, date: dt.date, knowledge: Knowledge) -> Document:
    """Identifiers, ladder with times, vials, limits, reaction doses, and lines to write on.

    Raises NoDocumentError for a plan that gives nothing on that day.
    """
    plan = standing.plan
    day = planned_day(plan, number_)
    briefing = brief(plan, number_, knowledge)
    refs = References({})  # no list of sources stands on this paper
    signed = tuple(signature(role, each) for role, each in zip(SIGNED, standing.signatures, strict=False))
    blocks: list[Part] = [
        Rows(rows=(*identity(plan, day), *signed)),
        Section(title=say("Steps")),
        *(
            [steps(day, say("Set at"), say("By"))]
            if day.steps
            else [Paragraph(text=say("No rates are planned."))]
        ),
        Section(title=say("Limits")),
        Bullets(items=_limits(day, standing, knowledge, refs)),
        Section(title=say("In a reaction: stop, call for help")),
        Rows(rows=_phones(knowledge)),
        Rows(rows=_reaction_doses(briefing, day)),
        Section(title=say("Findings")),
        Bullets(items=_findings(standing)),
        Section(title=say("Care")),
        Rows(rows=care_rows(plan, refs, done_before=False)),
        Section(title=say("Record here; it is entered afterwards as it happened")),
        _record(_VIALS, max(sum(v.count for v in day.vials), 1)),
        _record(_SEEN, _RECORDS),
    ]
    unreleased = ""
    if standing.step != "released":
        unreleased = say("{step}. Do not start on this paper.", step=say(STEP[standing.step]))
    return Document(
        title=titled(say("Downtime sheet, {date}", date=str(day.date)), plan),
        date=date,
        language=written_in(spoken()),
        paper=paper(knowledge.lineage(plan.order.jurisdiction)),
        alert=unreleased,
        blocks=tuple(blocks),
        foot=foot(plan, knowledge),
    )


def _limits(day: Day, standing: Standing, knowledge: Knowledge, refs: References) -> tuple[str, ...]:
    plan = standing.plan
    highest = max(day.steps, key=lambda step: step.limit_ml_per_h, default=None)
    items = []
    if highest is not None:
        rate = number(highest.rate_ml_per_h)
        items.append(say("never faster than {rate} mL/h on this day", rate=rate))
    if plan.rates is not None and plan.rates.limited_by:
        items.append(reasons(plan.rates.limited_by, plan, knowledge, refs))
    if plan.valid_until:
        items.append(say("not after {date}", date=str(plan.valid_until)))
    else:
        items.append(say("no last day is stated: ask"))
    return tuple(items)


def _phones(knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    site = knowledge.site
    rows = (
        (say("Emergency"), site.emergency_phone),
        (say("Team"), site.contact_phone),
        (say("At night"), site.after_hours_phone),
    )
    return tuple(
        (label, phone or say("write the number here: {line}", line="____________")) for label, phone in rows
    )


def _reaction_doses(briefing: Briefing, day: Day) -> tuple[tuple[str, str], ...]:
    """A first dose of every class, computed for this patient; what was given before is not known here."""
    classes: tuple[DrugClass, ...] = get_args(DrugClass)
    return tuple(
        (
            say(chair_words.DRUG[drug_class]),
            "\n".join(dose_lines(doses(drug_class, briefing, (), day.start), lambda at: f"{at:%H:%M}")),
        )
        for drug_class in classes
    )


def _findings(standing: Standing) -> tuple[str, ...]:
    return tuple(map(plan_words.finding, plan_words.shown_findings(standing.plan))) or (say("none"),)


def _record(heads: tuple[str, ...], count: int) -> Columns:
    empty = tuple(_BLANK for _ in heads)
    said = tuple(map(say, heads))
    return Columns(heads=said, widths=tuple(None for _ in heads), rows=tuple(empty for _ in range(count)))
