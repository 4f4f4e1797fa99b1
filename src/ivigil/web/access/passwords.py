"""Passwords, PINs and one-time codes: argon2id hashes; length and how easily guessed, not composition."""

from __future__ import annotations

import re
import secrets
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ivigil.sheets.spoken import say, texts

SHORTEST, LONGEST = 12, 128
GUESSES = 10**10
"""A new password that zxcvbn would find with fewer is refused: its highest class begins here."""
PIN_DIGITS = (6, 12)
CODE_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without those that look alike."""
CODE_GROUPS, CODE_GROUP = 4, 4

hasher = PasswordHasher()
"""The library's defaults: the second recommendation of RFC 9106, 64 MiB and three passes."""
_nobody = hasher.hash(secrets.token_hex())


def hashed(secret: str) -> str:
    """The argon2id hash, with its salt and cost."""
    return hasher.hash(secret)


def matches(kept: str, secret: str) -> bool:
    """Whether it is the secret of this hash; takes as long for "", the hash of nobody."""
    try:
        return hasher.verify(kept or _nobody, secret) and bool(kept)
    except (Argon2Error, InvalidHashError):
        return False


_READ = 24
"""Characters of which it is judged: more would only make a strong one stronger, and cost seconds."""
_GUESSED = texts(
    {
        "passwords": "The new password is, or is built from, a password known from leaks; {accepted}.",
        "user_inputs": "The new password is built from your name; {accepted}.",
        "dictionary": "The new password is built from common words or names; {accepted}.",
        "repeat": "The new password repeats a few characters; {accepted}.",
        "sequence": "The new password is a run of letters or digits; {accepted}.",
        "spatial": "The new password is a run of keys; {accepted}.",
        "date": "The new password is built from a date; {accepted}.",
        "bruteforce": "The new password has too little that could not be guessed; {accepted}.",
    }
)
"""By what zxcvbn found in it: a list of words, or another pattern."""


def password_faults(password: str, *known: str) -> tuple[str, ...]:
    """What is wrong with a new password, in sentences; ``known``: what others know of the person (names).

    It may take a third of a second: ask for it in a thread, of somebody who proved who they are.
    """
    faults = []
    if len(password) < SHORTEST:
        faults.append(
            say(
                "The new password has {count} characters; accepted: {least} or more, any kind.",
                count=str(len(password)),
                least=str(SHORTEST),
            )
        )
    if len(password) > LONGEST:
        faults.append(
            say(
                "The new password has {count} characters; accepted: at most {most}.",
                count=str(len(password)),
                most=str(LONGEST),
            )
        )
    guessed = _guessed(password, *known)
    if guessed:
        accepted = say("accepted: for example four words that nobody would put together")
        faults.append(say(guessed, accepted=accepted))
    plain = _plain(password)
    if any(_plain(name) and plain.replace(_plain(name), "") in ("", *"0123456789") for name in known):
        faults.append(say("The new password is your name; accepted: something that others do not know."))
    return tuple(faults)


def _guessed(password: str, *known: str) -> str:
    """Why it is easily guessed; "" if it is not. The lists come with the library, not from a network."""
    from zxcvbn import zxcvbn  # 50 ms and its lists, which a start need not wait for

    names = [each for name in ("ivigil", *known) for each in (name, *re.findall(r"\w+", name))]
    judged = zxcvbn(password[:_READ], user_inputs=names)
    if judged["guesses"] >= GUESSES:
        return ""
    largest = max(
        judged["sequence"], key=lambda match: len(match["token"]), default={"pattern": "bruteforce"}
    )
    found = largest.get("dictionary_name", "")
    return _GUESSED.get(found) or _GUESSED.get(largest["pattern"], _GUESSED["bruteforce"])


def pin_faults(pin: str) -> tuple[str, ...]:
    """What is wrong with a new PIN, in sentences."""
    low, high = PIN_DIGITS
    if not (pin.isascii() and pin.isdigit() and low <= len(pin) <= high):
        return (say("The PIN is not {low} to {high} digits.", low=str(low), high=str(high)),)
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {9}):
        return (say("The PIN is one digit repeated or a run of digits."),)
    return ()


def new_code() -> str:
    """A one-time code to be read out or handed over: XXXX-XXXX-XXXX-XXXX."""
    groups = ("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUP)) for _ in range(CODE_GROUPS))
    return "-".join(groups)


def code_as_typed(text: str) -> str:
    """A code as it was issued, however it was typed."""
    letters = "".join(text.upper().split()).replace("-", "")
    return "-".join(letters[at : at + CODE_GROUP] for at in range(0, len(letters), CODE_GROUP))


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
