"""What a person sees: steps and their times, lines of output, tables. Plain without a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, SettingsError

if TYPE_CHECKING:
    from rich.console import Console as Rich
    from rich.status import Status


WIDE = 300  # columns where there is no terminal: a table is cut nowhere


class Console:
    """Shows things on standard output; a terminal also gets colour and a running clock.

    NO_COLOR is honoured (no-color.org), by rich.
    """

    def __init__(self) -> None:
        self._status: Status | None = None
        self._title = ""

    @cached_property
    def _rich(self) -> Rich:
        from rich.console import Console as Rich

        width = None if sys.stdout.isatty() else WIDE
        return Rich(highlight=False, soft_wrap=True, markup=False, width=width)

    @property
    def is_terminal(self) -> bool:
        """Whether a person can be asked something."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    def say(self, text: str, style: str = "") -> None:
        """Print a line."""
        self._rich.print(text, style=style or None)

    def warn(self, text: str) -> None:
        """Print a line that asks for attention."""
        self.say(f"warning: {text}", "yellow")

    def event(self, event: Mapping[str, Any]) -> None:
        """Show an event of a running plan."""
        kind = event["event"]
        if kind == "begin":
            self._begin(event["title"])
        elif kind == "line":
            self.say(f"    {event['text']}", "dim")
        elif kind == "warning":
            self.warn(event["text"])
        elif kind == "done":
            self._end()
            self.say(f"  done in {event['seconds']:.2f} s", "green")
        elif kind == "failed":
            self._end()
            self.say(f"  failed: {event['text']}", "red")
            self.say("  taking back what was begun")

    def step(self, title: str, work: Callable[[], Any]) -> Any:
        """Do a piece of work of this machine, shown like a step of a plan."""
        import time

        self._begin(title)
        begin = time.monotonic()
        try:
            result = work()
        finally:
            self._end()
        self.say(f"  done in {time.monotonic() - begin:.2f} s", "green")
        return result

    def _begin(self, title: str) -> None:
        self._end()
        self.say(f"- {title}", "bold")
        if self._rich.is_terminal:
            self._status = self._rich.status(title)
            self._status.start()

    def _end(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table; without a terminal it is as wide as it needs to be."""
        from rich import box
        from rich.table import Table

        table = Table(*columns, title=title, title_justify="left", box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(*row)
        self._rich.print(table)

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask a yes-or-no question; yes answers it beforehand.

        Raises SettingsError when there is nobody to ask.
        """
        if yes:
            return True
        if not self.is_terminal:
            raise SettingsError(
                f"{question} There is no terminal to ask at", "say yes beforehand with --yes"
            )
        self._end()
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")

    def error(self, error: OpsError) -> None:
        """Print an error, what and what to do, on standard error."""
        from rich.console import Console as Rich

        self._end()
        shown = Rich(stderr=True, highlight=False, soft_wrap=True, markup=False)
        shown.print(f"error: {error.what}", style="red")
        shown.print(f"  {error.todo}")
