"""Patient wording in Spanish and French: whole, faithful to its English, urgent text off until signed."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import textstat  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.knowledge.check import faults
from ivigil.knowledge.evidence import fingerprint
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.reactions import Symptom, WarningSign
from ivigil.knowledge.site import overlay, read
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import Translation, fits
from ivigil.sheets import calendar, check_ins, dates, patient, triage, wording
from ivigil.sheets.patient import patient_sheet
from ivigil.sheets.wording import MARK, NoLanguageError, Wording, languages
from ivigil.web.pages import link
from ivigil.web.pages.me import (
    answer,
    asking,
    coming_back,
    diary,
    failed,
    frame,
    home,
    papers,
    questions,
    treatment,
    way_back,
    windows,
    wrong,
)
from tests.support.command import Command
from tests.support.orders import knowledge
from tests.support.signing import TWO
from tests.test_patient_sheet import GRADE, PHONES, PLANS, flat, planned, sentences, under_the_skin

LANGUAGES = ("es", "fr")
EVERY = knowledge().facts
TRANSLATIONS = {item.id: item for item in EVERY.translation}
EASY = 80
"""Where "easy" begins on the scales of Fernández Huerta (Spanish, 1959) and of Kandel and Moles (French,
1958), and "very easy" on that of Szigriszt-Pazos (Spanish, 1993), all from 0 to 100: what a child of about
11 years reads. Syllables are counted by hyphenation, which misses some, so that more is asked for than the
70 of "fairly easy"."""

PAGES = (
    link,
    answer,
    asking,
    coming_back,
    diary,
    failed,
    frame,
    home,
    papers,
    questions,
    treatment,
    way_back,
    windows,
    wrong,
)
"""The pages of a patient: what they say goes through the same wording."""

ALIKE = ("No",)
"""English that is the same in another language."""

URGENT_FACTS = (
    "instruction.patient.when-effects-come",
    "advice.home-stop",
    "maltose_glucose_meter",
    "infection_at_infusion",
    "haemolysis_dose",
    "haemolysis_factor",
    "haemolysis_multiparity",
    "depleted_volume",
    "ams_high_dose_rapid",
)
"""Facts whose words to a patient say what to do about a sign, or whom to tell of it."""


def plain(language: str) -> dict[str, str]:
    return TRANSLATIONS[f"translation.{language}"].texts


def urgent(language: str) -> dict[str, str]:
    return TRANSLATIONS[f"translation.{language}.urgency"].texts


def with_signed(*names: str) -> Knowledge:
    base = knowledge()
    return Knowledge(base.facts, base.version, site=PHONES, signed=frozenset(names))


@cache
def signed(language: str) -> Knowledge:
    return with_signed(f"translation.{language}", f"translation.{language}.urgency")


UNSIGNED = with_signed()


# --- what there is to translate


def facts_texts() -> Iterator[str]:
    """Every text of a fact that a patient may read, apart from what to do and how soon."""
    for symptom in EVERY.symptom:
        yield from (text for text in (symptom.plain, symptom.question) if text)
    for sign in EVERY.warning_sign:
        yield sign.text
        if sign.urgency != "self_care":
            yield sign.means
    yield from (item.text for item in EVERY.instruction if item.topic == "patient_sheet" and calm(item.id))
    yield from (hazard.patient_text for hazard in EVERY.hazard if hazard.patient_text and calm(hazard.id))
    yield from (item.text for item in EVERY.patient_advice if item.topic in ("why", "works"))
    yield from (condition.name for condition in EVERY.condition)
    yield from (item.drug for item in EVERY.premedication)


def calm(fact: str) -> bool:
    return fact not in URGENT_FACTS


def urgent_facts_texts() -> Iterator[str]:
    yield from (row.advice for row in EVERY.symptom_urgency if row.advice)
    yield from (sign.means for sign in EVERY.warning_sign if sign.urgency == "self_care")
    for name in URGENT_FACTS:
        fact = knowledge().by_id[name]
        yield getattr(fact, "patient_text", "") or getattr(fact, "text", "")


Texts = tuple[frozenset[str], frozenset[str], frozenset[str]]


@cache
def sheet_texts() -> Texts:
    """What the code of the sheet says: texts, urgent texts, and the facts that it names for a sentence."""
    said, pressing, named = texts_of(patient, wording, triage, check_ins, calendar, *PAGES)
    said |= {
        *patient._WITHIN.values(),
        *patient._AFTER.values(),
        *wording._DAYS,
        *dates.MONTHS,
        *calendar.TITLE.values(),
    }
    said |= {*asking.AREAS.values(), asking.UNREAD, diary.NOTHING, papers.NO_DAYS, papers.NO_PAPER}
    pressing |= {*triage.TITLE.values(), *triage._CALL.values(), triage._UNWATCHED, triage._WATCHED}
    pressing |= {triage.DANGER, triage.NUMBER}
    titles = re.findall(r'\("([^"]+\?)", writer\.', inspect.getsource(patient))
    return said | {*titles}, pressing, named


def texts_of(*modules: ModuleType) -> Texts:
    """What their calls of the wording say."""
    said: set[str] = set()
    pressing: set[str] = set()
    named: set[str] = set()
    for module in modules:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                fact = knowledge().by_id.get(node.value)
                named |= {node.value} if hasattr(fact, "text") and not isinstance(fact, Policy) else set()
            if isinstance(node, ast.Call):
                words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                texts = {word for word in words if isinstance(word, str)}
                match re.sub(r"^(self|who|talk\.who)\.", "", ast.unparse(node.func)):
                    case "say" | "_say":
                        said |= texts
                    case "self" if module is wording:
                        said |= texts
                    case "say.urgent" | "_say.urgent" | "urgent":
                        pressing |= texts
    return frozenset(said), frozenset(pressing), frozenset(named)


def test_the_code_of_the_sheet_was_read() -> None:
    """So that the tests below cannot pass on nothing."""
    said, pressing, named = sheet_texts()
    assert {"What is it?", "Whom do you call?", "It may start to help within {most} hours."} <= said
    assert {"May", "Sunday", "You get it for: {condition}.", "{weekday} {day} {month} {year}"} <= said
    assert {"EMERGENCY: call {phone}.", "Call {phone} at once if:"} <= pressing
    assert {"advice.home-stop", "vaccine-rule.tell-the-vaccinator"} <= named


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_a_patient_reads_is_left_out(language: str) -> None:
    said, pressing, named = sheet_texts()
    of_facts = {getattr(knowledge().by_id[name], "text", "") for name in named if calm(name)}
    assert sorted({*facts_texts(), *said, *of_facts} - plain(language).keys()) == []
    assert sorted({*urgent_facts_texts(), *pressing} - urgent(language).keys()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_nobody_says(language: str) -> None:
    """A text that changed leaves its old translation behind: it must go."""
    said, pressing, named = sheet_texts()
    of_facts = {getattr(knowledge().by_id[name], "text", "") for name in named}
    assert sorted(plain(language).keys() - {*facts_texts(), *said, *of_facts}) == []
    assert sorted(urgent(language).keys() - {*urgent_facts_texts(), *pressing}) == []


@pytest.mark.parametrize("symptom", EVERY.symptom, ids=lambda item: str(item.id))
def test_every_symptom_is_named_and_asked_in_both(symptom: Symptom) -> None:
    for language in LANGUAGES:
        say = Wording(UNSIGNED, language)
        assert MARK not in say(symptom.plain)
        if symptom.question:
            assert say(symptom.question).endswith("?")
            assert say(symptom.question) != say(symptom.plain)


# --- faithful to the English


@pytest.mark.parametrize("item", EVERY.translation, ids=lambda item: str(item.id))
def test_values_numbers_and_abbreviations_agree(item: Translation) -> None:
    for english, translated in item.texts.items():
        assert fits(english, translated), english
        assert numbers(english) == numbers(translated), (english, translated)
        assert english != translated or english.islower() or "{" in english or english in ALIKE, english


def numbers(text: str) -> list[str]:
    """Figures with a decimal point, in order; words that are numbers in one language only are let be."""
    figures = re.findall(r"\d+(?:[.,]\d+)?", text)
    return [figure.replace(",", ".") for figure in figures if figure != "1"]


def test_french_has_its_no_break_spaces() -> None:
    for text in (*plain("fr").values(), *urgent("fr").values()):
        assert not re.search(r" [:;?!]", text), text
        assert not re.search(r"[^\u00a0\d][?!;]", text), text


def test_spanish_opens_its_questions() -> None:
    for english, text in plain("es").items():
        if english.endswith("?"):
            assert text.count("¿") == text.count("?") == 1, text


def test_nobody_is_addressed_as_a_friend() -> None:
    """ "Usted" and "vous", never "tú" and "tu"."""
    for texts, familiar in (
        ((*plain("es").values(), *urgent("es").values()), r"\b(tú|tu|tus|te|ti|tienes|puedes|llama si)\b"),
        ((*plain("fr").values(), *urgent("fr").values()), r"\b(tu|ton|tes|toi)\b"),
    ):
        assert [text for text in texts if re.search(familiar, text, re.IGNORECASE)] == []


GLOSSARY = {
    r"\bclots?\b": ("coágulo", "caillot"),
    r"\bkidney": ("riñ", "rein"),
    r"\bheart\b": ("coraz|cardíac", "cœur|cardiaque"),
    r"\bfever": ("fiebre", "fièvre"),
    r"\bchills\b": ("escalofríos", "frissons"),
    r"\bhives\b": ("roncha", "urticaire"),
    r"\brash\b": ("sarpullido", "éruption|boutons|pèle"),
    r"breath|wheez": ("respir|silb|pitid|tomar aire", "respir|siffl|inspir"),
    r"\bchest\b": ("pecho", "poitrine"),
    r"\bneck\b": ("nuca", "nuque"),
    r"\bheadache": ("dolor de cabeza", "mal de tête|mal à la tête"),
    r"\blips\b": ("labios", "lèvres"),
    r"\btongue\b": ("lengua", "langue"),
    r"\bthroat\b": ("garganta", "gorge"),
    r"\bface\b": ("cara", "visage"),
    r"swell|swollen": ("hinch|inflam", "gonfl|enflamm"),
    r"\bone side\b": ("un lado", "un côté"),
    r"\bspeech\b": ("habl", "parl|parole"),
    r"confus": ("confusi", "confusion|embrouill"),
    r"\burine\b": ("orina", "urin"),
    r"\bskin\b": ("piel", "peau"),
    r"insulin": ("insulina", "insuline"),
    r"\b(baby|newborn)\b": ("bebé|recién nacido", "bébé|nouveau-né"),
    r"\bchild\b": ("niño|hijo", "enfant"),
    r"\bpregnan": ("embaraz", "enceinte|grossesse"),
    r"\bred (blood )?cells\b": ("glóbulos rojos", "globules rouges"),
    r"\bblood tests?\b": ("análisis", "analyse"),
    r"\bemergency (line|now)\b": ("emergencia", "urgence"),
    r"\btoday\b": ("hoy", "aujourd'hui"),
    r"\bat once\b": ("enseguida|de golpe", "tout de suite|d'un seul coup"),
}
"""A word of the English -> what must stand for it: words of patient leaflets ("ronchas", "sarpullido",
"coágulos"; "respiration sifflante", "gonflement", "éruption")."""


@pytest.mark.parametrize("word", GLOSSARY)
def test_no_word_that_matters_got_lost(word: str) -> None:
    seen = 0
    for language, wanted in zip(LANGUAGES, GLOSSARY[word], strict=True):
        for english, translated in (*plain(language).items(), *urgent(language).items()):
            if re.search(word, english, re.IGNORECASE) and "at the same time" not in english:
                seen += 1
                assert re.search(wanted, translated, re.IGNORECASE), (english, translated)
    assert seen


NOT = {
    "en": r"\b(not|no|cannot|never|nobody|without|unless)\b",
    "es": r"\b(no|nunca|sin|nada|nadie|ni|salvo)\b",
    "fr": r"\b(ne|pas|sans|aucun|personne ne|sauf|impossible)\b|\bn'",
}
OTHERWISE_SAID = (
    "Slurred speech",  # speech that is not understood well
    "Call the emergency line now. Keep the limb still.",  # do not move it
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_no_stays_a_no(language: str) -> None:
    """In what to do, in questions and in signs: a lost "not" turns the meaning round."""
    texts = {*urgent(language), *(sign.text for sign in EVERY.warning_sign)}
    texts |= {text for item in EVERY.symptom for text in (item.plain, item.question) if text}
    for english in texts - {*OTHERWISE_SAID}:
        translated = {**plain(language), **urgent(language)}[english]
        denied = bool(re.search(NOT["en"], english, re.IGNORECASE))
        assert denied == bool(re.search(NOT[language], translated, re.IGNORECASE)), (english, translated)


# --- what to do and how soon


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PLANS)
def test_unsigned_it_says_what_to_do_in_english_and_says_so(name: str, language: str) -> None:
    text = patient_sheet(planned(name), UNSIGNED, language)
    lines = text.splitlines()
    assert f"{MARK}EMERGENCY: call 112." in lines[:8]
    assert f"{MARK}Call 112 at once if:" in lines
    assert f"{MARK}Call us the same day (+44 20 7946 0123) if:" in lines
    assert [told for told in urgent(language).values() if "{" not in told and flat(told) in flat(text)] == []
    note = plain(language)["What stands after [English] is in English. Ask for an interpreter."]
    for block in text.split("\n\n"):
        assert (note in block) == (MARK in block.replace(note, "")), block
    unsigned = "This translation is not signed by your hospital. If it is not clear, ask for an interpreter."
    assert plain(language)[unsigned] in flat(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PLANS)
def test_signed_it_is_whole(name: str, language: str) -> None:
    text = flat(patient_sheet(planned(name), signed(language), language))
    assert MARK.strip() not in text
    left = [english for english in TRANSLATIONS[f"translation.{language}"].texts if said_in(english, text)]
    left += [english for english in urgent(language) if said_in(english, text)]
    assert left == []
    head = urgent(language)["Call {phone} at once if:"].format(phone="112")
    assert flat(head) in text


def said_in(english: str, text: str) -> bool:
    """Does a sentence stand there in English? Single words may be the same in two languages."""
    bare = re.split(r"\{\w+\}", english)
    return any(len(part.split()) > 2 and part.strip() in text for part in bare)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_condition_and_the_skin_route_are_whole(language: str) -> None:
    for condition in EVERY.condition:
        if not condition.do_not_use:
            made = planned("cidp")
            text = patient_sheet(
                replace(made, order=replace(made.order, condition=condition.id)), signed(language), language
            )
            assert MARK not in text, condition.id
            assert plain(language)[condition.name] in flat(text)
    assert MARK not in patient_sheet(under_the_skin(), signed(language), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_that_is_not_signed_replaces_urgent_text(language: str) -> None:
    """Neither ours nor one that a site adds without signatures, whatever it calls itself."""
    for is_urgent in (True, False):
        own = Translation(
            id="translation.own",
            language=language,
            name="Own",
            urgent=is_urgent,
            texts={"Call {phone} at once if:": "Descanse {phone}", "Call now.": "Descanse."},
            basis="protocol",
            seen=True,
        )
        facts = replace(EVERY, translation=(*EVERY.translation, own))
        site = Knowledge(facts, "own", site=PHONES, local=frozenset({"translation.own"}))
        say = Wording(site, language)
        assert say.urgent("Call {phone} at once if:", phone="112") == f"{MARK}Call 112 at once if:"
        assert say("Call now.") == f"{MARK}Call now."


@given(st.sampled_from(LANGUAGES), st.sets(st.sampled_from(sorted(TRANSLATIONS))))
def test_urgent_text_is_translated_exactly_if_it_is_signed(language: str, names: set[str]) -> None:
    say = Wording(with_signed(*names), language)
    on = f"translation.{language}.urgency" in names
    for english, translated in urgent(language).items():
        if "{" not in english:
            assert say.urgent(english) == say(english) == (translated if on else MARK + english)


def signatures(*facts: str, people: Iterable[str] = TWO) -> str:
    return "".join(
        f'[[signature]]\nfact = "{fact}"\nfingerprint = "{fingerprint(TRANSLATIONS[fact])}"\n'
        f'by = "{who}"\nrole = "translator"\ndate = 2026-11-01\n'
        for fact in facts
        for who in people
    )


def site_of(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    phones = '[site]\nemergency_phone = "112"\ncontact_phone = "+44 20 7946 0123"\n'
    (folder / "site.toml").write_text(phones + text)
    return folder


def test_two_people_of_a_site_turn_it_on_and_a_change_turns_it_off(tmp_path: Path) -> None:
    name = "translation.es.urgency"
    one = overlay(knowledge(), read(site_of(tmp_path, signatures(name, people=TWO[:1]))))
    assert Wording(one, "es").urgent("Call now.") == f"{MARK}Call now."
    two = overlay(knowledge(), read(site_of(tmp_path, signatures(name))))
    assert Wording(two, "es").urgent("Call now.") == "Llame ahora."
    assert not Wording(two, "es").signed  # the rest of the sheet is still ours alone
    changed = replace(TRANSLATIONS[name], texts={**urgent("es"), "Call now.": "Descanse."})
    others = tuple(item for item in EVERY.translation if item.id != name)
    base = Knowledge(replace(EVERY, translation=(*others, changed)), "changed")
    lapsed = overlay(base, read(site_of(tmp_path, signatures(name))))
    assert Wording(lapsed, "es").urgent("Call now.") == f"{MARK}Call now."


# --- stale, misfit and unknown


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_changed_english_text_falls_back_to_english_and_is_marked(language: str) -> None:
    sign = next(item for item in EVERY.warning_sign if item.id == "warning.breathing")
    newer = replace(sign, text="You have trouble breathing, even a little.")
    text = flat(patient_sheet(planned("cidp"), with_sign(newer, signed(language)), language))
    assert f"{MARK}You have trouble breathing, even a little." in text
    assert plain(language)[sign.text] not in text
    assert plain(language)["What stands after [English] is in English. Ask for an interpreter."] in text


def with_sign(sign: WarningSign, base: Knowledge) -> Knowledge:
    signs = tuple(sign if item.id == sign.id else item for item in EVERY.warning_sign)
    return Knowledge(replace(EVERY, warning_sign=signs), "newer", site=PHONES, signed=base.signed)


def test_a_translation_without_room_for_a_value_is_not_used() -> None:
    """A phone number must never get lost."""
    spoilt = replace(TRANSLATIONS["translation.es"], texts={"Questions: call {phone}.": "Preguntas: llame."})
    base = Knowledge(replace(EVERY, translation=(spoilt,)), "spoilt")
    assert Wording(base, "es")("Questions: call {phone}.", phone="1") == f"{MARK}Questions: call 1."
    assert any("have room for other values" in fault for fault in faults(base))
    for translated in ("", " ", "{", "{phone} {night}", "{0}"):
        assert not fits("Questions: call {phone}.", translated)


def test_urgent_advice_among_the_plain_texts_is_a_fault() -> None:
    loose = replace(TRANSLATIONS["translation.es"], texts={"Call now.": "Llame ahora."})
    base = Knowledge(replace(EVERY, translation=(loose,)), "loose")
    assert any("says what to do and how soon" in fault for fault in faults(base))
    twice = (*EVERY.translation, replace(TRANSLATIONS["translation.es"], id="translation.es.twice"))
    doubled = Knowledge(replace(EVERY, translation=twice), "twice")
    assert any("is translated by translation.es too" in fault for fault in faults(doubled))


def test_a_language_without_wording_is_refused() -> None:
    assert languages(knowledge()) == {"en": "English", "es": "Spanish", "fr": "French"}
    with pytest.raises(NoLanguageError, match=r"no wording in 'de'; accepted: en \(English\), es"):
        Wording(knowledge(), "de")


# --- dates, numbers, reading age, the command


def test_dates_and_numbers_have_the_form_of_the_language() -> None:
    day = dt.date(2026, 11, 23)
    said = {code: Wording(knowledge(), code) for code in ("en", "es", "fr")}
    assert said["en"].day(day) == "Monday 23 November 2026"
    assert said["es"].day(day) == "lunes 23 de noviembre de 2026"
    assert said["fr"].day(day) == "lundi 23 novembre 2026"
    assert [say.number(Decimal("28.40"), 3) for say in said.values()] == ["28.4", "28,4", "28,4"]
    assert "Recibe 28,4 gramos en total." in flat(patient_sheet(planned("kawasaki"), UNSIGNED, "es"))
    assert "- Lundi 23 novembre 2026\u00a0: cela commence" in patient_sheet(planned("cidp"), UNSIGNED, "fr")


@pytest.mark.parametrize("name", PLANS)
def test_it_is_easy_to_read_in_every_language(name: str) -> None:
    try:
        textstat.set_lang("es")
        spanish = sentences(patient_sheet(planned(name), signed("es"), "es"))
        assert textstat.fernandez_huerta(spanish) >= EASY
        assert textstat.szigriszt_pazos(spanish) >= EASY
        textstat.set_lang("fr")
        french = sentences(patient_sheet(planned(name), signed("fr"), "fr")).replace("\u00a0", " ")
        assert textstat.flesch_reading_ease(french) >= EASY
    finally:
        textstat.set_lang("en_US")


def test_the_pages_of_a_patient_are_easy_to_read_in_every_language() -> None:
    """As the sheet is, over every sentence of theirs."""
    said, pressing, _ = texts_of(*PAGES)
    english = sorted(text for text in said | pressing if text.endswith((".", "?")))
    assert len(english) > 40
    assert textstat.flesch_kincaid_grade(" ".join(english)) <= GRADE
    spanish = " ".join({**plain("es"), **urgent("es")}[text] for text in english)
    french = " ".join({**plain("fr"), **urgent("fr")}[text] for text in english).replace("\u00a0", " ")
    try:
        textstat.set_lang("es")
        assert textstat.fernandez_huerta(spanish) >= EASY
        textstat.set_lang("fr")
        assert textstat.flesch_reading_ease(french) >= EASY
    finally:
        textstat.set_lang("en_US")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PLANS)
def test_it_fits_80_columns(name: str, language: str) -> None:
    for known in (UNSIGNED, signed(language)):
        assert max(map(len, patient_sheet(planned(name), known, language).splitlines())) <= 80


ORDER = str(Path(__file__).parents[1] / "examples" / "kawasaki.toml")


def test_the_command_prints_it_in_the_language_that_is_asked_for(command: Command, tmp_path: Path) -> None:
    site = str(site_of(tmp_path / "site", signatures("translation.es", "translation.es.urgency")))
    asked = ("plan", ORDER, "--patient-sheet", "--site", site, "--language")
    spanish, french = command(*asked, "es"), command(*asked, "fr")
    assert (spanish.code, french.code) == (0, 0)
    assert "EMERGENCIA: llame al 112." in spanish.out
    assert f"{MARK}EMERGENCY: call 112." in french.out
    refused = command(*asked, "de")
    assert (refused.code, refused.out) == (2, "")
    assert "no patient sheet: no wording in 'de'; accepted: en (English)" in refused.err
    alone = command("plan", ORDER, "--language", "es")
    assert (alone.code, alone.err) == (2, "ivigil plan: --language: goes with --patient-sheet alone\n")


def test_what_a_site_signs_is_shown_pair_by_pair(command: Command) -> None:
    shown = command("facts", "translation.fr.urgency")
    assert "Call now. = Appelez maintenant." in shown.flat
    assert fingerprint(TRANSLATIONS["translation.fr.urgency"]) in shown.out
    assert "weak: may warn or restrict, never permit" in shown.flat
