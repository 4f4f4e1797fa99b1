"""All kinds of events that Ivigil writes. A new one is a line here."""

from __future__ import annotations

from ivigil.records.bodies import Contact, Erasure, Note
from ivigil.records.kinds import Kind, Kinds

KINDS = Kinds([Kind(Contact), Kind(Erasure), Kind(Note)])
