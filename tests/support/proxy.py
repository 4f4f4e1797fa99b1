"""A proxy in a process of its own between a browser and a server: to be killed, or to spoil what it carries.

It passes bytes and knows nothing of HTTP. It is told one word a line and answers each once it holds:

pass    carry on; what was held back goes on its way, late
hold    keep every connection and carry nothing
reset   reset every connection, and each new one
half    reset each connection a few bytes into its answer
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
from typing import Literal, get_args

Word = Literal["pass", "hold", "reset", "half"]
_WORDS: dict[str, Word] = {word: word for word in get_args(Word)}
_FEW = 40
_CHUNK = 65_536
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends a reset."""


class Proxy:
    """The process, as a test holds it; begins again on the same port."""

    def __init__(self, upstream: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._upstream = upstream
        self._running: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns once it listens; nothing if it runs."""
        if self._running is None:
            words = [sys.executable, "-m", "tests.support.proxy", str(self.port), str(self._upstream)]
            self._running = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
            self._answered("listening")

    def tell(self, word: Word) -> None:
        """Returns once it does so."""
        self.start()
        assert self._running and self._running.stdin
        self._running.stdin.write(f"{word}\n")
        self._answered(word)

    def kill(self) -> None:
        """Without a word."""
        if self._running is not None:
            os.kill(self._running.pid, signal.SIGKILL)
            self._running.communicate()
            self._running = None

    def _answered(self, word: str) -> None:
        assert self._running and self._running.stdout
        told = self._running.stdout.readline().strip()
        assert told == word, f"the proxy said {told!r} for {word!r}"


class _Carrier:
    """All that goes through; ``flows`` is set while anything may."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.word: Word = "pass"
        self.flows = asyncio.Event()
        self.flows.set()
        self.open: set[asyncio.StreamWriter] = set()

    def told(self, word: Word) -> None:
        self.word = word
        if word == "hold":
            self.flows.clear()
        else:
            self.flows.set()
        if word == "reset":
            for writer in [*self.open]:
                _reset(writer)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a browser, to its end."""
        self.open.add(writer)
        onward: asyncio.StreamWriter | None = None
        try:
            await self.flows.wait()
            if self.word == "reset":
                return _reset(writer)
            answers, onward = await asyncio.open_connection("127.0.0.1", self.upstream)
            self.open.add(onward)
            await asyncio.gather(self._pass(reader, onward), self._pass(answers, writer, answers=True))
        except OSError:  # the server is gone: so is the connection
            _reset(writer)
        finally:
            for each in (writer, onward):
                if each is not None:
                    self.open.discard(each)
                    each.close()

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        while chunk := await source.read(_CHUNK):
            await self.flows.wait()
            if answers and self.word == "half":
                target.write(chunk[:_FEW])
                await target.drain()
                return _reset(target)
            target.write(chunk)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
        return None


def _reset(writer: asyncio.StreamWriter) -> None:
    held: socket.socket | None = writer.get_extra_info("socket")
    if held is not None and held.fileno() >= 0:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def _serve(port: int, upstream: int) -> None:
    carrier = _Carrier(upstream)
    await asyncio.start_server(carrier.carry, "127.0.0.1", port)
    print("listening", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        word = _WORDS[line.strip()]
        carrier.told(word)
        print(word, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
