"""What rules changes between the signatures and the last drop: a site's own limits, the weight, the product.

The whole way by commands: a site publishes its overlay, a plan is made, prescribed, verified and released,
then the overlay or the order says otherwise. The patient is fictional: P-207, 63.5 kg, 30 g of Privigen
10 % US, known to have migraine.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ivigil import load_knowledge
from ivigil.cli.main import BAD_INPUT, BLOCKED, OK
from ivigil.intake import read_order
from ivigil.knowledge.evidence import fingerprint
from ivigil.knowledge.site import read
from ivigil.planning import plan as make_plan
from ivigil.records.tightening import tightened
from tests.support.centre import ORDER, Centre
from tests.support.orders import adult, knowledge, last, order

START = "2026-12-01T09:30-06:00"

DOUBLING = """
[[policy]]
id = "policy.step_increase"
text = "Each step doubles the rate"
choice = "double"
cautious_because = "It is not: the site takes it upon itself."
basis = "protocol"
seen = false
"""
SHORTER_VALIDITY = """
[[policy]]
id = "policy.plan_valid"
text = "A plan is not to be started later than this after its start date"
number = 2
unit = "d"
cautious_because = "A shorter time can only ask for a new plan."
basis = "protocol"
seen = false
"""
WITHOUT_PRIVIGEN = """
[[policy]]
id = "policy.formulary"
text = "Products that this site keeps"
ranking = ["gammagard-liquid-us"]
cautious_because = "A shorter list can only leave products out."
basis = "protocol"
seen = false
"""


def cap(ml_per_kg_h: str, *, strict: bool = False) -> str:
    """A site's own limit of the rate in patients with migraine."""
    return f"""
[[hazard]]
id = "site.migraine"
name = "Migraine"
category = "neurology"
severity = "moderate"
unknown = "assume"
basis = "protocol"
seen = true

[[hazard.factors]]
id = "site.migraine.known"
name = "known migraine"
when = {{ is = "migraine" }}
basis = "protocol"
seen = true

[[hazard.effects]]
effect = "cap_rate"
id = "site.migraine.rate"
rate = {ml_per_kg_h}
unit = "mL/kg/h"
strict = {"true" if strict else "false"}
basis = "protocol"
seen = true
"""


def stock(vials: int) -> str:
    """So many vials of 20 g and of 10 g of Privigen on the shelf, and nothing else."""
    rows = (f'{{ product = "privigen-us", grams = {grams}, vials = {vials} }}' for grams in (20, 10))
    return f"""
[[policy]]
id = "policy.stock"
text = "On the shelf"
stock = [{", ".join(rows)}]
cautious_because = "A list only takes vials away."
basis = "protocol"
seen = false
"""


class Site:
    """A site's overlay folder, as the pharmacy publishes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def publish(self, text: str, *people: str) -> None:
        """From now on this is the overlay; these people sign its policies."""
        file = self.folder / "site.toml"
        file.write_text('[site]\nname = "Example Centre"\n' + text)
        marks = [(policy.id, fingerprint(policy)) for policy in read(self.folder).facts.policy]
        with file.open("a") as more:
            for who in people:
                for fact, mark in marks:
                    more.write(
                        f'[[signature]]\nfact = "{fact}"\nfingerprint = "{mark}"\nby = "{who}"\n'
                        'role = "pharmacist"\ndate = 2026-11-20\n'
                    )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site(tmp_path / "site")
    monkeypatch.setenv("IVIGIL_SITE", str(made.folder))
    made.publish(cap("1.8"))
    return made


def fastest(centre: Centre, plan: str) -> Decimal:
    """The highest rate on the plan's pump card, in mL/h."""
    return max(Decimal(str(line["rate_ml_per_h"])) for line in centre.json("infusion", "card", f"{plan}-1"))


def standing(centre: Centre, plan: str) -> Any:
    """Where the plan stands on the morning of the infusion."""
    return centre.json("authorise", "show", plan)


def against(centre: Centre, plan: str) -> list[str]:
    """What is against the plan itself at its start, as the nurse is told."""
    assert centre("infusion", "start", plan, "--at", START) == BLOCKED
    return [line.strip() for line in centre.err.splitlines() if "signed" in line or "released" in line]


def test_a_plan_of_the_site_is_held_to_the_sites_own_limit(centre: Centre, site: Site) -> None:
    """1.8 mL/kg/h for 63.5 kg is 114.3 mL/h; by the label alone this volume comes to 152 mL/h."""
    assert fastest(centre, centre.released()) == 114


