"""What the second opinion says: a verdict, and the objections it rests on."""

from __future__ import annotations

import msgspec


class Objection(msgspec.Struct, frozen=True):
    """One thing wrong with a plan: what was seen, what would pass, and the facts that say so."""

    code: str
    """Closed word for the kind of fault: "schedule_maximum", "vials_do_not_add_up"..."""
    where: str
    """Path in the plan: "days[0].steps[2].rate_ml_per_h"."""
    seen: str
    expected: str
    """The limit or value that would be accepted."""
    facts: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """The outcome of ``verify``: a plan with any objection does not leave."""

    objections: tuple[Objection, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.objections
