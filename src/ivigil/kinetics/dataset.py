"""The field's dataset convention (one row an event, as NONMEM reads it) as doses and levels of each person.

Columns: ID, TIME, AMT, RATE, ADDL, II, SS, DV, EVID, MDV, CMT, WT, in any order and case; an empty cell or
"." is missing. A line that starts with "#", and a row whose first cell is "C", is a comment. Nothing is
dropped in silence: what is not understood is a fault, all faults are told together, and rows without effect
are listed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.kinetics.values import Dose
from ivigil.order import Route
from ivigil.units import accepted_units, convert

TimeUnit = Literal["day", "h"]
COLUMNS = ("ID", "TIME", "AMT", "RATE", "ADDL", "II", "SS", "DV", "EVID", "MDV", "CMT", "WT")
DOSES_MOST = 10_000
"""Doses of one row, expanded; more are a slip."""
LARGEST = Decimal(10) ** 6
"""Of any figure, and of the days of an infusion; more is a slip."""
HOURS_PER_DAY = Decimal(24)

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?")
_COUNT = re.compile(r"[0-9]{1,6}(\.0*)?")
_NEEDED = ("ID", "TIME")
_OF_A_DOSE = ("AMT", "RATE", "ADDL", "II", "SS")
_POSITIVE = {"WT"}
_SIGNED = {"TIME", "RATE"}
_CODES = {"SS": (0, 1, 2), "EVID": (0, 1, 2, 3, 4), "MDV": (0, 1)}

_Cells = dict[str, Decimal | None]
"""The cells of a row in the units of this room; TIME is there, or the row is faulty."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How the figures of a file are meant."""

    time: TimeUnit = "day"
    """Of TIME and II; RATE is grams per this unit. AMT is in grams, WT in kg."""
    level: str = "g/L"
    """Of DV: a unit that ``units`` converts to g/L."""
    routes: dict[int, Route] = {}
    """What a compartment number of the file is: the blood (IV) or under the skin (SC)."""
    ignored: frozenset[str] = frozenset()
    """Other columns that are left out knowingly, in capitals."""


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a file."""

    row: int
    """Line of the file, from 1."""
    column: str
    seen: str
    accepted: str

    @property
    def text(self) -> str:
        seen = f" {self.seen}" if self.seen else ""
        return f"line {self.row}, {self.column}{seen}: accepted: {self.accepted}"


class DatasetError(Exception):
    """The file cannot be used; ``str`` lists every fault."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(fault.text for fault in faults))


class Sample(msgspec.Struct, frozen=True):
    """A time at which the level was measured, or is asked for."""

    time_days: float
    igg_g_per_l: float | None
    """None: asked for (EVID 2, or MDV 1)."""
    row: int


class Cycle(msgspec.Struct, frozen=True):
    """One dose at the start of each interval, for ever before the history begins (SS 1)."""

    dose: Dose
    """On day 0."""
    interval_days: float
    start_days: float
    """A cycle begins then; the dose that is given then is among the doses of the history."""


class History(msgspec.Struct, frozen=True):
    """One person of a dataset, in order of time."""

    id: str
    weight_kg: Decimal | None
    doses: tuple[Dose, ...]
    samples: tuple[Sample, ...]
    before: Cycle | None = None


class Dataset(msgspec.Struct, frozen=True):
    """Everybody in a file, and what of the file has no effect."""

    histories: tuple[History, ...]
    comments: tuple[int, ...] = ()
    """Lines."""
    set_aside: tuple[int, ...] = ()
    """Lines whose DV the file itself calls missing (MDV 1)."""


class _Row(msgspec.Struct):
    line: int
    id: str
    cells: _Cells
    evid: int = 0


