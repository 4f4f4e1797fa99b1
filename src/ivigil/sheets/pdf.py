"""A document as an accessible PDF (PDF/UA-1), made by Typst. The same document gives the same bytes."""

from __future__ import annotations

import datetime as dt
import re
from importlib import resources

import msgspec

from ivigil.sheets.document import Document, cleaned, language
from ivigil.sheets.spoken import say, spoken

_TEMPLATE = "document.typ"
_NO_GLYPH = re.compile(r'the text `"(?P<text>.*)"` could not be displayed', re.DOTALL)


class PdfError(Exception):
    """No PDF was made; ``str`` is one line that says why."""


def pdf(document: Document) -> bytes:
    """The document as PDF/UA-1, its time stamp the document's date. Raises PdfError.

    No font of the machine is used, so that the bytes are the same everywhere.
    """
    try:
        import typst
    except ImportError:
        raise PdfError(say("a PDF needs the extra 'pdf': pip install 'ivigil[pdf]'")) from None
    template = (resources.files(__package__) / _TEMPLATE).read_bytes()
    noon = dt.datetime.combine(document.date, dt.time(12), dt.UTC)
    try:
        return typst.compile(
            template,
            format="pdf",
            sys_inputs={
                "document": msgspec.json.encode(cleaned(document), order="deterministic").decode(),
                "page": _page(document),
            },
            pdf_standards=["ua-1"],
            timestamp=noon,
            ignore_system_fonts=True,
        )
    except typst.TypstError as error:
        found = _NO_GLYPH.search(str(error))
        if found is None:
            raise PdfError(say("the PDF could not be set: {why}", why=error.message)) from error
        raise PdfError(
            say("the fonts have no sign for {signs}; the text has it", signs=repr(found["text"]))
        ) from error


def _page(document: Document) -> str:
    """What numbers a page, its places open. A paper in another language than is spoken here has none."""
    return say("page {page} of {pages}") if language(document) == spoken() else "{page} / {pages}"
