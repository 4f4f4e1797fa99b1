"""Everything that can be entered at the chair: one form for each kind, opened one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import htpy as h
from htpy import Element, Node

from ivigil.infusion.events import CTCAE_GRADES
from ivigil.infusion.state import Phase
from ivigil.order import Fault
from ivigil.practice.deeds import ALL_THE_SAME, WHY, Objection
from ivigil.practice.told import AT, KINDS, Kind
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import advice_line, measures, symptom, vial_line
from ivigil.sheets.entries import doubt_line, objection_line
from ivigil.sheets.faults import accepted, seen
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import capital, either, say, texts
from ivigil.web.pages.chair.forms import ENTRY, action, hidden, tap
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts import field
from ivigil.web.parts.field import Importance
from ivigil.web.parts.notice import faults, notice

PART = "record"
TITLE: dict[Kind, str] = texts(
    {
        "identity": "Identity check",
        "seat": "Chair or bed",
        "start": "Start",
        "vital-signs": "Vital signs",
        "symptom": "Symptom",
        "rate": "Rate",
        "slow": "Slow",
        "pause": "Pause",
        "disconnect": "Take the line off",
        "resume": "Go on",
        "stop": "Stop, with reason",
        "grade": "Grade a reaction",
        "medicine": "Medicine",
        "decide": "Decision to go on",
        "called": "Somebody was called",
        "informed": "Patient informed",
        "vial": "Hang a vial",
        "vial-finished": "Vial finished",
        "completed": "Volume is in",
        "left": "Patient leaves",
        "withdraw": "Withdraw an entry",
        "otherwise": "Not as advised",
        "both-seen": "Both entries seen",
    }
)
_OFTEN: dict[Phase, tuple[Kind, ...]] = {
    "not_started": ("identity", "vital-signs", "vial", "start"),
    "running": ("vital-signs", "symptom", "rate", "vial", "pause", "medicine"),
    "halted": ("vital-signs", "symptom", "resume", "medicine", "decide", "grade"),
    "ended": ("vital-signs", "symptom", "vial-finished", "disconnect", "informed", "left"),
    "left": (),
}
"""What comes up at a phase; everything else can be entered as well."""
_ELSEWHERE: tuple[Kind, ...] = ("slow", "withdraw", "both-seen")
"""Entered by a button beside what it is about."""
_SIGNS = (
    "measure.systolic_mmhg",
    "measure.diastolic_mmhg",
    "measure.heart_rate_per_min",
    "measure.temperature_c",
    "measure.respiratory_rate_per_min",
    "measure.spo2_percent",
    "measure.pain_0_10",
    "measure.urine_ml_per_kg_per_h",
)


def _choose() -> tuple[str, str]:
    return "", say("Choose")


class Fields:
    """Makes the fields of one form: unique ids, what was typed kept, faults beside the field."""

    def __init__(self, view: ChairView, kind: Kind) -> None:
        self.view, self.kind = view, kind
        told = view.typed if view.typed is not None and view.typed.kind == kind else None
        self.told = told

    def value(self, name: str, given: str = "") -> str:
        return self.told.fields.get(name, "") if self.told else given

    def faults(self, name: str) -> tuple[str, ...]:
        found = (fault for fault in self.told.faults if fault.field == name) if self.told else ()
        return tuple(
            "; ".join(
                part
                for part in (
                    f"{f'{seen(fault)}: ' if fault.value else ''}{_accepted(fault)}",
                    say("did you mean {near}?", near=either(fault.near)) if fault.near else "",
                )
                if part
            )
            for fault in found
        )

    def text(self, name: str, label: str, given: str = "", **more: str) -> Element:
        return field.text(
            name,
            label,
            self.value(name, given),
            faults=self.faults(name),
            required=False,
            id=self.id(name),
            **more,
        )

    def amount(self, name: str, label: str, unit: str, given: str = "") -> Element:
        return self.text(name, label, given, unit=unit, inputmode="decimal")

    def choice(self, name: str, label: str, options: Iterable[tuple[str, str]], given: str = "") -> Element:
        chosen = self.value(name, given)
        return field.choice(name, label, options, chosen, faults=self.faults(name), id=self.id(name))

    def id(self, name: str) -> str:
        return f"{self.kind}-{name.replace('.', '-')}"


def _accepted(fault: Fault) -> str:
    return say("accepted: {what}", what=accepted(fault))


def unwritten(view: ChairView) -> Node:
    """What was sent and not written: first on the page, with the way to its form if it has one."""
    told = view.typed
    if told is None:
        return None
    if told.kind not in _ELSEWHERE:
        kind = say(TITLE[told.kind])
        link = h.a(href=f"#panel-{told.kind}")[say("See why")]
        line = h.p[h.b[say("NOT recorded: {kind}.", kind=kind)], " ", link]
        return h.div(".done")[notice("stop", line, urgent=True)]
    found = [text for fault in told.faults for text in Fields(view, told.kind).faults(fault.field)]
    return faults(tuple(found))


def entries(view: ChairView) -> Element:
    """The forms that come up now, then all others."""
    often = _OFTEN[view.state.phase]
    rest = [kind for kind in KINDS if kind not in (*often, *_ELSEWHERE)]
    return h.section(".entries", id=PART, aria_labelledby="entries", data_of=record_state(view))[
        h.h2("#entries")[say("Record")],
        h.div(".panels")[(_panel(view, kind) for kind in often)],
        h.h3[say("More to record")] if often else None,
        h.div(".panels")[(_panel(view, kind) for kind in rest)],
    ]


def record_state(view: ChairView) -> str:
    """What the forms depend on: while it is the same they need not come anew."""
    codes = " ".join(each.code for each in view.report.advice)
    return f"{view.state.phase} {len(view.report.events)} {codes}"


def _panel(view: ChairView, kind: Kind) -> Element:
    """One form, closed until it is asked for; it opens by itself if what was sent was not written."""
    fields = Fields(view, kind)
    again = fields.told is not None
    return h.details(".panel", name="entry", open=again, id=f"panel-{kind}")[
        h.summary[say(TITLE[kind])],
        h.div(id=kind, class_="inside")[_refusal(fields), _BODIES[kind](fields)],
    ]


def _sent(
    fields: Fields, text: str, *content: Node, importance: Importance = "main", submit: Node = None
) -> Element:
    """A form with its fields, when it happened, its button; after a refusal, the way round it.

    ``submit``: other buttons than one that says ``text``.
    """
    view = fields.view
    return field.form(view.visit.form_token, action(view, fields.kind), classes=ENTRY)[
        hidden({}),
        content,
        _when(fields),
        _despite(fields),
        submit or field.submit(text, kind=importance),
    ]


def _when(fields: Fields) -> Element:
    typed = fields.value(AT)
    return h.details(".when", open=bool(typed))[
        h.summary[say("It happened earlier")],
        fields.text(AT, say("Time of today"), type="time"),
    ]


def _refusal(fields: Fields) -> Node:
    told = fields.told
    if told is None:
        return None
    if told.refused:
        head = say("Not recorded. Against it speaks:")
        if _is_doubt(fields):
            head = say("Not recorded yet. Is that right?")
        lines = [refusal_line(fields.view, each) for each in told.refused]
        return _focused(notice("stop", h.p[head], h.ul[(h.li[line] for line in lines)]))
    return _focused(notice("stop", h.p[say("Nothing was saved. Look at the marked fields.")]))


def _focused(shown: Node) -> Element:
    """Where the page begins to be read, however far down it stands."""
    return h.div(".refused", tabindex="-1", autofocus=True)[shown]


def refusal_line(view: ChairView, objection: Objection) -> str:
    """One thing that speaks against an entry, or that is asked about it."""
    if objection.doubt is not None:
        return doubt_line(objection.doubt, view.knowledge, view.clock)
    return objection_line(objection.code, objection.what)


def _is_doubt(fields: Fields) -> bool:
    """Is it only asked whether it is right?"""
    told = fields.told
    return told is not None and bool(told.refused) and all(each.doubt is not None for each in told.refused)


def _despite(fields: Fields) -> Node:
    """Advice refuses, records never do."""
    if _is_doubt(fields):
        right = say("It is right: record it")
        return h.div(".despite")[field.submit(right, kind="stop", name=ALL_THE_SAME, value="yes")]
    told = fields.told
    if told is None or not (told.refused or told.fields.get(ALL_THE_SAME)):
        return None
    return h.div(".despite")[
        fields.text(WHY, say("It was done all the same, because")),
        field.submit(say("Record it all the same"), kind="stop", name=ALL_THE_SAME, value="yes"),
    ]


# The forms


def _identity(fields: Fields) -> Node:
    return _sent(
        fields,
        "",
        fields.text("value", say("Identifier on the wristband or card")),
        submit=[
            field.submit(say("It was scanned"), name="scanned", value="yes"),
            field.submit(say("It was asked and read"), kind="plain"),
        ],
    )


def _seat(fields: Fields) -> Node:
    hint = say("As it is written there. No patient’s name.")
    sits = fields.view.state.chair
    return _sent(fields, say("Save the chair"), fields.text("chair", say("Chair or bed"), sits, hint=hint))


def _start(fields: Fields) -> Node:
    view = fields.view
    advised = next((each for each in view.report.advice if each.code == "start"), None)
    rate = number(advised.rate_ml_per_h) if advised and advised.rate_ml_per_h is not None else ""
    return _sent(
        fields,
        say("The line is on and it runs"),
        fields.amount("rate", say("First rate"), "mL/h", rate),
        fields.text("pump", say("Pump (if it has a name)")),
    )


def _vial(fields: Fields) -> Node:
    view = fields.view
    sizes = [vial.grams for vial in view.state.day.vials]
    products = [
        (each.id, f"{each.name} ({each.jurisdiction})")
        for each in view.knowledge.facts.product
        if each.route == view.bedside.briefing.route
    ]
    planned = view.bedside.briefing.product
    ordered = sorted(products, key=lambda item: (item[0] != planned, item[1].casefold()))
    typed = ("product", "grams", "lot", "expiry")
    told = fields.told is not None and any(fields.value(name) or fields.faults(name) for name in typed)
    return _sent(
        fields,
        say("It hangs"),
        fields.text("scan", say("Barcode, scanned or as printed under it")),
        h.details(".when", open=told)[
            h.summary[say("The barcode cannot be read")],
            fields.choice("product", say("Product on the label"), [_choose(), *ordered]),
            fields.amount("grams", say("Grams on the label (planned: {vials})", vials=_sizes(view)), "g"),
            fields.text("lot", say("Lot")),
            fields.text("expiry", say("Use by"), type="date"),
        ]
        if sizes
        else None,
    )


def _sizes(view: ChairView) -> str:
    return " + ".join(f"{vial.count} × {number(vial.grams)} g" for vial in view.state.day.vials)


def _vital_signs(fields: Fields) -> Node:
    known = {measure.id: measure for measure in fields.view.bedside.briefing.facts.measure}
    wanted = {name for due in fields.view.report.due for name in due.measures}
    shown = [known[name] for name in _SIGNS if name in known and (name in _SIGNS[:6] or name in wanted)]
    more = [each for each in known.values() if each not in shown]
    return _sent(
        fields,
        say("Record vital signs"),
        [h.p(".fault")[text] for text in fields.faults("measure")],
        h.div(".pairs")[
            (
                fields.amount(each.id, capital(measures([each.id], fields.view.knowledge)), _unit(each.unit))
                for each in shown
            )
        ],
        h.details(".when", open=any(fields.value(each.id) for each in more))[
            h.summary[say("Other measurements")],
            h.div(".pairs")[(fields.amount(each.id, capital(each.name), _unit(each.unit)) for each in more)],
        ],
    )


def _unit(unit: str) -> str:
    return words.UNIT.get(unit, unit)


def _symptom(fields: Fields) -> Node:
    """What the labels' stop rules name is one tap; anything else is chosen."""
    view, facts = fields.view, fields.view.bedside.briefing.facts
    named = dict.fromkeys(name for rule in facts.stop_rule if rule.basis == "label" for name in rule.symptoms)
    every = sorted(((each.id, each.name) for each in facts.symptom), key=lambda item: item[1].casefold())
    chips = field.form(view.visit.form_token, action(view, "symptom"), classes=f"{ENTRY} chips")[
        hidden({}),
        (
            field.submit(symptom(name, view.knowledge), kind="plain", name="symptom", value=name)
            for name in named
        ),
    ]
    return [
        chips,
        _find(fields),
        _sent(
            fields,
            say("Record the symptom"),
            fields.choice("symptom", say("Any symptom"), [_choose(), *every]),
            fields.text("note", say("Note")),
            h.label(".tick")[
                h.input(type="checkbox", name="gone", value="yes", checked=bool(fields.value("gone"))),
                h.span[say("It is gone")],
            ],
        ),
    ]


