"""`inv host.*`: the target underneath."""

from __future__ import annotations

from invoke import Collection, Context

from ops.tasks import HOST, YES, target, task


@task(help={**HOST, **YES})
def bootstrap(c: Context, host: str | None = None, yes: bool = False) -> None:
    """Install and start Docker with Compose v2 and buildx (Debian, Ubuntu, Amazon Linux 2023)."""
    from ops.bootstrap import ensure_engine

    at = target(host)
    ensure_engine(
        at.host, yes=yes, ask=lambda q: at.console.confirm(q, yes=False), say=at.console.say
    )


namespace = Collection("host", bootstrap)
