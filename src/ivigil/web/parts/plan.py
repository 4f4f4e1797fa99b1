"""A plan on a page: each part of it with the reason and the source of what it says, a click away."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import htpy as h
from htpy import Element, Node
from markupsafe import Markup
from msgspec import UnsetType

from ivigil.course import Day, Decision, Finding, Plan, ProductOption, Reason
from ivigil.infusion.card import card
from ivigil.knowledge.evidence import Cited
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.store import Knowledge
from ivigil.planning.citing import named_facts
from ivigil.planning.questions import DAYS, LEAVES_REGIMEN
from ivigil.records.authorisation import Standing
from ivigil.sheets import plan_words, words
from ivigil.sheets.chair_words import BASIS
from ivigil.sheets.journal import standing_text
from ivigil.sheets.numbers import hours
from ivigil.sheets.numbers import number as written
from ivigil.sheets.plan_reasons import reason
from ivigil.sheets.spoken import Language, capital, language, say, texts
from ivigil.web.parts.notice import Tone, notice
from ivigil.web.parts.number import number
from ivigil.web.parts.source import cited, source
from ivigil.web.parts.table import table

TONE: dict[str, Tone] = {"ready": "go", "needs_answers": "slow", "needs_sign_off": "slow", "blocked": "stop"}
_WEIGHT = {"contraindicated": "stop", "serious": "slow", "moderate": "mind", "info": "know"}


def reasoned(
    shown: Node, facts: Iterable[str], plan: Plan, knowledge: Knowledge, *, saw: tuple[Saw, ...] = ()
) -> Node:
    """What is shown; opened, what it saw, which facts ruled and where they were read."""
    values = words.saw(saw, knowledge.terms) if saw else ""
    return _with_rules(shown, _rules(facts, plan), values)


Rules = tuple[tuple[str, Cited], ...]
"""Facts that ruled, with where each was read."""


def _rules(facts: Iterable[str], plan: Plan) -> Rules:
    return tuple((name, plan.sources[name]) for name in dict.fromkeys(facts) if name in plan.sources)


def _with_rules(shown: Node, rules: Rules, saw: str = "") -> Node:
    if not rules and not saw:
        return shown
    seen = h.p[say("Seen: {values}.", values=saw)] if saw else None
    # Set at once: what lies deep in a page is otherwise handed up through every element around it.
    listed = h.ul[[_rule(name, found, language()) for name, found in rules]] if rules else None
    return Markup(source(shown, [seen, listed]))


def decided(shown: Node, decision: Decision, plan: Plan, knowledge: Knowledge) -> Node:
    """Like ``reasoned``, of one decision with all that it holds."""
    facts = (*decision.facts, *sorted(named_facts(decision) - {*decision.facts}))
    return reasoned(shown, facts, plan, knowledge, saw=decision.saw)


_NOT_READ = texts("not read in a source")


@lru_cache(maxsize=4096)
def _rule(name: str, found: Cited, spoken: Language) -> Markup:
    """One fact and where it was read: the same on every page of a language, so it is set once."""
    kind = say(BASIS[found.basis] if found.seen and found.basis in BASIS else _NOT_READ)
    told = f" ({say('{basis}, signed by the site', basis=kind) if found.signed else kind})"
    where = "; ".join(part for part in (found.locator, found.note) if part)
    item = h.li[
        h.code[name],
        told,
        [h.span(".document")[cited(document)] for document in found.documents],
        h.span(".soft")[where] if where else None,
    ]
    return Markup(item)


def standing_notice(plan: Plan, knowledge: Knowledge) -> Element:
    """The status of a plan that nobody signs yet, and why nothing more is given where it stops."""
    return _told(TONE[plan.status], plan_words.status(plan), plan, knowledge)


def signed_notice(standing: Standing, against: Iterable[str], knowledge: Knowledge) -> Element:
    """What is true of a plan of the journal: how far its signatures are, what is against a start today."""
    plan, listed = standing.plan, tuple(against)
    if standing.step == "released" and listed:
        return _told("slow", say("RELEASED, but not to be started now"), plan, knowledge, listed)
    return _told(_tone(standing), standing_text(standing), plan, knowledge)


def _tone(standing: Standing) -> Tone:
    if standing.plan.status != "ready" or standing.step in ("reopened", "superseded"):
        return "stop" if standing.step in ("reopened", "superseded") else TONE[standing.plan.status]
    return "go" if standing.step == "released" else "info"


def _told(tone: Tone, status: str, plan: Plan, knowledge: Knowledge, more_: tuple[str, ...] = ()) -> Element:
    left = plan_words.left(plan)
    lifting = [
        plan_words.asks(question, plan, knowledge)
        for question in plan.questions
        if LEAVES_REGIMEN in question.changes and question.field != DAYS
    ]
    gaps = [plan_words.gap(item, plan, knowledge) for item in (*plan.blocked, *plan.gaps)]
    return notice(
        "slow" if left and tone in ("go", "info") else tone,
        h.p[h.strong[f"{left}."]] if left else None,
        h.p[say("Its own days come back with the answer to: {questions}", questions=" ".join(lifting))]
        if lifting
        else None,
        h.p[h.strong[f"{status}."]],
        h.ul[(h.li[each] for each in (*gaps, *more_))] if gaps or more_ else None,
    )


def gist(plan: Plan, knowledge: Knowledge) -> Node:
    """The few figures that matter most, large: what is given, days, highest rate, longest day.

    Nothing of a plan that gives nothing.
    """
    if plan.status == "blocked":
        return None
    figures: list[Node] = _amount(plan, knowledge)
    if plan.course is not None and plan.days:
        shown = number(plan.course.days, "", large=True)
        called = plan_words.days_called(plan.course.days, plan)
        figures.append(_figure(decided(shown, plan.course, plan, knowledge), called))
    rates = [step.rate_ml_per_h for day in plan.days for step in day.steps]
    if rates and plan.rates is not None:
        top = number(max(rates), "mL/h", large=True)
        figures.append(_figure(decided(top, plan.rates, plan, knowledge), say("highest rate")))
    if plan.days:
        longest = max(day.duration_min for day in plan.days)
        shown = h.span(".number.large")[h.b[hours(longest)]]
        timed = decided(shown, plan.rates, plan, knowledge) if plan.rates is not None else shown
        figures.append(_figure(timed, plan_words.longest(plan)))
    return h.ul(".gist")[figures] if figures else None


def _amount(plan: Plan, knowledge: Knowledge) -> list[Node]:
    """What is given, the order beside it; under the skin the dose of an interval, which the plan repeats."""
    dose, course = plan.dose, plan.course
    if dose is None:
        return []
    if dose.interval_days or course is None:
        called = say("dose")
        if dose.interval_days:
            called = say("every {days} days", days=str(dose.interval_days))
        return [_figure(decided(number(dose.grams, "g", 3, large=True), dose, plan, knowledge), called)]
    ordered = f"{written(dose.grams, 3)} g"
    return [
        _figure(
            decided(number(course.grams, "g", 3, large=True), course, plan, knowledge),
            say("given; {grams} ordered", grams=ordered),
        )
    ]


def _figure(shown: Node, called: str) -> Element:
    return h.li[shown, h.span(".called")[called]]


def dose_part(plan: Plan, knowledge: Knowledge) -> Node:
    """Regimen, dose and the weights that it may rest on."""
    rows: list[tuple[str, Node]] = []
    if plan.regimen is not None:
        rows.append((say("Regimen"), decided(plan_words.regimen(plan), plan.regimen, plan, knowledge)))
    if plan.dose is not None:
        said = f"{plan_words.dose(plan)} = {plan_words.dose_sum(plan)}"
        rows.append((say("Dose"), decided(said, plan.dose, plan, knowledge)))
        rows.append((say("Weights"), decided(plan_words.weights(plan), plan.dose, plan, knowledge)))
        if plan.dose.capped_by:
            cap = reasoned(say("lowered by a cap"), [plan.dose.capped_by], plan, knowledge)
            rows.append((say("Cap"), cap))
    others = plan_words.regimens_not_used(plan)
    if not rows and not others:
        return None
    return h.section[
        h.h2[say("Dose")], pairs(rows), _individual(plan, knowledge), more(say("Regimens not used"), others)
    ]


def _individual(plan: Plan, knowledge: Knowledge) -> Node:
    """A dose that was sought from levels: from what, within what. Loaded only for a plan that has one."""
    sought = plan.order.individual
    if isinstance(sought, UnsetType) or plan.dose is None:
        return None
    from ivigil.sheets.individual import individual_notes, individual_rows

    rows = [
        (label, reasoned(text, facts, plan, knowledge))
        for label, text, facts in individual_rows(sought, plan.dose)
    ]
    notes = h.ul[[h.li[note] for note in individual_notes(sought)]]
    return [h.h3[say("Individual dose, sought from levels")], pairs(rows), notes]


def days_part(plan: Plan, knowledge: Knowledge) -> Node:
    """Each day: vials, and the rates as the pump asks for them."""
    if not plan.days:
        return None
    alike = all(_ladder(day) == _ladder(plan.days[0]) for day in plan.days)
    # Days that are alike have one reason: it opens at the first.
    shown = [_day(day, plan, knowledge, opens=not (alike and index)) for index, day in enumerate(plan.days)]
    title = say("Vials and rates")
    if len(shown) == 1 or not alike:
        return h.section[h.h2[title], shown]
    others = say("The other {count}: the same vials and rates", count=str(len(shown) - 1))
    rest = h.details[h.summary[others], shown[1:]]
    return h.section[h.h2[title], shown[0], rest]


def _ladder(day: Day) -> tuple[object, ...]:
    return day.vials, day.discard_g, tuple((step.rate_ml_per_h, step.volume_ml) for step in day.steps)


def _day(day: Day, plan: Plan, knowledge: Knowledge, *, opens: bool) -> Element:
    title = plan_words.day_title(day, plan)
    gist_: Node = plan_words.day_gist(day)
    if opens and plan.course is not None:
        gist_ = decided(gist_, plan.course, plan, knowledge)
    steps_: Node = say("Steps")
    if opens and plan.rates is not None:
        steps_ = decided(steps_, plan.rates, plan, knowledge)
    return h.div(".day")[
        h.p[h.strong[title]],
        h.div[gist_],
        h.p[say("Sites: {sites}", sites=plan_words.sites(day))] if day.sites else None,
        h.div[steps_] if day.steps and opens else None,
        table(
            say("Rates, {day}", day=title),
            (say("Step"), "mL/h", "mL", say("Time"), say("From"), say("To")),
            (
                (
                    str(line.step),
                    written(line.rate_ml_per_h),
                    written(line.volume_ml, 1),
                    hours(line.minutes),
                    f"{line.start:%H:%M}",
                    f"{line.end:%H:%M}",
                )
                for line in card(day)
            ),
            numbers=(1, 2, 3, 4, 5),
        )
        if day.steps
        else None,
    ]


_EXPERIENCE = texts(
    {
        "any": "the same for naive and experienced",
        "naive": "naive to immunoglobulin",
        "experienced": "experienced to immunoglobulin",
    }
)


def rates_part(plan: Plan, knowledge: Knowledge) -> Node:
    """Which schedule and which limits shaped the steps."""
    rates = plan.rates
    if rates is None:
        return None
    rows: list[tuple[str, Node]] = [
        (
            say("Schedule"),
            reasoned(say(plan_words.SCHEDULE[rates.off_label]), rates.facts, plan, knowledge),
        ),
        (say("First"), say(_EXPERIENCE[rates.experience])),
    ]
    if rates.limited_by:
        rows.append((say("Limits"), reasons(rates.limited_by, plan, knowledge)))
    return h.section[h.h2[say("Rates")], pairs(rows)]


def findings_part(plan: Plan, knowledge: Knowledge) -> Element:
    """Every hazard that says something, the gravest first, each with its reason."""
    shown = plan_words.shown_findings(plan)
    if not shown:
        return h.section[h.h2[say("Hazards")], h.p[say("None.")]]
    return h.section[
        h.h2[say("Hazards")],
        h.ul(".findings")[[_finding(finding, plan, knowledge) for finding in shown]],
    ]


def _finding(finding: Finding, plan: Plan, knowledge: Knowledge) -> Markup:
    facts = (*finding.facts, *(action.fact for action in finding.do))
    because = words.saw(finding.because, knowledge.terms)
    return _hazard(finding, because, plan_words.set_aside(finding, plan), _rules(facts, plan), language())


@lru_cache(maxsize=1024)
def _hazard(finding: Finding, because: str, aside: str, rules: Rules, spoken: Language) -> Markup:
    """One hazard. Most are the same while somebody types on, and a plan tells of many."""
    marks = [say(words.SEVERITY[finding.severity]), plan_words.state(finding)]
    marks += [say("weak evidence")] if finding.weak else []
    acts = plan_words.acts(finding)
    advice = [action.text for action in finding.do if action.text and action.audience != "patient"]
    shown = h.li(f".finding.{_WEIGHT[finding.severity]}")[
        _with_rules([h.strong[finding.name], h.span(".marks")[", ".join(filter(None, marks))]], rules),
        h.p(".soft")[say("Because: {seen}", seen=because)] if because else None,
        h.p[h.strong[aside]] if aside else None,
        h.p[f"{capital(acts)}."] if acts else None,
        more(say("What to do"), advice) if advice else None,
    ]
    return Markup(shown)


def product_part(plan: Plan, knowledge: Knowledge) -> Node:
    """The product, what is really given, what else there is."""
    rows: list[tuple[str, Node]] = []
    if plan.product is not None:
        name = reasoned(h.strong[plan.product.name], plan.product.facts, plan, knowledge)
        rows.append((say("Product"), [name, f" {plan_words.licence(plan.product)}"]))
        if plan.product.best_fit_unseen:
            rows.append((say("Better fit"), plan_words.better_fit(plan.product)))
    if plan.course is not None:
        given = decided(plan_words.given(plan.course, plan), plan.course, plan, knowledge)
        rows.append((say("Given"), given))
        rows += [
            (say("Beside it"), decided(near, plan.course, plan, knowledge))
            for near in plan_words.neighbours(plan.course)
        ]
        if plan.course.days_because:
            rows.append((say("Days"), reasons(plan.course.days_because, plan, knowledge)))
    excluded = [
        f"{knowledge.products[left.id].name}: {'; '.join(dict.fromkeys(map(words.reason, left.because)))}"
        for left in plan.products_excluded
    ]
    also = [_option(option) for option in plan.product.alternatives] if plan.product is not None else []
    if not rows and not excluded:
        return None
    return h.section[
        h.h2[say("Product")],
        pairs(rows),
        more(say("Other products"), also),
        more(say("Products left out"), excluded),
    ]


def _option(option: ProductOption) -> str:
    name = option.name if option.rates_seen else say("{product} (rates not seen)", product=option.name)
    return f"{name}: {'; '.join(dict.fromkeys(map(words.reason, option.because))) or say('equal')}"


def care_part(plan: Plan, knowledge: Knowledge) -> Node:
    """What to do around the infusion."""
    rows: list[tuple[str, Node]] = [
        (
            plan_words.premedicate(drug),
            reasoned(plan_words.premedication(drug), drug.facts, plan, knowledge),
        )
        for drug in plan.premedication
    ]
    for title, items in plan_words.care_groups(plan):
        rows += [(title, reasoned(plan_words.care(item), item.facts, plan, knowledge)) for item in items]
    if plan.observation is not None and plan.observation.minutes:
        seen = plan_words.observed(plan.observation)
        rows.append((say("Afterwards"), reasoned(seen, plan.observation.facts, plan, knowledge)))
    return h.section[h.h2[say("Care")], pairs(rows)] if rows else None


def timeline_part(plan: Plan, knowledge: Knowledge) -> Node:
    """What comes after: reviews, tests, vaccines, what cannot be read in a blood test."""
    dated: list[tuple[str, Node]] = [
        (
            plan_words.dates(entry),
            reasoned(plan_words.to_come(entry), entry.facts, plan, knowledge),
        )
        for entry in plan.timeline
        if entry.kind not in plan_words.WINDOWS
    ]
    windows = [
        h.details[
            h.summary[say(title)],
            pairs(
                [
                    (answer, reasoned(what, facts, plan, knowledge))
                    for answer, what, facts in plan_words.windows(kind, plan)
                ]
            ),
        ]
        for kind, title in plan_words.WINDOWS.items()
        if any(entry.kind == kind for entry in plan.timeline)
    ]
    return h.section[h.h2[say("Timeline")], pairs(dated), windows] if plan.timeline else None


def taken_for_granted(plan: Plan) -> Node:
    """What was assumed, and what two people of the site have to sign first."""
    signs = plan_words.sign_offs(plan)
    return [
        h.section[h.h2[say("Needs sign-off by two people")], h.ul[(h.li[each] for each in signs)]]
        if signs
        else None,
        h.section[more(say("What was assumed"), plan_words.assumptions(plan))] if plan.assumed else None,
    ]


def reasons(found: tuple[Reason, ...], plan: Plan, knowledge: Knowledge) -> Node:
    """Several reasons, each opening its source."""
    said = {(reason(each, plan, knowledge), each.fact): each for each in found}
    return h.ul(".bare")[(h.li[reasoned(text, [fact], plan, knowledge)] for (text, fact) in said)]


def pairs(rows: Iterable[tuple[str, Node]]) -> Node:
    """Labelled values; a label that repeats is said once."""
    grouped: dict[str, list[Node]] = {}
    for label, value in rows:
        grouped.setdefault(label, []).append(value)
    if not grouped:
        return None
    return h.dl(".pairs")[
        (h.div[h.dt[label], (h.dd[value] for value in values)] for label, values in grouped.items())
    ]


def more(title: str, items: Iterable[str]) -> Node:
    """A list behind its title and count."""
    listed = list(items)
    if not listed:
        return None
    return h.details[h.summary[f"{title} ({len(listed)})"], h.ul[(h.li[item] for item in listed)]]
