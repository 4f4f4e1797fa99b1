"""``ivigil simulate``: IgG levels of a typical patient, or of virtual ones, under any doses."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

import ivigil
from ivigil.cli import naming, plotting
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.intake.numbers import NumberError, whole_number
from ivigil.kinetics import dataset
from ivigil.kinetics.dataset import Dataset, DatasetError, History, Reading, Sample
from ivigil.kinetics.individual import Subject, typical
from ivigil.kinetics.regimen import Given, Regimen, Treatment, changed, doses, late, loaded, missed
from ivigil.kinetics.simulate import (
    Before,
    NoVariabilityError,
    Plan,
    SimulationError,
    judged,
    one,
    population,
    steady_levels,
)
from ivigil.knowledge.kinetics import PopulationModel
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.igg_levels import PERCENTS, Simulated, levels_sheet, refusal_lines
from ivigil.sheets.simulation_plot import simulation_picture

ROUTES = ("IV", "SC", "facilitated_SC")
DAYS = 365
DAYS_MOST = 36_500
PATIENTS_MOST = 10_000
GRID = 400
"""Times of a curve, beside those of doses and samples."""
QUARTER = 0.25
"""Of a day, the finest step of the grid."""
HOURS_PER_DAY = 24
JUST_AFTER = 1e-6
"""Days after a bolus at which its peak is shown."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """For whom what is simulated."""

    model: PopulationModel
    subject: Subject
    assumed: tuple[str, ...]
    plan: Plan
    last: Before | None = None
    """The cycle that goes on at the end of the plan, if the plan has one."""
    observed: tuple[Sample, ...] = ()
    file: Dataset | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="ID", required=True, help="a model of: ivigil models")
    _patient(parser.add_argument_group("the patient"))
    _doses(parser.add_argument_group("doses, from day 0"))
    _file(
        parser.add_argument_group("or doses and levels from a dataset (ID, TIME, AMT, RATE, ... as NONMEM)")
    )
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--days", metavar="N", help=f"until this day (default {DAYS}, or the file's end)")
    shown.add_argument("--patients", metavar="N", help="virtual patients (default: the typical one alone)")
    shown.add_argument("--seed", metavar="N", default="1", help="the same number gives the same patients")
    shown.add_argument("--target", metavar="G_PER_L", help="show the share of patients at or above it")
    plotting.add_arguments(shown)


def _patient(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--weight-kg", metavar="KG")
    group.add_argument("--height-cm", metavar="CM")
    group.add_argument("--sex", choices=("male", "female"))
    group.add_argument("--age-years", metavar="YEARS")
    group.add_argument("--own-igg", metavar="G_PER_L", help="level before any immunoglobulin")
    group.add_argument("--igm", metavar="G_PER_L")
    group.add_argument("--condition", metavar="ID", help="default: the model's, if it has one")
    group.add_argument("--medicine", metavar="ID", action="append", help="an FcRn blocker's id, or none")


def _doses(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--dose-g-per-kg", metavar="X", help="of a course, all its days")
    group.add_argument("--grams", metavar="G", help="the same in grams")
    group.add_argument("--every-days", metavar="N")
    group.add_argument("--over-days", metavar="N", default="1", help="days of a course (default 1)")
    group.add_argument("--hours", metavar="H", help="duration of each infusion (default: at once)")
    group.add_argument("--route", choices=ROUTES, default="IV")
    group.add_argument("--loading-g-per-kg", metavar="X", help="first course instead of its own")
    group.add_argument("--missed", metavar="N", action="append", default=[], help="course N is not given")
    group.add_argument("--late", metavar="N:DAYS", action="append", default=[], help="course N comes late")
    group.add_argument("--then-from-day", metavar="DAY", help="from then on another regimen:")
    group.add_argument("--then-dose-g-per-kg", metavar="X")
    group.add_argument("--then-every-days", metavar="N")
    group.add_argument("--then-route", choices=ROUTES)
    group.add_argument("--steady", action="store_true", help="the regimen was given long before day 0")


def _file(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--dataset", metavar="FILE", help="CSV; days, grams, g/L unless said otherwise")
    group.add_argument("--id", metavar="ID", help="whose rows, if the file has several people")
    group.add_argument("--time-unit", choices=("day", "h"), default="day")
    group.add_argument("--level-unit", metavar="UNIT", default="g/L", help="such as mg/dL")
    group.add_argument(
        "--cmt", metavar="N=ROUTE", action="append", default=[], help="such as 1=SC 2=IV", nargs="+"
    )
    group.add_argument("--ignore-column", metavar="NAME", action="append", default=[])


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    draw = plotting.drawing(options)
    names = {key: (key, item.name) for key, item in knowledge.population_models.items()}
    model = knowledge.population_models[naming.one("model", options.model, names)]
    asked = _asked(options, model, knowledge)
    try:
        shown = _simulated(options, asked, knowledge)
    except SimulationError as error:
        lines = "\n".join(f"  {line}" for line in refusal_lines(error.judged, knowledge))
        print(f"ivigil simulate: {model.id} is refused for this patient\n{lines}", file=sys.stderr)
        return BLOCKED
    except NoVariabilityError as error:
        raise InputError(f"{error} gives typical values only: a curve, without --patients") from error
    except ArithmeticError as error:
        raise InputError(str(error)) from error
    if draw is not None:
        draw(simulation_picture(shown))
    put(shown, lambda: levels_sheet(shown, knowledge), as_json=options.json)
    return OK


def _asked(options: argparse.Namespace, model: PopulationModel, knowledge: Knowledge) -> Asked:
    subject, assumed = _subject(options, model, knowledge)
    if options.dataset:
        file = _file_of(options)
        subject, plan, observed = _from_file(options, _history(options, file), subject)
        return Asked(model=model, subject=subject, assumed=assumed, plan=plan, observed=observed, file=file)
    plan, last = _from_flags(options, subject)
    return Asked(model=model, subject=subject, assumed=assumed, plan=plan, last=last)


def _subject(
    options: argparse.Namespace, model: PopulationModel, knowledge: Knowledge
) -> tuple[Subject, tuple[str, ...]]:
    fitted = model.fitted.conditions if model.fitted else ()
    condition = naming.condition(options.condition, knowledge).id if options.condition else None
    assumed: tuple[str, ...] = ()
    if condition is None and len(fitted) == 1:
        condition, assumed = fitted[0], ("condition",)
    subject = Subject(
        condition=condition,
        weight_kg=_amount(options.weight_kg),
        height_cm=_amount(options.height_cm),
        sex=options.sex,
        age_years=_amount(options.age_years),
        igm_g_per_l=_amount(options.igm),
        endogenous_igg_g_per_l=_amount(options.own_igg),
        medicines=_medicines(options.medicine, knowledge),
    )
    return subject, assumed


def _medicines(written: list[str] | None, knowledge: Knowledge) -> tuple[str, ...] | None:
    if written is None:
        return None
    if "none" in written:
        if len(written) > 1:
            raise InputError("--medicine none stands alone")
        return ()
    names = {
        item.id: (item.id, item.id.removeprefix("voiding."), item.name, *item.brands)
        for item in knowledge.facts.voiding_medicine
    }
    return tuple(naming.one("medicine", name, names, always_listed=True) for name in written)


def _from_flags(options: argparse.Namespace, subject: Subject) -> tuple[Plan, Before]:
    """The plan, and the cycle that goes on at its end."""
    if options.id or options.cmt or options.ignore_column or options.time_unit != "day":
        raise InputError("--id, --cmt, --ignore-column, --time-unit: --dataset is needed with them")
    if options.level_unit != "g/L":
        raise InputError("--level-unit: --dataset is needed with it")
    if not options.every_days:
        raise InputError("--every-days, with --dose-g-per-kg or --grams, or --dataset: one is needed")
    days = _count(options.days, "--days", DAYS_MOST) if options.days else DAYS
    try:
        regimen = Regimen(
            grams=_grams(options.dose_g_per_kg, options.grams, subject),
            interval_days=float(naming.amount(options.every_days)),
            over_days=_count(options.over_days, "--over-days", DAYS_MOST),
            duration_days=float(_amount(options.hours) or 0) / HOURS_PER_DAY,
            route=options.route,
        )
        treatment = regimen.until(days)
        if options.loading_g_per_kg:
            treatment = loaded(treatment, _grams(options.loading_g_per_kg, None, subject))
        treatment, last = _then(options, subject, treatment, regimen, days)
        for number, delay in [_late(written) for written in options.late]:
            treatment = late(treatment, number, delay)
        for number in sorted({_count(n, "--missed", DAYS_MOST) for n in options.missed}, reverse=True):
            treatment = missed(treatment, number)
        given = doses(treatment)
        before = Before(regimen.course(0), regimen.interval_days) if options.steady else None
        return Plan(given, _times(given, 0.0, float(days)), before), Before(
            last.course(0), last.interval_days
        )
    except ValueError as error:
        raise error if isinstance(error, InputError) else InputError(str(error)) from error


def _then(
    options: argparse.Namespace, subject: Subject, treatment: Treatment, regimen: Regimen, days: int
) -> tuple[Treatment, Regimen]:
    further = (options.then_dose_g_per_kg, options.then_every_days, options.then_route)
    if options.then_from_day is None:
        if any(further):
            raise InputError("--then-from-day: the day from which the other regimen is given is needed")
        return treatment, regimen
    dose, every, route = further
    other = Regimen(
        grams=_grams(dose, None, subject) if dose else regimen.grams,
        interval_days=float(naming.amount(every)) if every else regimen.interval_days,
        over_days=1 if route not in (None, regimen.route) else regimen.over_days,
        duration_days=0.0 if route not in (None, regimen.route) else regimen.duration_days,
        route=route or regimen.route,
    )
    return changed(treatment, other, float(naming.amount(options.then_from_day)), days), other


def _grams(per_kg: str | None, grams: str | None, subject: Subject) -> float:
    if (per_kg is None) == (grams is None):
        raise InputError("--dose-g-per-kg or --grams: one of them is needed")
    if grams is not None:
        return float(naming.amount(grams))
    if subject.weight_kg is None:
        raise InputError("--weight-kg is needed with a dose per kg")
    return float(naming.amount(per_kg or "") * subject.weight_kg)


def _late(written: str) -> tuple[int, float]:
    number, colon, delay = written.partition(":")
    if not colon:
        raise InputError(f"--late {written}: a course and its delay in days are accepted, such as 4:10")
    return _count(number, "--late", DAYS_MOST), float(naming.amount(delay))


def _file_of(options: argparse.Namespace) -> Dataset:
    try:
        text = Path(options.dataset).read_text(encoding="utf-8")
        pairs = [pair.partition("=") for some in options.cmt for pair in some]
        how = Reading(
            time=options.time_unit,
            level=options.level_unit,
            routes=dataset.routes({number: route for number, _, route in pairs}),
            ignored=frozenset(name.upper() for name in options.ignore_column),
        )
        return dataset.read(text, how)
    except OSError as error:
        raise InputError(f"{options.dataset}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{options.dataset}: is not UTF-8 text") from error
    except DatasetError as error:
        lines = "\n".join(f"  {line}" for line in str(error).splitlines())
        raise InputError(f"{options.dataset} was not accepted\n{lines}") from error
    except ValueError as error:
        raise InputError(f"--cmt {error}") from error


def _history(options: argparse.Namespace, found: Dataset) -> History:
    people = {person.id: person for person in found.histories}
    if options.id is not None or len(people) > 1:
        wanted = options.id or ""
        if wanted not in people:
            raise InputError(f"--id {wanted}: accepted: {', '.join(people)}")
        return people[wanted]
    return found.histories[0]


def _from_file(
    options: argparse.Namespace, history: History, subject: Subject
) -> tuple[Subject, Plan, tuple[Sample, ...]]:
    """Days are those of the file."""
    if options.every_days or options.dose_g_per_kg or options.grams or options.steady:
        raise InputError(
            "--dataset has the doses: --every-days, --dose-g-per-kg, --grams, --steady do not go with it"
        )
    if not history.doses:
        raise InputError(f"{options.dataset}: {history.id} has no doses")
    weight = subject.weight_kg or history.weight_kg
    if subject.weight_kg and history.weight_kg and subject.weight_kg != history.weight_kg:
        raise InputError(f"--weight-kg {subject.weight_kg}: the file says {history.weight_kg}")
    given = tuple(Given(dose.time_days, dose.grams, dose.duration_days, dose.route) for dose in history.doses)
    sampled = tuple(item.time_days for item in history.samples)
    first = min((*(dose.time_days for dose in given), *sampled, *(() if history.before else (0.0,))))
    known = max((*(dose.end_days for dose in given), *sampled))
    end = float(_count(options.days, "--days", DAYS_MOST)) if options.days else known
    if end < known:
        raise InputError(f"--days {options.days}: the file goes on until day {known:g}")
    before = None
    if history.before is not None:
        dose = history.before.dose
        cycle = (Given(0.0, dose.grams, dose.duration_days, dose.route),)
        before = Before(cycle, history.before.interval_days, history.before.start_days)
    plan = Plan(given, _times(given, first, end, sampled), before)
    return _with_weight(subject, weight), plan, history.samples


def _with_weight(subject: Subject, weight: Decimal | None) -> Subject:
    return msgspec.structs.replace(subject, weight_kg=weight)


def _times(
    given: tuple[Given, ...], first: float, end: float, also: tuple[float, ...] = ()
) -> tuple[float, ...]:
    """A grid; before and after each dose; the samples."""
    step = QUARTER if (end - first) / QUARTER <= GRID else max(1.0, round((end - first) / GRID))
    grid = [first + number * step for number in range(int((end - first) / step) + 1)]
    around = [time for dose in given for time in (dose.time_days, dose.end_days + JUST_AFTER)]
    return tuple(sorted({time for time in (*grid, *around, *also, end) if first <= time <= end}))


def _simulated(options: argparse.Namespace, asked: Asked, knowledge: Knowledge) -> Simulated:
    model, subject, plan, last = asked.model, asked.subject, asked.plan, asked.last
    target = float(naming.amount(options.target)) if options.target else None
    patients = _count(options.patients, "--patients", PATIENTS_MOST) if options.patients else None
    if target is not None and patients is None:
        raise InputError("--target: --patients is needed, of whom a share is above it")
    seed = _count(options.seed, "--seed", 10**15)
    curve = one(model, subject, plan, knowledge)
    percentiles: dict[str, tuple[float, ...]] = {}
    share: tuple[float, ...] = ()
    if patients is not None:
        with _progress(patients) as report:
            people = population(model, subject, plan, knowledge, patients=patients, seed=seed, report=report)
        percentiles = dict(zip(map(str, PERCENTS), people.percentiles(PERCENTS), strict=True))
        share = () if target is None else people.share_above(target)
    trough, peak = steady_levels(typical(model, subject, knowledge), last) if last else (None, None)
    return Simulated(
        model=model.id,
        subject=subject,
        assumed=asked.assumed,
        doses=plan.doses,
        times_days=plan.times_days,
        typical_g_per_l=curve,
        patients=patients,
        seed=seed if patients is not None else None,
        percentiles_g_per_l=percentiles,
        target_g_per_l=target,
        share_at_or_above_target=share,
        steady_trough_g_per_l=trough,
        steady_peak_g_per_l=peak,
        observed=asked.observed,
        comment_lines=asked.file.comments if asked.file else (),
        set_aside_lines=asked.file.set_aside if asked.file else (),
        ignored_columns=tuple(name.upper() for name in options.ignore_column),
        applicability=judged(model, subject, plan, knowledge, curve),
    )


@contextmanager
def _progress(patients: int) -> Iterator[Callable[[int], None]]:
    """A bar on the error stream of a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("virtual patients", total=patients)
        yield lambda done: bar.update(task, completed=done)


def _amount(written: str | None) -> Decimal | None:
    return naming.amount(written) if written else None


def _count(written: str, field: str, most: int) -> int:
    try:
        found = whole_number(written)
    except NumberError:
        found = 0
    if not 1 <= found <= most:
        raise InputError(f"{field} {written}: a whole number from 1 to {most} is accepted")
    return found
