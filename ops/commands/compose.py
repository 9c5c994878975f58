"""`docker compose` argument lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ops.environment import Environment, EnvironmentName, Layout, Slot

Argv = list[str]


def compose(environment: Environment, layout: Layout, *arguments: str) -> Argv:
    """Compose for an environment's file, with the files its variables come from."""
    files = ["--env-file", str(layout.deploy / environment.env_file)]
    if environment.name is EnvironmentName.PROD:
        files += ["--env-file", str(layout.slots)]
    return [*_compose(layout, environment.compose_file), *files, *arguments]


def edge(layout: Layout, *arguments: str) -> Argv:
    """Compose for the edge's file."""
    return [*_compose(layout, "docker-compose.edge.yml"), *arguments]


def _compose(layout: Layout, file: str) -> Argv:
    return [
        "docker", "compose", "--ansi", "never", "--progress", "plain",
        "-f", str(layout.deploy / file),
    ]  # fmt: skip


def up(*services: str, wait: int = 0) -> Sequence[str]:
    """`up` for some services, not those they depend on, left alone when they run already.

    wait is in seconds: until they are healthy; 0 does not wait.
    """
    waiting = ["--wait", "--wait-timeout", str(wait)] if wait else []
    return ["up", "-d", "--no-deps", "--no-recreate", *waiting, *services]


def slot_service(slot: Slot) -> str:
    """What a slot is called in the Compose file."""
    return f"app-{slot}"
