"""What every kind of host can do, and how a finished command is described."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ops.errors import OpsError

Line = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """A command that ended: its exit status and what it printed."""

    status: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the command ended with exit status 0."""
        return self.status == 0


class CommandFailed(OpsError):
    """A command ended with another exit status than 0."""

    def __init__(self, host: str, argv: Sequence[str], result: Result) -> None:
        self.result = result
        tail = (result.stderr.strip() or result.stdout.strip()).splitlines()[-12:]
        super().__init__(
            f"{argv[0]} ended with exit status {result.status} on {host}: {shlex.join(argv)[:300]}",
            "\n  ".join(tail) or "it printed nothing; run it by hand to see more",
        )


class Host(Protocol):
    """A machine the toolkit acts on. `local.py` and `ssh.py` are the two there are."""

    @property
    def name(self) -> str:
        """How messages call this host."""

    @property
    def is_local(self) -> bool:
        """Whether it is the machine the toolkit runs on."""

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        on_line: Line | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Run a command and wait for it.

        on_line gets each line of its standard output as it is printed, without the newline.
        timeout is in seconds. Raises CommandFailed when check is set and the command did not
        end with exit status 0, OpsError when the host cannot be reached or the time is up.
        """

    def put(self, source: Path | bytes, path: str, *, mode: int = 0o644) -> None:
        """Write a file on the host, whole or not at all (a rename), with exactly this mode."""

    def close(self) -> None:
        """Let go of the connection, if there is one."""
