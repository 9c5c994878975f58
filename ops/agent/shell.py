"""The one place of the agent that starts processes."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from typing import Callable, Deque, Mapping, Optional, Sequence, Tuple

TAIL = 15  # lines kept for the message when a command fails


class Failed(Exception):
    """Something on the host went wrong: what, and what a person can do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


def run(
    argv: Sequence[str],
    *,
    on_line: Optional[Callable[[str], None]] = None,
    env: Optional[Mapping[str, str]] = None,
    stdin: Optional[str] = None,
) -> None:
    """Run a command; hand over each line it prints. Raises Failed with its last lines.

    When this process is told to stop meanwhile, the command is stopped before that goes on.
    """
    tail: Deque[str] = deque(maxlen=TAIL)
    source = open(stdin, "rb") if stdin else None
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=source or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
    except FileNotFoundError as error:
        raise Failed(
            "%s is not installed on the host" % argv[0], "run `inv host.bootstrap`"
        ) from error
    finally:
        if source:
            source.close()
    assert process.stdout is not None
    try:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            tail.append(line)
            if on_line:
                on_line(line)
        status = process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    if status != 0:
        raise Failed(
            "`%s` ended with exit status %d" % (" ".join(argv)[:200], status),
            "\n".join(line for line in tail if line.strip()) or "it printed nothing",
        )


def output(argv: Sequence[str], timeout: float = 30, errors: bool = False) -> Tuple[int, str]:
    """Exit status and standard output of a short command; 127 when it cannot be run.

    timeout is in seconds; a command that takes longer answers 124. With errors, or when the
    command fails, its standard error is part of the answer.
    """
    try:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors else subprocess.PIPE,
            timeout=timeout,
        )
    except (FileNotFoundError, PermissionError):
        return 127, ""
    except subprocess.TimeoutExpired:
        return 124, ""
    text = done.stdout if done.returncode == 0 else done.stdout + (done.stderr or b"")
    return done.returncode, text.decode("utf-8", "replace")
