"""Measured levels: typed, read back in the other unit, recorded; and taken back where one was wrong."""

from __future__ import annotations

import datetime as dt
import uuid

import htpy as h
import msgspec
from htpy import Element, Node

from ivigil.intake.form import expressed
from ivigil.intake.levels import parse_level
from ivigil.intake.quantities import Measured
from ivigil.kinetics.aim import Spread
from ivigil.kinetics.courses import courses
from ivigil.kinetics.estimate import estimate
from ivigil.kinetics.levels import Level, read
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault, OrderError
from ivigil.practice.levels import LevelHistory, RecordedLevel
from ivigil.sheets.faults import accepted, seen
from ivigil.sheets.levels import REJECTED, refused_text, spread_text
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts
from ivigil.sheets.unit_words import unit_words
from ivigil.web.pages.levels.answer import SEED
from ivigil.web.pages.order_form import figure
from ivigil.web.parts.field import form, submit, text, ticks
from ivigil.web.parts.notice import notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

_SIGN = {"": "", "below": "< ", "above": "> "}
_OTHER = "mg/dL"
_LABEL = texts(
    {
        "igg": "Total IgG",
        "igg_g_per_l": "Total IgG",
        "taken": "Drawn on",
        "before_dose": "On the day of a dose",
    }
)
"""What the form calls a field of a level."""


class Typed(msgspec.Struct, kw_only=True):
    """The form of a level as it is typed."""

    igg: str = ""
    taken: str = ""
    before_dose: str = ""
    id: str = ""
    """UUID that the page made: the same form sent twice is recorded once."""
    checked: str = ""
    """What was read back to the person; recorded only if it is still what is typed."""


class Read(msgspec.Struct, frozen=True):
    """A level, understood."""

    level: Level
    typed: Measured

    @property
    def text(self) -> str:
        level = self.level
        return f"{level.limit}{level.g_per_l};{level.taken};{level.before_dose}"


def understood(data: Typed, knowledge: Knowledge, now: dt.datetime) -> tuple[Read | None, tuple[str, ...]]:
    """What was typed, or every fault."""
    typed = {"igg": data.igg.strip(), "taken": data.taken.strip(), "before_dose": bool(data.before_dose)}
    try:
        level, measured = parse_level(
            {name: value for name, value in typed.items() if value != ""}, knowledge
        )
        _drawn_by(level, now)
    except OrderError as error:
        return None, tuple(map(_fault, error.faults))
    return Read(level, measured), ()


