"""`inv prod.*`: the production environment."""

from __future__ import annotations

from invoke import Collection, Context

from ops.tasks import DRY_RUN, HOST, YES, target, task


@task(help={**HOST, **YES, **DRY_RUN, "ref": "The commit, branch or tag to promote."})
def promote(
    c: Context, host: str | None = None, ref: str = "HEAD", yes: bool = False, dry_run: bool = False
) -> None:
    """Put a commit into production, with no failed request."""
    from ops.release.operations import promote

    promote(target(host), ref=ref, dry_run=dry_run, yes=yes)


@task(help={**HOST, **YES, **DRY_RUN, "to": "A release id; by default the release before."})
def rollback(
    c: Context, host: str | None = None, to: str = "", yes: bool = False, dry_run: bool = False
) -> None:
    """Put an earlier release back into production, with no failed request."""
    from ops.release.operations import rollback

    rollback(target(host), to=to, dry_run=dry_run, yes=yes)


@task(help=HOST)
def releases(c: Context, host: str | None = None) -> None:
    """List the releases that are kept, the one that serves marked."""
    from ops.status import releases

    releases(target(host))


namespace = Collection("prod", promote, rollback, releases)