def _find(fields: Fields) -> Element:
    """By a few letters, with a script: each symptom that fits is one tap. Outside of any form, so that the
    key that ends a line sends nothing."""
    view, name = fields.view, fields.id("find")
    every = sorted(fields.view.bedside.briefing.facts.symptom, key=lambda each: each.name.casefold())
    return h.div(".find", hidden=True)[
        h.div(".field")[
            h.label(for_=name)[say("Find another symptom")],
            h.input(
                id=name,
                type="search",
                autocomplete="off",
                data_finds=f"{name}-found",
                aria_describedby=f"{name}-hint",
            ),
            h.p(".hint", id=f"{name}-hint")[say("A few letters. Each that fits is recorded by one tap.")],
        ],
        h.p(".soft", id=f"{name}-told", role="status"),
        field.form(view.visit.form_token, action(view, "symptom"), classes=f"{ENTRY} found")[
            hidden({}),
            h.div(".chips", id=f"{name}-found")[
                (
                    h.button(
                        ".plain",
                        type="submit",
                        name="symptom",
                        value=each.id,
                        hidden=True,
                        data_words=" ".join(each.synonyms),
                    )[each.name]
                    for each in every
                )
            ],
        ],
    ]


def _rate(fields: Fields) -> Node:
    return _sent(fields, say("The pump is set"), fields.amount("rate", say("Rate on the pump"), "mL/h"))


