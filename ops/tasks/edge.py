"""`inv edge.*`: the Caddy in front of both environments."""

from __future__ import annotations

from invoke import Collection, Context

from ops.tasks import HOST, YES, target, task


@task(help={**HOST, **YES})
def deploy(c: Context, host: str | None = None, yes: bool = False) -> None:
    """Start the edge, or give it a changed configuration without closing a stream."""
    from ops.edge import deploy

    deploy(target(host), yes=yes)


@task(help=HOST)
def status(c: Context, host: str | None = None) -> None:
    """Show the edge: its container, and the requests in flight to each upstream."""
    from ops.edge import status

    status(target(host))


namespace = Collection("edge", deploy, status)
