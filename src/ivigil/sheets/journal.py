"""The journal for the terminal: verdicts, standings of plans, look-back by lot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.knowledge.store import Knowledge
from ivigil.records.authorisation import Code as RefusalCode
from ivigil.records.authorisation import Refusal, Standing, Step
from ivigil.records.finding import Listed
from ivigil.records.lookback import Traced, Use
from ivigil.records.reviewing import Changed
from ivigil.records.verify import Code as FindingCode
from ivigil.records.verify import Verdict
from ivigil.sheets.layout import section, table
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import capital, say, texts
from ivigil.sheets.words import STATUS

_LABEL = 13
_PSEUDONYM = 33

FINDING: dict[FindingCode, str] = texts(
    {
        "position_gap": "events before this one are missing",
        "hash_broken": "this event, or the one before it, was changed",
        "head_differs": "events at the end are missing",
        "version_gap": "a patient's events do not follow each other",
        "payload_damaged": "what was written does not open: it was changed",
        "key_missing": "what was written cannot be opened, and no erasure says why",
        "key_not_destroyed": "an erasure was undone",
        "bad_signature": "a checkpoint was not signed by this journal's key",
        "other_journal": "a checkpoint is of another journal",
        "rewritten": "the journal once had another content here",
        "cut_short": "the journal once went further: cut off, or an old backup put back",
        "views_differ": "a view is not what the events make it: ivigil journal rebuild",
        "clock_backward": "the clock had gone back (a notice)",
    }
)
REFUSAL: dict[RefusalCode, str] = texts(
    {
        "unreleased": "the plan is not released",
        "expired": "the plan is past its last day",
        "superseded": "the plan was replaced or withdrawn",
        "inputs_changed": "the plan is not what was signed any more",
        "sign_off_missing": "the site has not signed what it rests on",
        "unanswered": "the plan waits for answers",
        "blocked": "the plan is blocked: it gives nothing",
        "out_of_turn": "another step comes first",
        "same_person": "the same person prescribed it and cannot verify it",
    }
)
UNSENT = texts(
    {
        "no_contact": "no contact is recorded",
        "erased": "erased: nobody can read who this is; the lot's trace stands",
        "taken_back": "a correction says that the lot was not hung",
    }
)
STEP: dict[Step, str] = texts(
    {
        "made": "MADE: to be prescribed",
        "prescribed": "PRESCRIBED: to be verified by somebody else",
        "verified": "VERIFIED: to be released",
        "released": "RELEASED: may be given",
        "reopened": "REOPENED: its signatures are void",
        "superseded": "REPLACED OR WITHDRAWN: not to be given",
    }
)

CHANGED = texts(
    {
        "order": "order",
        "status": "status",
        "finding": "finding",
        "product": "product",
        "dose": "dose",
        "grams a day": "grams a day",
        "observation": "observation",
        "first rate": "first rate",
        "highest rate": "highest rate",
        "rate steps": "rate steps",
        "infusion sites": "infusion sites",
        "independent check": "independent check",
        "made": "made",
        "prescribed": "prescribed",
        "verified": "verified",
        "released": "released",
        "reopened": "reopened",
        "superseded": "superseded",
    }
)
"""What is not as it was signed; how far a plan is."""


def lines_sheet(lines: Mapping[str, str], advice: str) -> RenderableType:
    """A few labelled values, and what to do with them."""
    grid = table(_LABEL, None)
    for name, value in lines.items():
        grid.add_row(name.capitalize(), value)
    return Group(grid, Text(""), Text(advice))


def verdict_sheet(verdict: Verdict) -> RenderableType:
    """Whether the journal is sound, and what was found where."""
    word = "SOUND" if verdict.is_sound else "NOT SOUND"
    grid = table(_LABEL, None)
    grid.add_row("Journal", verdict.journal)
    grid.add_row("Events", f"{verdict.events:,}, ends at position {verdict.head.position:,}")
    grid.add_row("Checkpoints", f"{verdict.checkpoints} compared")
    parts: list[RenderableType] = [Text(f"JOURNAL: {word}", style="bold"), Padding(grid, (0, 0, 0, 2))]
    if verdict.findings:
        found = table(12, None)
        for each in verdict.findings:
            found.add_row(f"{each.position:,}", f"{FINDING[each.code]} {each.where}".rstrip())
        parts.append(section("Found at position", found))
    if not verdict.checkpoints:
        parts.append(
            Text("\nNo checkpoint was compared: a journal written anew as a whole would not be noticed.")
        )
    return Group(*parts)


def refusal_text(refused: Refusal, knowledge: Knowledge | None = None) -> str:
    """One reason: "the plan is not released (verified)"."""
    return say(REFUSAL[refused.code]) + (
        f" ({because_text(refused.what, knowledge)})" if refused.what else ""
    )


def because_text(because: str, knowledge: Knowledge | None = None) -> str:
    """Several changes, as an event that reopens a plan lists them."""
    return ", ".join(changed_text(name, knowledge) for name in because.split(", "))


def changed_text(name: str, knowledge: Knowledge | None = None) -> str:
    """What changed, in words: "finding: Acute kidney injury"; without facts a hazard by its id."""
    if name in CHANGED:
        return say(CHANGED[name])
    first, _, which = name.partition(" ")
    if first not in CHANGED or not which:
        return name
    hazard = knowledge.hazards.get(which) if knowledge is not None else None
    return f"{say(CHANGED[first])} {which}" if hazard is None else f"{say(CHANGED[first])}: {hazard.name}"


def standing_text(standing: Standing) -> str:
    """What is true of a plan that is looked at: what it waits for, or how far its signatures are."""
    if standing.plan.status == "ready" or standing.step in ("reopened", "superseded"):
        return say(STEP[standing.step])
    return capital(say(STATUS[standing.plan.status]))


def refusals_text(refused: Iterable[Refusal]) -> str:
    """One reason a line."""
    return "\n".join(f"  {refusal_text(each)}" for each in refused)


def plan_changed_sheet(changed: Iterable[str]) -> RenderableType:
    """An alert above everything: the plan in use is not what was signed any more."""
    what = ", ".join(changed)
    return Text(f"! THE PLAN IS NOT WHAT WAS SIGNED ANY MORE: {what}. Call the prescriber.\n", "bold red")


def changed_sheet(found: Iterable[Changed]) -> RenderableType:
    """The plans whose signatures are void by now, and why."""
    reopened = tuple(found)
    if not reopened:
        return Text("Every signed plan that is still valid is what it would be if it were made now.")
    grid = table(18, None)
    grid.add_row(Text("reopened", "bold"), Text("not what was signed any more", "bold"))
    for each in reopened:
        grid.add_row(each.plan, ", ".join(each.because))
    return Group(grid, Text("\nPlan and sign anew. Being infused now? ivigil infusion status"))


def standing_sheet(standing: Standing, refused: Iterable[Refusal]) -> RenderableType:
    """Where a plan stands, who signed, and what is against starting it today."""
    plan = standing.plan
    grid = table(_LABEL, None)
    grid.add_row("Plan", plan.id)
    grid.add_row("Patient", plan.order.patient.id.value)
    if plan.dose is not None and plan.product is not None:
        grid.add_row("Gives", f"{number(plan.dose.grams)} g {plan.product.name}, {len(plan.days)} day(s)")
    grid.add_row("Stands", STEP[standing.step])
    if standing.because:
        grid.add_row("Because", standing.because)
    for step, signature in zip(("Prescribed", "Verified", "Released"), standing.signatures, strict=False):
        grid.add_row(step, f"{' for '.join(signature.persons)}, {signature.at:%Y-%m-%d %H:%M %z}")
    text = refusals_text(refused)
    against = section("Against a start today", Text(text.replace("  ", ""))) if text else Text("")
    return Group(Text("IVIGIL: PLAN", style="bold"), Padding(grid, (0, 0, 0, 2)), against)


def lots_sheet(lot: str, traced: tuple[Traced, ...], knowledge: Knowledge) -> RenderableType:
    """Everybody who got a lot: the contact list of a recall."""
    head = Text(f"LOT {lot}: {len(traced)} patient{'' if len(traced) == 1 else 's'}", style="bold")
    return Group(head, *(_traced(each, knowledge) for each in traced))


def _traced(traced: Traced, knowledge: Knowledge) -> RenderableType:
    grid = table(_LABEL, None)
    match traced.reach:
        case "known" if traced.contact is not None:
            contact = traced.contact
            grid.add_row("Name", contact.name)
            grid.add_row("Phone", contact.phone or "not recorded")
            title = f"{contact.patient.value} ({contact.patient.system})"
        case "erased":
            title = f"{traced.stream} (erased: nobody can read who this is)"
        case _:
            title = f"{traced.stream} (no contact recorded)"
    for use in traced.uses:
        grid.add_row("Infusion", _use(use, knowledge))
    return Group(Text(""), Text(title, style="bold"), Padding(grid, (0, 0, 0, 2)))


def _use(use: Use, knowledge: Knowledge) -> str:
    product = knowledge.products.get(use.product)
    name = product.name if product else use.product or "product not known"
    vials = f"{use.vials} vial{'' if use.vials == 1 else 's'}"
    return f"{use.subject}: {name}, lot {use.lot}, {vials}, {use.first_at:%Y-%m-%d %H:%M %z}"


def unsent_sheet(unsent: Iterable[tuple[str, str]]) -> RenderableType:
    """Patients who got the lot and to whom no letter can be written: somebody has to find another way."""
    grid = table(_PSEUDONYM, None)
    for stream, why in unsent:
        grid.add_row(stream, UNSENT[why])
    return Group(Text("NO LETTER", style="bold"), Padding(grid, (0, 0, 0, 2)))


def plans_sheet(found: Iterable[Listed]) -> RenderableType:
    """All plans, the last changed first."""
    grid = table(18, 16, None)
    grid.add_row(Text("plan", "bold"), Text("last event", "bold"), Text("when", "bold"))
    for each in found:
        grid.add_row(each.subject, each.state, f"{each.last_at:%Y-%m-%d %H:%M %z}")
    return grid
