"""A dataset in the field's convention, as a pharmacologist hands it over: what is read, what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.kinetics.dataset import COLUMNS, Dataset, DatasetError, Reading, Sample, read
from ivigil.kinetics.values import Dose

HEAD = "ID,TIME,AMT,RATE,ADDL,II,SS,DV,EVID,MDV,WT\n"


def faults(text: str, how: Reading | None = None) -> list[tuple[int, str]]:
    with pytest.raises(DatasetError) as refused:
        read(text, how)
    assert all(fault.accepted for fault in refused.value.faults)
    return [(fault.row, fault.column) for fault in refused.value.faults]


def test_doses_and_levels_of_each_person() -> None:
    text = HEAD + "1,0,30,120,1,28,.,.,1,1,70\n1,28,.,.,.,.,.,8.4,0,0,70\n2,0,20,.,.,.,.,.,1,1,50\n"
    first, second = read(text).histories
    assert first.doses == (Dose(0.0, 30.0, 0.25), Dose(28.0, 30.0, 0.25))
    assert first.samples == (Sample(28.0, 8.4, 3),)
    assert (first.id, first.weight_kg, second.weight_kg) == ("1", Decimal(70), Decimal(50))
    assert second.doses == (Dose(0.0, 20.0),)


def test_hours_and_mg_per_dl() -> None:
    """An infusion of 30 g at 5 g/h lasts 6 h; 840 mg/dL are 8.4 g/L."""
    text = "id,time,amt,rate,addl,ii,dv,evid\na,12,30,5,1,672,.,1\na,672,.,.,.,.,840,0\n"
    (person,) = read(text, Reading(time="h", level="mg/dL")).histories
    assert person.doses == (Dose(0.5, 30.0, 0.25), Dose(28.5, 30.0, 0.25))
    assert person.samples == (Sample(28.0, 8.4, 3),)


def test_without_evid_an_amount_makes_a_dose() -> None:
    (person,) = read("ID,TIME,AMT,DV\n1,0,30,.\n1,28,.,8\n").histories
    assert (len(person.doses), person.samples) == (1, (Sample(28.0, 8.0, 3),))


def test_a_steady_state_before_the_first_dose() -> None:
    (person,) = read(HEAD + "1,5,30,.,2,28,1,.,1,1,70\n1,33,.,.,.,.,.,9,0,0,.\n").histories
    assert person.before is not None
    assert (person.before.interval_days, person.before.start_days) == (28.0, 5.0)
    assert [dose.time_days for dose in person.doses] == [5.0, 33.0, 61.0]


def test_comments_and_values_set_aside_are_listed() -> None:
    text = "# made up\n" + HEAD + "C,1,2,3\n1,0,30,.,.,.,.,.,1,1,70\n1,28,.,.,.,.,.,3,0,1,70\n"
    found = read(text)
    assert (found.comments, found.set_aside) == ((1, 3), (5,))
    assert found.histories[0].samples == (Sample(28.0, None, 5),)


def test_what_a_compartment_means_is_never_guessed() -> None:
    text = "ID,TIME,AMT,CMT,DV\n1,0,10,1,.\n1,7,.,2,8\n"
    assert faults(text) == [(2, "CMT")]
    (person,) = read(text, Reading(routes={1: "SC", 2: "IV"})).histories
    assert person.doses == (Dose(0.0, 10.0, 0.0, "SC"),)
    assert faults(text, Reading(routes={1: "SC", 2: "SC"})) == [(3, "CMT")]


REFUSED = (
    ("1,0,30,-2,.,.,.,.,1,1,70", "RATE"),
    ("1,0,30,.,3,.,.,.,1,1,70", "II"),
    ("1,0,30,.,.,28,.,.,1,1,70", "II"),
    ("1,0,30,.,.,28,2,.,1,1,70", "SS"),
    ("1,0,30,1,.,28,1,.,1,1,70", "II"),
    ("1,0,0,.,.,.,.,.,1,1,70", "AMT"),
    ("1,0,30,.,.,.,.,8,1,1,70", "DV"),
    ("1,0,30,.,.,.,.,.,1,0,70", "MDV"),
    ("1,0,30,.,.,.,.,.,3,1,70", "EVID"),
    ("1,0,30,.,.,.,.,.,4,1,70", "EVID"),
    ("1,0,30,.,.,.,.,.,9,1,70", "EVID"),
    ("1,0,30,.,1.5,28,.,.,1,1,70", "ADDL"),
    ("1,0,30,.,99999,28,.,.,1,1,70", "ADDL"),
    ("1,0,30,.,.,.,.,8,0,0,70", "AMT"),
    ("1,0,.,.,.,.,.,.,0,0,70", "DV"),
    ("1,0,.,.,.,.,.,0,0,0,70", "DV"),
    ("1,0,.,.,.,.,.,<0.3,0,0,70", "DV"),
    ("1,0,.,.,.,.,.,-3,0,0,70", "DV"),
    ("1,.,.,.,.,.,.,8,0,0,70", "TIME"),
    ("1,10:30,.,.,.,.,.,8,0,0,70", "TIME"),
    ("1,nan,.,.,.,.,.,8,0,0,70", "TIME"),
    (".,0,.,.,.,.,.,8,0,0,70", "ID"),
    ("1,0,.,.,.,.,.,8,0,0,0", "WT"),
    ("1,0,.,.,.,.,.,8,0,0", "row"),
    ("1,1e9,.,.,.,.,.,8,0,0,70", "TIME"),
    ("1,0,30,1e-9,.,.,.,.,1,1,70", "RATE"),
    ("1,0,30,.,9000,9000,.,.,1,1,70", "II"),
)


@pytest.mark.parametrize(("row", "column"), REFUSED)
def test_a_fault_is_told_by_line_and_column(row: str, column: str) -> None:
    assert faults(f"{HEAD}{row}\n") == [(2, column)]


def test_faults_between_rows() -> None:
    text = (
        HEAD
        + "1,5,30,.,.,.,.,.,1,1,70\n1,4,30,.,.,.,.,.,1,1,71\n2,0,9,.,.,.,.,.,1,1,.\n1,9,9,.,.,.,.,.,1,1,70\n"
    )
    assert sorted(faults(text)) == [(3, "TIME"), (3, "WT"), (5, "ID")]
    assert faults(HEAD + "1,0,30,.,.,.,.,.,1,1,.\n1,9,30,.,.,28,1,.,1,1,.\n") == [(3, "SS")]


def test_all_faults_together() -> None:
    assert faults(HEAD + "1,x,30,-1,.,.,.,.,1,1,70\n1,2,30,-1,.,.,.,5,1,1,70\n1,3,.,.,.,.,.,5,0,0,kg\n") == [
        (2, "TIME"),
        (3, "DV"),
        (3, "RATE"),
        (4, "WT"),
    ]


def test_columns_that_are_not_understood() -> None:
    text = "ID,TIME,AMT,AGE\n1,0,30,40\n"
    assert faults(text) == [(1, "AGE")]
    assert len(read(text, Reading(ignored=frozenset({"AGE"}))).histories) == 1
    assert faults("ID,AMT,AMT\n1,1,1\n") == [(1, "AMT"), (1, "TIME")]
    assert faults("") == [(1, "file")]
    assert faults("ID,TIME,AMT\n") == [(1, "file")]


def test_a_level_in_an_unknown_unit() -> None:
    assert faults(HEAD, Reading(level="mmol/L")) == [(0, "DV")]


@given(
    st.text(max_size=200) | st.lists(st.sampled_from([*COLUMNS, ",", "\n", "1", ".", "-1", "x"])).map("".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read(text), Dataset)
    except DatasetError as error:
        assert error.faults


AMOUNT = st.decimals("0.1", "200", places=2)
DOSE = st.tuples(AMOUNT, st.none() | st.decimals("1", "500", places=1), st.integers(0, 5), st.integers(1, 60))
LEVEL = st.decimals("0.01", "60", places=2)
PERSON = st.lists(st.tuples(st.integers(0, 40), DOSE | LEVEL), min_size=1, max_size=8)


@given(st.lists(PERSON, min_size=1, max_size=3))
def test_what_is_written_is_read_back(people: list[list[tuple[int, object]]]) -> None:
    """Doses with duration and additional ones, and levels, through a file and back."""
    lines, expected = [",".join(COLUMNS[:9])], []
    for who, events in enumerate(people):
        doses, samples, time = [], [], 0
        for gap, event in events:
            time += gap
            if isinstance(event, tuple):
                grams, rate, more, every = event
                lines.append(f"{who},{time},{grams},{rate or '.'},{more},{every if more else '.'},.,.,1")
                duration = float(grams / rate) if rate else 0.0
                doses += [Dose(float(time + n * every), float(grams), duration) for n in range(more + 1)]
            else:
                lines.append(f"{who},{time},.,.,.,.,.,{event},0")
                samples.append(Sample(float(time), float(str(event)), len(lines)))
        expected.append((str(who), sorted(doses, key=lambda dose: dose.time_days), samples))
    found = read("\n".join(lines)).histories
    assert [(one.id, list(one.doses), list(one.samples)) for one in found] == expected
