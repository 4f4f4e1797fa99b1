"""What the bodies of the journal's own events hold. Those of an infusion live in ``infusion.events``."""

from __future__ import annotations

import msgspec

from ivigil.patient import Identifier


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: a body has a tag, the name of its kind, and takes no field that it does not know."""


class Contact(Body, frozen=True, tag="contact"):
    """Who the patient is and how to reach them: what a recall needs. The latest counts."""

    patient: Identifier
    name: str
    phone: str = ""


class Erasure(Body, frozen=True, tag="erased"):
    """The patient's keys were destroyed; every earlier payload of the stream is unreadable."""

    reason: str


class Note(Body, frozen=True, tag="note"):
    """Free text, also to correct what an earlier event says."""

    text: str
    corrects: str = ""
    """Id of the event that it corrects."""
