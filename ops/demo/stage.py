"""What the demo and the integration tests play on: a throwaway host, an app, settings for both."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.console import Console
from ops.demo import standins, throwaway
from ops.demo.app import DemoApp
from ops.demo.throwaway import Throwaway
from ops.envfile import encode
from ops.environment import production
from ops.host.local import LocalHost
from ops.project import Project, load_file
from ops.secrets_files import init
from ops.target import Target, target

if TYPE_CHECKING:
    pass

HOST = "demo"  # HOST_DEMO in the stage's settings
CA_FILE = "/etc/ssl/certs/ca-certificates.crt"  # on the throwaway host; as this machine's
EDGE_ROOT = "/data/caddy/pki/authorities/local/root.crt"


@dataclass(frozen=True)
class Stage:
    """A throwaway host that is ready, and everything to act on it."""

    folder: Path
    throwaway: Throwaway
    app: DemoApp
    project: Project
    target: Target

    @property
    def env_file(self) -> Path:
        """The stage's settings; with OPS_ENV_FILE, `inv` uses them."""
        return self.folder / ".env"

    def edge_root(self) -> Path:
        """The root certificate of the edge's own CA, as a file here."""
        caddy = production(self.project.settings).container("caddy")
        path = self.folder / "edge-root.pem"
        path.write_text(self.target.host.run(["docker", "exec", caddy, "cat", EDGE_ROOT]).stdout)
        return path


def raise_stage(folder: Path, *, name: str, console: Console, settings: dict[str, str]) -> Stage:
    """Start a throwaway host on this machine and give it images, an app, settings and secrets.

    settings override the stage's own. Raises OpsError when the host does not come up.
    """
    local = LocalHost()
    folder.mkdir(parents=True, exist_ok=True)
    host = throwaway.start(local, name=name, state=folder / "host", say=console.say)
    app = DemoApp(local, folder / "portal")
    app.create()
    written = {
        "HOST_DEMO": f"{host.user}@127.0.0.1:{host.ssh_port}",
        "SSH_KEY": str(host.key),
        "KNOWN_HOSTS": str(host.known_hosts),
        "APP_SOURCE": str(app.folder),
        "EDGE_TLS": "internal",
        "API_KEY": "sk-no-real-key-0123456789",
        "DRAIN_TIMEOUT": "3",
        "PROD_APP_CPUS": str(min(2, os.cpu_count() or 1)),
        "BUILD_CA_FILE": CA_FILE if Path(CA_FILE).exists() else "",
        **settings,
    }
    (folder / ".env").write_text(
        "".join(f"{key}={encode(value)}\n" for key, value in written.items()), "utf-8"
    )
    for old in (".env.prod", ".env.dev"):
        (folder / old).unlink(missing_ok=True)
    project = load_file(folder / ".env")
    init(project, console)
    at = target(project, HOST, console)
    wanted = {
        "postgres": project.settings.postgres_image,
        "redis": project.settings.redis_image,
        "caddy": project.settings.caddy_image,
        "node": project.settings.build_args.removeprefix("NODE_IMAGE="),
    }
    standins.ensure_images(at.host, wanted, console.say, standins=True)
    return Stage(folder, host, app, project, at)


def strike_stage(folder: Path, *, name: str, console: Console) -> None:
    """Remove a throwaway host and everything that belongs to it."""
    throwaway.down(LocalHost(), name=name, state=folder / "host", say=console.say)
    shutil.rmtree(folder, ignore_errors=True)
