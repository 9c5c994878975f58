"""`inv status`: both environments side by side."""

from __future__ import annotations

from invoke import Context

from ops.tasks import HOST, target, task


@task(help=HOST)
def status(c: Context, host: str | None = None) -> None:
    """Show both environments side by side."""
    from ops.status import status

    status(target(host))
