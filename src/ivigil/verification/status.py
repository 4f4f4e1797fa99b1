"""Is the status earned? A blocked plan gives nothing; a ready plan leaves nothing open."""

from __future__ import annotations

from collections.abc import Iterator

from ivigil.knowledge.evidence import Fact, fingerprint
from ivigil.knowledge.hazards import Block, ExcludeProducts, Hazard
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.products import Conversion, Vial
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection


def check(matter: Matter) -> Iterator[Objection]:
    """Coherence of the status with questions, gaps, sign-offs, contraindications and weak facts."""
    yield from _blocked(matter)
    yield from _contraindicated(matter)
    yield from _status(matter)
    yield from _complete(matter)
    yield from _asked(matter)
    yield from _left(matter)
    yield from _weak(matter)
    yield from _fingerprints(matter)


def _blocked(matter: Matter) -> Iterator[Objection]:
    plan = matter.plan
    if plan.status != "blocked":
        return
    if not plan.blocked:
        yield Objection("blocked_without_reason", "blocked", "nothing", "why the course may not be given")
    parts = {"product": plan.product, "course": plan.course, "rates": plan.rates, "days": plan.days}
    for name, part in parts.items():
        if part:
            yield Objection("blocked_but_planned", name, "planned", "nothing in a blocked plan")


def _contraindicated(matter: Matter) -> Iterator[Objection]:
    condition = matter.condition
    if matter.plan.status == "blocked":
        return
    if condition is not None and condition.do_not_use:
        yield Objection("do_not_use", "status", matter.plan.status, "blocked", (condition.id,))
    for standing in matter.standings:
        hazard = standing.hazard
        present = standing.planned is Truth.TRUE and hazard.id not in matter.overridden
        if present and _forbids(hazard):
            yield Objection("contraindicated", "status", matter.plan.status, "blocked", (hazard.id,))


def _forbids(hazard: Hazard) -> bool:
    """Blocks the course; or is contraindicated and not dealt with by leaving products out."""
    if any(isinstance(effect, Block) for effect in hazard.effects):
        return True
    left_out = any(isinstance(effect, ExcludeProducts) for effect in hazard.effects)
    return hazard.severity == "contraindicated" and not left_out


def _status(matter: Matter) -> Iterator[Objection]:
    plan = matter.plan
    blocking = tuple(question.field for question in plan.questions if question.blocking)
    unsigned = (*(item.fact for item in plan.needs_sign_off), *(gap.code for gap in plan.gaps))
    if plan.status == "blocked":
        return
    if plan.blocked:
        yield Objection("status_forged", "status", plan.status, "blocked", plan.blocked[0].facts)
    if blocking and plan.status != "needs_answers":
        yield Objection("status_forged", "status", plan.status, f"needs_answers: {', '.join(blocking)}")
    if unsigned and plan.status == "ready":
        yield Objection("status_forged", "status", plan.status, f"needs_sign_off: {', '.join(unsigned)}")
    if plan.status == "needs_answers" and not blocking:
        yield Objection("status_unfounded", "status", plan.status, "a question that blocks")
    if plan.status == "needs_sign_off" and not unsigned:
        yield Objection("status_unfounded", "status", plan.status, "a fact to sign, or a gap")


def _complete(matter: Matter) -> Iterator[Objection]:
    plan = matter.plan
    if plan.status != "ready":
        return
    parts: dict[str, object] = {
        "dose": plan.dose,
        "product": plan.product,
        "course": plan.course,
    }
    parts |= {"days": plan.days, "observation": plan.observation}
    if matter.order.route == "IV":  # a subcutaneous dose may rest on a label alone
        parts |= {"regimen": plan.regimen, "rates": plan.rates}
    for name, part in parts.items():
        if not part:
            yield Objection("ready_but_incomplete", name, "nothing", "decided in a ready plan")


def _asked(matter: Matter) -> Iterator[Objection]:
    """A hazard that asks holds the release: a blocking question stands for it."""
    plan = matter.plan
    held = {name for question in plan.questions if question.blocking for name in question.findings}
    if plan.status == "blocked" or matter.emergency:
        return
    for standing in matter.standings:
        hazard = standing.hazard
        opened = standing.planned is Truth.UNKNOWN and hazard.unknown == "ask"
        if opened and hazard.id not in held and hazard.id not in matter.overridden:
            yield Objection(
                "asked_without_question", "questions", "none that blocks", hazard.id, (hazard.id,)
            )


def _left(matter: Matter) -> Iterator[Objection]:
    """More days than the regimen allows, ordered by nobody: the release waits for the prescriber's word."""
    course, stated = matter.plan.course, matter.regimen.allowed_days if matter.regimen else ()
    if matter.order.route != "IV" or course is None or not stated:
        return
    asks = any(q.blocking and q.field == "days" for q in matter.plan.questions)
    if matter.order.days is None and course.days not in stated and not asks:
        expected = f"{' or '.join(map(str, stated))}, or a question that holds the release"
        yield Objection("regimen_left_unasked", "course.days", str(course.days), expected)


def _weak(matter: Matter) -> Iterator[Objection]:
    """A fact that may not permit sets no dose and no rate: it is listed to be signed."""
    listed = {item.fact for item in matter.plan.needs_sign_off}
    for where, fact in _permitting(matter):
        if not usable(matter, fact) and (fact.id not in listed or matter.plan.status == "ready"):
            seen = f"{fact.basis}, seen: {str(fact.seen).lower()}"
            yield Objection("weak_fact_permits", where, seen, "strong evidence or a signature", (fact.id,))


def _permitting(matter: Matter) -> Iterator[tuple[str, Fact]]:
    plan = matter.plan
    if matter.regimen is not None:
        yield "regimen", matter.regimen
    if matter.schedule is not None:
        yield "rates.schedule", matter.schedule
    used = {vial.grams for day in plan.days for vial in day.vials}
    for size in sorted(used):
        known = [vial for vial in _vials(matter) if vial.grams == size]
        if known and not any(usable(matter, vial) for vial in known):
            yield "days", known[0]
    for name in plan.dose.facts if plan.dose else ():
        fact = matter.knowledge.by_id.get(name)
        if isinstance(fact, Conversion):
            yield "dose", fact


def _vials(matter: Matter) -> tuple[Vial, ...]:
    return matter.product.vials if matter.product else ()


def _fingerprints(matter: Matter) -> Iterator[Objection]:
    for index, item in enumerate(matter.plan.needs_sign_off):
        fact = matter.knowledge.by_id.get(item.fact)
        if fact is not None and item.fingerprint != fingerprint(fact):
            where = f"needs_sign_off[{index}].fingerprint"
            yield Objection("wrong_fingerprint", where, item.fingerprint, fingerprint(fact), (fact.id,))
