"""`inv dev.*`: the development environment."""

from __future__ import annotations

from invoke import Collection, Context

from ops.tasks import HOST, target, task


@task(help={**HOST, "overwrite": "Replace files that were edited on the host."})
def deploy(c: Context, host: str | None = None, overwrite: bool = False) -> None:
    """Bring what changed here to dev, start it with hot reload, verify it through the edge."""
    from ops.dev.operations import deploy

    deploy(target(host), overwrite=overwrite)


namespace = Collection("dev", deploy)
