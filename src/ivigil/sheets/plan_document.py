"""A plan on paper: the whole plan, and the pump card of one of its days, as documents."""

from __future__ import annotations

import datetime as dt

from msgspec import UnsetType

from ivigil.course import Day, Plan, Reason
from ivigil.infusion.card import card
from ivigil.knowledge.store import Knowledge
from ivigil.records.authorisation import Signature, Standing
from ivigil.sheets import plan_words, words
from ivigil.sheets.document import (
    Bullets,
    Columns,
    Document,
    NoDocumentError,
    Paragraph,
    Rows,
    Section,
    paper,
    written_in,
)
from ivigil.sheets.journal import STEP, because_text, standing_text
from ivigil.sheets.layout import DISCLAIMER, FOOTNOTE
from ivigil.sheets.numbers import hours, number
from ivigil.sheets.plan_reasons import reason, schedule
from ivigil.sheets.references import References
from ivigil.sheets.spoken import say, spoken, texts

Part = Section | Paragraph | Bullets | Rows | Columns
_LONGEST = 40
"""Characters of an identifier in a title; it stands whole on the first page."""
SIGNED = texts(("Prescribed", "Verified", "Released"))


def plan_document(standing: Standing, date: dt.date, knowledge: Knowledge) -> Document:
    """Everything that a plan says and where it stands, with numbered sources."""
    plan = standing.plan
    refs = References(plan.sources)
    blocks: list[Part] = [
        *_head(standing, knowledge),
        *_dose(plan, refs),
        *_findings(plan, knowledge, refs),
        *_questions(plan, knowledge),
        *_product(plan, knowledge, refs),
        *(part for day in plan.days for part in day_parts(day, plan)),
        *_rates(plan, knowledge, refs),
        *_care(plan, refs),
        *_timeline(plan, refs),
        *_listed(say("Assumed"), plan_words.assumptions(plan)),
        *_listed(say("Needs sign-off by two people"), plan_words.sign_offs(plan)),
        *_sources(refs),
    ]
    return Document(
        title=titled(say("Treatment plan"), plan),
        date=date,
        language=written_in(spoken()),
        paper=paper(knowledge.lineage(plan.order.jurisdiction)),
        alert=_alert(standing, knowledge),
        blocks=tuple(blocks),
        foot=foot(plan, knowledge),
    )


def pump_card(plan: Plan, number_: int, date: dt.date, knowledge: Knowledge) -> Document:
    """Per step rate, volume and time, in the order in which a pump asks. Raises NoDocumentError."""
    day = planned_day(plan, number_)
    if not day.steps:
        raise NoDocumentError(say("no rates are planned: the plan gives the dose alone"))
    return Document(
        title=titled(say("Pump card, {date}", date=str(day.date)), plan),
        date=date,
        language=written_in(spoken()),
        paper=paper(knowledge.lineage(plan.order.jurisdiction)),
        blocks=(Rows(rows=identity(plan, day)), Section(title=say("Steps")), steps(day)),
        foot=foot(plan, knowledge),
    )


def titled(kind: str, plan: Plan) -> str:
    """The title, which every page repeats, with two identifiers: a sheet that fell out is not another's."""
    someone = plan.order.patient
    value = someone.id.value
    shown = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    return say(
        "{paper}: {identifier}, born {date}", paper=kind, identifier=shown, date=str(someone.birth_date)
    )


def planned_day(plan: Plan, number_: int) -> Day:
    """The day of that number. Raises NoDocumentError for a plan that gives nothing, or has no such day."""
    day = next((day for day in plan.days if day.number == number_), None)
    if plan.status == "blocked" or plan.product is None or day is None:
        raise NoDocumentError(say("the plan gives nothing on day {number}", number=str(number_)))
    return day


def identity(plan: Plan, day: Day) -> tuple[tuple[str, str], ...]:
    """Who gets what on this day, and which plan says so."""
    someone = plan.order.patient
    assert plan.product is not None
    sex = say(words.SEX[someone.sex])
    return (
        (say("Patient"), f"{someone.id.value} ({someone.id.system})"),
        (say("Born"), f"{someone.birth_date}, {sex}, {number(someone.weight_kg)} kg"),
        (say("Plan"), f"{plan.id}, {plan_words.day_of(day, plan)}, {day.date}"),
        (say("Product"), plan.product.name),
        (say("Amount"), plan_words.amount(day)),
        (say("Vials"), plan_words.vials(day)),
        *(((say("Sites"), plan_words.sites(day)),) if day.sites else ()),
    )


