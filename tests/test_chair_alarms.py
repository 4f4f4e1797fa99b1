"""What the record keeps of each event, and what an alarm says: value, limit, when, from which event."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from ivigil.infusion.events import (
    Completed,
    Disconnected,
    Event,
    IdentityChecked,
    ObservationEnded,
    Paused,
    RateSet,
    Resumed,
    Started,
    Stopped,
    VialFinished,
    VialHung,
)
from ivigil.infusion.state import Alarm, HungVial
from ivigil.patient import Identifier
from tests.support.bedside import event, minute, rate, state

D = Decimal
MINE, OTHER = Identifier("urn:example", "T-1"), Identifier("urn:example", "T-2")


def checked(at: float, who: Identifier, name: str = "") -> Event:
    return event(at, IdentityChecked(identifier=who, method="scanned"), name)


def hung(at: float, grams: int, name: str) -> Event:
    return event(at, VialHung(product="privigen-us", grams=D(grams), lot="L1"), name)


def test_another_wristband_is_told_with_both_identifiers() -> None:
    found = state([checked(-10, MINE), checked(5, OTHER, "second")])
    assert found.alarms == (Alarm("identity_differs", minute(5), "second", "T-2", "T-1"),)
    assert (found.identified, found.identified_at) == (OTHER, minute(5))


def test_a_start_without_a_wristband_is_an_alarm_of_that_moment() -> None:
    found = state([event(3, Started(), "start")])
    assert found.alarms == (Alarm("not_identified", minute(3), "start", "", ""),)
    assert (found.phase, found.halt, found.started_at) == ("halted", "no_rate", minute(3))


def test_a_flow_that_nobody_started_is_told_with_its_rate() -> None:
    """Also half a millilitre an hour; a pump that is set to 0 has not begun."""
    slow = state([checked(-10, MINE), event(2, RateSet(rate_ml_per_h=D("0.5")), "pump")])
    assert slow.alarms == (Alarm("flow_without_start", minute(2), "pump", "0.5", ""),)
    assert (slow.started_at, slow.phase) == (minute(2), "running")
    still = state([checked(-10, MINE), rate(2, 0)])
    assert (still.alarms, still.started_at, still.phase) == ((), None, "not_started")


def test_a_rate_past_the_plan_is_told_with_the_limit() -> None:
    """The top step is 120 mL/h, its limit 120.5."""
    found = state([checked(-10, MINE), event(0, Started()), event(0, RateSet(rate_ml_per_h=D(121)), "fast")])
    assert found.alarms == (Alarm("rate_past_limit", minute(0), "fast", "121", "120.5"),)


def test_a_flow_after_the_end_is_told_and_opens_the_day_again() -> None:
    """Stopped at 20, gone home at 40, and at 50 the pump runs again: it is not over."""
    events = [checked(-10, MINE), event(0, Started()), rate(0, 30), event(20, Stopped())]
    events += [event(30, Disconnected()), event(40, ObservationEnded())]
    gone = state(events)
    assert (gone.phase, gone.ended_early, gone.ended_at, gone.left_at) == (
        "left",
        True,
        minute(20),
        minute(40),
    )
    again = state([*events, event(50, RateSet(rate_ml_per_h=D(30)), "again")])
    assert again.alarms[-1] == Alarm("flow_after_end", minute(50), "again", "30", "")
    assert (again.phase, again.halt, again.ended_at, again.left_at) == ("running", "", None, None)
    assert again.ended_early is False
    whole = state([*events, event(50, RateSet(rate_ml_per_h=D(30))), event(60, Completed())])
    assert (whole.ended_early, whole.ended_at) == (False, minute(60))


def test_a_pump_that_ends_during_a_pause_is_no_longer_paused() -> None:
    events = [
        checked(-10, MINE),
        event(0, Started()),
        rate(0, 30),
        event(20, Paused()),
        event(25, Completed()),
    ]
    found = state(events)
    assert (found.phase, found.halt, found.ended_at, found.ended_early) == ("ended", "", minute(25), False)


def test_going_on_after_a_pause_ends_the_pause() -> None:
    events = [checked(-10, MINE), event(0, Started()), rate(0, 30), event(20, Paused()), event(25, Resumed())]
    found = state(events)
    assert (found.phase, found.halt, found.rate_ml_per_h) == ("running", "", D(30))
    # A pause before the pump was ever started: going on does not begin a flow, and leaves no pause behind.
    early = state([checked(-10, MINE), rate(-2, 30), event(-1, Paused()), event(0, Resumed())])
    assert early.halt == ""


def test_more_hung_than_planned_is_told_in_grams() -> None:
    found = state([checked(-10, MINE), hung(-5, 20, "first"), hung(50, 5, "second")])
    assert found.alarms == (Alarm("more_hung_than_planned", minute(50), "second", "25", "20"),)


def test_the_end_of_a_vial_that_never_hung_is_told_by_its_name() -> None:
    found = state([checked(-10, MINE), event(30, VialFinished(hung="nowhere"), "empty")])
    assert found.alarms == (Alarm("finished_unknown_vial", minute(30), "empty", "nowhere", ""),)


def test_all_that_a_recall_asks_of_a_vial_is_kept() -> None:
    vial = VialHung(
        product="privigen-us",
        grams=D(20),
        volume_ml=D(200),
        lot="L77",
        expiry=dt.date(2027, 1, 31),
        gtin="09520123456788",
        serial="S7",
    )
    [kept] = state([event(-5, vial, "hung")]).vials
    assert kept == HungVial(
        event="hung",
        at=minute(-5),
        product="privigen-us",
        grams=D(20),
        volume_ml=D(200),
        lot="L77",
        expiry=dt.date(2027, 1, 31),
        gtin="09520123456788",
        serial="S7",
    )