def _pause(fields: Fields) -> Node:
    return _sent(fields, say("It is paused"), fields.text("reason", say("Why")))


def _disconnect(fields: Fields) -> Node:
    return _sent(fields, say("The line is off"), fields.text("reason", say("Why")))


def _resume(fields: Fields) -> Node:
    advised = next((each for each in fields.view.report.advice if each.code == "restart"), None)
    rate = number(advised.rate_ml_per_h) if advised and advised.rate_ml_per_h is not None else ""
    return _sent(fields, say("It runs again"), fields.amount("rate", say("Rate on the pump"), "mL/h", rate))


def _stop(fields: Fields) -> Node:
    return _sent(
        fields,
        say("It is stopped"),
        fields.text("reason", say("Why")),
        fields.amount("volume", say("Volume that the pump counted"), "mL"),
        importance="stop",
    )


def _completed(fields: Fields) -> Node:
    return _sent(
        fields, say("The volume is in"), fields.amount("volume", say("Volume that the pump counted"), "mL")
    )


def _grade(fields: Fields) -> Node:
    terms = [(each.id, each.term) for each in fields.view.bedside.briefing.facts.ctcae_term]
    grades = [(str(grade), say("Grade {grade}", grade=str(grade))) for grade in CTCAE_GRADES]
    return _sent(
        fields,
        say("Record the grade"),
        fields.choice("term", say("Reaction (CTCAE)"), [_choose(), *terms]),
        fields.choice("grade", say("Grade"), [_choose(), *grades]),
        _criteria(fields.view),
    )


