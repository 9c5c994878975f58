"""`prod.promote` and `prod.rollback`: gather, decide by the pure plan, carry out on the host."""

from __future__ import annotations

from ops import secrets, source
from ops.agent.plan import Plan, describe
from ops.environment import Environment, EnvironmentName, development, production
from ops.errors import OpsError, Refused, SettingsError
from ops.facts import Facts, Release
from ops.host.local import LocalHost
from ops.release import plan as plans
from ops.release.plan import Context
from ops.render import placed, render
from ops.target import Target, refuse_when_short_of_disk, utc_stamp, who


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
    refuse_when_short_of_disk(target, facts)
    release = Release(
        id=f"{utc_stamp()}-{commit.hash[:7]}",
        commit=commit.hash,
        image=plans.image_of(project.settings, commit.hash),
        who=context.who,
        subject=commit.subject,
        before=facts.states[EnvironmentName.PROD].current,
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
    plan = plans.rollback(context, release)
    if not _agreed(target, plan, f"Roll back to {release.id}?", dry_run, yes):
        return
    put_secrets(target, context, production(target.project.settings))
    target.carry_out(plan)
    target.console.say(f"production runs {release.id}: {release.subject}", "bold green")


def gather(target: Target) -> Context:
    """What a plan is made from: the rendered files, and what is on the host."""
    settings = target.project.settings
    files = placed(render(settings))
    secrets = {
        one.env_file: plans.sha256(target.project.secrets_bytes(one))
        for one in (production(settings), development(settings))
    }
    facts = target.facts([*files, *secrets])
    return Context(settings, target.layout, facts, files, secrets, who())


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


def put_secrets(target: Target, context: Context, environment: Environment) -> None:
    """Bring an environment's env file to the host (0600), when it differs there."""
    path = context.new_secrets(environment)
    if path:
        target.put(target.project.secrets_bytes(environment), path, mode=0o600)


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
    return bool(context.changed or context.new_secrets(prod))


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
