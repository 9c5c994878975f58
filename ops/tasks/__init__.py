"""The command line: arguments in, one call, the result shown. Nothing is decided here.

What a task needs is imported inside it, so that `inv --list` loads Invoke and these files only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import invoke

if TYPE_CHECKING:
    from ops.errors import OpsError
    from ops.target import Target

HOST = {"host": "HOST_<NAME> of the settings or an SSH alias; without it: this target."}
YES = {"yes": "Do not ask."}
DRY_RUN = {"dry-run": "Print the steps and their commands, and do nothing."}


def task(**options: Any) -> Callable[[Callable[..., None]], Any]:
    """An Invoke task whose errors are shown in two lines and become the exit status."""

    def decorate(body: Callable[..., None]) -> Any:
        @functools.wraps(body)
        def run(*args: Any, **kwargs: Any) -> None:
            from ops.errors import OpsError

            try:
                body(*args, **kwargs)
            except OpsError as error:
                _show(error)
            except (OSError, EOFError) as error:  # a file, a folder, a question without an answer
                what = f"{type(error).__name__}: {error}".rstrip(": ")
                _show(OpsError(what, "correct that, then run it again"))
            except KeyboardInterrupt:
                raise SystemExit(130) from None

        return invoke.task(**options)(run)

    return decorate


def _show(error: OpsError) -> NoReturn:
    from ops.console import Console

    Console().error(error)
    raise SystemExit(error.status) from None


def target(host: str | None) -> Target:
    """The target that a task's --host names."""
    from ops.console import Console
    from ops.project import load
    from ops.target import target

    return target(load(), host, Console())
