"""The number grammar: what is one clear number, what is asked about, what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.intake.numbers import NumberError, literal_number, whole_number, written_number

CLEAR = ["0", "7", "14.2", "0.07", "0.500", "40.50", "1500", "1.5", "12.3456"]
UNCLEAR = {
    "1.500": ("1.5", "1500"),
    "1.234": ("1.2340", "1234"),
    "1,5": ("1.5",),
    "0,07": ("0.07",),
    "1,500": ("1.5", "1500"),
    "1.234.567": ("1234567",),
    "1'500": ("1500",),
    "1_000": ("1000",),
    "1 000": ("1000",),
}
REFUSED = [
    "",
    " ",
    ".5",
    "5.",
    "1e3",
    "1E3",
    "0x10",
    "+5",
    "-5",
    "NaN",
    "nan",
    "inf",
    "Infinity",
    "007",
    "00.5",
    "1..5",
    "1.5.2",
    "½",
    "١٤",  # Arabic-Indic digits
    "１４",  # full-width digits
    "14²",
    "14 ",
    " 14",
    "1\n",
    "14.2kg",
    "9" * 40,
]


@pytest.mark.parametrize("text", CLEAR)
def test_clear_numbers_are_read_as_written(text: str) -> None:
    assert str(written_number(text)) == text


@pytest.mark.parametrize("text", UNCLEAR)
def test_unclear_numbers_are_asked_about_with_their_readings(text: str) -> None:
    with pytest.raises(NumberError) as caught:
        written_number(text)
    assert caught.value.readings == UNCLEAR[text]


@pytest.mark.parametrize("text", sorted({r for readings in UNCLEAR.values() for r in readings}))
def test_every_reading_offered_can_be_written(text: str) -> None:
    assert written_number(text) >= 0


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(NumberError):
        written_number(text)
    with pytest.raises(NumberError):
        literal_number(text)


def test_a_literal_of_the_format_has_no_doubtful_point() -> None:
    assert str(literal_number("1.500")) == "1.500"
    with pytest.raises(NumberError):
        literal_number("1,500")


@pytest.mark.parametrize("text", ["0", "1.0", "-1", "1e1", "1_0", "01", "", "1.500", "٣"])
def test_counts_are_whole_and_above_zero(text: str) -> None:
    with pytest.raises(NumberError):
        whole_number(text)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_two_decimals_make_the_round_trip_with_their_zeros(number: Decimal) -> None:
    assert str(written_number(format(number, "f"))) == format(number, "f")


@given(st.integers(min_value=1, max_value=10**14))
def test_counts_make_the_round_trip(number: int) -> None:
    assert whole_number(str(number)) == number


@given(st.text(alphabet="0123456789.,_' eE+-xNaif½٣", max_size=20))
def test_what_is_accepted_is_written_in_one_way_only(text: str) -> None:
    try:
        number = written_number(text)
    except NumberError:
        return
    assert format(number, "f") == text
    assert number.is_finite()
    assert text.isascii()
