"""`prod.promote` and `prod.rollback`: gather, decide by the pure plan, carry out on the host."""

from __future__ import annotations

from ops import secrets, source
from ops.agent.plan import Plan, describe
from ops.environment import EnvironmentName, development, production
from ops.errors import OpsError, Refused, SettingsError
from ops.facts import Facts, Release
from ops.gather import gather, put_secrets
from ops.host.local import LocalHost
from ops.infrastructure import Context
from ops.release import plan as plans
from ops.target import Target, refuse_when_short_of_disk, utc_stamp


def promote(target: Target, *, ref: str, dry_run: bool, yes: bool) -> None:
    """Put a commit into production with no failed request; say so when there is nothing to do.

    Raises SettingsError or Refused before anything was touched, OpsError when it failed and was
    taken back.
    """
    local, project = LocalHost(), target.project
    commit = source.commit(local, project.source, ref)
    require_strong_secrets(target)
    context = gather(target)
    facts = context.facts
    current = _current(facts)
    if current and current.commit == commit.hash and not _outdated(target, context):
        target.console.say(
            f"nothing to do: {commit.hash[:7]} is what production runs ({current.id})"
        )
        return
    refuse_another_port(context)
    refuse_when_short_of_disk(target, facts)
    release = Release(
        id=f"{utc_stamp()}-{commit.hash[:7]}",
        commit=commit.hash,
        image=plans.image_of(project.settings, commit.hash),
        who=context.who,
        subject=commit.subject,
        before=facts.states[EnvironmentName.PROD].current,
        port=project.settings.prod_app_port,
    )
    incoming = target.layout.state(EnvironmentName.PROD) / "incoming"
    archive = str(incoming / f"{release.id}.tar.gz")
    plan = plans.promote(context, release, archive)
    if not _agreed(target, plan, f"Promote {release.short} ({commit.subject})?", dry_run, yes):
        return
    put_secrets(target, context, production(project.settings))
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
    require_strong_secrets(target)
    context = gather(target)
    release = _earlier(context.facts, to)
    if release.image not in context.facts.images:
        raise Refused(
            f"the image {release.image} of {release.id} is not on {target.host.name} any more",
            f"build it again: inv prod.promote --ref {release.short}{target.option}",
        )
    refuse_another_port(context)
    plan = plans.rollback(context, release)
    if not _agreed(target, plan, f"Roll back to {release.id}?", dry_run, yes):
        return
    put_secrets(target, context, production(target.project.settings))
    target.carry_out(plan)
    target.console.say(f"production runs {release.id}: {release.subject}", "bold green")


def refuse_another_port(context: Context) -> None:
    """Raise Refused when the app's port is not the one that production serves from.

    The edge sends requests to both slots at one port, so the slot that serves could not be
    reached any more when the new configuration is loaded.
    """
    current, port = _current(context.facts), context.settings.prod_app_port
    if current and current.port != port:
        raise Refused(
            f"PROD_APP_PORT={port}, but production serves from port {current.port}",
            f"set PROD_APP_PORT={current.port}; it is only the port inside the containers",
        )


def require_strong_secrets(target: Target) -> None:
    """Raise SettingsError when a production secret is missing or weak."""
    project = target.project
    prod, dev = production(project.settings), development(project.settings)
    project.secrets_bytes(prod)
    found = secrets.problems(project.settings, prod, project.secrets(prod), project.secrets(dev))
    if found:
        raise SettingsError(
            "production's secrets are not good enough:\n  - " + "\n  - ".join(found),
            f"correct {project.root / prod.env_file}",
        )


def _current(facts: Facts) -> Release | None:
    state = facts.states[EnvironmentName.PROD]
    return state.release(state.current)


def _outdated(target: Target, context: Context) -> bool:
    """Whether the settings, the secrets or what runs differ from what production should be."""
    settings, facts = target.project.settings, context.facts
    prod = production(settings)
    live = facts.live_slot(settings)
    wanted = [prod.container(one) for one in ("db", "redis", "caddy")]
    if live is None or not all(map(facts.running, [*wanted, prod.container(f"app-{live}")])):
        return True
    return bool(context.changed(prod) or context.new_secrets(prod))


def _earlier(facts: Facts, to: str) -> Release:
    state = facts.states[EnvironmentName.PROD]
    current = state.release(state.current)
    wanted = to or (current.before if current else "")
    release = state.release(wanted)
    if release is None or release.id == state.current:
        what = f"no earlier release {to}" if to else "no release before the current one"
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
