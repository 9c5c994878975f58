"""What both environments stand on: rendered files, secrets, the edge, database and Redis. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ops.agent import plan as act
from ops.agent.plan import Step
from ops.commands import compose, docker
from ops.environment import Environment, EnvironmentName, Layout, development, production
from ops.facts import Facts
from ops.release.slots import Slots
from ops.settings import Settings

SERVICES_TIMEOUT = 120  # seconds for the databases and the edge to become healthy


@dataclass(frozen=True)
class Context:
    """What every step needs to know.

    files are the rendered ones: path below the deploy folder -> text. secrets are the env files
    of this machine: name -> SHA-256.
    """

    settings: Settings
    layout: Layout
    facts: Facts
    files: Mapping[str, str]
    secrets: Mapping[str, str]
    who: str

    def changed(self, environment: Environment) -> dict[str, str]:
        """The rendered files that are not on the host as an environment needs them.

        The other environment's own files are only in it when the host has none yet: a deploy to
        dev never changes what production runs by.
        """
        dev = development(self.settings)
        of_dev = {dev.compose_file, f"edge/{dev.caddyfile}"}
        return {
            name: text
            for name, text in self.files.items()
            if self.facts.hashes.get(name) != sha256(text.encode())
            and ((name in of_dev) == (environment == dev) or not self.facts.hashes.get(name))
        }

    def new_secrets(self, environment: Environment) -> str:
        """Where on the host an env file is brought that differs there; empty when none does."""
        name = environment.env_file
        if self.secrets[name] == self.facts.hashes.get(name):
            return ""
        return str(self.layout.state(environment.name) / "incoming" / name)


def sha256(data: bytes) -> str:
    """A SHA-256 in hexadecimal, as the agent tells that of a file."""
    return hashlib.sha256(data).hexdigest()


def infrastructure(context: Context, name: EnvironmentName) -> list[Step]:
    """What an environment stands on: rendered files, the edge, database and Redis.

    What runs is left alone; only what is missing is started.
    """
    settings, layout, facts = context.settings, context.layout, context.facts
    prod = production(settings)
    environment = prod if name is EnvironmentName.PROD else development(settings)
    caddy = prod.container("caddy")
    steps = [
        Step("pull", f"pull {setting.upper()}={image}", [act.run(docker.pull(image), quiet=True)])
        for setting in ("caddy_image", "postgres_image", "redis_image")
        if (image := getattr(settings, setting)) not in facts.images
    ]
    changed = context.changed(environment)
    if changed:
        steps.append(_files(context, environment, changed))
    if context.new_secrets(environment):
        steps.append(_secrets(context, environment))
    if not facts.running(caddy):
        wait = compose.up("caddy", wait=SERVICES_TIMEOUT)
        steps.append(Step("edge", "start the edge", [
            act.run(["mkdir", "-p", str(layout.live.parent)]),
            act.run(compose.edge(layout, *wait), quiet=True),
        ]))  # fmt: skip
    services = [one for one in ("db", "redis") if not facts.running(environment.container(one))]
    if services:
        wait = compose.up(*services, wait=SERVICES_TIMEOUT)
        # Compose reads it even where no slot is asked for.
        first = not facts.slots_text and name is EnvironmentName.PROD
        steps.append(Step("services", f"start {' and '.join(services)}", [
            *([act.write(layout.slots, Slots().text())] if first else []),
            act.run(compose.compose(environment, layout, *wait), quiet=True),
        ]))  # fmt: skip
    return steps


def _files(context: Context, environment: Environment, changed: Mapping[str, str]) -> Step:
    """Write the rendered files that changed; taken back, they are what they were."""
    layout = context.layout
    caddy = production(context.settings).container("caddy")
    before = layout.state(environment.name) / "replaced"
    edge = {path.removeprefix("edge/"): text for path, text in changed.items() if _is_edge(path)}
    return Step(
        "files",
        f"write {len(changed)} configuration files",
        [
            act.remove(before),
            act.keep(layout.deploy, sorted(changed), before),
            *(act.write(layout.deploy / path, text) for path, text in changed.items()
              if not _is_edge(path)),
            *([act.configure_edge(caddy, layout.edge, edge)] if edge else []),
        ],
        undo=[
            act.restore(layout.deploy, sorted(changed), before),
            *([act.configure_edge(caddy, layout.edge, {})] if edge else []),
        ],
    )  # fmt: skip


def _secrets(context: Context, environment: Environment) -> Step:
    """Put the new env file in its place; taken back, it is the old one."""
    layout, name = context.layout, environment.env_file
    before = layout.state(environment.name) / "replaced-secrets"
    return Step(
        "secrets",
        f"replace {name}",
        [
            act.remove(before),
            act.keep(layout.deploy, [name], before),
            act.install(context.new_secrets(environment), layout.deploy / name),
        ],
        undo=[act.restore(layout.deploy, [name], before)],
    )


def _is_edge(path: str) -> bool:
    return path.startswith("edge/")
