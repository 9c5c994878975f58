"""Turns the chunks a running command prints into lines."""

from __future__ import annotations

import io

from ops.host.base import Line


class LineStream(io.TextIOBase):
    """A writable text stream that hands each whole line to a function."""

    def __init__(self, on_line: Line) -> None:
        self._on_line = on_line
        self._rest = ""

    def write(self, text: str) -> int:
        """Take a chunk; call the function for each line that is now complete."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._on_line(line.rstrip("\r"))
        return len(text)

    def finish(self) -> None:
        """Hand over a last line that did not end with a newline."""
        if self._rest:
            self._on_line(self._rest)
            self._rest = ""
