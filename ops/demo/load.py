"""A steady load on production, from a process of its own, on this machine's loopback only.

Open loop: a request is sent when it is due, whether or not the ones before were answered, and its
time counts from when it was due. Nothing is retried.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ops.demo.report import Record, Stream
from ops.errors import OpsError, SettingsError

if TYPE_CHECKING:
    import aiohttp

MAX_RATE = 400  # requests per second that this generator keeps up with beside an app on two cores
MAX_SECONDS = 900.0  # a load ends by itself, whatever becomes of who started it
ANSWER_IN = 30.0  # seconds
# As a proxy in front would: a request that finds all of them busy waits, and its time counts.
# Without a limit, one slow second begins a storm of TLS handshakes that two cores never catch up.
CONNECTIONS = 64


@dataclass(frozen=True)
class Aim:
    """Where the load goes: a port of 127.0.0.1 that serves a domain over TLS. rate per second."""

    domain: str
    port: int
    ca_file: str
    rate: int
    streams: int = 1


# Of every forty requests: four slow, four writes, four on a connection of their own.
MIX = (
    *("version", "new", "version", "slow", "version", "write", "version", "health"),
    *("version", "new", "version", "slow", "version", "write", "version", "version"),
    *("version", "new", "version", "slow", "version", "write", "version", "page"),
    *("version", "new", "version", "slow", "version", "write", "version", "version"),
    *("version", "health", "version", "version", "version", "version", "version", "version"),
)
PATHS = {
    "page": "/",
    "health": "/api/health",
    "version": "/version",
    "new": "/version",
    "slow": "/api/slow?ms=500",
    "write": "/api/notes",
}


class Load:
    """A load that runs between `start` and `stop`."""

    def __init__(self, aim: Aim) -> None:
        if not 1 <= aim.rate <= MAX_RATE:
            raise SettingsError(
                f"--rate {aim.rate} is not possible", f"choose 1 to {MAX_RATE} requests per second"
            )
        self._aim = aim
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self.records: list[Record] = []
        self.streams: list[Stream] = []

    def start(self) -> None:
        """Begin; returns when the first request was answered.

        Raises OpsError when none is within ten seconds.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ops.demo.load", json.dumps(asdict(self._aim))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        end = time.monotonic() + 10
        while not self.records:
            if time.monotonic() > end or self._process.poll() is not None:
                self.stop()
                raise OpsError("the load generator gets no answer", "see what it printed above")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, waiting for the requests in flight; `records` and `streams` are then whole."""
        if self._process is None or self._process.stdin is None or self._reader is None:
            return
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._reader.join(ANSWER_IN + 10)
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            values = json.loads(line)
            if "events" in values:
                self.streams.append(Stream(**values))
            else:
                self.records.append(Record(**values))


class _Generator:
    def __init__(self, aim: Aim) -> None:
        self._aim = aim
        self._url = f"https://{aim.domain}:{aim.port}"
        self._stopping = asyncio.Event()
        self._tag = f"load-{time.time_ns()}"

    async def run(self) -> None:
        """Send until standard input is closed or the time is up, then wait for what is due."""
        import aiohttp

        context = ssl.create_default_context(cafile=self._aim.ca_file)
        loop = asyncio.get_running_loop()
        threading.Thread(target=_wait_for_end, args=(loop, self._stopping), daemon=True).start()
        options: dict[str, Any] = {
            "ssl": context,
            "limit": CONNECTIONS,
            "resolver": _loopback(),
        }
        timeout = aiohttp.ClientTimeout(total=ANSWER_IN)
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(**options), timeout=timeout
            ) as kept,
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, **options), timeout=timeout
            ) as fresh,
        ):
            # aiohttp would silently send a GET again when a kept connection turns out closed.
            kept._retry_connection = fresh._retry_connection = False
            streams = [asyncio.create_task(self._stream(kept)) for _ in range(self._aim.streams)]
            await self._send_all(kept, fresh)
            await asyncio.gather(*streams)

    async def _send_all(self, kept: aiohttp.ClientSession, fresh: aiohttp.ClientSession) -> None:
        begin, number = time.monotonic(), 0
        sent: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set() and time.monotonic() - begin < MAX_SECONDS:
            due = begin + number / self._aim.rate
            wait = due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            kind = MIX[number % len(MIX)]
            session = fresh if kind == "new" else kept
            task = asyncio.create_task(self._request(session, kind, due, number))
            sent.add(task)
            task.add_done_callback(sent.discard)
            number += 1
        self._stopping.set()
        if sent:
            await asyncio.wait(sent)

    async def _request(
        self, session: aiohttp.ClientSession, kind: str, due: float, number: int
    ) -> None:
        status, error, release = 0, "", ""
        method = "POST" if kind == "write" else "GET"
        note = {"title": f"{self._tag}-{number}", "body": self._tag} if kind == "write" else None
        try:
            async with session.request(method, self._url + PATHS[kind], json=note) as answer:
                body = await answer.read()
                status = answer.status
                if status >= 400:
                    error = f"status {status}"
                elif kind in ("health", "version", "new"):
                    release = str(json.loads(body).get("release", ""))
        except Exception as problem:  # whatever went wrong is what is measured
            error = type(problem).__name__
        _tell(Record(kind, due, time.monotonic() - due, status, error, release))

    async def _stream(self, session: aiohttp.ClientSession) -> None:
        """Keep one event stream open, opening it anew whenever it ends."""
        import aiohttp

        while not self._stopping.is_set():
            begin, events, announced = time.monotonic(), 0, False
            with suppress(Exception):
                no_limit = aiohttp.ClientTimeout(total=None)
                async with session.get(self._url + "/api/events", timeout=no_limit) as answer:
                    async for line in answer.content:
                        events += line.startswith(b"event:")
                        announced |= line.startswith(b"event: shutdown")
                        if self._stopping.is_set():
                            announced = True
                            break
            seconds = time.monotonic() - begin
            _tell(Stream(begin, seconds, events, not announced and not self._stopping.is_set()))
            await asyncio.sleep(0.05)


def _tell(what: Record | Stream) -> None:
    print(json.dumps(asdict(what)), flush=True)


def _wait_for_end(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    sys.stdin.read()  # ends when the other side closes it, or is gone
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(stopping.set)


def _loopback() -> aiohttp.abc.AbstractResolver:
    """Every name is 127.0.0.1: a load never leaves this machine."""
    import socket

    from aiohttp.abc import AbstractResolver, ResolveResult

    class Loopback(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            return [ResolveResult(hostname=host, host="127.0.0.1", port=port,
                                  family=socket.AF_INET, proto=0, flags=0)]  # fmt: skip

        async def close(self) -> None:
            pass

    return Loopback()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_Generator(Aim(**json.loads(sys.argv[1]))).run())
