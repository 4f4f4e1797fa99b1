"""IgG levels: published models, one patient's kinetics, what a dose will do.

The one room with floats. ``individual`` and ``applicability`` bring a published model to a person,
``physics`` simulates one person, ``fitting`` learns from levels, ``population`` does both for many and
alone needs the numeric libraries (extra ``kinetics``). ``regimen`` and ``dataset`` say what is given,
``simulate`` what the levels will be, of a typical patient or of virtual ones. ``estimate`` fits every model
that applies to measured levels, ``aim`` seeks a dose, ``switching`` an equal one under the skin;
``splitting`` and ``passive`` say what dividing a dose does and when an infused antibody is gone.

>>> known = estimate(knowledge.facts.population_model, case, moments, knowledge, seed=1)
>>> dose_for_trough(known, case, cycle, knowledge, target_g_per_l=Decimal(8))
"""

from ivigil.kinetics.aim import dose_for_trough
from ivigil.kinetics.estimate import estimate

__all__ = ["dose_for_trough", "estimate"]