def _criteria(view: ChairView) -> Element:
    """What each grade of each term means, as the standard says it."""
    return h.details(".when", id="grade-criteria")[
        h.summary[say("What the grades mean (CTCAE)")],
        h.dl[
            (
                [
                    h.dt[term.term],
                    (h.dd[h.b[f"{each.grade}"], " ", h.span[each.criterion]] for each in term.grades),
                ]
                for term in view.bedside.briefing.facts.ctcae_term
            )
        ],
    ]


def _medicine(fields: Fields) -> Node:
    return _sent(
        fields,
        say("It is given"),
        fields.text("drug", say("Medicine")),
        h.div(".pairs")[
            fields.amount("mg", say("Dose"), "mg"),
            fields.text("route", say("Route")),
        ],
        fields.text("text", say("Dose in words, where mg do not say it")),
    )


def _decide(fields: Fields) -> Node:
    return _sent(
        fields,
        say("Record the decision"),
        fields.text("decided_by", say("Clinician who decided")),
        fields.amount("rate_max", say("At most"), "mL/h"),
        fields.text("reason", say("Why it goes on")),
    )


def _called(fields: Fields) -> Node:
    whom = [(name, say(text)) for name, text in words.WHOM.items()]
    return _sent(fields, say("Called"), fields.choice("whom", say("Who was called"), [_choose(), *whom]))