def test_a_tighter_limit_refuses_the_start_and_says_why(centre: Centre, site: Site) -> None:
    plan = centre.released()
    assert against(centre, plan) == []
    site.publish(cap("1.2"))
    assert against(centre, plan) == [
        "the plan is not what was signed any more (highest rate)",
        "the plan is not what was signed any more (rate steps)",
    ]
    assert fastest(centre, plan) == 114, "what was signed stays what was signed"
    new = str(centre.json("authorise", "add", str(ORDER))["plan"])
    assert fastest(centre, new) == 76  # 1.2 * 63.5 = 76.2


def test_a_tighter_limit_reopens_every_signed_plan_at_once(centre: Centre, site: Site) -> None:
    plan = centre.released()
    assert centre("authorise", "review", "--at", START) == OK
    assert standing(centre, plan)["step"] == "released"
    site.publish(cap("1.2"))
    assert centre("authorise", "review", "--at", START) == BLOCKED
    assert plan in centre.out and "highest rate, rate steps" in centre.out
    shown = standing(centre, plan)
    assert (shown["step"], shown["because"]) == ("reopened", "highest rate, rate steps")
    assert shown["signatures"] == []
    assert against(centre, plan)[0] == "the plan is not released (reopened)"
    assert centre("authorise", "review", "--at", START) == OK, "it is reopened once"
    assert centre("journal", "verify") == OK


def test_what_was_reopened_is_not_signed_again_while_the_limit_stands(centre: Centre, site: Site) -> None:
    plan = centre.released()
    site.publish(cap("1.2"))
    centre("authorise", "review", "--at", START)
    assert centre("authorise", "prescribe", plan, "--by", "Dr Example") == BLOCKED
    assert "highest rate" in centre.err
    new = centre.released()
    assert new != plan
    assert against(centre, new) == []


@pytest.mark.parametrize("signed", [1, 2, 3])
def test_each_signature_looks_at_what_rules_now(centre: Centre, site: Site, signed: int) -> None:
    plan = str(centre.json("authorise", "add", str(ORDER))["plan"])
    steps = (("prescribe", "--by", "Dr Example"), ("verify",), ("release",))
    for step, *who in steps[: signed - 1]:
        assert centre("authorise", step, plan, *who) == OK
    site.publish(cap("1.2"))
    step, *who = steps[signed - 1]
    assert centre("authorise", step, plan, *who) == BLOCKED
    assert standing(centre, plan)["step"] == "reopened"


def test_a_running_infusion_is_warned_at_the_next_look(centre: Centre, site: Site) -> None:
    infusion = centre.running()
    at = ("--at", "2026-12-01T09:40-06:00")
    assert centre.json("infusion", "status", infusion, *at)["plan_changed"] == []
    site.publish(cap("1.2"))
    assert centre.json("infusion", "status", infusion, *at)["plan_changed"] == ["highest rate", "rate steps"]
    assert centre("infusion", "status", infusion, *at) == OK
    assert centre.out.startswith("! THE PLAN IS NOT WHAT WAS SIGNED ANY MORE: highest rate, rate steps")
    assert centre.at_chair(infusion, "10:00", "rate", "38") == OK, "what is given is recorded all the same"


def test_advice_keeps_to_a_limit_that_became_tighter_while_it_flows(centre: Centre, site: Site) -> None:
    """63.5 kg x 1.2 mL/kg/h = 76.2 mL/h: 76 on the pump. The signed plan went on to 95 (1.5) and 114."""
    infusion = centre.running()
    signs = ("bp=120/75", "temperature=36.8", "pulse=80", "breathing=15", "spo2=98")
    for clock, rate in (("10:00", "38"), ("10:30", "76")):
        assert centre.at_chair(infusion, clock, "vitals", *signs) == OK
        assert centre.at_chair(infusion, clock, "rate", rate) == OK
    assert centre.at_chair(infusion, "11:00", "vitals", *signs) == OK
    at = ("--at", "2026-12-01T11:00-06:00")
    before = centre.json("infusion", "status", infusion, *at)["advice"]
    assert [each["rate_ml_per_h"] for each in before if each["code"] == "step_up"] == [95]
    site.publish(cap("1.2"))
    now = centre.json("infusion", "status", infusion, *at)["advice"]
    assert not [each for each in now if each["code"] == "step_up"]
    assert centre.at_chair(infusion, "11:01", "rate", "95") == OK
    late = ("--at", "2026-12-01T11:02-06:00")
    slowed = centre.json("infusion", "status", infusion, *late)["advice"]
    assert [each["rate_ml_per_h"] for each in slowed if each["code"] == "slow"] == [76]


def test_a_running_infusion_tells_that_its_plan_was_reopened(centre: Centre, site: Site) -> None:
    infusion = centre.running()
    site.publish(cap("1.2"))
    assert centre("authorise", "review") == BLOCKED
    site.publish(cap("1.8"))
    at = ("--at", "2026-12-01T09:40-06:00")
    assert centre.json("infusion", "status", infusion, *at)["plan_changed"] == ["reopened"]