class _Reader:
    """Reads rows one by one and keeps every fault."""

    def __init__(self, how: Reading) -> None:
        self.how = how
        self.faults: list[Fault] = []
        self.set_aside: list[int] = []

    def fault(self, row: int, column: str, seen: object, accepted: str) -> None:
        self.faults.append(Fault(row, column, str(seen), accepted))

    def header(self, line: int, cells: list[str]) -> list[str]:
        names = [cell.strip().upper() for cell in cells]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                self.fault(line, name or "header", f"{names.count(name)} times", "a column once")
            if name not in COLUMNS and name not in self.how.ignored:
                self.fault(
                    line, name or "header", "", f"{', '.join(COLUMNS)}; others only if ignored by name"
                )
        for name in _NEEDED:
            if name not in names:
                self.fault(line, name, "missing", f"a header with {' and '.join(_NEEDED)}, cells with commas")
        return names

    def row(self, line: int, names: list[str], cells: list[str]) -> _Row | None:
        """The row, its figures in our units; None if a cell cannot be read."""
        if len(cells) != len(names):
            self.fault(line, "row", f"{len(cells)} cells", f"{len(names)} cells, as in the header")
            return None
        before = len(self.faults)
        written = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if name in COLUMNS}
        who = written.pop("ID")
        if who in ("", "."):
            self.fault(line, "ID", who, "who it is")
        found = {name: self._number(line, name, text) for name, text in written.items()}
        if found["TIME"] is None and len(self.faults) == before:
            self.fault(line, "TIME", written["TIME"], f"a number, in units of a {self.how.time}")
        row = _Row(line, who, self._converted(found))
        return self._event(row) if len(self.faults) == before else None

    def _number(self, line: int, name: str, text: str) -> Decimal | None:
        if text in ("", "."):
            return None
        codes = _CODES.get(name)
        if codes is not None or name in ("ADDL", "CMT"):
            value = Decimal(text) if _COUNT.fullmatch(text) else None
            if value is None or (codes is not None and value not in codes):
                kinds = ", ".join(map(str, codes)) if codes else "a whole number"
                self.fault(line, name, text, kinds)
            return value
        if not _NUMBER.fullmatch(text):
            self.fault(line, name, text, "a number such as 28 or 0.5, or . where there is none")
            return None
        value = Decimal(text)
        if abs(value) > LARGEST:
            self.fault(line, name, text, f"a number up to {LARGEST}")
        if (value < 0 and name not in _SIGNED) or (value == 0 and name in _POSITIVE):
            self.fault(line, name, text, f"a number {'above 0' if name in _POSITIVE else 'of at least 0'}")
        return value

    def _converted(self, found: _Cells) -> _Cells:
        per_day = HOURS_PER_DAY if self.how.time == "h" else Decimal(1)
        for name in ("TIME", "II"):
            value = found.get(name)
            if value is not None:
                found[name] = value / per_day
        rate, level = found.get("RATE"), found.get("DV")
        if rate is not None and rate > 0:
            found["RATE"] = rate * per_day
        if level is not None:
            found["DV"] = convert(level, self.how.level, "g/L")
        return found

    def _event(self, row: _Row) -> _Row:
        """What kind of event it is; without EVID an amount makes it a dose."""
        cells, told = row.cells, row.cells.get("EVID")
        if told is not None:
            row.evid = int(told)
        elif cells.get("AMT"):
            row.evid = 1
        else:
            row.evid = 2 if cells.get("MDV") == 1 and not cells.get("DV") else 0
        match row.evid:
            case 1:
                self._dose(row)
            case 0 | 2:
                self._no_dose(row)
            case _:
                self.fault(
                    row.line, "EVID", row.evid, "0, 1, 2: after a reset a person is another, with another ID"
                )
        return row

    def _no_dose(self, row: _Row) -> None:
        cells, line = row.cells, row.line
        for name in _OF_A_DOSE:
            if cells.get(name):
                self.fault(line, name, cells[name], f"0 or . with EVID {row.evid}")
        where = cells.get("CMT")
        if where and self.how.routes.get(int(where)) == "SC":
            self.fault(line, "CMT", where, "a level is of the blood, not from under the skin")
        level, silent = cells.get("DV"), cells.get("MDV") == 1
        if row.evid == 2 or silent:
            if level:
                self.set_aside.append(line)
            cells["DV"] = None
            if row.evid == 2 and cells.get("MDV") == 0:
                self.fault(line, "MDV", 0, "1 with EVID 2")
        elif not level:
            self.fault(line, "DV", "." if level is None else 0, "a level above 0, or MDV 1 if there is none")

    def _dose(self, row: _Row) -> None:
        cells, line = row.cells, row.line
        if not cells.get("AMT"):
            self.fault(line, "AMT", "0 or .", "grams above 0 with EVID 1")
        if cells.get("DV"):
            self.fault(line, "DV", cells["DV"], "0 or . with a dose: a level has a row of its own")
        if cells.get("MDV") == 0:
            self.fault(line, "MDV", 0, "1 or . with a dose")
        rate = cells.get("RATE")
        if rate is not None and rate < 0:
            self.fault(line, "RATE", rate, "a rate above 0; 0 or . for a bolus (no modelled rate)")
        elif rate and (cells.get("AMT") or 0) / rate > LARGEST:
            self.fault(line, "RATE", rate, "a rate at which the dose ends")
        more, every, steady = cells.get("ADDL"), cells.get("II"), cells.get("SS")
        if (more or steady) and not every:
            self.fault(line, "II", "0 or .", "an interval above 0 with ADDL or SS")
        if every and not (more or steady):
            self.fault(line, "II", every, "0 or . without ADDL and SS")
        if more and more >= DOSES_MOST:
            self.fault(line, "ADDL", more, f"less than {DOSES_MOST}")
        elif more and every and more * every > LARGEST:
            self.fault(line, "II", every, f"doses within {LARGEST} days")
        if steady == 2:
            self.fault(line, "SS", 2, "0 or 1")
        self._place(row)

    def _place(self, row: _Row) -> None:
        """A file with CMT may mean either by 1, so it is never guessed."""
        if "CMT" not in row.cells:
            return
        where = row.cells["CMT"]
        if where is None or int(where) not in self.how.routes:
            known = ", ".join(f"{key} ({route})" for key, route in sorted(self.how.routes.items()))
            accepted = known or "a compartment of which it is said whether it is IV or SC"
            self.fault(row.line, "CMT", "." if where is None else where, accepted)


