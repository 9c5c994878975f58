"""`inv secrets.*`: .env.prod and .env.dev."""

from __future__ import annotations

from invoke import Collection, Context

from ops.tasks import task


@task()
def init(c: Context) -> None:
    """Write what .env.prod and .env.dev lack; never replaces a value that is there."""
    from ops.console import Console
    from ops.project import load
    from ops.secrets_files import init

    init(load(), Console())


@task()
def check(c: Context) -> None:
    """Check both env files: production strictly, development as warnings."""
    from ops.console import Console
    from ops.project import load
    from ops.secrets_files import check

    check(load(), Console())


namespace = Collection("secrets", init, check)