def test_a_looser_limit_changes_nothing_that_was_signed(centre: Centre, site: Site) -> None:
    plan = centre.released()
    site.publish(cap("2.1"))
    assert centre("authorise", "review", "--at", START) == OK
    assert standing(centre, plan)["step"] == "released"
    assert against(centre, plan) == []
    assert fastest(centre, plan) == 114
    new = str(centre.json("authorise", "add", str(ORDER))["plan"])
    assert fastest(centre, new) == 133  # 2.1 * 63.5 = 133.35
    assert standing(centre, new)["step"] == "made", "and waits for signatures of its own"


def test_a_looser_setting_takes_two_signatures_and_enters_only_a_new_plan(centre: Centre, site: Site) -> None:
    """Privigen's label says to increase gradually; the site lets each step double: 19, 38, 76 mL/h."""
    plan = centre.released()
    before = centre.json("infusion", "card", f"{plan}-1")
    site.publish(cap("1.8") + DOUBLING, "A. Pharmacist")
    assert centre("authorise", "show", plan) == BAD_INPUT
    assert "two signatures" in centre.err
    site.publish(cap("1.8") + DOUBLING, "A. Pharmacist", "B. Physician")
    assert centre("authorise", "review", "--at", START) == OK
    assert against(centre, plan) == []
    assert centre.json("infusion", "card", f"{plan}-1") == before
    new = str(centre.json("authorise", "add", str(ORDER))["plan"])
    assert [line["rate_ml_per_h"] for line in centre.json("infusion", "card", f"{new}-1")][:3] == [19, 38, 76]


def test_a_running_infusion_goes_on_by_its_own_plan_when_a_limit_became_looser(
    centre: Centre, site: Site
) -> None:
    infusion = centre.running()
    at = ("--at", "2026-12-01T10:00-06:00")
    advised = centre.json("infusion", "status", infusion, *at)["advice"]
    site.publish(cap("2.1") + DOUBLING, "A. Pharmacist", "B. Physician")
    report = centre.json("infusion", "status", infusion, *at)
    assert (report["plan_changed"], report["advice"]) == ([], advised)


def test_a_signature_withdrawn_tightens_and_reopens(centre: Centre, site: Site) -> None:
    """The plan was made while each step could double; without the two people it may not."""
    site.publish(cap("1.8") + DOUBLING, "A. Pharmacist", "B. Physician")
    plan = centre.released()
    site.publish(cap("1.8"))
    assert against(centre, plan) == ["the plan is not what was signed any more (rate steps)"]


def test_a_product_that_left_the_formulary_reopens(centre: Centre, site: Site) -> None:
    plan = centre.released()
    site.publish(cap("1.8") + WITHOUT_PRIVIGEN)
    assert centre("authorise", "review", "--at", START) == BLOCKED
    assert "product privigen-us" in standing(centre, plan)["because"]


def test_a_shorter_validity_ends_a_plan_earlier_and_a_longer_one_does_not_prolong_it(
    centre: Centre, site: Site
) -> None:
    plan = centre.released()
    site.publish(cap("1.8") + SHORTER_VALIDITY)
    assert against(centre, plan) == []
    assert centre("infusion", "start", plan, "--at", "2026-12-04T09:30-06:00") == BLOCKED
    assert "past its last day (2026-12-03)" in centre.err
    longer = SHORTER_VALIDITY.replace("number = 2", "number = 14")
    site.publish(cap("1.8") + longer, "A. Pharmacist", "B. Physician")
    assert centre("infusion", "start", plan, "--at", "2026-12-09T09:30-06:00") == BLOCKED
    assert "past its last day (2026-12-08)" in centre.err


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (("\nweight_kg = 63.5", "\nweight_kg = 58.0"), "order, dose"),
        (('product = "Privigen"\nexp', 'product = "Gammagard Liquid"\nexp'), "order"),
    ],
)
def test_another_weight_or_product_reopens_the_plan_that_it_replaces(
    centre: Centre, site: Site, tmp_path: Path, change: tuple[str, str], because: str
) -> None:
    """From the moment it is ordered: what was signed for the old weight is not started meanwhile."""
    plan = centre.released()
    assert change[0] in ORDER.read_text()
    newer = tmp_path / "newer.toml"
    newer.write_text(f'supersedes = "{plan}"\n' + ORDER.read_text().replace(*change))
    new = str(centre.json("authorise", "add", str(newer))["plan"])
    shown = standing(centre, plan)
    assert shown["step"] == "reopened"
    assert shown["because"].startswith(because)
    assert against(centre, plan)[0] == "the plan is not released (reopened)"
    assert centre("authorise", "prescribe", new, "--by", "Dr Example") == OK
    assert standing(centre, plan)["step"] == "superseded"