def _informed(fields: Fields) -> Node:
    return _sent(fields, say("Yes: the patient knows what to report, and to whom"))


def _vial_finished(fields: Fields) -> Node:
    view = fields.view
    hanging = [vial for vial in view.state.vials if vial.finished_at is None]
    options = [
        (each.event, vial_line(each.product, each.grams, each.lot, each.expiry, view.knowledge))
        for each in hanging
    ]
    if not options:
        return h.p[say("No vial hangs.")]
    return _sent(
        fields,
        say("It is finished"),
        fields.choice("hung", say("Vial"), options),
        fields.amount("left", say("Left in it, if any"), "g"),
    )


def _left(fields: Fields) -> Node:
    return _sent(fields, say("The patient leaves"))


def _otherwise(fields: Fields) -> Node:
    """The advice that stands, and why it was not followed."""
    view = fields.view
    options: Mapping[str, str] = {each.code: advice_line(each, view.knowledge) for each in view.report.advice}
    return _sent(
        fields,
        say("Record it"),
        fields.choice("code", say("Advice that was not followed"), [_choose(), *options.items()]),
        fields.text("reason", say("Why")),
    )


def gone(view: ChairView) -> Node:
    """What the patient has now, each with one tap to say that it is gone."""
    present = [spell for spell in view.state.symptoms if spell.present_at(view.report.at)]
    if not present:
        return None
    return h.section(".present")[
        h.h2[say("Present")],
        h.ul[
            (
                h.li[
                    h.span[
                        say(
                            "{symptom}, since {time}",
                            symptom=symptom(spell.symptom, view.knowledge),
                            time=view.clock.time(spell.since),
                        )
                    ],
                    tap(
                        view,
                        "symptom",
                        say("Gone"),
                        {"symptom": spell.symptom, "gone": "yes"},
                        importance="plain",
                    ),
                ]
                for spell in present
            )
        ],
    ]


_BODIES: dict[Kind, Callable[[Fields], Node]] = {
    "identity": _identity,
    "seat": _seat,
    "start": _start,
    "vital-signs": _vital_signs,
    "symptom": _symptom,
    "rate": _rate,
    "pause": _pause,
    "disconnect": _disconnect,
    "resume": _resume,
    "stop": _stop,
    "grade": _grade,
    "medicine": _medicine,
    "decide": _decide,
    "called": _called,
    "informed": _informed,
    "vial": _vial,
    "vial-finished": _vial_finished,
    "completed": _completed,
    "left": _left,
    "otherwise": _otherwise,
}
