"""What a running server keeps of its journal between requests, so that lists of many patients stay quick."""

from __future__ import annotations

import datetime as dt
import threading
import weakref

import msgspec

from ivigil.practice.inbox import Post
from ivigil.practice.ward import Ward
from ivigil.practice.watch import Watch
from ivigil.records.journal import Journal
from ivigil.records.verify import Verdict


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """The journal as it was last verified from here."""

    at: dt.datetime
    verdict: Verdict


class Kept:
    """Of one journal. It can be thrown away: all of it is computed from the journal."""

    def __init__(self, journal: Journal) -> None:
        self.ward = Ward(journal)
        self.post = Post(journal)
        self.watch = Watch(journal)
        self.verified: Verified | None = None
        self.verifying = threading.Lock()


_turn = threading.Lock()
_kept: weakref.WeakKeyDictionary[Journal, Kept] = weakref.WeakKeyDictionary()


def kept(journal: Journal) -> Kept:
    """What is kept of this journal; it goes when the journal is let go."""
    with _turn:
        if journal not in _kept:
            _kept[journal] = Kept(journal)
        return _kept[journal]
