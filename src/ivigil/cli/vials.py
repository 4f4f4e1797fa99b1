"""A vial as the options say it was scanned or typed."""

from __future__ import annotations

import argparse
import datetime as dt

from ivigil.cli.chair_events import day, zero_or_more
from ivigil.cli.naming import InputError
from ivigil.course import Plan
from ivigil.infusion.events import VialHung
from ivigil.infusion.hanging import VialSeen
from ivigil.infusion.scan import ScanError
from ivigil.knowledge.store import Knowledge
from ivigil.practice import vial


def seen(options: argparse.Namespace, today: dt.date) -> VialSeen:
    """What the options say of the vial: a scan, completed by what was typed. Raises InputError."""
    typed = VialSeen(
        product=options.product,
        grams=zero_or_more(options.grams, "--grams") if options.grams else None,
        lot=options.lot or None,
        expiry=day(options.expiry, "--expiry") if options.expiry else None,
    )
    if not options.scan:
        return typed
    try:
        return vial.completed(options.scan, typed, today)
    except ScanError as error:
        raise InputError(f"--scan: {error}") from None


def hung(seen: VialSeen, plan: Plan, knowledge: Knowledge) -> VialHung:
    """The vial as it is recorded. Raises InputError if nobody knows how much is in it."""
    try:
        return vial.hung(seen, plan, knowledge)
    except vial.UnknownGramsError:
        raise InputError("--grams: missing; accepted: the grams printed on the vial") from None
