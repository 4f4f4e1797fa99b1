"""The English words that matching needs beside the symptom list. No clinical content."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS = _words(
    """
    a about again also am an any are as at be been being by did do does doing during
    each etc ever few for from get gets getting got had has have having here him how i if
    in into is it its just kind like lot me mine now of our own quite rather
    really since so some sort than that the their them then there these they this those through
    to too us was we were what when which while with would you your feel feels
    feeling felt could should would may might seem on she he his her my very seems bit
    """
)
"""Left of phrases and texts alike before they are compared."""

CONTRACTIONS = {
    "cant": "cannot", "can't": "cannot", "couldnt": "cannot", "couldn't": "cannot", "unable": "cannot",
    "wont": "willnot", "won't": "willnot", "wouldnt": "willnot", "wouldn't": "willnot",
    "dont": "not", "don't": "not", "doesnt": "not", "doesn't": "not", "didnt": "not", "didn't": "not",
    "isnt": "not", "isn't": "not", "arent": "not", "aren't": "not", "wasnt": "not", "wasn't": "not",
    "werent": "not", "weren't": "not", "hasnt": "not", "hasn't": "not", "havent": "not", "haven't": "not",
    "hadnt": "not", "hadn't": "not", "aint": "not", "ain't": "not",
}  # fmt: skip
"""Written forms -> the token that they count as."""

JOINED = (("can not", "cannot"), ("could not", "cannot"), ("will not", "willnot"), ("would not", "willnot"))
"""Two words that count as one token. An inability is part of a complaint; it denies nothing."""

INABILITY = frozenset(("cannot", "willnot", "not"))
"""Before "without" these turn it round: "cannot climb the stairs without gasping"."""

NEGATORS = _words(
    """
    no not without never none deny denies denied neither nor
    """
)

ENDS_NEGATION = _words(
    """
    but except though although however only still because apart besides otherwise yet instead
    started starting starts began begun woke worried
    """
)
"""A denial does not reach beyond these."""

NO_DENIAL = _words(
    """
    sure only doubt better improve improving improved improvement relief help helping helped helps
    change changed stop stopped stopping stops idea know ease eased easing sleep slept normal settle
    settled settling well think work worked working shift shifting touch touched right quite
    anything go going away much rest real matter
    """
)
"""After "no" or "not" these deny nothing: "not getting better", "no relief", "not sure"."""

PAST = _words(
    """
    gone stopped cleared resolved settled passed better went
    """
)
"""Behind a complaint these say that it may be over: to be asked."""

FRAME_WORDS = _words(
    """
    hello hi dear please thanks thank regards question asking wondering infusion infusions ivig igiv
    scig drip treatment dose dosage course session yesterday today tonight morning afternoon evening
    night day days hour hours week weeks ago last first second third time doctor dr nurse hospital
    clinic ward home old year years month months son daughter husband wife mum mom mother father dad
    baby child kid boy girl patient woman man hizentra privigen octagam gamunex gammagard panzyga
    flebogamma ok okay fine well normal usual good great no not yes none nothing else otherwise
    wrong check report see saying thought back all on off out over up down great next any new well report
    everything after before finished ended started had immunoglobulin monday tuesday wednesday
    thursday friday saturday sunday he she they one two three four five six
    """
)
"""A sentence of these alone reports nothing."""
