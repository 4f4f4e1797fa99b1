"""The site overlay: what loosens takes two signatures bound to the content; no silent fallback."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from msgspec.structs import replace

from ivigil.knowledge.evidence import fingerprint
from ivigil.knowledge.site import overlay, read
from ivigil.knowledge.store import Knowledge, KnowledgeError
from ivigil.patient import Screening
from ivigil.planning import plan
from ivigil.release import checked_plan
from tests.support.boldness import fastest
from tests.support.orders import adult, knowledge, order


def laid(folder: Path, text: str) -> Knowledge:
    (folder / "site.toml").write_text(text)
    return overlay(knowledge(), read(folder))


def signatures(fact: str, mark: str, *people: str) -> str:
    return "".join(
        f'[[signature]]\nfact = "{fact}"\nfingerprint = "{mark}"\nby = "{who}"\nrole = "pharmacist"\n'
        "date = 2026-11-20\n"
        for who in people
    )


def test_a_cautious_setting_needs_no_signature(tmp_path: Path) -> None:
    site = laid(tmp_path, policy("policy.minimum_practicable_rate", choice="start_rate"))
    assert site.policies["policy.minimum_practicable_rate"].choice == "start_rate"
    assert site.loosened == ()


def policy(name: str, **changes: object) -> str:
    """A policy record with some fields changed, as TOML."""
    made = replace(knowledge().policies[name], **changes)
    lines = [f'id = "{made.id}"', f'text = "{made.text.replace(chr(34), chr(39))}"']
    lines += [f'choice = "{made.choice}"'] if made.choice else []
    lines += [f"number = {made.number}"] if made.number is not None else []
    lines += [f'unit = "{made.unit}"'] if made.unit else []
    lines += ['cautious_because = "set by the site"', 'basis = "protocol"', "seen = false"]
    return "[[policy]]\n" + "\n".join(lines) + "\n"


LOOSER = policy("policy.rounding", choice="nearest")


def test_a_looser_setting_is_refused_without_two_people(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="two signatures"):
        laid(tmp_path, LOOSER)
    mark = _fingerprint_of(tmp_path, LOOSER)
    with pytest.raises(KnowledgeError, match="two signatures"):
        laid(tmp_path, LOOSER + signatures("policy.rounding", mark, "A. Pharmacist"))
    with pytest.raises(KnowledgeError, match="two signatures"):  # the same person twice
        laid(tmp_path, LOOSER + signatures("policy.rounding", mark, "A. Pharmacist", "a. pharmacist "))


def test_two_people_may_loosen_and_it_shows(tmp_path: Path) -> None:
    mark = _fingerprint_of(tmp_path, LOOSER)
    site = laid(tmp_path, LOOSER + signatures("policy.rounding", mark, "A. Pharmacist", "B. Doctor"))
    assert site.loosened == ("policy.rounding",)
    assert site.policies["policy.rounding"].choice == "nearest"


def test_a_signature_lapses_when_the_fact_changes(tmp_path: Path) -> None:
    fact = knowledge().by_id["qivigy-us.schedule.pi-first"]
    good = laid(tmp_path, signatures(fact.id, fingerprint(fact), "A", "B"))
    assert fact.id in good.signed
    stale = laid(tmp_path, signatures(fact.id, "0" * 64, "A", "B"))
    assert fact.id not in stale.signed


def test_a_signed_schedule_can_be_planned_from(tmp_path: Path) -> None:
    fact = knowledge().by_id["qivigy-us.schedule.pi-first"]
    wanted = order("primary_immunodeficiency", adult(), product="qivigy-us")
    unsigned = plan(wanted, knowledge())
    signed = plan(wanted, laid(tmp_path, signatures(fact.id, fingerprint(fact), "A", "B")))
    assert unsigned.status == "needs_sign_off"
    assert {s.fact for s in unsigned.needs_sign_off} >= {fact.id}
    assert unsigned.days == ()
    assert signed.days
    assert fastest(signed) > 0
    assert {f.id for f in unsigned.findings} >= {f.id for f in signed.findings}


def test_an_overlay_that_nobody_uses_any_more_is_let_go() -> None:
    """A server that lays a new overlay over does not keep every one before it, with what was made of it."""
    site = replace(knowledge(), signed=frozenset({"a fact of this overlay alone"}))
    assert checked_plan(order("cidp", adult()), site).days
    kept = weakref.ref(site.signed)
    del site
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml at all [", "site.toml"),
        ("[[nonsense]]\nid = 1\n", "unknown field"),
        ('[site]\ntime_zone = "Mars/Olympus"\n', "IANA"),
        (policy("policy.rounding", choice="sideways"), "accepted: down, nearest"),
        (policy("policy.rounding").replace("policy.rounding", "policy.speed"), "no such policy"),
        (policy("policy.dosing_weight", choice="weight.default"), "two signatures"),
        ('[[source]]\nid = "x"\ntitle = "y"\n[[label_indication]]\nid = "PI"\nname = "z"\nconditions = []\n'
         'basis = "label"\nseen = false\n', "may not replace"),
    ],
)  # fmt: skip
def test_a_faulty_overlay_is_fatal(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=says):
        laid(tmp_path, text)


def test_a_missing_overlay_is_fatal(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="no overlay"):
        read(tmp_path / "nowhere")


def _fingerprint_of(folder: Path, text: str) -> str:
    (folder / "site.toml").write_text(text)
    return fingerprint(read(folder).facts.policy[0])


def test_a_signed_stabiliser_clears_a_product_and_the_verifier_agrees() -> None:
    """Panzyga UK: its stabiliser was not read. In hyperprolinaemia it is left out until signed."""
    base = knowledge()
    [recalled] = base.products["panzyga-uk"].properties_named("stabiliser")
    assert recalled.weak
    patient = replace(adult(), screening=Screening(complete=True, present=("hyperprolinaemia",)))
    asked = order("cidp", patient, jurisdiction="UK")
    before = checked_plan(asked, base)
    after = checked_plan(asked, replace(base, signed=frozenset({recalled.id})))
    left_out = [{each.id for each in plan.products_excluded} for plan in (before, after)]
    assert "panzyga-uk" in left_out[0]
    assert "panzyga-uk" not in left_out[1]
