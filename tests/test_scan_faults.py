"""A barcode that cannot be read: the nurse is told which field, what was read, what would be accepted."""

from __future__ import annotations

import datetime as dt

import pytest

from ivigil.infusion.scan import Scan, ScanError, read_scan
from ivigil.order import Fault

TODAY = dt.date(2026, 11, 23)
GS = "\x1d"
GTIN = "00614141123452"


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(ScanError) as caught:
        read_scan(text, TODAY)
    return caught.value.faults


@pytest.mark.parametrize(
    ("text", "field", "seen"),
    [
        ("(10)ABC", "gtin", "(10)ABC"),
        ("(01)00614141123453(10)A", "gtin", "00614141123453"),
        ("(01)0061414112345", "gtin", "0061414112345"),
        (f"(01){GTIN}(17)261331", "expiry", "261331"),
        (f"(01){GTIN}(17)260231", "expiry", "260231"),
        (f"(01){GTIN}(10)A(10)B", "lot", "A and B"),
        (f"(01){GTIN}(10)", "barcode", f"(01){GTIN}(10)"),
        (f"(01){GTIN}(9901)x", "barcode", "(9901)x"),
        (f"(01){GTIN}(11)x", "barcode", "(11)x"),
        (f"01{GTIN}10{'A' * 21}", "lot", "A" * 21),
        (f"01{GTIN}17261331", "expiry", "17261331"),
        ("0100614141123453", "gtin", "00614141123453"),
        (f"]d101{GTIN}", "symbology", "]d1"),
        (f"(01)０{GTIN[1:]}", "barcode", f"(01)０{GTIN[1:]}"),
    ],
)
def test_the_fault_shows_what_was_read(text: str, field: str, seen: str) -> None:
    [fault] = faults(text)
    assert (fault.field, str(fault.value)) == (field, seen)


def test_a_symbol_that_carries_no_gs1_fields_is_told_which_do() -> None:
    [fault] = faults(f"]d101{GTIN}")
    assert "]d2" in str(fault.accepted) and ", ]" in str(fault.accepted)


def test_two_values_of_one_field_are_told_in_words() -> None:
    [fault] = faults(f"(01){GTIN}(10)A(10)B")
    assert str(fault.accepted) == "one value in one barcode"


def test_every_fault_is_told_and_the_message_is_a_line_for_each() -> None:
    """A wrong check digit does not hide the month 13 behind it; nor does a field that cannot be read."""
    with pytest.raises(ScanError) as caught:
        read_scan("(01)00614141123453(11)x(17)261331", TODAY)
    assert [fault.field for fault in caught.value.faults] == ["gtin", "barcode", "expiry"]
    assert len(str(caught.value).splitlines()) == 3
    assert "00614141123453" in str(caught.value)


def test_a_field_that_cannot_be_read_does_not_hide_the_one_behind_the_separator() -> None:
    found = faults(f"01{GTIN}10{'A' * 21}{GS}17261331")
    assert [fault.field for fault in found] == ["lot", "expiry"]


def test_blanks_are_no_separators() -> None:
    """Only the scanner's own separator ends a field: a blank within a scan is a slip, not a second field."""
    assert faults(f"01{GTIN}10AB CD")
    assert read_scan(f"01{GTIN}10AB{GS}21CD", TODAY) == Scan(GTIN, "AB", None, "CD")
