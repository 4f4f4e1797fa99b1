"""How often somebody may be wrong: counted by name and address together, by address, by name.

A name alone is locked late: nobody shall be able to keep a nurse from the chair by typing her name.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict

WINDOW = dt.timedelta(minutes=15)
PAIR, ADDRESS, NAME = 5, 50, 100
"""Wrong attempts within the window, after which a further one is refused unread."""
MOST_KEPT = 10_000


class Throttle:
    """Wrong attempts of the last minutes, in memory."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._wrong: defaultdict[tuple[str, str], list[dt.datetime]] = defaultdict(list)

    def wait(self, name: str, address: str, now: dt.datetime) -> dt.timedelta:
        """How long until an attempt is read; zero: now."""
        with self._turn:
            return max(self._left(key, most, now) for key, most in _keys(name, address))

    def wrong(self, name: str, address: str, now: dt.datetime) -> None:
        """Count a wrong attempt."""
        with self._turn:
            if len(self._wrong) > MOST_KEPT:
                self._forget(now)
            for key, _ in _keys(name, address):
                self._wrong[key].append(now)

    def right(self, name: str, address: str) -> None:
        """Forget what one person did wrong from one address."""
        with self._turn:
            self._wrong.pop((_folded(name), address), None)

    def _left(self, key: tuple[str, str], most: int, now: dt.datetime) -> dt.timedelta:
        recent = [at for at in self._wrong.get(key, ()) if now - at < WINDOW]
        return WINDOW - (now - recent[-most]) if len(recent) >= most else dt.timedelta(0)

    def _forget(self, now: dt.datetime) -> None:
        for key in [key for key, times in self._wrong.items() if now - times[-1] >= WINDOW]:
            del self._wrong[key]


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    folded = _folded(name)
    return ((folded, address), PAIR), (("", address), ADDRESS), ((folded, ""), NAME)


def _folded(name: str) -> str:
    return name.strip().casefold()[:200]
