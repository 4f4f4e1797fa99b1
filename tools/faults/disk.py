"""A disk that keeps what was synced, and of everything else whatever chance leaves.

What was not synced survives whole, in part, in sectors, or not at all, file by file and name by name: a
later write may be there and an earlier one not, a file may have grown and hold nothing, a new file may
have no name, a removed one may be back. After a sync that failed, what it was to bring is lost: a later
sync says that all is well, as systems are known to do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tools.faults.trace import Cut, Made, Moved, Said, Step, Synced, SyncFailed, Wrote

SECTOR = 512
ROOT = 0

Change = Wrote | Cut
Naming = Made | Moved


class Disk:
    """What is durable, and what is under way."""

    def __init__(self, root: str) -> None:
        self._content: dict[int, bytearray] = {}
        self._changes: dict[int, list[tuple[int, Change]]] = {}
        self._names: dict[str, int] = {}
        self._namings: list[tuple[int, Naming]] = []
        self._folders = {root: ROOT}
        self._nodes: dict[str, int] = {}

    def apply(self, number: int, step: Step) -> None:
        """Step ``number`` of a trace happens."""
        match step:
            case Made():
                self._content[step.node] = bytearray()
                self._changes[step.node] = []
                self._nodes[step.path] = step.node
                self._namings.append((number, step))
                if step.folder:
                    self._folders[step.path] = step.node
            case Moved():
                node = self._nodes.pop(step.path)
                if step.to is not None:
                    self._nodes[step.to] = node
                self._namings.append((number, step))
            case Wrote() | Cut():
                self._changes[step.node].append((number, step))
            case Synced():
                self._sync(step)
            case SyncFailed():
                self._give_up(step)
            case Said():
                pass

    def _sync(self, step: Synced) -> None:
        for number, change in self._changes.get(step.node, []):
            if number < step.upto:
                _change(self._content[step.node], change)
        if step.node in self._changes:
            self._changes[step.node] = [(n, c) for n, c in self._changes[step.node] if n >= step.upto]
        late = []
        for number, naming in self._namings:
            if number < step.upto and self._folders[str(PurePosixPath(naming.path).parent)] == step.node:
                _name(self._names, naming)
            else:
                late.append((number, naming))
        self._namings = late

    def _give_up(self, step: SyncFailed) -> None:
        """Nothing of it comes to the disk later, whatever is synced: only what is written anew."""
        if step.node in self._changes:
            self._changes[step.node] = [(n, c) for n, c in self._changes[step.node] if n >= step.upto]

    def after_cut(self, chance: random.Random) -> Mapping[str, bytes | None]:
        """What is found after the power comes back: files with their bytes, folders with None."""
        likely = chance.choice([0.0, 0.1, 0.5, 0.9, 1.0])
        names = dict(self._names)
        for _, naming in self._namings:
            if chance.random() < likely:
                _name(names, naming)
        folders = set(self._folders.values())
        found = {
            name: None if node in folders else bytes(self._survived(node, likely, chance))
            for name, node in names.items()
            if _is_reached(name, names, self._folders)
        }
        return {name: data for name, data in found.items() if not name.endswith("-shm")}

    def _survived(self, node: int, likely: float, chance: random.Random) -> bytearray:
        content = bytearray(self._content[node])
        for _, change in self._changes[node]:
            if isinstance(change, Cut):
                if chance.random() < likely:
                    _change(content, change)
                continue
            for piece in _pieces(change, chance):
                if chance.random() < likely:
                    _change(content, piece)
                elif chance.random() < likely:
                    _grow(content, piece.offset + len(piece.data))
        return content


def _pieces(change: Wrote, chance: random.Random) -> Iterator[Wrote]:
    """A write as one, or as the sectors in which it reaches the disk."""
    if chance.random() < 0.5:
        yield change
        return
    start = 0
    while start < len(change.data):
        end = start + SECTOR - (change.offset + start) % SECTOR
        yield Wrote(change.node, change.offset + start, change.data[start:end])
        start = end


def _change(content: bytearray, change: Change) -> None:
    match change:
        case Cut(size=size):
            del content[size:]
            _grow(content, size)
        case Wrote(offset=offset, data=data):
            _grow(content, offset)
            content[offset : offset + len(data)] = data


def _grow(content: bytearray, size: int) -> None:
    content.extend(bytes(max(0, size - len(content))))


def _name(names: dict[str, int], naming: Naming) -> None:
    match naming:
        case Made(node=node, path=path):
            names[path] = node
        case Moved(path=path, to=to):
            node = names.pop(path, -1)
            if to is not None and node >= 0:
                names[to] = node


def _is_reached(name: str, names: Mapping[str, int], folders: Mapping[str, int]) -> bool:
    """Every folder on the way is there."""
    parent = str(PurePosixPath(name).parent)
    if folders.get(parent) == ROOT:
        return True
    return parent in names and _is_reached(parent, names, folders)
