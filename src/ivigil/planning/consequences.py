"""What a plan becomes with an answer: each question tried with No and with Yes by planning again.

A limit often has several causes that nobody answered, so that one answer alone lifts nothing: those that lift
it together are found as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from ivigil.course import Plan, Question, Status
from ivigil.knowledge.hazards import Confirm
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning import flow

NAIVE = "immunoglobulin_naive"
Answer = Literal["no", "yes"]
Decides = Literal["status", "days", "dose", "product", "rate"]


class Gist(msgspec.Struct, frozen=True, kw_only=True):
    """The few figures of a plan that an answer is judged by."""

    status: Status
    days: int
    grams: Decimal
    product: str
    """Its name; "" for none."""
    highest_ml_per_h: Decimal
    hazards: frozenset[str]
    """Findings that act: present or assumed."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The plan with one answer, or with the same answer to several questions."""

    fields: tuple[str, ...]
    answer: Answer
    before: Gist
    after: Gist

    @property
    def changes(self) -> tuple[Decides, ...]:
        """What is otherwise, the gravest first; hazards alone are no change of the plan."""
        same = {
            "status": self.before.status == self.after.status,
            "days": self.before.days == self.after.days,
            "dose": self.before.grams == self.after.grams,
            "product": self.before.product == self.after.product,
            "rate": self.before.highest_ml_per_h == self.after.highest_ml_per_h,
        }
        order: tuple[Decides, ...] = ("status", "days", "dose", "product", "rate")
        return tuple(name for name in order if not same[name])

    @property
    def weight(self) -> tuple[int | Decimal, ...]:
        """The more consequential the larger: a stop, days, grams, rate, another product, hazards."""
        was, now = self.before, self.after
        return (
            int((was.status == "blocked") != (now.status == "blocked")),
            abs(was.days - now.days),
            _share(was.grams, now.grams),
            _share(was.highest_ml_per_h, now.highest_ml_per_h),
            int(was.product != now.product),
            int(was.status != now.status),
            len(was.hazards ^ now.hazards),
        )


class Consequences(msgspec.Struct, frozen=True):
    """What the answers change."""

    single: tuple[Outcome, ...]
    """Of one answer each; for each question the more consequential answer first."""
    together: tuple[Outcome, ...]
    """Of several answers that do together what none of them does alone."""
    judged: frozenset[str]
    """Every question of which it is known what its answers change."""

    def of(self, field: str) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.single if outcome.fields == (field,))

    def worth(self, field: str) -> tuple[int | Decimal, ...]:
        """By what to rank a question: the larger, the earlier it is asked."""
        return max((outcome.weight for outcome in self.of(field)), default=())


def consequences(plan: Plan, knowledge: Knowledge) -> Consequences:
    """Plan the order again with each answer that can change what is given. Pure."""
    before = gist(plan)
    open_ = [question for question in plan.questions if _can_answer(question.field, knowledge)]
    single = [
        outcome
        for question in open_
        for outcome in sorted(
            (
                _outcome((question.field,), answer, plan, before, knowledge)
                for answer in _telling(question, plan, knowledge)
            ),
            key=lambda each: each.weight,
            reverse=True,
        )
    ]
    alone = {outcome.fields[0] for outcome in single if outcome.answer == "no" and outcome.changes}
    together = tuple(_together(plan, before, alone, knowledge))
    return Consequences(tuple(single), together, frozenset(question.field for question in open_))


def _telling(question: Question, plan: Plan, knowledge: Knowledge) -> Iterator[Answer]:
    """The answers worth a plan. What is assumed acts already as if the answer were Yes, unless a Yes asks for
    a professional's word; what was only asked acts with a Yes alone, and its No can but end a hold.
    """
    if not question.changes:
        return
    found = [finding for finding in plan.findings if finding.id in question.findings]
    assumed = any(finding.state == "assumed" for finding in found)
    if assumed or question.blocking or not found:
        yield "no"
    confirms = any(
        isinstance(effect, Confirm) for finding in found for effect in knowledge.hazards[finding.id].effects
    )
    if confirms or not found or any(finding.state != "assumed" for finding in found):
        yield "yes"


