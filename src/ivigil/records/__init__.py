"""The journal: an append-only, tamper-evident record of what happened, and what is computed from it.

journal.py    append and read            store.py      the two databases
words.py      drafts, records, receipts  kinds.py      forms of bodies, old and new
chain.py      the hash chain             vault.py      a key for each patient
"""

from ivigil.records.errors import (
    ConflictError,
    DraftError,
    JournalRefusedError,
    JournalUnavailableError,
    RecordsError,
    RepeatedIdError,
)
from ivigil.records.journal import Journal
from ivigil.records.words import Damaged, Draft, Erased, Raw, Receipt, Record

__all__ = [
    "ConflictError",
    "Damaged",
    "Draft",
    "DraftError",
    "Erased",
    "Journal",
    "JournalRefusedError",
    "JournalUnavailableError",
    "Raw",
    "Receipt",
    "Record",
    "RecordsError",
    "RepeatedIdError",
]