def test_plans_that_nobody_signed_or_that_are_over_are_not_reviewed(centre: Centre, site: Site) -> None:
    made = str(centre.json("authorise", "add", str(ORDER))["plan"])
    site.publish(cap("1.7"))
    withdrawn = centre.released()
    centre("authorise", "withdraw", withdrawn)
    site.publish(cap("1.6"))
    past = centre.released()
    site.publish(cap("1.2"))
    assert centre("authorise", "review", "--at", "2026-12-09T09:30-06:00") == OK
    assert [standing(centre, plan)["step"] for plan in (made, withdrawn, past)] == [
        "made",
        "superseded",
        "released",
    ]


def test_vials_that_left_the_shelf_since_reopen_nothing(centre: Centre, site: Site) -> None:
    """They may be the ones put aside for this patient; what is on the shelf is no limit."""
    site.publish(cap("1.8") + stock(1))
    plan = centre.released()
    site.publish(cap("1.8") + stock(0))
    assert centre("authorise", "review", "--at", START) == OK
    assert standing(centre, plan)["against_a_start"] == []
    site.publish(cap("1.2") + stock(0))
    assert centre("authorise", "review", "--at", START) == BLOCKED
    assert standing(centre, plan)["because"] == "highest rate, rate steps"


def test_two_plans_of_one_patient_are_reopened_together(centre: Centre, site: Site, tmp_path: Path) -> None:
    first = centre.released()
    later = tmp_path / "later.toml"
    later.write_text(ORDER.read_text().replace("start = 2026-12-01T09:30", "start = 2026-12-29T09:30"))
    second = str(centre.json("authorise", "add", str(later))["plan"])
    assert centre("authorise", "prescribe", second, "--by", "Dr Example") == OK
    site.publish(cap("1.2"))
    found = centre("authorise", "review", "--at", START, "--json")
    assert found == BLOCKED
    assert {standing(centre, plan)["step"] for plan in (first, second)} == {"reopened"}


def test_an_overlay_that_became_unreadable_stops_the_start(centre: Centre, site: Site) -> None:
    plan = centre.released()
    (site.folder / "site.toml").write_text("[[hazard]]\nid = ")
    assert centre("infusion", "start", plan, "--at", START) == BAD_INPUT
    assert "site.toml" in centre.err


def test_the_overlay_is_read_anew_in_a_process_that_stays(site: Site) -> None:
    """The live view of an infusion runs for hours; a limit published meanwhile must reach it."""
    before = load_knowledge()
    assert load_knowledge() is before, "unchanged, it is not laid over again"
    site.publish(cap("1.2"))
    assert str(load_knowledge().by_id["site.migraine.rate"].rate) == "1.2"  # type: ignore[attr-defined]


def test_less_than_is_tighter_than_not_more_than(site: Site) -> None:
    """1.0 mL/kg/h for 60 kg is 60 mL/h: as "less than", the pump runs at 59."""
    patient = replace(adult("60"), screening=replace(adult().screening, present=("migraine",)))
    wanted = order(
        "primary_immunodeficiency", patient, product="privigen-us", last_immunoglobulin=last("privigen-us")
    )
    plans = []
    for strict in (False, True):
        site.publish(cap("1.0", strict=strict))
        plans.append(make_plan(wanted, load_knowledge()))
    inclusive, exclusive = plans
    assert max(step.rate_ml_per_h for step in inclusive.days[0].steps) == 60
    assert max(step.rate_ml_per_h for step in exclusive.days[0].steps) == 59
    assert "rate steps" in tightened(inclusive, exclusive)
    assert tightened(exclusive, inclusive) == ()


def test_a_longer_stay_and_a_smaller_site_are_tighter_limits() -> None:
    made = make_plan(order("dermatomyositis_adult", adult()), knowledge())
    assert made.observation is not None and made.observation.minutes is not None
    longer = replace(made, observation=replace(made.observation, minutes=made.observation.minutes + 30))
    assert tightened(made, longer) == ("observation",)
    assert tightened(longer, made) == ()
    under_skin = make_plan(read_order(ORDER.with_name("subcutaneous.toml"), knowledge()), knowledge())
    day = under_skin.days[0]
    assert day.sites
    smaller = tuple(replace(each, volume_ml=each.volume_ml / 2) for each in (*day.sites, *day.sites))
    held = replace(under_skin, days=(replace(day, sites=smaller), *under_skin.days[1:]))
    assert tightened(under_skin, held) == ("infusion sites",)
    assert tightened(held, under_skin) == ()
