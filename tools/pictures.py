"""Pictures of the web application for the README: the demonstration in a real Chromium.

    python -m tools.pictures

Writes docs/pictures/*.png. The patients are fictional; what the pictures show depends on the hour.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser

from ivigil.patient import Identifier
from ivigil.records.finding import plans
from ivigil.records.journal import Journal
from ivigil.web import demo
from ivigil.web.app import make_app
from tests.support.chromium import launched, serving, signed_in

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
PHONE, DESK = (390, 844), (1280, 800)


class Picture(NamedTuple):
    """One page as somebody sees it."""

    name: str
    by: str
    path: str
    size: tuple[int, int]
    theme: str = "light"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = demo.make(Path(folder), "127.0.0.1", 8080, None)
        journal = Journal.open(settings.journal, settings.secrets)
        wanted = _pictures(journal)
        journal.close()
        with serving(make_app(settings)) as address, launched() as browser:
            for picture in wanted:
                _take(browser, address, picture)


def _pictures(journal: Journal) -> tuple[Picture, ...]:
    """What is worth looking at, of the fictional patients of the demonstration."""
    patient = journal.stream(Identifier("urn:example:demo", "DEMO-207"))
    plan_of = {listed.stream: listed.subject for listed in plans(journal)}
    to_verify = plan_of[journal.stream(Identifier("urn:example:demo", "DEMO-270"))]
    return (
        Picture("board", "nurse", "/board", DESK),
        Picture("chair", "nurse", f"/chair/{plan_of[patient]}/1", PHONE),
        Picture("chair-dark", "nurse", f"/chair/{plan_of[patient]}/1", PHONE, "dark"),
        Picture("plan", "pharmacist", f"/plans/{to_verify}", DESK),
        Picture("levels", "prescriber", f"/patients/{patient}/levels?target=8#answered", DESK),
        Picture("patient", "patient", "/me", PHONE),
    )


def _take(browser: Browser, address: str, picture: Picture) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=picture.theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = signed_in(context, address, picture.by, demo.PASSWORD)
    page.goto(f"{address}{picture.path}")
    page.wait_for_load_state("networkidle")
    file = FOLDER / f"{picture.name}.png"
    page.screenshot(path=file)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")
    context.close()


if __name__ == "__main__":
    main()