def event_id(data: Typed, found: Read) -> str:
    """Of the same level from the same form always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{data.id or uuid.uuid4()} {found.text}"))


def _fault(fault: Fault) -> str:
    field = fault.field.rpartition(".")[2]
    return refused_text(say(_LABEL[field]) if field in _LABEL else field, seen(fault), accepted(fault))


def _drawn_by(level: Level, now: dt.datetime) -> None:
    """A level has a day, and nothing was measured that is still to come. Raises OrderError."""
    taken = level.taken
    if taken is None:
        raise OrderError((Fault("levels.taken", say("nothing"), say("the day on which it was drawn")),))
    moment = isinstance(taken, dt.datetime) and taken.tzinfo is not None
    to_come = taken > now if moment and isinstance(taken, dt.datetime) else _day(taken) > now.date()
    if to_come:
        told = say("a day until {day}", day=f"{now.date()}")
        if moment:
            told = say("a moment until {moment}", moment=now.isoformat(" ", "minutes"))
        raise OrderError((Fault("levels.taken", _drawn(level), told),))


def _day(taken: dt.datetime | dt.date) -> dt.date:
    return taken.date() if isinstance(taken, dt.datetime) else taken


def read_back(visit: Visit, patient: str, history: LevelHistory | None, typed: Typed, found: Read) -> Element:
    """The level as it was understood: in both units, beside the one before and what the models expect."""
    sent = msgspec.structs.asdict(typed) | {"checked": found.text, "id": typed.id or str(uuid.uuid4())}
    level = found.level
    drawn = say("Drawn {time}.", time=_drawn(level))
    if level.before_dose:
        drawn = say("Drawn {time}, before the dose of that day.", time=_drawn(level))
    return notice(
        "info",
        h.h2[say("Is this what the laboratory says? Nothing is recorded yet.")],
        h.p[h.strong[f"{say('Total IgG')} {_figure(level)}"], _also(found)],
        h.p[drawn],
        h.ul[
            h.li[_before(history, level)],
            [h.li[each] for each in _against(history, level, visit.knowledge)],
        ],
        form(visit.form_token, f"/patients/{patient}/levels")[
            (h.input(type="hidden", name=name, value=value) for name, value in sent.items()),
            submit(say("Record this level")),
        ],
    )


def _also(found: Read) -> str:
    """As it was typed in another unit, or in the one other that laboratories print."""
    written = found.typed.written
    if written.unit != found.typed.quantity.unit:
        return say(", typed as {written}", written=f"{written.number:f} {unit_words(written.unit)}")
    others = (figure(value, unit, "") for value, unit in expressed(found.typed) if unit == _OTHER)
    return "".join(f" {each}" for each in others)


def _figure(level: Level) -> str:
    return f"{_SIGN[level.limit]}{number(level.g_per_l)} g/L"


def _before(history: LevelHistory | None, level: Level) -> str:
    """The last one on record that was drawn before it."""
    earlier = [
        each
        for each in (history.case.levels if history else ())
        if each.taken and level.taken and _day(each.taken) <= _day(level.taken)
    ]
    if not earlier:
        return say("None before it is on record.")
    last = max(earlier, key=lambda each: _day(each.taken) if each.taken else dt.date.min)
    return say("Before it: {value}, drawn {day}.", value=_figure(last), day=_drawn(last))


def _against(history: LevelHistory | None, level: Level, knowledge: Knowledge) -> list[str]:
    """What the models made of that moment without it, and whether it would be counted."""
    if history is None:
        return []
    case = msgspec.structs.replace(history.case, levels=(*history.case.levels, level))
    place = len(history.case.levels)
    judged = read(case.levels, case.doses, knowledge)
    why = next((each.why for each in judged.rejected if each.place == place), None)
    if why is not None:
        return [say("It would not be counted: {reason}.", reason=say(REJECTED[why]))]
    known = estimate(knowledge.facts.population_model, history.case, (), knowledge, SEED)
    time = next(each.time_days for each in judged.used if each.place == place)
    later = (judged.origin - known.levels.origin) / dt.timedelta(days=1)
    if time + later < 0:
        return []
    bands = courses(known, history.case.doses, (time + later,), knowledge, apart=False).together
    if not bands:
        return []
    band = bands[0]
    expected = spread_text(Spread(band.low, band.median, band.high), "g/L", 1)
    if band.low <= float(level.g_per_l) <= band.high:
        return [say("Without it the models expect {level} then.", level=expected)]
    return [
        say(
            "OUTSIDE what the models expect without it: {level}. Look at the unit and day again.",
            level=expected,
        )
    ]


def levels_table(visit: Visit, patient: str, history: LevelHistory) -> Node:
    """Every level, whether it counts, who recorded it; those taken back stay listed."""
    judged = read(history.case.levels, history.case.doses, visit.knowledge)
    rejected = {each.place: say(REJECTED[each.why]) for each in judged.rejected}
    standing = [each for each in history.recorded if each.back is None]
    ordered = len(history.case.levels) - len(standing)
    may = visit.may("follow_up.record", patient)
    rows: list[tuple[Node, ...]] = []
    for place, level in enumerate(history.case.levels):
        recorded = standing[place - ordered] if place >= ordered else None
        rows.append(
            (
                _drawn(level),
                _figure(level),
                rejected.get(place, say("used")),
                say("an order") if recorded is None else _by(visit, recorded),
                _taking_back(visit, patient, recorded) if recorded and may else "",
            )
        )
    rows += [_gone(visit, each) for each in history.recorded if each.back]
    return h.section("#measured")[
        table(
            say("Measured"),
            (say("Drawn"), "IgG", say("Counted"), say("Told by"), say("Wrong?")),
            rows,
            numbers=(1,),
            empty=say("No level is on record."),
        )
    ]


def _by(visit: Visit, recorded: RecordedLevel) -> Node:
    return [f"{recorded.by}, ", stamp(recorded.at, visit.zone)]


def _gone(visit: Visit, recorded: RecordedLevel) -> tuple[Node, ...]:
    back = recorded.back
    assert back is not None
    reason = f": {back.reason}" if back.reason else ""
    return (
        h.s[_drawn(recorded.level)],
        h.s[_figure(recorded.level)],
        say("no: taken back"),
        _by(visit, recorded),
        [
            say("taken back by {person}", person=back.by),
            f"{reason}, ",
            stamp(back.at, visit.zone),
        ],
    )


def _taking_back(visit: Visit, patient: str, recorded: RecordedLevel) -> Element:
    return h.details[
        h.summary[
            say("Take back"), h.span(".unseen")[f": {_figure(recorded.level)}, {_drawn(recorded.level)}"]
        ],
        form(visit.form_token, f"/patients/{patient}/levels/back")[
            h.input(type="hidden", name="event", value=recorded.event),
            text("reason", say("What is wrong with it"), required=False, id=f"reason-{recorded.event}"),
            submit(say("Take this level back"), kind="plain"),
        ],
    ]


def _drawn(level: Level) -> str:
    """As it was told: a day, or a moment with its offset."""
    if isinstance(level.taken, dt.datetime):
        return level.taken.isoformat(" ", "minutes")
    return str(level.taken or say("not known"))


def level_form(visit: Visit, patient: str, typed: Typed | None = None) -> Node:
    """A form for a new level; what was typed stays."""
    if not visit.may("follow_up.record", patient):
        return None
    kept = typed or Typed()
    return h.section[
        h.h2[say("A measured level")],
        form(visit.form_token, f"/patients/{patient}/levels", classes="narrow")[
            h.input(type="hidden", name="id", value=kept.id or str(uuid.uuid4())),
            text(
                "igg",
                say("Total IgG"),
                kept.igg,
                hint=say("With its unit: {examples}", examples="7.4 g/L, 742 mg/dL, < 0.3 g/L"),
            ),
            text(
                "taken",
                say("Drawn on"),
                kept.taken,
                hint=say(
                    "A day as {day}, or with time and offset, {moment}",
                    day="2026-11-23",
                    moment="2026-11-23T08:10+00:00",
                ),
            ),
            ticks(
                "before_dose",
                say("On the day of a dose"),
                (("yes", say("drawn before the dose")),),
                ("yes",) if kept.before_dose else (),
            ),
            submit(say("Check")),
        ],
    ]
