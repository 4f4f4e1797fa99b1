"""The journal: an append-only, tamper-evident record of what happened, and what is computed from it.

journal.py    append, read, erase        store.py          the two databases
words.py      drafts, records, receipts  bodies.py         what plans and contacts hold
kinds.py      forms, old and new         register.py       all kinds of events
chain.py      the hash chain             vault.py          a key for each patient
checkpoint.py signed ends                verify.py         what was done behind its back
views.py      kept ready, thrown away    lookback.py       from a lot to its patients
backup.py     and restore                authorisation.py  which plan may be started
reviewing.py  what changed since         tightening.py     what reopens a plan
export.py     one patient, whole
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
