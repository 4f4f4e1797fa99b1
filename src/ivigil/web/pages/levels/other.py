"""Another way of giving it beside the one that is asked: the same persons, the same models, both bands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

import htpy as h
from htpy import Element, Node
from msgspec.structs import replace

from ivigil.kinetics.aim import RefusedError
from ivigil.kinetics.beside import Beside, Side, Way, beside
from ivigil.kinetics.estimate import Case, Estimate, estimate
from ivigil.kinetics.switching import Switch, switch
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.planning.conversion import Converted, FactorState, convert
from ivigil.practice.levels import LevelHistory
from ivigil.sheets.estimate_plot import beside_picture
from ivigil.sheets.levels import BECAUSE, NOT_FITTED, spread_text
from ivigil.sheets.models import KNOWN
from ivigil.sheets.numbers import number, span
from ivigil.sheets.spoken import say, texts
from ivigil.web.pages.levels.picture import figure
from ivigil.web.pages.levels.question import Asked, way_text
from ivigil.web.pages.levels.reasons import refused_reasons
from ivigil.web.parts.about import by_name
from ivigil.web.parts.notice import notice
from ivigil.web.parts.table import table

DAYS, _DAYS_PER_WEEK = 182, 7
"""Days that both ways are drawn for."""
_STATE: dict[FactorState, str] = texts(
    {
        "usable": "read in the label",
        "signed": "signed by this site",
        "unsigned": "not read in a strong source: no number before two people have signed it",
        "superseded": "superseded by a newer figure: no number",
    }
)


def other(history: LevelHistory, asked: Asked, first: dt.datetime, knowledge: Knowledge, seed: int) -> Node:
    """Both ways from the same day on: what they come to, the labels' factors, what measured levels say."""
    if asked.other is None:
        return None
    ways = (asked.given, asked.other)
    cases = tuple(
        replace(
            history.case,
            planned=(
                *history.to_come,
                *chain.from_iterable(way.cycle.courses(way.grams, first, _times(way))),
            ),
        )
        for way in ways
    )
    known = tuple(estimate(knowledge.facts.population_model, case, (), knowledge, seed) for case in cases)
    found = beside((known[0], known[1]), ways, knowledge)
    return h.section("#other")[
        h.h2[say("Two ways beside each other")],
        h.p[
            say(
                "{here}, and {there}: both from {day} on, for the same possible persons. A comparison, not "
                "an order.",
                here=way_text(ways[0]),
                there=way_text(ways[1]),
                day=f"{first:%Y-%m-%d}",
            )
        ],
        _levels(found, cases, knowledge) if found else _none(known, knowledge),
        _by_labels(history, ways, knowledge),
        _by_levels(history, known[1], ways, knowledge),
    ]


