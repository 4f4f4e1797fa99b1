"""Threads that are the first to read, just after a start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.chair_stage import Chairs
from tests.support.web import Web

_READ = """
import sys, threading
from pathlib import Path
from ivigil.records import Journal, Raw

journal, gate = Journal.open(sys.argv[1], Path(sys.argv[2])), threading.Barrier(8)
found = []

def read():
    gate.wait()
    found.append([record.body for record in journal.records()])

sys.setswitchinterval(0.00005)
threads = [threading.Thread(target=read) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
assert len(found) == 8 and found[0] and all(each == found[0] for each in found)
assert not any(isinstance(body, Raw) for body in found[0])
"""


def test_a_journal_is_read_by_many_threads_at_once_just_after_a_start(tmp_path: Path) -> None:
    """msgspec ends the process if two threads learn a type at once: each is learnt before."""
    web = Web(tmp_path)
    chairs = Chairs(web)
    chairs.at(40)
    chairs.plan()
    words = [sys.executable, "-X", "faulthandler", "-c", _READ]
    words += [web.settings.journal, str(web.settings.secrets)]
    ended = subprocess.run(words, capture_output=True, check=False, timeout=30)
    assert ended.returncode == 0, ended.stderr.decode()[-3_000:]
