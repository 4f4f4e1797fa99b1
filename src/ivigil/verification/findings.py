"""Does every hazard that is not absent stand in the plan, in its right state, with its actions?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ivigil.course import Finding
from ivigil.verification.matter import Matter
from ivigil.verification.screening import Standing
from ivigil.verification.verdict import Objection


def check(matter: Matter) -> Iterator[Objection]:
    """Hazards screened again, against the findings of the plan."""
    listed = {finding.id: finding for finding in matter.plan.findings}
    for name, count in Counter(finding.id for finding in matter.plan.findings).items():
        if count > 1:
            yield Objection("finding_twice", f"findings.{name}", str(count), "once", (name,))
    for standing in matter.standings:
        finding = listed.get(standing.hazard.id)
        if finding is not None:
            yield from _finding(finding, standing, matter)
        elif standing.must_be_listed:
            states = " or ".join(sorted(standing.states(emergency=matter.emergency)))
            name = standing.hazard.id
            yield Objection("finding_missing", f"findings.{name}", "nothing", states, (name,))


def _finding(finding: Finding, standing: Standing, matter: Matter) -> Iterator[Objection]:
    hazard, where = standing.hazard, f"findings.{finding.id}"
    states = standing.states(emergency=matter.emergency)
    unlisted_truth = finding.state == "absent" and standing.must_be_listed
    if finding.state not in states or unlisted_truth:
        expected = " or ".join(sorted(states - {"absent"} or states))
        yield Objection("finding_state", f"{where}.state", finding.state, expected, (hazard.id,))
    if finding.severity != hazard.severity:
        yield Objection(
            "finding_severity", f"{where}.severity", finding.severity, hazard.severity, (hazard.id,)
        )
    if finding.overridden_by and finding.id not in matter.overridden:
        yield Objection("override_forged", f"{where}.overridden_by", finding.overridden_by, "nobody")
    if finding.state != "absent" and not finding.overridden_by:
        yield from _actions(finding, standing)


def _actions(finding: Finding, standing: Standing) -> Iterator[Objection]:
    """What is to be done about it is listed in full."""
    told = {action.fact for action in finding.do}
    for effect in standing.hazard.effects:
        if effect.id not in told:
            yield Objection("action_missing", f"findings.{finding.id}.do", "nothing", effect.id, (effect.id,))
