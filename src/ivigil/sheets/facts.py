"""Facts in words: a list of finds, and one record whole with its evidence and its signature."""

from __future__ import annotations

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.knowledge.conditions import Disagreement
from ivigil.knowledge.evidence import Fact, Source, fingerprint
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.sign_off import State, sign_off_state
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import records
from ivigil.sheets.layout import FOOTNOTE, mark, section, table
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts
from ivigil.sheets.unit_words import unit_words

_LINE = 78


class FoundSheet(msgspec.Struct, frozen=True):
    """What a search found and how many of them to show."""

    asked: str
    facts: tuple[Fact, ...]
    shown: int


def found_sheet(found: FoundSheet, knowledge: Knowledge) -> RenderableType:
    """One entry a fact: its id and kind, and what it says in one line."""
    total = len(found.facts)
    lines: list[RenderableType] = [
        Text(f'{total} FACT{"" if total == 1 else "S"} FOR "{found.asked}"', "bold")
    ]
    for fact in found.facts[: found.shown]:
        lines.append(
            Text(f"{fact.id}{mark(fact)}", "bold") + Text(f"  {records.kind(fact)}, {fact.basis}", "dim")
        )
        lines.append(_one_line(fact, knowledge))
    if total > found.shown:
        lines.append(Text(f"and {total - found.shown} more: add a word, or --limit {total}"))
    lines += [Text(""), Text(FOOTNOTE), Text("ivigil facts ID shows one record with its sources.")]
    return Group(*lines)


def fact_sheet(fact: Fact, disagreements: tuple[Disagreement, ...], knowledge: Knowledge) -> RenderableType:
    """The whole record: fields, parts, sources, disagreements, and what a signature must carry."""
    return Group(
        Text(fact.id, style="bold"),
        Text(records.kind(fact), style="dim"),
        *_fields(fact, knowledge),
        *_parts(fact, knowledge),
        _evidence(fact, knowledge),
        _sources(fact, knowledge),
        *_disagreements(disagreements, fact),
        _signature(fact, knowledge),
    )


def source_sheet(source: Source, facts: tuple[Fact, ...], knowledge: Knowledge) -> RenderableType:
    """A document, and every fact that cites it."""
    grid = table(26, None)
    for fact in facts:
        grid.add_row(records.kind(fact), f"{fact.id}{mark(fact)}")
    return Group(
        Text(source.id, style="bold"),
        Text("source", style="dim"),
        section("Document", _document(source)),
        section(f"Cited by {len(facts)} facts", grid),
        Text(""),
        Text(FOOTNOTE),
    )


def _one_line(fact: Fact, knowledge: Knowledge) -> Text:
    text = Text(f"  {records.summary(fact, knowledge)}", no_wrap=True, overflow="ellipsis")
    text.truncate(_LINE, overflow="ellipsis")
    return text


def _fields(fact: Fact, knowledge: Knowledge) -> list[RenderableType]:
    grid = table(26, None)
    for title, value in records.rows(fact, knowledge):
        grid.add_row(title, records.addressed(value))
    return [section("Says", grid)] if grid.row_count else []


def _parts(fact: Fact, knowledge: Knowledge) -> list[RenderableType]:
    inside = records.parts(fact)
    if not inside:
        return []
    lines: list[RenderableType] = []
    for part in inside:
        lines.append(Text(f"{part.id}{mark(part)}") + Text(f"  {records.kind(part)}", "dim"))
        lines.append(Padding(Text(records.summary(part, knowledge)), (0, 0, 0, 2)))
    return [section(f"Holds {len(inside)} facts, each with evidence of its own", *lines)]


def _evidence(fact: Fact, knowledge: Knowledge) -> RenderableType:
    grid = table(26, None)
    grid.add_row("basis", fact.basis)
    grid.add_row("read in a source", "yes" if fact.seen else "NO")
    if fact.derived:
        grid.add_row("derived", "arithmetic on figures that were read")
    if fact.locator:
        grid.add_row("where", fact.locator)
    if fact.note:
        grid.add_row("note", fact.note)
    older = [item.id for item in knowledge.by_id.values() if item.superseded_by == fact.id]
    if older:
        grid.add_row("replaces", ", ".join(older))
    grid.add_row("strength", "weak: may warn or restrict, never permit" if fact.weak else "may permit")
    return section("Evidence", grid)


