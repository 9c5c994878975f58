"""What happened on this host: one JSON line for each step begun and ended; and the lock."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any, Dict, List

Entry = Dict[str, Any]


def now() -> str:
    """The time in UTC, as ISO 8601 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Journal:
    """An append-only file of JSON lines; each is on the disk before `add` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, entry: Entry) -> None:
        """Append one entry, with the time. Raises OSError when the disk is full."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"time": now(), **entry}, ensure_ascii=False) + "\n"
        with open(self._path, "ab") as file:
            file.write(line.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())

    def last(self, count: int) -> List[Entry]:
        """The last entries, oldest first; a line cut short by a crash is passed over."""
        try:
            lines = self._path.read_bytes().splitlines()[-count:]
        except OSError:
            return []
        entries = []
        for line in lines:
            try:
                entry = json.loads(line.decode("utf-8"))
            except ValueError:
                continue
            if isinstance(entry, dict):
                entries.append(entry)
        return entries


# Seconds: who only looks (`holder`) has the lock for an instant, too.
PATIENCE = 0.5


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Lock:
    """One holder at a time for an environment of this host.

    The kernel keeps it (flock), so it is taken in one instant, and gone with the process that
    held it, whether that ended, was killed or the host was rebooted. The file names the holder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "holder.json"
        self._file: IO[str] | None = None

    def acquire(self, holder: Entry) -> Entry:
        """Take the lock; empty when it is ours now, else who holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = open(self._path, "a+", encoding="utf-8")
        end = time.monotonic() + PATIENCE
        while not _try_lock(file, fcntl.LOCK_EX):
            holder = self.holder()
            if holder or time.monotonic() > end:
                file.close()
                return holder or {"who": "somebody"}
            time.sleep(0.01)
        file.truncate(0)
        file.write(json.dumps({**holder, "since": now()}))
        file.flush()
        self._file = file
        return {}

    def release(self) -> None:
        """Give the lock back."""
        if self._file:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def holder(self) -> Entry:
        """Who holds the lock now; empty when nobody does."""
        try:
            with open(self._path, "r+", encoding="utf-8") as file:
                if _try_lock(file, fcntl.LOCK_SH):
                    return {}
                value = json.loads(file.read() or "{}")
                return value if isinstance(value, dict) else {}
        except (OSError, ValueError):
            return {}
