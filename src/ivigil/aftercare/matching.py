"""From a person's own words to symptoms of the list: to be confirmed by the person, always.

Words are compared by their stems and with small typing errors; a phrase is found where all its
words stand near to each other in one sentence. What is denied ("no stiff neck") is told apart from
what is said; where it is not clear which, it is taken as said until the person answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec
import snowballstemmer
from rapidfuzz.distance import OSA

from ivigil import units
from ivigil.aftercare import english
from ivigil.knowledge.bounds import reached
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.reactions import Limit, Symptom

Status = Literal["said", "unclear", "denied"]
_STRENGTH: tuple[Status, ...] = ("said", "unclear", "denied")

_LOOSE_WORDS = 5
"""So many other content words may stand among the words of a phrase."""
_DENIED_WORDS = 3
"""A denial reaches so many content words far."""
_SHORT, _LONG, _LONGER = 3, 5, 8
"""Letters from which typing errors are forgiven: a letter left out, among other words; one error; two."""
_SENTENCE = re.compile(r"[!?;\n]+|\.+(?!\d)")
_ANSWERED_NO = re.compile(r"\? *(no|none)\b")
_TOKEN = re.compile(r"\d+\.\d+|[a-z0-9]+(?:'[a-z]+)?|,")
_COMMA = ","
_TEMPERATURE = "measure.temperature_c"
_TEMPERATURE_WORDS = frozenset(("temp", "temps", "temperature", "fever", "degrees", "thermometer", "c", "f"))
BODY_CELSIUS = (Decimal(30), Decimal(46))
"""Numbers outside are no body temperature in degrees Celsius."""


class Mention(msgspec.Struct, frozen=True):
    """One symptom that a text may be about."""

    symptom: str
    status: Status
    words: str
    """The words of the text that it was found by."""


class Matched(msgspec.Struct, frozen=True):
    """What was found in a text. Nothing of it counts as denied before the person has confirmed it."""

    mentions: tuple[Mention, ...] = ()
    unmatched: tuple[str, ...] = ()
    """Sentences in which no complaint was found and that say more than when and what was given."""

    def symptoms(self, *statuses: Status) -> tuple[str, ...]:
        """Ids of the symptoms with one of these statuses."""
        return tuple(mention.symptom for mention in self.mentions if mention.status in statuses)


class _Phrase(NamedTuple):
    symptom: str
    slots: tuple[frozenset[str], ...]
    """One word of each slot has to be there: stems."""


class Matcher(msgspec.Struct, frozen=True, dict=True, eq=False):
    """Matches texts against one list of symptoms. Build it once: its phrases are kept."""

    symptoms: tuple[Symptom, ...]

    def match(self, text: str) -> Matched:
        """The symptoms that a text in English may be about, in its order, each once."""
        found: dict[str, Mention] = {}
        unmatched = []
        for sentence in _sentences(text):
            mentions = list(self._mentions(sentence))
            for mention in mentions:
                known = found.get(mention.symptom)
                if known is None or _STRENGTH.index(mention.status) < _STRENGTH.index(known.status):
                    found[mention.symptom] = mention
            told = any(mention.symptom not in self._circumstances for mention in mentions)
            if not told and sentence.says_something:
                unmatched.append(sentence.text)
        return Matched(tuple(found.values()), tuple(unmatched))

    @cached_property
    def _phrases(self) -> tuple[_Phrase, ...]:
        return tuple(phrase for symptom in self.symptoms for phrase in _phrases(symptom))

    @cached_property
    def _circumstances(self) -> frozenset[str]:
        return frozenset(symptom.id for symptom in self.symptoms if symptom.circumstance)

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(stem for phrase in self._phrases for slot in phrase.slots for stem in slot)

    @cached_property
    def _hot(self) -> tuple[tuple[str, Limit], ...]:
        """Symptoms that a temperature may amount to, with the limits that say so."""
        return tuple(
            (symptom.id, limit)
            for symptom in self.symptoms
            for limit in symptom.limits
            if limit.measure == _TEMPERATURE and limit.of == "value"
        )

    def _mentions(self, sentence: _Sentence) -> Iterator[Mention]:
        cool = set()
        for token in sentence.temperatures():
            for symptom, limit in self._hot:
                if any(reached(limit, degrees, None, 0) is Truth.TRUE for degrees in _degrees_celsius(token)):
                    yield Mention(symptom, "said", token)
                else:
                    cool.add(symptom)
        heard = [self._near(stem, _LONG) for stem in sentence.stems]
        heard_well = [self._near(stem, _SHORT) for stem in sentence.stems]
        for phrase in self._phrases:
            for place in _places(phrase.slots, heard_well if len(phrase.slots) > 1 else heard):
                if self._takes_not(phrase) and sentence.has_comma(place):
                    continue
                if phrase.symptom in cool and all(sentence.tokens[i] in _TEMPERATURE_WORDS for i in place):
                    continue
                words = " ".join(sentence.tokens[index] for index in place)
                yield Mention(phrase.symptom, sentence.status(place, self._takes_not(phrase)), words)

    @staticmethod
    def _takes_not(phrase: _Phrase) -> bool:
        """Is a denial part of the phrase ("not peeing")?"""
        return any(slot & english.NEGATORS for slot in phrase.slots)

    def _near(self, stem: str, forgiven_from: int) -> frozenset[str]:
        """The stems of the list that a word of a text may be, mistyped if it has so many letters."""
        if stem in self._stems or stem in english.FRAME_WORDS or len(stem) < forgiven_from:
            return frozenset((stem,))
        allowed = 2 if len(stem) >= _LONGER else 1
        return frozenset(
            known
            for known in self._stems
            if known[0] == stem[0]
            and len(known) > (_SHORT if len(stem) >= _LONG else len(stem))
            and OSA.distance(known, stem, score_cutoff=allowed) <= allowed
        )


class _Sentence:
    """The tokens of one sentence: content words, denials and commas."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.tokens = _tokens(text)
        self.stems = _stemmed(self.tokens)

    @property
    def says_something(self) -> bool:
        """Is there a word beside when and what was given?"""
        known = {*english.FRAME_WORDS, *english.NEGATORS, _COMMA}
        return any(token not in known and not token.isdigit() for token in self.tokens)

    def temperatures(self) -> Iterator[str]:
        """Numbers that may be a temperature: they have decimals, or the sentence speaks of one."""
        speaks = bool(_TEMPERATURE_WORDS & {*self.tokens})
        for token in self.tokens:
            if token[0].isdigit() and (speaks or "." in token) and any(_degrees_celsius(token)):
                yield token

    def has_comma(self, place: Sequence[int]) -> bool:
        """Does a comma part what stands at these places?"""
        return _COMMA in self.tokens[min(place) : max(place)]

    def status(self, place: Sequence[int], takes_not: bool) -> Status:
        """Is what stands at these places said, denied, or is it not clear?"""
        first, last = min(place), max(place)
        if not takes_not:
            if any(self._denies(index) for index in range(first + 1, last)):
                return "denied"
            for index in range(first - 1, -1, -1):
                if self.tokens[index] in english.ENDS_NEGATION:
                    break
                if self._denies(index):
                    return self._reach(index, first)
        behind = self.tokens[last + 1 : last + 3]
        if behind[:1] in (("no",), ("none",)) and behind[1:] in ((), (_COMMA,)):
            return "denied"
        is_over = any(token in english.PAST for token in behind) and not english.INABILITY & {*behind}
        return "unclear" if is_over else "said"

    def _denies(self, index: int) -> bool:
        if self.tokens[index] not in english.NEGATORS:
            return False
        if self.tokens[index] == "without" and english.INABILITY & {*self.tokens[:index]}:
            return False
        return not any(token in english.NO_DENIAL for token in self.tokens[index + 1 : index + 3])

    def _reach(self, negator: int, first: int) -> Status:
        """A denial reaches over a few words and over "or"; beyond "and" or a comma it is not clear."""
        between = self.tokens[negator + 1 : first]
        if "or" in between or "nor" in between:
            return "unclear" if "and" in between else "denied"
        if "and" in between or _COMMA in between or len(between) > _DENIED_WORDS:
            return "unclear"
        return "denied"