def read(text: str, how: Reading | None = None) -> Dataset:
    """Everybody in the file. Raises DatasetError with every fault by line and column."""
    how = how or Reading()
    reader, rows, comments = _Reader(how), list[_Row](), list[int]()
    if how.level not in accepted_units("g/L"):
        reader.fault(0, "DV", how.level, ", ".join(accepted_units("g/L")))
        raise DatasetError(tuple(reader.faults))
    names: list[str] | None = None
    for line, cells in _lines(text, comments):
        if names is None:
            names = reader.header(line, cells)
            if reader.faults:
                break
        elif cells[0].strip().upper() == "C":
            comments.append(line)
        else:
            row = reader.row(line, names, cells)
            if row is not None:
                rows.append(row)
    if names is None or (not rows and not reader.faults):
        reader.fault(1, "file", "no rows", "a header and rows below it")
    histories = tuple(_history(reader, person) for person in _people(reader, rows))
    if reader.faults:
        raise DatasetError(tuple(sorted(reader.faults, key=lambda fault: fault.row)))
    return Dataset(histories, tuple(comments), tuple(reader.set_aside))


def _lines(text: str, comments: list[int]) -> Iterator[tuple[int, list[str]]]:
    for line, written in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if written.lstrip().startswith("#"):
            comments.append(line)
        elif written.strip():
            yield line, next(csv.reader([written]))


def _people(reader: _Reader, rows: list[_Row]) -> Iterator[list[_Row]]:
    """Rows of one ID that follow each other; an ID that comes back may be another person."""
    people: dict[str, list[_Row]] = {}
    last = ""
    for row in rows:
        if row.id != last and row.id in people:
            reader.fault(row.line, "ID", row.id, "rows of one ID that follow each other")
        people.setdefault(row.id, []).append(row)
        last = row.id
    yield from people.values()


def _history(reader: _Reader, rows: list[_Row]) -> History:
    doses: list[Dose] = []
    samples: list[Sample] = []
    before: Cycle | None = None
    weights = {row.cells["WT"]: row for row in rows if row.cells.get("WT") is not None}
    for row in list(weights.values())[1:]:
        reader.fault(row.line, "WT", row.cells["WT"], "one weight for each ID")
    time = _time(rows[0])
    for row in rows:
        if _time(row) < time:
            reader.fault(row.line, "TIME", row.cells["TIME"], "a time not before that of the row above")
        time = _time(row)
        if row.evid != 1:
            level = row.cells.get("DV")
            samples.append(Sample(float(time), None if level is None else float(level), row.line))
            continue
        given = _doses(row, reader.how)
        if row.cells.get("SS"):
            before = _cycle(reader, row, given[0], rows[0])
        doses += given
    weight = next(iter(weights), None)
    ordered = sorted(doses, key=lambda dose: dose.time_days)
    return History(rows[0].id, weight, tuple(ordered), tuple(samples), before)


def _cycle(reader: _Reader, row: _Row, dose: Dose, first: _Row) -> Cycle | None:
    every = row.cells["II"]
    if row is not first:
        reader.fault(row.line, "SS", 1, "0 or . after the first row of an ID")
    if every is None or dose.duration_days > every:
        reader.fault(row.line, "II", every, "an interval of at least AMT / RATE with SS")
        return None
    return Cycle(dose._replace(time_days=0.0), float(every), dose.time_days)


def _doses(row: _Row, how: Reading) -> list[Dose]:
    """The dose and its additional ones. Of a faulty row nothing is used."""
    cells = row.cells
    amount, rate = cells.get("AMT") or Decimal(0), cells.get("RATE") or Decimal(0)
    where, more, every = cells.get("CMT"), cells.get("ADDL") or Decimal(0), cells.get("II") or Decimal(0)
    route: Route = how.routes.get(int(where), "IV") if where is not None else "IV"
    duration = float(amount / rate) if rate > 0 else 0.0
    return [
        Dose(float(_time(row) + number * every), float(amount), duration, route)
        for number in range(min(int(more), DOSES_MOST) + 1)
    ]


def _time(row: _Row) -> Decimal:
    time = row.cells["TIME"]
    assert time is not None
    return time


def routes(written: Mapping[str, str]) -> dict[int, Route]:
    """Compartment numbers as typed ("1": "SC") as ``Reading.routes``. Raises ValueError."""
    found: dict[int, Route] = {}
    for number, route in written.items():
        if not number.isdecimal() or route.upper() not in ("IV", "SC"):
            raise ValueError(
                f"{number}={route}: a compartment number and IV or SC are accepted, such as 1=SC"
            )
        found[int(number)] = "SC" if route.upper() == "SC" else "IV"
    return found
