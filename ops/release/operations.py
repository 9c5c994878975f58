"""`prod.promote` and `prod.rollback`: gather, decide by the pure plan, carry out on the host."""

from __future__ import annotations

from ops import source
from ops.agent.plan import Plan, describe
from ops.environment import EnvironmentName, production
from ops.errors import OpsError, Refused
from ops.facts import Release
from ops.gather import gather, put_secrets
from ops.host.local import LocalHost
from ops.infrastructure import Context
from ops.release import plan as plans
from ops.release import slots
from ops.secrets_files import require_strong
from ops.target import Target, refuse_when_short_of_disk


def promote(target: Target, *, ref: str, dry_run: bool, yes: bool) -> None:
    """Put a commit into production with no failed request; say so when there is nothing to do.

    Raises SettingsError or Refused before anything was touched, OpsError when it failed and was
    taken back.
    """
    local, project = LocalHost(), target.project
    commit = source.commit(local, project.source, ref)
    require_strong(project)
    context = gather(target, production(project.settings))
    facts = context.facts
    current = _serving(context)
    if current and current.commit == commit.hash and not _outdated(target, context):
        target.console.say(
            f"nothing to do: {commit.hash[:7]} is what production runs ({current.id})"
        )
        return
    refuse_another_port(context)
    refuse_when_short_of_disk(target, facts)
    release = Release(
        id=f"{context.stamp}-{commit.hash[:7]}",
        commit=commit.hash,
        image=plans.image_of(project.settings, commit.hash),
        who=context.who,
        subject=commit.subject,
        before=current.id if current else "",
        port=project.settings.prod_app_port,
    )
    archive = str(context.scratch / "source.tar.gz")
    plan = plans.promote(context, release, archive)
    if not _agreed(target, plan, f"Promote {release.short} ({commit.subject})?", dry_run, yes):
        return
    put_secrets(target, context)
    if any(step.name == "build" for step in plan.steps):
        data = source.snapshot(local, project.source, commit)
        target.console.step(
            f"send the source of {release.short} ({len(data) / 2**20:.1f} MiB)",
            lambda: target.put(data, archive),
        )
    target.carry_out(plan)
    target.console.say(f"production runs {release.id}: {commit.subject}", "bold green")


def rollback(target: Target, *, to: str, dry_run: bool, yes: bool) -> None:
    """Put an earlier release back into production; to is its id, empty for the one before.

    Raises as promote does, and Refused when there is no such release or its image is gone.
    """
    require_strong(target.project)
    context = gather(target, production(target.project.settings))
    release = _earlier(context, to)
    if release.image not in context.facts.images:
        raise Refused(
            f"the image {release.image} of {release.id} is not on {target.host.name} any more",
            f"build it again: inv prod.promote --ref {release.short}{target.option}",
        )
    refuse_another_port(context)
    plan = plans.rollback(context, release)
    if not _agreed(target, plan, f"Roll back to {release.id}?", dry_run, yes):
        return
    put_secrets(target, context)
    target.carry_out(plan)
    target.console.say(f"production runs {release.id}: {release.subject}", "bold green")


def refuse_another_port(context: Context) -> None:
    """Raise Refused when the app's port is not the one that production serves from.

    The edge sends requests to both slots at one port, so the slot that serves could not be
    reached any more when the new configuration is loaded.
    """
    current, port = _serving(context), context.settings.prod_app_port
    if current and current.port != port:
        raise Refused(
            f"PROD_APP_PORT={port}, but production serves from port {current.port}",
            f"set PROD_APP_PORT={current.port}; it is only the port inside the containers",
        )


def _serving(context: Context) -> Release | None:
    """The release in the slot that serves, whatever a killed promote left written elsewhere."""
    state = context.facts.states[EnvironmentName.PROD]
    return state.release(slots.serving(context.facts, context.settings))


def _outdated(target: Target, context: Context) -> bool:
    """Whether the settings, the secrets or what runs differ from what production should be."""
    settings, facts = target.project.settings, context.facts
    prod = production(settings)
    live = facts.live_slot(settings)
    wanted = [prod.container(one) for one in ("db", "redis", "caddy")]
    if live is None or not all(map(facts.running, [*wanted, prod.container(f"app-{live}")])):
        return True
    return bool(context.changed or context.has_new_secrets)


def _earlier(context: Context, to: str) -> Release:
    state, current = context.facts.states[EnvironmentName.PROD], _serving(context)
    release = state.release(to or (current.before if current else ""))
    if release is None or release == current:
        what = f"no earlier release {to}" if to else "no release before the one that serves"
        raise Refused(f"{what} is kept", "see them: inv prod.releases")
    return release


def _agreed(target: Target, plan: Plan, question: str, dry_run: bool, yes: bool) -> bool:
    """Show the plan and stop there, or ask; True when it shall be carried out."""
    if dry_run:
        for step in plan.steps:
            target.console.say(f"- {step.title}", "bold")
            for action in step.actions:
                target.console.say(f"    {describe(action)}")
        target.console.say("nothing was done (--dry-run)")
        return False
    if not target.console.confirm(question, yes=yes):
        raise OpsError("not confirmed; nothing was done", "answer y, or say --yes")
    return True
