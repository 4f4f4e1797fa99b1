"""Staff read the language of their site: every text goes through the catalogue, and a site signs it first."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ivigil.sheets.spoken import Language, counted, say, speaking
from ivigil.web.settings import SettingsError
from tests.support.foreign import CODE, nothing_missed, overlay, unsaid
from tests.support.web import Web


def test_the_shell_of_every_page_is_in_the_language(tmp_path: Path) -> None:
    web = Web(tmp_path, site=overlay(tmp_path / "site"), language=CODE)
    page = web.browser("nurse").get("/account").text
    assert f'<html lang="{CODE}">' in page
    assert "«Board»" in page
    assert "«Sign out»" in page


def test_what_was_not_said_is_found() -> None:
    """So that the test above cannot pass on nothing."""
    page = '<p>«Rate «slow» now» 40 mL/h</p><p>Hang up</p><a title="Look">«x»</a>'
    assert unsaid(page) == ["Hang up", "Look"]


def test_a_sentence_with_elements_in_it_is_said_and_its_elements_are_looked_at() -> None:
    page = "<p>«Given <b>2 g</b> of <b>«the dose»</b>, then <i>hang on</i>: <br> look.»</p><p>Hang up</p>"
    assert unsaid(page) == ["hang on", "Hang up"]


def test_what_no_mark_tells_the_catalogue_of_is_found_also_inside_a_sentence() -> None:
    with pytest.raises(AssertionError, match="hidden"), nothing_missed(), speaking(Language(CODE)):
        say("hidden")


def test_a_text_has_its_values_in_the_order_of_the_language() -> None:
    with speaking(
        Language("xx", {"{given} of {whole}": "{whole}: {given}", "{count} vials": "{count} Flaschen"})
    ):
        assert say("{given} of {whole}", given="2", whole="10") == "10: 2"
        assert counted(3, "{count} vial", "{count} vials") == "3 Flaschen"
        assert say("Not translated") == "Not translated"
    assert say("{given} of {whole}", given="2", whole="10") == "2 of 10"


def test_a_language_that_nobody_signed_is_not_spoken(tmp_path: Path) -> None:
    folder = Path(overlay(tmp_path / "site"))
    text = (folder / "staff.toml").read_text()
    (folder / "staff.toml").write_text(text[: text.rindex("[[signature]]")])
    with pytest.raises(SettingsError, match="two people"):
        Web(tmp_path, site=str(folder), language=CODE)


def test_the_texts_are_given_as_a_translation_to_fill_in() -> None:
    command = [sys.executable, "-m", "ivigil", "texts"]
    made = tomllib.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    (translation,) = made["translation"]
    assert translation["staff"] is True
    assert "Skip to the content" in translation["texts"]
    assert set(translation["texts"].values()) == {""}
