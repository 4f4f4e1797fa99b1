"""Documents as text and as PDF: whole, legible, the same each time, whatever people typed."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import unicodedata
from typing import Any

import msgspec
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from ivigil.sheets.document import (
    Bullets,
    Columns,
    Document,
    Paragraph,
    Rows,
    Section,
    cleaned,
    fingerprint,
    paper,
    printable,
)
from ivigil.sheets.document_text import document_sheet
from ivigil.sheets.pdf import PdfError, pdf
from tests.support.orders import knowledge

PLAIN = Document(
    title="A fictional letter",
    date=dt.date(2026, 12, 1),
    paper="a4",
    alert="Read this first.",
    blocks=(
        Section(title="First part"),
        Paragraph(text="One sentence.", strong=True),
        Rows(rows=(("Lot", "L 77"), ("Expiry", "2027-01-01"))),
        Columns(heads=("Code", "Answer"), widths=(19, None), rows=(("G.k.4.r.7[1.1]", "L 77"),)),
        Bullets(items=("one thing", "another")),
    ),
    foot="The foot.",
)


def holding(text: str) -> Document:
    """The text in every part that a document has."""
    blocks = (
        Section(title=f"Part {text}"),
        Paragraph(text=text),
        Rows(rows=((text, text),)),
        Columns(heads=("Code", "Answer"), widths=(19, None), rows=((text, text),)),
        Bullets(items=(text,)),
    )
    return Document(title="T", date=dt.date(2026, 12, 1), paper="a4", alert=text, blocks=blocks, foot=text)


def as_text(document: Document) -> str:
    screen = Console(width=80, file=io.StringIO(), highlight=False, emoji=False, markup=False)
    with screen.capture() as found:
        screen.print(document_sheet(document))
    return found.get()


def read(made: bytes) -> str:
    """The text of every page, as a reader's program finds it."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages)


def solid(text: str) -> str:
    """Without anything that only parts or breaks lines."""
    return "".join(sign for sign in text if not sign.isspace() and sign != "\u200b")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_free_text_neither_steers_a_terminal_nor_is_cut_off(text: str) -> None:
    shown = as_text(holding(text))
    assert all(sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs") for sign in shown)
    assert max((cell_len(line.rstrip()) for line in shown.splitlines()), default=0) <= 80
    wanted = solid(printable(text))
    signs = [sign for sign in wanted if unicodedata.category(sign)[0] in "LN"]
    for sign in set(signs):
        assert shown.count(sign) >= wanted.count(sign)


@pytest.mark.parametrize("word", ["L" * 200, "a" * 79 + " b", "[red]x[/red]", "\x1b[31mred", "\u202egnirts"])
def test_a_long_word_is_broken_and_markup_is_text(word: str) -> None:
    assert solid(printable(word)) in solid(as_text(replace(PLAIN, blocks=(Paragraph(text=word),))))


MARKUP = "#[]{}()$*_`<>@=-+/~'\"\\.:;,!?%&|^ \n\t"
LATIN = st.text(st.sampled_from(MARKUP + "abcXYZ019éß°µ≥"), max_size=80)


@settings(max_examples=60, deadline=None)
@given(LATIN)
def test_nothing_that_somebody_typed_is_read_as_markup(text: str) -> None:
    document = replace(PLAIN, blocks=(Paragraph(text=f"begin {text} end"),))
    assert solid(f"begin {printable(text)} end") in solid(read(pdf(document)))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_makes_a_pdf_or_one_line_that_says_why(text: str) -> None:
    try:
        made = pdf(holding(text))
    except PdfError as error:
        assert "have no sign for" in str(error)
        assert len(str(error).splitlines()) == 1
    else:
        assert made.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "danger", ['#read("/etc/passwd")', "#panic()", "$ x $", "@ref", "<label>", "= head", "// x"]
)
def test_commands_of_the_typesetter_are_text(danger: str) -> None:
    assert solid(danger) in solid(read(pdf(replace(PLAIN, blocks=(Paragraph(text=danger),)))))


def test_a_pdf_is_tagged_titled_and_says_that_it_is_accessible() -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf(PLAIN)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == PLAIN.title
    assert b"pdfuaid" in root["/Metadata"].get_data()


def test_a_pdf_says_what_the_text_says() -> None:
    shown = solid(read(pdf(PLAIN)))
    for text in (
        "A fictional letter",
        "Read this first.",
        "First part",
        "L 77",
        "2027-01-01",
        "another",
        "The foot.",
    ):
        assert solid(text) in shown
        assert solid(text).casefold() in solid(as_text(PLAIN)).casefold()


@pytest.mark.parametrize(("size", "width", "height"), [("a4", 595, 842), ("us-letter", 612, 792)])
@pytest.mark.parametrize("shape", ["page", "card"])
def test_paper(size: str, width: int, height: int, shape: str) -> None:
    document = msgspec.convert(msgspec.to_builtins(PLAIN) | {"paper": size, "shape": shape}, Document)
    box = pypdf.PdfReader(io.BytesIO(pdf(document))).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (width, height)


@pytest.mark.parametrize(
    ("place", "expected"), [("US", "us-letter"), ("CA-ON", "us-letter"), ("UK-SCT", "a4"), ("SE", "a4")]
)
def test_paper_of_a_place(place: str, expected: str) -> None:
    assert paper(knowledge().lineage(place)) == expected


def test_a_long_document_goes_on_over_pages() -> None:
    rows = tuple((f"code {number}", "word " * 60) for number in range(200))
    made = pdf(replace(PLAIN, blocks=(Columns(heads=("Code", "Answer"), widths=(19, None), rows=rows),)))
    shown = solid(read(made))
    assert all(f"code{number}word" in shown for number in range(200))
    assert len(pypdf.PdfReader(io.BytesIO(made)).pages) > 5


def test_the_same_document_gives_the_same_bytes_in_any_place_and_time() -> None:
    once = pdf(PLAIN)
    assert pdf(PLAIN) == once
    script = (
        "import sys, msgspec; from ivigil.sheets.document import Document; "
        "from ivigil.sheets.pdf import pdf; "
        "sys.stdout.buffer.write(pdf(msgspec.json.decode(sys.stdin.buffer.read(), type=Document)))"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", script],
        input=msgspec.json.encode(PLAIN),
        capture_output=True,
        check=True,
        env={"TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1", "LC_ALL": "C"},
    )
    assert elsewhere.stdout == once


def test_without_the_extra_one_line_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['typst'] = None; from ivigil.cli.main import main; "
        "sys.exit(main(['report', 'card', '--order', 'examples/kawasaki.toml', '--name', 'Fictional Child', "
        "'--emergency', '911', '--call', '555-0100', '--pdf', 'never.pdf']))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "ivigil report card: a PDF needs the extra 'pdf': pip install 'ivigil[pdf]'\n"


def test_the_fingerprint_is_of_what_is_shown() -> None:
    assert fingerprint(PLAIN) == fingerprint(cleaned(PLAIN))
    assert fingerprint(PLAIN) != fingerprint(replace(PLAIN, foot="Another foot."))
