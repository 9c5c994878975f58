"""Production and development as values: what each is called and where it lives. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from ops.settings import Settings


class EnvironmentName(StrEnum):
    """The two environments that share a host."""

    PROD = "prod"
    DEV = "dev"


class Slot(StrEnum):
    """The two places a production release can run in; one serves, one is idle."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> Slot:
        """The slot that is not this one."""
        return Slot.GREEN if self is Slot.BLUE else Slot.BLUE


@dataclass(frozen=True)
class Environment:
    """One environment's names and numbers, all of them derived from the settings."""

    name: EnvironmentName
    project: str
    domain: str
    app_port: int
    db_port: int
    redis_port: int
    node_env: str

    @property
    def network(self) -> str:
        """The Docker network that only this environment and the edge are on."""
        return f"{self.project}-{self.name}-network"

    @property
    def compose_project(self) -> str:
        """The name Compose groups this environment's containers under."""
        return f"{self.project}-{self.name}"

    @property
    def compose_file(self) -> str:
        """The Compose file, relative to the deploy folder."""
        return f"docker-compose.{self.name}.yml"

    @property
    def env_file(self) -> str:
        """The file of secrets, relative to the deploy folder; mode 0600."""
        return f".env.{self.name}"

    @property
    def caddyfile(self) -> str:
        """The site's Caddyfile, relative to the deploy folder's `edge/`."""
        return f"Caddyfile.{self.name}"

    def container(self, service: str) -> str:
        """The name of a service's container: `db`, `redis`, `app`, `app-blue`, `app-green`."""
        return f"{self.project}-{service}-{self.name}"

    def volume(self, service: str) -> str:
        """The name of a service's data volume."""
        return f"{self.project}-{service}-{self.name}-data"


def production(settings: Settings) -> Environment:
    """The production environment of these settings."""
    return Environment(
        EnvironmentName.PROD,
        settings.project_name,
        settings.prod_domain,
        settings.prod_app_port,
        settings.prod_db_port,
        settings.prod_redis_port,
        "production",
    )


def development(settings: Settings) -> Environment:
    """The development environment of these settings."""
    return Environment(
        EnvironmentName.DEV,
        settings.project_name,
        settings.dev_domain,
        settings.dev_app_port,
        settings.dev_db_port,
        settings.dev_redis_port,
        "development",
    )


@dataclass(frozen=True)
class Layout:
    """Where things are on a host; see "The files on the host" in the README."""

    deploy: PurePosixPath
    deployments: PurePosixPath

    @property
    def edge(self) -> PurePosixPath:
        """The only folder the edge mounts."""
        return self.deploy / "edge"

    @property
    def live(self) -> PurePosixPath:
        """The file that names the container production's requests go to."""
        return self.edge / "live" / "prod"

    @property
    def slots(self) -> PurePosixPath:
        """The file that says which image and release each slot runs; for Compose."""
        return self.deploy / "slots.env"

    def state(self, name: EnvironmentName) -> PurePosixPath:
        """Where an environment's releases, journal and lock are."""
        return self.deployments / ("production" if name is EnvironmentName.PROD else "development")

    @property
    def bin(self) -> PurePosixPath:
        """Where the agent is put."""
        return self.deployments / "bin"


def layout(settings: Settings, local_root: str | None) -> Layout:
    """The layout on a remote host, or under local_root (an absolute path) on this machine."""
    if local_root is None:
        return Layout(PurePosixPath(settings.deploy_dir), PurePosixPath(settings.deployments_dir))
    root = PurePosixPath(local_root)
    return Layout(root / settings.project_name, root / "deployments")
