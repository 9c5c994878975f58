"""`dev.deploy`: what changed here goes to the host, and development serves it."""

from __future__ import annotations

from ops import source
from ops.dev import plan as plans
from ops.environment import EnvironmentName, development
from ops.errors import Refused
from ops.facts import State
from ops.gather import gather, put_secrets
from ops.host.local import LocalHost
from ops.secrets_files import warn_of_weak
from ops.source import Sources
from ops.target import Target, refuse_when_short_of_disk


def deploy(target: Target, *, overwrite: bool) -> None:
    """Bring the working files to the host and serve them at the dev domain.

    Files edited on the host since the last deploy are only replaced with overwrite. Raises
    SettingsError or Refused before anything was touched, OpsError when a step failed.
    """
    project, console = target.project, target.console
    sources = source.working_files(LocalHost(), project.source)
    context = gather(target, development(project.settings))
    state = context.facts.states[EnvironmentName.DEV]
    warn_of_weak(project, console)
    conflicts = edited_there(sources, state)
    if conflicts and not overwrite:
        raise Refused(
            f"edited on {target.host.name} since the last deploy: {', '.join(conflicts[:5])}"
            + (f" and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""),
            "bring those edits here first, or replace them with --overwrite",
        )
    refuse_when_short_of_disk(target, context.facts)
    for name in sources.left_out:
        console.say(f"left out: {name} (a secret, a link to elsewhere, or the toolkit's own name)")
    put_secrets(target, context)
    archive = _send(target, sources, state, str(context.scratch / "sources.tar.gz"))
    target.carry_out(plans.deploy(context, archive))
    domain = development(project.settings).domain
    console.say(f"development serves at https://{domain}", "bold green")


def edited_there(sources: Sources, state: State) -> list[str]:
    """Files edited on the host that are not what they are here, or are no more."""
    return [
        name for name, there in state.edited.items() if there and there != sources.files.get(name)
    ]


def outdated(sources: Sources, state: State) -> list[str]:
    """Files that the host lacks or holds in another state; what is only deleted is not in it."""
    there = {**state.managed, **state.edited}
    return [name for name, here in sources.files.items() if there.get(name) != here]


def _send(target: Target, sources: Sources, state: State, path: str) -> str:
    """Send what changed; the archive's path on the host, empty when nothing did."""
    names = outdated(sources, state)
    gone = set(state.managed) - set(sources.files)
    if not names and not gone:
        target.console.say("no file changed")
        return ""
    data = source.archive(sources, names)
    target.console.step(
        f"send {len(names)} changed files ({len(data) / 1024:.0f} KiB), {len(gone)} deletions",
        lambda: target.put(data, path),
    )
    return path