def steps(day: Day, *more: str) -> Columns:
    """The ladder as a pump asks for it; ``more`` heads empty columns to be written into."""
    heads = (
        say("Step"),
        say("Rate mL/h"),
        say("Volume mL"),
        say("Time"),
        say("Total mL"),
        say("From – to"),
    )
    return Columns(
        heads=(*heads, *more),
        widths=(6, 11, 11, 13, 10, 15 if more else None, *(None for _ in more)),
        rows=tuple(
            (
                str(line.step),
                number(line.rate_ml_per_h),
                number(line.volume_ml),
                hours(line.minutes),
                number(line.total_ml),
                f"{line.start:%H:%M} – {line.end:%H:%M}",
                *("" for _ in more),
            )
            for line in card(day)
        ),
    )


def day_parts(day: Day, plan: Plan) -> list[Part]:
    """One day of a plan: what, from which vials, how fast."""
    parts: list[Part] = [
        Section(title=plan_words.day_title(day, plan)),
        Paragraph(text=plan_words.day_gist(day)),
    ]
    if day.sites:
        parts.append(Paragraph(text=say("Sites: {sites}", sites=plan_words.sites(day))))
    return [*parts, steps(day)] if day.steps else parts


def foot(plan: Plan, knowledge: Knowledge) -> str:
    """Which plan, which facts, which settings of the site, and what Ivigil is not."""
    told = [say("Plan {plan}, facts {version}.", plan=plan.id, version=plan.knowledge_version)]
    if knowledge.loosened:
        told.append(say("Loosened by this site: {policies}.", policies=", ".join(knowledge.loosened)))
    return " ".join((*told, say(DISCLAIMER)))


def signature(role: str, signed: Signature) -> tuple[str, str]:
    """A label and who signed when."""
    return say(role), f"{by(signed)}, {signed.at:%Y-%m-%d %H:%M %z}"


def by(signed: Signature) -> str:
    """Who signed; who entered it for somebody comes first."""
    *entered_by, person = signed.persons
    if not entered_by:
        return person
    return say("{entered_by} for {person}", entered_by=", ".join(entered_by), person=person)


def _alert(standing: Standing, knowledge: Knowledge) -> str:
    if standing.step == "released":
        return ""
    step = say(STEP[standing.step])
    if standing.because:
        step = f"{step} ({because_text(standing.because, knowledge)})"
    return say("{step}. Not to be given on this paper.", step=step)


def _head(standing: Standing, knowledge: Knowledge) -> list[Part]:
    plan = standing.plan
    rows = [
        (say("Status"), "; ".join(filter(None, (standing_text(standing), plan_words.left(plan))))),
        (say("Patient"), f"{plan.order.patient.id.value} ({plan.order.patient.id.system})"),
        ("", plan_words.patient(plan)),
        (say("Order"), plan_words.order(plan, knowledge)),
        (
            say("Plan"),
            say("{plan}, valid until {date}", plan=plan.id, date=str(plan.valid_until or say("no date"))),
        ),
        *(((say("Replaces"), say("plan {plan}", plan=plan.supersedes)),) if plan.supersedes else ()),
        *(signature(role, signed) for role, signed in zip(SIGNED, standing.signatures, strict=False)),
    ]
    gaps = tuple(plan_words.gap(item, plan, knowledge) for item in (*plan.blocked, *plan.gaps))
    return [Rows(rows=tuple(rows)), *_listed(say("Stopped here" if plan.blocked else "Not complete"), gaps)]


def _dose(plan: Plan, refs: References) -> list[Part]:
    rows = []
    if plan.regimen is not None:
        rows.append((say("Regimen"), f"{plan_words.regimen(plan)} {refs.mark([plan.regimen.id])}"))
    if plan.dose is not None:
        rows.append((say("Dose"), f"{plan_words.dose(plan)} = {plan_words.dose_sum(plan)}"))
        rows.append((say("Weights"), plan_words.weights(plan)))
        if plan.dose.capped_by:
            lowered = say("lowered by {cap}", cap=plan.dose.capped_by)
            rows.append((say("Cap"), f"{lowered} {refs.mark([plan.dose.capped_by])}"))
    return [Section(title=say("Dose")), Rows(rows=tuple(rows)), *_individual(plan, refs)] if rows else []


def _individual(plan: Plan, refs: References) -> list[Part]:
    """Loaded only for a plan that has one."""
    sought = plan.order.individual
    if isinstance(sought, UnsetType) or plan.dose is None:
        return []
    from ivigil.sheets.individual import individual_notes, individual_rows

    told = individual_rows(sought, plan.dose)
    rows = tuple((label, f"{text} {refs.mark(facts)}".strip()) for label, text, facts in told)
    notes = Bullets(items=individual_notes(sought))
    return [Section(title=say("Individual dose, sought from levels")), Rows(rows=rows), notes]


