"""What is on a host now, as values: the question that is asked, and the answer parsed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.environment import EnvironmentName, Layout, Slot, production
from ops.settings import Settings


@dataclass(frozen=True)
class Container:
    """A container of the project. health is empty when it has no health check."""

    name: str
    status: str
    health: str
    started: str
    image: str
    image_id: str
    restarts: int

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.status == "running"


@dataclass(frozen=True)
class Release:
    """A release as its release.json tells.

    commit is the full hash; before is the release that served when this one was promoted; port
    is the app's inside its container.
    """

    id: str
    commit: str
    image: str
    who: str
    subject: str = ""
    before: str = ""
    port: int = 0

    @property
    def short(self) -> str:
        """The commit as people write it."""
        return self.commit[:7]


@dataclass(frozen=True)
class State:
    """One environment's folder on the host.

    managed are the files that were brought there, with their SHA-256 as it was then; edited are
    those that hold something else now, with what they hold ("" when gone).
    """

    releases: tuple[Release, ...] = ()
    current: str = ""
    holder: Mapping[str, Any] = field(default_factory=dict)
    journal: tuple[Mapping[str, Any], ...] = ()
    managed: Mapping[str, str] = field(default_factory=dict)
    edited: Mapping[str, str] = field(default_factory=dict)

    def release(self, release_id: str) -> Release | None:
        """The release with this id, if its record is still kept."""
        return next((one for one in self.releases if one.id == release_id), None)


@dataclass(frozen=True)
class Facts:
    """Everything that a plan is made from. Sizes in MiB."""

    engine: str
    compose: str
    containers: Mapping[str, Container]
    images: frozenset[str]
    live_text: str
    slots_text: str
    hashes: Mapping[str, str]
    states: Mapping[EnvironmentName, State]
    free_mib: int
    cpus: int
    memory_mib: int
    owner: str

    def running(self, container: str) -> bool:
        """Whether the container is there and runs."""
        return container in self.containers and self.containers[container].running

    def live_slot(self, settings: Settings) -> Slot | None:
        """The slot that serves production, or None before the first promote."""
        prod = production(settings)
        for slot in Slot:
            if self.live_text.strip() == prod.container(f"app-{slot}"):
                return slot
        return None


def query(settings: Settings, layout: Layout, hashes: Iterable[str]) -> dict[str, Any]:
    """The question for the agent; hashes are files below the deploy folder."""
    return {
        "project": settings.project_name,
        "deploy": str(layout.deploy),
        "live": str(layout.live),
        "slots": str(layout.slots),
        "hashes": sorted(hashes),
        "images": [settings.postgres_image, settings.redis_image, settings.caddy_image],
        "states": {str(name): str(layout.state(name)) for name in EnvironmentName},
    }


def parse(answer: Mapping[str, Any]) -> Facts:
    """The agent's answer as a value."""
    return Facts(
        engine=answer["engine"],
        compose=answer["compose"],
        containers={
            name: Container(name, *(one[key] for key in (
                "status", "health", "started", "image", "image_id", "restarts")))
            for name, one in answer["containers"].items()
        },
        images=frozenset(answer["images"]),
        live_text=answer["texts"]["live"],
        slots_text=answer["texts"]["slots"],
        hashes=answer["hashes"],
        states={EnvironmentName(name): _state(one) for name, one in answer["states"].items()},
        free_mib=answer["free_mib"],
        cpus=answer["cpus"],
        memory_mib=answer["memory_mib"],
        owner=answer["owner"],
    )  # fmt: skip


def _state(answer: Mapping[str, Any]) -> State:
    return State(
        releases=tuple(
            Release(**{key: one[key] for key in Release.__dataclass_fields__ if key in one})
            for one in answer["releases"]
        ),
        current=answer["current"],
        holder=answer["holder"],
        journal=tuple(answer["journal"]),
        managed=answer["managed"],
        edited=answer["edited"],
    )