def _sources(fact: Fact, knowledge: Knowledge) -> RenderableType:
    if not fact.sources:
        return section("Sources", Text("none"))
    shown = [knowledge.sources[key] for key in fact.sources if key in knowledge.sources]
    return section("Sources", *(_document(source) for source in shown))


def _document(source: Source) -> RenderableType:
    lines = [Text(f"{source.id}: {source.title}")]
    details = [
        source.publisher,
        source.version,
        f"read: {source.extent}" if source.extent else "",
        source.note,
    ]
    lines += [Text(line, style="dim") for line in (". ".join(d for d in details if d), source.url) if line]
    return Group(lines[0], *(Padding(line, (0, 0, 0, 2)) for line in lines[1:]))


def _disagreements(items: tuple[Disagreement, ...], fact: Fact) -> list[RenderableType]:
    if not items:
        return []
    lines: list[RenderableType] = []
    for item in items:
        about = ", ".join(name for name in item.about if name != fact.id)
        lines.append(Text(f"{item.topic}{mark(item)}", style="bold"))
        lines += [
            Padding(Text(f"- {p.text}" + (f" ({', '.join(p.sources)})" if p.sources else "")), (0, 0, 0, 2))
            for p in item.positions
        ]
        chosen = f"chosen: {item.chosen}" if item.chosen else "both stand"
        because = f", because: {item.chosen_because}" if item.chosen_because else ""
        lines.append(Padding(Text(chosen + because), (0, 0, 0, 2)))
        if about:
            lines.append(Padding(Text(f"also about: {about}", style="dim"), (0, 0, 0, 2)))
    return [section("Disagreements", *lines)]


SIGN_OFF: dict[State, str] = texts(
    {
        "superseded": "superseded by a newer edition: shown, and used for nothing, signed or not",
        "signed": "signed by two people of this site as it now stands: it permits",
        "local": "added by this site: permits nothing before two people have signed it",
        "weak": "not signed: permits nothing before two people of a site have signed it",
        "held_back": "read, but incomplete or unreliable: not used before two people sign it",
        "strong": "needs no signature",
    }
)
"""What a state means for planning."""

_PERMITS = texts(
    {
        "Schedule": "plans with these rates",
        "SiteLimit": "infusions under the skin with these volumes and rates per site",
        "RampUp": "courses that are stepped up like this",
        "Regimen": "doses of this regimen",
        "SubcutaneousDose": "this dose under the skin",
        "TroughAdjustment": "a dose that is raised by this table",
        "Property": "relying on what it says of the product, also to leave a warning out",
        "TradeItem": "hanging vials of this package on their barcode",
        "SymptomUrgency": "telling a patient that this complaint can wait so long",
        "Translation": "showing patients these texts in their language",
        "Premedication": "naming a dose of this premedication",
        "Cotreatment": "naming the dose of this other treatment",
    }
)
_PERMITS_ELSE = texts("what it says to be relied on, not only to warn or restrict")


def permits_words(fact: Fact) -> str:
    """What two signatures would permit, or permit, that the fact alone does not."""
    return say(_PERMITS.get(type(fact).__name__, _PERMITS_ELSE))


def permits_else() -> str:
    """The same of a kind without words of its own."""
    return say(_PERMITS_ELSE)


def unit(policy: Policy) -> str:
    """Of a policy's number, as people write it; a ratio has none."""
    return unit_words(policy.unit)


def setting_value(policy: Policy, knowledge: Knowledge) -> str:
    """What a policy is set to: "12 h", "nearest"."""
    if policy.number is not None:
        return f"{number(policy.number, 4)} {unit(policy)}".strip()
    return records.setting(policy.choice, knowledge) if policy.choice else say("nothing")


def signature_table(fact: Fact) -> str:
    """The table of a site's overlay that signs a fact as it now stands."""
    return (
        "[[signature]]\n"
        f'fact = "{fact.id}"\n'
        f'fingerprint = "{fingerprint(fact)}"\n'
        'by = "NAME"\nrole = "ROLE"\ndate = YYYY-MM-DD'
    )


def _signature(fact: Fact, knowledge: Knowledge) -> RenderableType:
    """State, and the table that a signature takes in an overlay; unindented so that 80 columns hold it."""
    state = section("Sign-off", Text(say(SIGN_OFF[sign_off_state(fact, knowledge)])))
    if fact.replaced:
        return state
    return Group(state, Text(""), Text(signature_table(fact)))
