"""The physics for many people: the very functions of ``physics`` and ``fitting``, compiled and run in
threads.

Needs the extra ``kinetics`` (numpy, numba). Compiled code is kept beside this file under a digest of its
sources, so that none outlives a change of them; where nothing can be written, it is compiled in every
process.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

try:
    import numba
    import numpy as np
    from numpy.typing import NDArray
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is missing: populations need the extra 'kinetics' (pip install 'ivigil[kinetics]')"
    ) from error

from ivigil.kinetics import fitting, linear, loops, running, saturable, values
from ivigil.kinetics.loops import Ends, People, Prior, Readings
from ivigil.kinetics.values import Parameters, Schedule, Step

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SOURCES = (values, linear, saturable, running, fitting, loops)
_STEP = np.dtype([(name, np.int64 if name in {"alike", "sample"} else np.float64) for name in Step._fields])
_INTO_CALLER = {"expand"}
"""Handing over its thirty terms costs a tenth of a saturable run."""
_PARTS_A_WORKER = 4
"""People differ in how long they take."""


class Fits(NamedTuple):
    """Fits of many people; see ``fitting.Fit``. Use those only that converged."""

    eta: Floats
    """(people, etas)."""
    objective: Floats
    to_gain: Floats
    steps: Floats
    starts: Floats
    converged: NDArray[np.bool_]


def gather(
    parameters: Floats | Sequence[Parameters],
    schedules: Schedule | Sequence[Schedule],
    scale: Floats | None = None,
) -> People:
    """People with one schedule for all, or with one each.

    ``parameters`` is (people, 9), columns as in ``Parameters``; ``scale`` (people) multiplies the grams of
    the schedule, which may so be grams per kg. Raises ValueError for shapes that do not fit and for values
    that are no parameters.
    """
    rows = np.ascontiguousarray(parameters, dtype=np.float64).reshape(-1, len(Parameters._fields))
    count = len(rows)
    factors = np.ones(count) if scale is None else np.ascontiguousarray(scale, dtype=np.float64)
    shared = isinstance(schedules, Schedule)
    each = [schedules] if isinstance(schedules, Schedule) else list(schedules)
    _refuse(rows, factors, 1 if shared else count, each)
    steps = np.array([len(one.steps) for one in each], dtype=np.int64)
    samples = np.array([sum(step.sample >= 0 for step in one.steps) for one in each], dtype=np.int64)
    whose = np.zeros(count, dtype=np.int64) if shared else np.arange(count)
    end_step, end_level = np.cumsum(steps)[whose], np.cumsum(samples[whose])
    return People(
        rows,
        _joined(each),
        end_step - steps[whose],
        end_step,
        factors,
        end_level - samples[whose],
        end_level,
    )


def _refuse(rows: Floats, scale: Floats, expected: int, each: Sequence[Schedule]) -> None:
    if scale.shape != (len(rows),) or len(each) != expected:
        raise ValueError(
            f"{len(rows)} people, {len(each)} schedules, scale of shape {scale.shape}: "
            "one schedule for all or one each, and one scale each, are accepted"
        )
    unfit = ~np.isfinite(rows).all(axis=1) | (rows < 0).any(axis=1) | (rows[:, :2] <= 0).any(axis=1)
    unfit |= (rows[:, 2] > 0) & (rows[:, 3] <= 0) | (rows[:, 7] > 0) & (rows[:, 8] <= 0)
    unfit |= ~np.isfinite(scale) | (scale < 0)
    if any(one.subcutaneous for one in each):
        unfit |= rows[:, 4] <= 0
    if unfit.any():
        first = int(np.argmax(unfit))
        values = ", ".join(f"{n} {v:g}" for n, v in zip(Parameters._fields, rows[first], strict=True))
        raise ValueError(
            f"{unfit.sum()} of {len(rows)} people cannot be computed; first is row {first}: {values}, "
            f"scale {scale[first]:g}; see physics.check for what is accepted"
        )


def _joined(each: Sequence[Schedule]) -> Schedule:
    steps: Any = np.array([tuple(step) for one in each for step in one.steps], dtype=_STEP)
    return Schedule(steps, any(one.subcutaneous for one in each))


def concentrations(people: People, out: Floats | None = None, workers: int | None = None) -> Floats:
    """Total IgG in g/L at every sample, one after the other: reshape to (people, samples) if all share a
    schedule.

    Each starts from the endogenous steady state. ``out`` is filled and returned if given: a buffer that is
    used again saves the time of getting fresh memory.
    """
    size = int(people.end_level[-1]) if len(people.end_level) else 0
    levels = np.empty(size) if out is None else out.reshape(-1)
    if (
        levels.shape != (size,)
        or levels.dtype != np.float64
        or (out is not None and levels.base is None is not out)
    ):
        raise ValueError(f"out: {size} contiguous floats are accepted")
    simulate = _compiled("simulate")
    _share(len(people.parameters), workers, lambda first, end: simulate(people, first, end, levels))
    return levels


def map_fits(
    people: People,
    prior: Prior,
    levels_g_per_l: Floats,
    weights: Floats | None = None,
    workers: int | None = None,
    *,
    below: NDArray[np.bool_] | None = None,
) -> Fits:
    """Most probable etas of each person, whose typical parameters are the rows of ``people``.

    ``levels_g_per_l`` lie as ``concentrations`` returns them; so do ``weights`` (None: 1 each) and
    ``below``, true of a level that is only known to lie below its figure (None: of none).
    """
    levels = np.ascontiguousarray(levels_g_per_l, dtype=np.float64).reshape(-1)
    heavy = np.ones_like(levels) if weights is None else np.ascontiguousarray(weights, np.float64).reshape(-1)
    low = (
        np.zeros(len(levels), np.bool_)
        if below is None
        else np.ascontiguousarray(below, np.bool_).reshape(-1)
    )
    size = int(people.end_level[-1]) if len(people.end_level) else 0
    if not levels.shape == heavy.shape == low.shape == (size,) or not np.isfinite(levels).all():
        raise ValueError(f"levels_g_per_l, weights, below: {size} of each are accepted, one for every sample")
    own = _as_arrays(prior)
    count = len(people.parameters)
    ends = Ends(np.empty((count, round(len(own.precision) ** 0.5))), np.empty((count, 5)))
    readings = Readings(levels, heavy, low)
    fit = _compiled("fit")
    _share(count, workers, lambda first, end: fit(people, (first, end), own, readings, ends))
    objective, to_gain, steps, starts, converged = ends.outcome.T
    return Fits(ends.eta, objective, to_gain, steps, starts, converged == 1)


def _as_arrays(prior: Prior) -> Prior:
    carried, carrier = (np.asarray(column, dtype=np.int64) for column in (prior.carried, prior.carrier))
    precision: Any = np.asarray(prior.precision, dtype=np.float64).reshape(-1)
    whole = round(len(precision) ** 0.5)
    if whole * whole != len(precision) or carried.shape != carrier.shape or not (carrier < whole).all():
        raise ValueError(
            f"prior: {len(precision)} precisions, carriers {carrier.tolist()}: a square is accepted"
        )
    error = (float(prior.proportional), float(prior.additive_g_per_l))
    return Prior(carried, carrier, precision, *error)  # type: ignore[arg-type]


def _share(count: int, workers: int | None, work: Callable[[int, int], None]) -> None:
    """Compiled code lets go of the interpreter, so threads share the work."""
    threads = min(workers or len(os.sched_getaffinity(0)), count)
    if threads <= 1:
        work(0, count)
        return
    bounds = np.linspace(0, count, min(count, threads * _PARTS_A_WORKER) + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, bounds[:-1], bounds[1:]))


@cache
def _functions() -> dict[str, Any]:
    """Every function of the sources, moved to one namespace in which the functions that it calls are
    compiled too."""
    space: dict[str, Any] = {"np": np}
    functions: dict[str, FunctionType] = {}
    for module in _SOURCES:
        space.update(vars(module))
        functions |= _own(module)
    keep = _folder_for_code()
    for name, function in (functions | {"room": _array}).items():
        moved = FunctionType(function.__code__, space, name, function.__defaults__)
        space[name] = _compile(moved, keep)
    return space


def _array(size: int) -> Floats:
    """In place of ``values.room``."""
    return np.zeros(size)


def _compiled(name: str) -> Callable[..., None]:
    found: Callable[..., None] = _functions()[name]
    return found


def _own(module: ModuleType) -> dict[str, FunctionType]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


def _compile(function: FunctionType, keep: Path | None) -> Any:
    """numba takes the folder for its code from a setting of the process; it is set while it is read."""
    before = numba.config.CACHE_DIR
    try:
        numba.config.CACHE_DIR = str(keep or before)
        return numba.njit(
            nogil=True,
            fastmath={"contract"},
            error_model="numpy",
            forceinline=function.__name__ in _INTO_CALLER,
            cache=keep is not None,
        )(function)
    finally:
        numba.config.CACHE_DIR = before


def _folder_for_code() -> Path | None:
    """Folder for compiled code; None if nothing can be written there."""
    digest = hashlib.sha256()
    for file in (__file__, *(str(module.__file__) for module in _SOURCES)):
        digest.update(Path(file).read_bytes())
    folder = Path(__file__).parent / "__pycache__" / f"compiled-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None
