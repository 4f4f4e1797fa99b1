"""Barcodes: what others published is read as they say, what was written is read back, slips are named."""

from __future__ import annotations

import calendar
import datetime as dt

import biip.gs1_element_strings
import pytest
from biip.checksums import gs1_standard_check_digit
from hypothesis import given
from hypothesis import strategies as st

from ivigil.infusion.scan import Scan, ScanError, read_scan

TODAY = dt.date(2026, 11, 23)
GS = "\x1d"


def refused(text: str) -> list[str]:
    with pytest.raises(ScanError) as caught:
        read_scan(text, TODAY)
    assert all(fault.field and fault.accepted for fault in caught.value.faults)
    return [fault.field for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # 1DTS knowledge base, "GS1 DataMatrix for Pharmaceuticals"
        (
            "(01)00614141123452(21)ABC123(10)LOT456(17)251231",
            Scan("00614141123452", "LOT456", dt.date(2025, 12, 31), "ABC123"),
        ),
        # Morovia knowledge base 10644, "Input format: creating GS1 DataMatrix"; (410) is passed over
        (
            "(01)03453120000011(17)120508(10)ABCD1234(410)9501101020917",
            Scan("03453120000011", "ABCD1234", dt.date(2012, 5, 8), None),
        ),
        # a real Swiss package (wiesmann.codiferes.net 35633); its lot is not printed there
        (
            f"]d201076806693300192110030376244896{GS}17251130",
            Scan("07680669330019", None, dt.date(2025, 11, 30), "10030376244896"),
        ),
        # biip issue 113, with the separators that its reporter's decoder had dropped; 2016 was a leap year
        (
            f"{GS}0110366302300017102100437{GS}1716020021925768618163\r\n",
            Scan("10366302300017", "2100437", dt.date(2016, 2, 29), "925768618163"),
        ),
        # biip's own first example: best before (15) is not an expiry date
        ("010703206980498815210526100329", Scan("07032069804988", "0329", None, None)),
    ],
)
def test_a_published_barcode_is_read_as_published(text: str, expected: Scan) -> None:
    assert read_scan(text, TODAY) == expected


def test_day_00_is_the_last_day_of_the_month() -> None:
    """European Medicines Verification System: 210331 and 210300 are the same expiry date."""
    dates = {read_scan(f"(01)00614141123452(17){text}", TODAY).expiry for text in ("210331", "210300")}
    assert dates == {dt.date(2021, 3, 31)}


@pytest.mark.parametrize(
    ("today", "two_digits", "year"),
    [(2026, "76", 2076), (2026, "77", 1977), (2026, "26", 2026), (2080, "30", 2130), (2080, "31", 2031)],
)
def test_the_century_lies_49_years_back_to_50_ahead(today: int, two_digits: str, year: int) -> None:
    """GS1 General Specifications, section 7.12."""
    scan = read_scan(f"(01)00614141123452(17){two_digits}0630", dt.date(today, 1, 1))
    assert scan.expiry == dt.date(year, 6, 30)


@pytest.mark.parametrize("century", [1900, 2100])
def test_the_library_s_clock_changes_nothing(monkeypatch: pytest.MonkeyPatch, century: int) -> None:
    """29 February 2000: there was none in 1900, and there will be none in 2100."""
    monkeypatch.setattr(biip.gs1_element_strings, "_get_century", lambda year: century)
    for text in ("(01)00614141123452(17)000229", "010061414112345217000229"):
        assert read_scan(text, TODAY).expiry == dt.date(2000, 2, 29)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", ["gtin"]),
        ("(10)ABC", ["gtin"]),  # no GTIN at all
        ("(01)00614141123453(17)251331", ["gtin", "expiry"]),  # check digit; month 13
        ("(01)00614141123452(17)260231", ["expiry"]),  # 31 February
        ("(01)0061414112345", ["gtin"]),
        ("(01)00614141123452(10)A(10)B", ["lot"]),
        ("(01)00614141123452(10)A(10)A(21)1(21)2", ["serial"]),
        ("(01)00614141123452(10)", ["barcode"]),
        ("(01)00614141123452)(10)A", ["barcode"]),
        ("(01)00614141123452(9901)x", ["barcode"]),
        ("0100614141123452" + "10" + "A" * 21, ["lot"]),
        ("01103663023000171021004371716020021925768618163", ["lot"]),  # biip issue 113 as it was sent
        ("]d10100614141123452", ["symbology"]),  # a Data Matrix that is not GS1's
        ("]", ["symbology"]),
        ("(01)０0614141123452", ["barcode"]),  # a full-width digit
    ],
)
def test_a_slip_is_named(text: str, fields: list[str]) -> None:
    assert sorted(refused(text)) == sorted(fields)


def gtins() -> st.SearchStrategy[str]:
    bodies = st.text("0123456789", min_size=13, max_size=13)
    return bodies.map(lambda body: f"{body}{gs1_standard_check_digit(body)}")


SIGNS = "ABCXYZabcxyz0123456789-./%+,:;<>=?!\"&'*_"
"""Letters, digits and signs of GS1's character set 82; brackets have no place in printed form."""


@st.composite
def written(draw: st.DrawFn) -> tuple[Scan, list[tuple[str, str]]]:
    """A scan and its fields (identifier, text) in any order; day 00 where it says the same."""
    text = st.text(SIGNS, min_size=1, max_size=20)
    expiry = draw(st.none() | st.dates(dt.date(1978, 1, 1), dt.date(2076, 12, 31)))
    scan = Scan(draw(gtins()), draw(st.none() | text), expiry, draw(st.none() | text))
    fields = [("01", scan.gtin)]
    if expiry is not None:
        last = expiry.day == calendar.monthrange(expiry.year, expiry.month)[1]
        day = "00" if last and draw(st.booleans()) else f"{expiry:%d}"
        fields.append(("17", f"{expiry:%y%m}{day}"))
    fields += [("10", scan.lot)] if scan.lot is not None else []
    fields += [("21", scan.serial)] if scan.serial is not None else []
    return scan, draw(st.permutations(fields))


@given(written(), st.sampled_from(["", "]d2", "]C1", GS, f"]d2{GS}"]))
def test_what_a_scanner_sends_is_read_back(
    given_scan: tuple[Scan, list[tuple[str, str]]], prefix: str
) -> None:
    scan, fields = given_scan
    ends = {"10": GS, "21": GS}
    assert read_scan(prefix + "".join(f"{ai}{text}{ends.get(ai, '')}" for ai, text in fields), TODAY) == scan


@given(written())
def test_what_is_printed_is_read_back(given_scan: tuple[Scan, list[tuple[str, str]]]) -> None:
    scan, fields = given_scan
    assert read_scan(" ".join(f"({ai}){text}" for ai, text in fields), TODAY) == scan


@given(gtins(), st.integers(0, 13), st.integers(1, 9))
def test_no_digit_can_slip(gtin: str, place: int, by: int) -> None:
    wrong = gtin[:place] + str((int(gtin[place]) + by) % 10) + gtin[place + 1 :]
    assert refused(f"(01){wrong}(10)A") == ["gtin"]


@given(st.text() | st.text("()01217]dC\x1d9A8", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        scan = read_scan(text, TODAY)
    except ScanError as error:
        assert error.faults
    else:
        assert len(scan.gtin) == 14
