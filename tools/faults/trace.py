"""Every file operation of a process below one folder, as strace recorded it.

An operation counts from the moment it returned; a sync covers what had returned before it was called.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

CALLS = (
    *("open", "openat", "openat2", "creat", "close", "dup", "dup2", "dup3"),
    *("write", "pwrite64", "writev", "pwritev", "pwritev2", "mmap", "sendfile", "copy_file_range"),
    *("ftruncate", "truncate", "fallocate", "fsync", "fdatasync", "sync", "syncfs", "sync_file_range"),
    *("mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "link", "linkat"),
)
MOST_BYTES = 1 << 20
"""Of one write that is recorded whole."""


class Made(msgspec.Struct, frozen=True):
    """A file or a folder got its first name."""

    node: int
    path: str
    folder: bool = False


class Wrote(msgspec.Struct, frozen=True):
    node: int
    offset: int
    data: bytes


class Cut(msgspec.Struct, frozen=True):
    """The file got this length."""

    node: int
    size: int


class Synced(msgspec.Struct, frozen=True):
    """Everything of the file or folder that came before step ``upto`` is on disk."""

    node: int
    upto: int


class SyncFailed(msgspec.Struct, frozen=True):
    """A sync failed: the system takes what came before step ``upto`` for written, and it is not."""

    node: int
    upto: int


class Moved(msgspec.Struct, frozen=True):
    """A name went, or became another."""

    path: str
    to: str | None = None


class Said(msgspec.Struct, frozen=True):
    """The process said this to the world."""

    text: bytes


Step = Made | Wrote | Cut | Synced | SyncFailed | Moved | Said


class TraceError(Exception):
    """The process did something that the model of a disk does not know."""


def unavailable() -> str:
    """Why nothing can be traced here; "" if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (Debian: apt-get install strace)"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else ""


def record(command: Sequence[str], log: Path, failing: str = "") -> None:
    """Run a command under strace; ``failing``: which calls fail, as in "fdatasync:error=EIO:when=20+5".

    Raises subprocess.CalledProcessError if the command fails.
    """
    options = ["-f", "-xx", "-s", str(MOST_BYTES), "-e", f"trace={','.join(CALLS)}", "-o", str(log)]
    # The quick way of tracing and made errors do not go together.
    options += ["-e", f"inject={failing}"] if failing else ["--seccomp-bpf"]
    subprocess.run(["strace", *options, *command], check=True)


def steps(log: Path, root: Path, said: Path) -> list[Step]:
    """What happened below ``root``, an empty folder at first, and what was written to the file ``said``."""
    with log.open() as lines:
        return _Reader(str(root), str(said)).read(_calls(lines))


class _Call(msgspec.Struct, frozen=True):
    name: str
    arguments: list[str]
    result: int
    began: int
    """Number of its first line: what ended before it had happened."""
    ended: int


_WHOLE = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+)")
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)\) += (-?\d+|0x[0-9a-f]+)")


def _calls(lines: Iterable[str]) -> Iterator[_Call]:
    begun: dict[str, tuple[str, str, int]] = {}
    for number, line in enumerate(lines):
        if found := _BEGUN.match(line):
            begun[found[1]] = found[2], found[3], number
        elif found := _RESUMED.match(line):
            name, first, began = begun.pop(found[1])
            yield _Call(name, (first + found[2]).split(", "), int(found[3], 0), began, number)
        elif found := _WHOLE.match(line):
            yield _Call(found[1], found[2].split(", "), int(found[3], 0), number, number)


