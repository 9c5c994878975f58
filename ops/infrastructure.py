"""What both environments stand on: rendered files, secrets, the edge, database and Redis. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

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

    environment is the one that is acted on. files are the rendered ones: path below the deploy
    folder -> text. secrets is the SHA-256 of this machine's env file. stamp is the time, for
    names that are used once.
    """

    settings: Settings
    environment: Environment
    layout: Layout
    facts: Facts
    files: Mapping[str, str]
    secrets: str
    who: str
    stamp: str

    @property
    def state(self) -> PurePosixPath:
        """The environment's folder on the host: releases, journal, lock."""
        return self.layout.state(self.environment.name)

    @property
    def scratch(self) -> PurePosixPath:
        """A folder on the host for this one command."""
        return self.state / "work" / self.stamp

    @property
    def changed(self) -> dict[str, str]:
        """The rendered files that are not on the host as the environment needs them.

        The other environment's own files are only in it when the host has none yet: a deploy to
        dev never changes what production runs by.
        """
        dev = development(self.settings)
        of_dev = {dev.compose_file, f"edge/{dev.caddyfile}"}
        return {
            name: text
            for name, text in self.files.items()
            if self.facts.hashes.get(name) != sha256(text.encode())
            and ((name in of_dev) == (self.environment == dev) or not self.facts.hashes.get(name))
        }

    @property
    def has_new_secrets(self) -> bool:
        """Whether the host's env file is another than this machine's."""
        return self.secrets != self.facts.hashes.get(self.environment.env_file)

    @property
    def caddy(self) -> str:
        """The edge's container."""
        return production(self.settings).container("caddy")


def sha256(data: bytes) -> str:
    """A SHA-256 in hexadecimal, as the agent tells that of a file."""
    return hashlib.sha256(data).hexdigest()


def infrastructure(context: Context) -> list[Step]:
    """What an environment stands on: rendered files, the edge, database and Redis.

    What runs is left alone; only what is missing is started. The edge's own files are not in it
    when the edge runs: see `edge_files`.
    """
    layout, facts, environment = context.layout, context.facts, context.environment
    steps = [*_pull(context)]
    others = {path: text for path, text in context.changed.items() if not _is_edge(path)}
    if others:
        steps.append(
            Step(
                "files",
                f"write {len(others)} Compose files",
                [
                    act.keep(layout.deploy, sorted(others), context.scratch / "files"),
                    *(act.write(layout.deploy / path, text) for path, text in others.items()),
                ],
                undo=[act.restore(layout.deploy, sorted(others), context.scratch / "files")],
            )
        )
    if context.has_new_secrets:
        steps.append(_secrets(context))
    if not facts.running(context.caddy):
        wait = compose.up("caddy", wait=SERVICES_TIMEOUT)
        steps += edge_files(context)
        steps.append(Step("edge", "start the edge", [
            act.run(["mkdir", "-p", str(layout.live.parent)]),
            act.run(compose.edge(layout, *wait), quiet=True),
        ]))  # fmt: skip
    services = [one for one in ("db", "redis") if not facts.running(environment.container(one))]
    if services:
        wait = compose.up(*services, wait=SERVICES_TIMEOUT)
        # Compose reads it even where no slot is asked for.
        first = not facts.slots_text and environment.name is EnvironmentName.PROD
        steps.append(Step("services", f"start {' and '.join(services)}", [
            *([act.write(layout.slots, Slots().text())] if first else []),
            act.run(compose.compose(environment, layout, *wait), quiet=True),
        ]))  # fmt: skip
    return steps


def edge_files(context: Context) -> list[Step]:
    """Give the edge its changed configuration; nothing when it has it.

    A promote does this as late as it can, for from then on the edge serves by the new one.
    """
    edge = {
        path.removeprefix("edge/"): text for path, text in context.changed.items() if _is_edge(path)
    }
    if not edge:
        return []
    folder, before = context.layout.edge, context.scratch / "edge"
    return [
        Step(
            "edge-files",
            f"give the edge {len(edge)} changed files",
            [
                act.keep(folder, sorted(edge), before),
                act.configure_edge(context.caddy, folder, edge),
            ],
            undo=[
                act.restore(folder, sorted(edge), before),
                act.configure_edge(context.caddy, folder, {}),
            ],
        )
    ]


def compare_running(context: Context) -> Step:
    """Tell which of the containers that are never recreated unasked run with older settings."""
    prod, layout = production(context.settings), context.layout
    ask = ("config", "--hash", "*")
    return Step("compare", "compare what runs with its settings", [
        act.compare_running(compose.edge(layout, *ask), {"caddy": context.caddy}),
        act.compare_running(
            compose.compose(prod, layout, *ask),
            {service: prod.container(service) for service in ("db", "redis")},
        ),
    ])  # fmt: skip


def _pull(context: Context) -> list[Step]:
    return [
        Step("pull", f"pull {setting.upper()}={image}", [act.run(docker.pull(image), quiet=True)])
        for setting in ("caddy_image", "postgres_image", "redis_image")
        if (image := getattr(context.settings, setting)) not in context.facts.images
    ]


def _secrets(context: Context) -> Step:
    """Put the new env file in its place; taken back, it is the old one."""
    deploy, name = context.layout.deploy, context.environment.env_file
    before = context.scratch / "secrets"
    return Step(
        "secrets",
        f"replace {name}",
        [
            act.keep(deploy, [name], before),
            act.install(context.scratch / name, deploy / name),
        ],
        undo=[act.restore(deploy, [name], before)],
    )


def _is_edge(path: str) -> bool:
    return path.startswith("edge/")