def _times(way: Way) -> int:
    return -(-DAYS // way.cycle.interval_days)


def _none(known: tuple[Estimate, ...], knowledge: Knowledge) -> Node:
    """No model covers both ways: why each of those that cover the one does not cover the other."""
    rows = {
        fitted.model: _why(fitted.model, each, knowledge)
        for each in known
        for fitted in each.models
        if not fitted.weight
        and any(item.model == fitted.model and item.weight for k in known for item in k.models)
    }
    return [
        notice("stop", h.p[say("No model knows both ways for this person: nothing is compared.")]),
        h.ul[
            (
                h.li[by_name(knowledge.population_models[model], knowledge), ": ", why]
                for model, why in rows.items()
            )
        ],
    ]


def _why(model: str, known: Estimate, knowledge: Knowledge) -> str:
    fitted = next(item for item in known.models if item.model == model)
    reasons = [
        say(BECAUSE[each.why]) + "".join(f" ({say(KNOWN[name])})" for name in each.missing)
        for each in fitted.applicability.refusals
    ]
    if fitted.why_not:
        return ": ".join((say(NOT_FITTED[fitted.why_not]), *([", ".join(reasons)] if reasons else [])))
    return say("keeps no weight")


def _levels(found: Beside, cases: tuple[Case, ...], knowledge: Knowledge) -> Node:
    names = [way_text(side.way) for side in found.sides]
    picture = beside_picture(
        cases[0],
        found.estimate,
        ((names[0], cases[0].planned), (names[1], cases[1].planned)),
        knowledge,
    )
    told = list(_outside(found))
    if found.left_out:
        told.append(
            say(
                "Left out, since they do not know both ways: {models}. So both may differ from the forecast "
                "above.",
                models=", ".join(found.left_out),
            )
        )
    used = [item.model for item in found.estimate.models if item.weight]
    return [
        figure(picture),
        table(
            say("Both at their steady state"),
            (say("Way"), say("Average, g/L"), say("Trough, g/L"), say("Peak, g/L")),
            map(_row, found.sides),
            numbers=(1, 2, 3),
        ),
        h.p(".soft")[
            say("Models:"),
            " ",
            [(by_name(knowledge.population_models[model], knowledge), " ") for model in used],
        ],
        notice("slow", h.ul[(h.li[each] for each in told)]) if told else None,
    ]


def _outside(found: Beside) -> Iterator[str]:
    """Of what each model is used outside its range, for either way."""
    for fitted in found.estimate.models:
        ranges = [say(KNOWN[check.of]) for check in fitted.applicability.ranges if check.place == "outside"]
        if fitted.weight and ranges:
            yield say(
                "{model}: outside its range of {ranges}",
                model=fitted.model,
                ranges=", ".join(dict.fromkeys(ranges)),
            )


def _row(side: Side) -> tuple[str, ...]:
    levels = (side.average_g_per_l, side.trough_g_per_l, side.peak_g_per_l)
    return way_text(side.way), *(spread_text(level, "", 1) for level in levels)


def _by_labels(history: LevelHistory, ways: tuple[Way, Way], knowledge: Knowledge) -> Node:
    """What each label's factor makes of the intravenous dose."""
    pair = _into_the_skin(ways)
    if pair is None:
        return h.p[
            say("A label’s factor leads from a vein to under the skin: none stands for these two ways.")
        ]
    vein, skin = pair
    weeks = Decimal(vein.cycle.interval_days) / _DAYS_PER_WEEK
    here = knowledge.lineage(history.plan.order.jurisdiction)
    products = [
        product
        for product in knowledge.facts.product
        if product.route == "SC"
        and product.jurisdiction in here
        and product.facilitated == (skin.cycle.route == "facilitated_SC")
    ]
    rows = [
        _factor(product, item, skin, knowledge)
        for product in products
        for item in convert(vein.grams, weeks, product, knowledge)
    ]
    factors = table(
        say("Instead of {way}, by the labels’ factors", way=way_text(vein)),
        (
            say("Product"),
            say("Factor"),
            say("A week"),
            say("A dose, every {days} days", days=str(skin.cycle.interval_days)),
            say("For"),
            say("First one"),
            say("Source"),
        ),
        rows,
        numbers=(1, 2, 3),
        empty=say("No product of this place has a factor."),
    )
    codes = dict.fromkeys(
        code for product in products for item in product.conversions for code in item.indications
    )
    uses = [use for code in codes if (use := knowledge.label_indications.get(code))]
    return [factors, h.p(".soft")[((f"{use.id}: ", by_name(use, knowledge), ". ") for use in uses)]]


def _factor(product: Product, item: Converted, skin: Way, knowledge: Knowledge) -> tuple[Node, ...]:
    weekly = item.weekly_grams
    dose = None if weekly is None else weekly * skin.cycle.interval_days / _DAYS_PER_WEEK
    starts = [
        say("{time} after the last one", time=_weeks(start.weeks_min, start.weeks_max))
        for start in item.start_after
    ]
    return (
        h.a(href=f"/facts/{product.id}")[product.name],
        number(item.factor, 3),
        say("no number") if weekly is None else f"{number(weekly, 1)} g",
        say("no number") if dose is None else f"{number(dose, 1)} g",
        ", ".join(item.indications) or say("any use"),
        "; ".join(dict.fromkeys(starts)) or say("not told"),
        [by_name(knowledge.by_id[item.fact], knowledge), f": {say(_STATE[item.state])}"],
    )


def _weeks(low: Decimal, high: Decimal) -> str:
    if low == high == 1:
        return say("1 week")
    return span(low, high, say("weeks"))


def _into_the_skin(ways: tuple[Way, Way]) -> tuple[Way, Way] | None:
    """The intravenous way and the one under the skin, whichever was asked first."""
    vein = [way for way in ways if way.cycle.route == "IV"]
    skin = [way for way in ways if way.cycle.route != "IV"]
    return (vein[0], skin[0]) if vein and skin else None


def _by_levels(history: LevelHistory, known: Estimate, ways: tuple[Way, Way], knowledge: Knowledge) -> Node:
    """The dose under the skin of the same average and of the same trough, or why levels give none."""
    pair = _into_the_skin(ways)
    if pair is None:
        return None
    vein, skin = pair
    try:
        found = switch(
            known,
            history.case,
            knowledge,
            grams=vein.grams,
            intravenous=vein.cycle,
            subcutaneous=skin.cycle,
        )
    except RefusedError as refused:
        return h.section[
            h.h3[say("By measured levels: no dose is sought")],
            h.ul[(h.li[each] for each in refused_reasons(refused.reasons, history))],
        ]
    return _switched(found)


def _switched(found: Switch) -> Element:
    match = found.together
    days = str(found.subcutaneous.interval_days)
    return table(
        say("By measured levels, under the skin every {days} days", days=days),
        (say("For the same"), say("Dose, g"), say("Factor")),
        (
            (
                say("average"),
                spread_text(match.same_average_g, "", 1),
                spread_text(match.average_factor, "", 2),
            ),
            (say("trough"), spread_text(match.same_trough_g, "", 1), spread_text(match.trough_factor, "", 2)),
        ),
        numbers=(1, 2),
    )