def _degrees_celsius(token: str) -> Iterator[Decimal]:
    """What a number may mean as a body temperature, in degrees Celsius."""
    try:
        number = Decimal(token)
    except InvalidOperation:
        return
    yield from (
        degrees for degrees in (number, units.celsius(number)) if BODY_CELSIUS[0] < degrees < BODY_CELSIUS[1]
    )


def _sentences(text: str) -> Iterator[_Sentence]:
    for part in _SENTENCE.split(_ANSWERED_NO.sub(r" \1, ", _plain(text))):
        if part.strip():
            yield _Sentence(part)


def _plain(text: str) -> str:
    """Small letters without accents, one kind of apostrophe."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _tokens(text: str) -> tuple[str, ...]:
    for written, token in english.JOINED:
        text = text.replace(written, token)
    found = (english.CONTRACTIONS.get(token, token) for token in _TOKEN.findall(text))
    kept = {"or", "and"}
    return tuple(
        token.removesuffix("'s") for token in found if token in kept or token not in english.STOP_WORDS
    )


def _stemmed(tokens: Iterable[str]) -> tuple[str, ...]:
    words: list[str] = snowballstemmer.stemmer("english").stemWords(list(tokens))
    return tuple(words)


def _phrases(symptom: Symptom) -> Iterator[_Phrase]:
    """Every phrase for a symptom: its names and synonyms, and the words that are said of it."""
    for written in (symptom.name, *symptom.synonyms):
        stems = [stem for stem in _stemmed(_tokens(_plain(written))) if stem not in ("or", "and", _COMMA)]
        if stems:
            yield _Phrase(symptom.id, tuple(frozenset((stem,)) for stem in stems))
    for slots in symptom.said_as:
        yield _Phrase(symptom.id, tuple(frozenset(_stemmed(map(_plain, slot))) for slot in slots))


def _places(slots: Sequence[frozenset[str]], heard: Sequence[frozenset[str]]) -> Iterator[tuple[int, ...]]:
    """Where all slots are met by different words that stand near to each other, each start once."""
    for start, stems in enumerate(heard):
        if any(stems & slot for slot in slots):
            place = _from(slots, heard[start : start + len(slots) + _LOOSE_WORDS])
            if place is not None and place[0] == 0:
                yield tuple(start + index for index in place)


def _from(slots: Sequence[frozenset[str]], heard: Sequence[frozenset[str]]) -> tuple[int, ...] | None:
    """The first words that meet the slots, in any order; None if one is not met."""
    left = list(slots)
    place = []
    for index, stems in enumerate(heard):
        slot = next((slot for slot in left if stems & slot), None)
        if slot is not None:
            left.remove(slot)
            place.append(index)
    return None if left else tuple(place)