class _Reader:
    """Follows names and open files of one process with one or several threads."""

    def __init__(self, root: str, said: str) -> None:
        self._root = root
        self._said = said
        self._steps: list[Step] = []
        self._ends: list[int] = []
        """The line at which each step ended; they rise."""
        self._names = {root: 0}
        self._open: dict[int, int] = {}
        self._at: dict[int, int] = {}
        self._speaking: set[int] = set()
        self._nodes = 1

    def read(self, calls: Iterable[_Call]) -> list[Step]:
        for call in calls:
            if call.result >= 0 or call.name in ("mmap", "fsync", "fdatasync"):
                before = len(self._steps)
                getattr(self, f"_{call.name}", self._unknown)(call)
                self._ends += [call.ended] * (len(self._steps) - before)
        return self._steps

    def _openat(self, call: _Call) -> None:
        _, path, flags, *_ = call.arguments
        name = _text(path).decode()
        self._forget(call.result)
        if name == self._said:
            self._speaking.add(call.result)
        if not self._inside(name):
            return
        if name not in self._names:
            self._make(name)
        elif "O_TRUNC" in flags:
            self._steps.append(Cut(self._names[name], 0))
        self._open[call.result] = self._names[name]
        self._at[call.result] = 0

    def _mkdir(self, call: _Call) -> None:
        name = _text(call.arguments[0]).decode()
        if self._inside(name):
            self._make(name, folder=True)

    def _close(self, call: _Call) -> None:
        self._forget(int(call.arguments[0]))

    def _write(self, call: _Call) -> None:
        handle = int(call.arguments[0])
        if handle in self._speaking:
            self._steps.append(Said(_text(call.arguments[1])))
        elif handle in self._open:
            data = _text(call.arguments[1])[: call.result]
            self._steps.append(Wrote(self._open[handle], self._at[handle], data))
            self._at[handle] += call.result

    def _pwrite64(self, call: _Call) -> None:
        handle, data, _, offset = call.arguments
        if int(handle) in self._open:
            self._steps.append(Wrote(self._open[int(handle)], int(offset), _text(data)[: call.result]))

    def _ftruncate(self, call: _Call) -> None:
        handle, size = map(int, call.arguments)
        if handle in self._open:
            self._steps.append(Cut(self._open[handle], size))

    def _fsync(self, call: _Call) -> None:
        handle = int(call.arguments[0])
        if handle in self._open:
            step = SyncFailed if call.result else Synced
            self._steps.append(step(self._open[handle], bisect_left(self._ends, call.began)))

    _fdatasync = _fsync

    def _unlink(self, call: _Call) -> None:
        name = _text(call.arguments[0]).decode()
        if self._names.pop(name, None) is not None:
            self._steps.append(Moved(name))

    def _rename(self, call: _Call) -> None:
        old, new = (_text(argument).decode() for argument in call.arguments)
        if old in self._names:
            self._names[new] = self._names.pop(old)
            self._steps.append(Moved(old, new))

    def _mmap(self, call: _Call) -> None:
        """The only memory that SQLite shares with a file is the index of its log, which no cut leaves."""
        _, _, protection, flags, handle, _ = call.arguments
        if "PROT_WRITE" in protection and "MAP_SHARED" in flags and int(handle) in self._open:
            path = next(name for name, node in self._names.items() if node == self._open[int(handle)])
            if not path.endswith("-shm"):
                raise TraceError(f"{path} is written through memory")

    def _unknown(self, call: _Call) -> None:
        handles = {int(argument) for argument in call.arguments if argument.isdecimal()}
        names = [_text(argument).decode() for argument in call.arguments if argument.startswith('"\\x')]
        if handles & self._open.keys() or any(map(self._inside, names)) or call.name in ("sync", "syncfs"):
            raise TraceError(f"{call.name} is not known to the model")

    def _inside(self, name: str) -> bool:
        return name == self._root or name.startswith(f"{self._root}/")

    def _make(self, name: str, folder: bool = False) -> None:
        self._names[name] = self._nodes
        self._steps.append(Made(self._nodes, name, folder))
        self._nodes += 1

    def _forget(self, handle: int) -> None:
        self._open.pop(handle, None)
        self._speaking.discard(handle)


def _text(argument: str) -> bytes:
    if argument.endswith("..."):
        raise TraceError("a write was not recorded whole")
    return bytes.fromhex(argument.strip('"').replace("\\x", ""))
