"""A fit that does not settle gives no figure and no dose; those that settle stand without it."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from rich.console import Console

from ivigil.kinetics import fitting
from ivigil.kinetics.aim import refusals
from ivigil.kinetics.estimate import Estimate, estimate
from ivigil.kinetics.levels import Level
from ivigil.sheets.levels import fit_sheet
from tests.support.kinetics_person import EVERY, case, day
from tests.support.orders import knowledge

MODELS = knowledge().facts.population_model


def trough(value: str, number: int) -> Level:
    return Level(g_per_l=Decimal(value), taken=day(EVERY * number).date(), before_dose=True)


HIGH_AND_LOW = case([trough("14", 6), trough("5", 7)])
"""Far from every centre: the fits need some steps."""


def fitted(steps: int | None, monkeypatch: pytest.MonkeyPatch) -> Estimate:
    """With the optimiser's own limit of steps, or a lower one."""
    with monkeypatch.context() as patch:
        if steps is not None:
            patch.setattr(fitting, "STEPS", steps)
        return estimate(MODELS, HIGH_AND_LOW, [day(EVERY * 8)], knowledge(), 1)


def test_with_too_few_steps_no_model_has_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fitted(1, monkeypatch)
    asked = [item for item in found.models if item.why_not != "does_not_apply" and item.starts]
    assert len(asked) > 3
    for item in asked:
        assert item.why_not == "not_converged"
        assert (item.parameters, item.bands, item.weight) == (None, (), 0)
    assert found.bands == ()
    assert found.people == ()
    assert found.misfit
    assert "no_model" in refusals(found, HIGH_AND_LOW, knowledge())
    screen = Console(width=100, record=True, file=io.StringIO())
    screen.print(fit_sheet(HIGH_AND_LOW, found, knowledge()))
    assert "the fit did not converge" in screen.export_text()


def test_it_started_from_every_side_before_it_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the centre, and from one standard deviation to either side of it for each eta."""
    (found,) = (item for item in fitted(1, monkeypatch).models if item.model == "dumas2019")
    assert found.starts > 1


@pytest.mark.parametrize("steps", range(1, 12))
def test_what_settles_early_is_what_settles_late(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model says that it did not converge, or gives the mode that it gives with every step allowed."""
    whole = {item.model: item for item in fitted(None, monkeypatch).models}
    found = fitted(steps, monkeypatch)
    for item in found.models:
        if item.parameters is not None:
            assert item.parameters == pytest.approx(whole[item.model].parameters, rel=1e-4)
        else:
            assert item.why_not
    settled = [item for item in found.models if item.weight]
    assert sum(item.weight for item in settled) == pytest.approx(1 if settled else 0)


def test_a_level_that_cannot_be() -> None:
    """1e200 g/L is refused when a file is read; told to the core itself, every model says that it failed."""
    asked = case([trough("1e200", 7)])
    found = estimate(MODELS, asked, [day(EVERY * 8)], knowledge(), 1)
    assert {item.why_not for item in found.models if item.starts} == {"not_converged"}
    assert found.misfit