def gist(plan: Plan) -> Gist:
    """The figures of a plan."""
    rates = [step.rate_ml_per_h for day in plan.days for step in day.steps]
    given = plan.course.grams if plan.course is not None else Decimal(0)
    return Gist(
        status=plan.status,
        days=len(plan.days),
        grams=given,
        product=plan.product.name if plan.product is not None else "",
        highest_ml_per_h=max(rates, default=Decimal(0)),
        hazards=frozenset(f.id for f in plan.findings if f.state in ("present", "assumed")),
    )


def answered(order: Order, fields: Iterable[str], answer: Answer) -> Order:
    """The order with these questions answered alike."""
    screening = order.patient.screening
    flags = tuple(field for field in fields if field != NAIVE)
    if answer == "no":
        told = replace(screening, absent=(*screening.absent, *flags))
    else:
        told = replace(screening, present=(*screening.present, *flags))
    made = replace(order, patient=replace(order.patient, screening=told))
    if NAIVE in fields:
        made = replace(made, experience="experienced" if answer == "no" else "naive")
    return made


def _together(plan: Plan, before: Gist, alone: set[str], knowledge: Knowledge) -> Iterator[Outcome]:
    """For the days and the rate: the fewest causes whose questions, answered No, lift what they assume."""
    for causes in (_of_days(plan), _of_rate(plan)):
        fields = _missing(plan, causes, knowledge)
        if len(fields) < 2:
            continue
        whole = _outcome(fields, "no", plan, before, knowledge)
        if not whole.changes:
            continue
        fewest = _fewest(whole, causes, plan, before, knowledge)
        if len(fewest.fields) > 1 and not alone.issuperset(fewest.fields):
            yield fewest


def _fewest(whole: Outcome, causes: set[str], plan: Plan, before: Gist, knowledge: Knowledge) -> Outcome:
    """The same outcome without the causes that it does not need."""
    found, needed = whole, set(causes)
    for cause in sorted(causes):
        fields = _missing(plan, needed - {cause}, knowledge)
        if fields == found.fields:
            needed.discard(cause)
            continue
        tried = _outcome(fields, "no", plan, before, knowledge)
        if _alike(tried.after, whole.after):
            found, needed = tried, needed - {cause}
    return found


def _alike(one: Gist, other: Gist) -> bool:
    """Alike but for the hazards."""
    return replace(one, hazards=frozenset()) == replace(other, hazards=frozenset())


def _of_days(plan: Plan) -> set[str]:
    return {reason.finding for reason in plan.course.days_because} if plan.course is not None else set()


def _of_rate(plan: Plan) -> set[str]:
    return {reason.finding for reason in plan.rates.limited_by} if plan.rates is not None else set()


def _missing(plan: Plan, causes: set[str], knowledge: Knowledge) -> tuple[str, ...]:
    """The questions behind these findings, in the order of the plan."""
    return tuple(
        question.field
        for question in plan.questions
        if causes & {*question.findings} and _can_answer(question.field, knowledge)
    )


def _outcome(
    fields: tuple[str, ...], answer: Answer, plan: Plan, before: Gist, knowledge: Knowledge
) -> Outcome:
    made = flow.plan(answered(plan.order, fields, answer), knowledge)
    return Outcome(fields=fields, answer=answer, before=before, after=gist(made))


def _can_answer(field: str, knowledge: Knowledge) -> bool:
    """Yes and No answer it, in the order itself."""
    term = knowledge.terms.get(field)
    return field == NAIVE or (term is not None and term.scope == "screening")


def _share(was: Decimal, now: Decimal) -> Decimal:
    return abs(now - was) / max(was, now) if was != now else Decimal(0)