def _findings(plan: Plan, knowledge: Knowledge, refs: References) -> list[Part]:
    items = []
    for finding in plan_words.shown_findings(plan):
        because = words.saw(finding.because, knowledge.terms)
        parts = (
            f"{plan_words.finding(finding)} {refs.mark(finding.facts)}",
            say("because: {seen}", seen=because) if because else "",
            plan_words.set_aside(finding, plan),
            plan_words.acts(finding),
        )
        items.append("; ".join(part.strip() for part in parts if part))
    return _listed(say("Findings"), tuple(items) or (say("none"),))


def _questions(plan: Plan, knowledge: Knowledge) -> list[Part]:
    asked = [
        f"{'! ' if each.blocking else ''}{plan_words.asked(each, plan, knowledge)}" for each in plan.questions
    ]
    return _listed(say("Questions (! holds the release)"), tuple(asked))


def _product(plan: Plan, knowledge: Knowledge, refs: References) -> list[Part]:
    if plan.product is None:
        return []
    licence = plan_words.licence(plan.product)
    rows = [(say("Product"), f"{plan.product.name}, {licence} {refs.mark(plan.product.facts)}")]
    if plan.course is not None:
        rows.append((say("Given"), plan_words.given(plan.course, plan)))
        if plan.course.days_because:
            rows.append((say("Days"), reasons(plan.course.days_because, plan, knowledge, refs)))
    return [Section(title=say("Product")), Rows(rows=tuple(rows))]


def _rates(plan: Plan, knowledge: Knowledge, refs: References) -> list[Part]:
    if plan.rates is None:
        return []
    kind = say(plan_words.SCHEDULE[plan.rates.off_label])
    printed = schedule(plan.rates.schedule, knowledge)
    rows = [(say("Schedule"), f"{printed} ({kind}) {refs.mark([plan.rates.schedule])}")]
    if plan.rates.limited_by:
        rows.append((say("Limits"), reasons(plan.rates.limited_by, plan, knowledge, refs)))
    return [Section(title=say("Rates")), Rows(rows=tuple(rows))]


def care_rows(plan: Plan, refs: References, *, done_before: bool = True) -> tuple[tuple[str, str], ...]:
    """What is to be done around the infusion: when, what. ``done_before``: as of ``care_groups``."""
    rows = [
        (plan_words.premedicate(drug), f"{plan_words.premedication(drug)} {refs.mark(drug.facts)}")
        for drug in plan.premedication
    ]
    for title, items in plan_words.care_groups(plan, done_before=done_before):
        rows += [(title, f"{plan_words.care(item)} {refs.mark(item.facts)}") for item in items]
    if plan.observation is not None and plan.observation.minutes:
        seen = f"{plan_words.observed(plan.observation)} {refs.mark(plan.observation.facts)}"
        rows.append((say("Afterwards"), seen))
    shown: list[tuple[str, str]] = []
    for title, text in rows:
        repeated = any(title == before for before, _ in rows[: len(shown)])
        shown.append(("" if repeated else title, text.strip()))
    return tuple(shown)


def _care(plan: Plan, refs: References) -> list[Part]:
    rows = care_rows(plan, refs)
    return [Section(title=say("Care")), Rows(rows=rows)] if rows else []


def _timeline(plan: Plan, refs: References) -> list[Part]:
    dated = tuple(
        (plan_words.dates(entry), f"{plan_words.to_come(entry)} {refs.mark(entry.facts)}".strip())
        for entry in plan.timeline
        if entry.kind not in plan_words.WINDOWS
    )
    parts: list[Part] = [Section(title=say("Timeline")), Rows(rows=dated)] if dated else []
    for kind, title in plan_words.WINDOWS.items():
        rows = tuple(
            (answer, f"{what} {refs.mark(facts)}".strip())
            for answer, what, facts in plan_words.windows(kind, plan)
        )
        parts += [Section(title=say(title)), Rows(rows=rows)] if rows else []
    return parts


def _sources(refs: References) -> list[Part]:
    rows = tuple(
        (
            f"[{index}]",
            ", ".join(part for part in (document.title, document.publisher, document.version) if part),
        )
        for index, document in refs.listed()
    )
    return [Section(title=say("Sources")), Rows(rows=rows), Paragraph(text=say(FOOTNOTE))] if rows else []


def _listed(title: str, items: tuple[str, ...]) -> list[Part]:
    return [Section(title=title), Bullets(items=items)] if items else []


def reasons(found: tuple[Reason, ...], plan: Plan, knowledge: Knowledge, refs: References) -> str:
    """Several reasons, each with its sources."""
    parts = [f"{reason(each, plan, knowledge)} {refs.mark([each.fact])}".strip() for each in found]
    return "; ".join(dict.fromkeys(parts))
