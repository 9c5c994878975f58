"""This machine, through an Invoke context."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path

from invoke import Context
from invoke.exceptions import CommandTimedOut

from ops.errors import OpsError
from ops.host.base import CommandFailed, Line, Result
from ops.host.streams import LineStream


class LocalHost:
    """The machine the toolkit runs on."""

    name = "this machine"
    is_local = True

    def __init__(self) -> None:
        self._context = Context()

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        on_line: Line | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Run a command here; see Host.run."""
        stream = LineStream(on_line) if on_line else None
        try:
            done = self._context.run(
                shlex.join(argv),
                hide="stderr" if stream else True,
                out_stream=stream,
                warn=True,
                in_stream=False,
                timeout=timeout,
                encoding="utf-8",
            )
        except CommandTimedOut as error:
            raise OpsError(
                f"{argv[0]} did not end within {timeout:g} s on {self.name}",
                f"run it by hand to see why: {shlex.join(argv)[:300]}",
            ) from error
        if stream:
            stream.finish()
        assert done is not None
        result = Result(done.return_code, done.stdout, done.stderr)
        if check and not result.ok:
            raise CommandFailed(self.name, argv, result)
        return result

    def put(self, source: Path | bytes, path: str, *, mode: int = 0o644) -> None:
        """Write a file here; see Host.put."""
        data = source if isinstance(source, bytes) else source.read_bytes()
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).chmod(mode)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Nothing is open here."""
