"""A throwaway EC2 host in a container: sshd, `ec2-user`, an engine of its own."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.bootstrap import look, root_prefix
from ops.commands import throwaway as commands
from ops.errors import OpsError
from ops.host.base import CommandFailed, Host

Say = Callable[[str], None]

USER = "ec2-user"
RECIPE = Path(__file__).parent / "images" / "ec2"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PULLED = "pulled-images"  # in the state folder: what was not here before and has no label
KINDS = ("container", "volume", "network", "image")


@dataclass(frozen=True)
class Throwaway:
    """A running throwaway host. The ports are on this machine's 127.0.0.1, and only there."""

    name: str
    container: str
    ssh_port: int
    http_port: int
    https_port: int
    key: Path
    known_hosts: Path
    user: str = USER

    @property
    def address(self) -> str:
        """The host as `HOST_<NAME>` of the settings is written."""
        return f"{self.user}@127.0.0.1:{self.ssh_port}"

    def connect(self) -> Host:
        """The host over SSH; the connection is opened at the first command."""
        from ops.host.ssh import Address, SshHost

        at = Address("127.0.0.1", self.user, self.ssh_port, self.key, self.known_hosts)
        return SshHost(self.name, at)


def start(local: Host, *, name: str, state: Path, say: Say) -> Throwaway:
    """Start a fresh host; one of that name that is there already is replaced.

    Its engine keeps the images and the build cache of the one before, nothing else. state is a
    folder for its keys. Raises OpsError when an image cannot be had or the host does not come up.
    """
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    _remove(local, "container", name)
    base, image = _ensure_images(local, name, state, say)
    public_key = _ensure_key(local, name, state)
    local.run(commands.create_volume(name))
    ssh, http, https = _boot(local, name, image, public_key)
    local.run(commands.inside(name, commands.WAIT + commands.CLEAN), timeout=120)
    _give_base(local, name, base)
    # Read through the engine, not over the network that it is to protect.
    host_key = local.run(commands.inside(name, "cat /etc/ssh/ssh_host_ed25519_key.pub")).stdout
    known_hosts = state / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{ssh} {' '.join(host_key.split()[:2])}\n")
    made = Throwaway(name, name, ssh, http, https, state / "key", known_hosts)
    _check(made)
    say(f"throwaway host {name}: {made.address}")
    return made


def reboot(local: Host, throwaway: Throwaway) -> None:
    """Cut the host off and start it again, and wait until SSH and the engine answer."""
    local.run(["docker", "restart", "--time", "1", throwaway.container], timeout=60)
    local.run(commands.inside(throwaway.container, commands.WAIT), timeout=120)
    _check(throwaway)


def down(local: Host, *, name: str, state: Path, say: Say) -> None:
    """Remove every trace of a host: containers, volumes, networks, images, the state folder.

    Nothing is in the build cache of this machine's engine: the images were not made by builds.
    Done again it does nothing.
    """
    for kind in KINDS:
        count = _remove(local, kind, name)
        if count:
            say(f"removed {count} {kind}{'s' if count > 1 else ''}")
    pulled = state / PULLED
    if pulled.exists():
        local.run(["docker", "image", "rm", *pulled.read_text().split()], check=False)
    if state.exists():
        shutil.rmtree(state)
        say(f"removed {state}")


def _ensure_images(local: Host, name: str, state: Path, say: Say) -> tuple[str, str]:
    """The names of the base image and of the host's image, both made when they are missing."""
    digest = hashlib.sha256()
    for path in sorted(RECIPE.iterdir()):
        digest.update(path.read_bytes())
    image = f"{name}-host:{digest.hexdigest()[:12]}"
    base = _ensure_base(local, name, state, say)
    if not _has(local, image):
        say("making the image of the throwaway host (about 40 s)")
        builder = f"{name}-build"
        local.run(commands.create_builder(name, base))
        local.run(["docker", "cp", f"{RECIPE}/.", f"{builder}:{commands.RECIPE}"])
        local.run(["docker", "start", "--attach", builder], timeout=600)
        local.run(commands.commit_builder(name, image), timeout=300)
        _remove(local, "container", name)
    return base, image


def _ensure_base(local: Host, name: str, state: Path, say: Say) -> str:
    """A Debian 13 image: here already, or pulled, or made from this machine's own archive."""
    own = commands.base_image(name)
    for image in (own, commands.OFFICIAL_BASE):
        if _has(local, image):
            return image
    pull = local.run(["docker", "pull", "--quiet", commands.OFFICIAL_BASE], check=False)
    if pull.ok:
        (state / PULLED).write_text(f"{commands.OFFICIAL_BASE}\n")
        return commands.OFFICIAL_BASE
    machine = look(local)
    if machine.os != "debian" or machine.archive is None:
        raise OpsError(
            f"{commands.OFFICIAL_BASE} cannot be pulled: {pull.stderr.strip()[-200:]}",
            "let this machine's Docker engine reach a registry (a proxy? a login?), then again",
        )
    say("no registry answers: making a Debian image from this machine's own archive (about 20 s)")
    tarball = state / "base.tar"
    make = commands.bootstrap_base(machine.archive, str(tarball))
    root = root_prefix(
        local,
        machine,
        what=f"{commands.OFFICIAL_BASE} cannot be pulled, and making one needs root",
        todo="run this as root, or as a user who may use sudo",
    )
    local.run([*root, *make], timeout=600)
    local.run(commands.import_base(name, str(tarball)), timeout=120)
    tarball.unlink()
    return own


def _ensure_key(local: Host, name: str, state: Path) -> str:
    """The public half of the key that opens the host."""
    key = state / "key"
    if not key.exists():
        local.run(commands.generate_key(str(key), name))
    return key.with_suffix(".pub").read_text().strip()


def _boot(local: Host, name: str, image: str, public_key: str) -> tuple[int, int, int]:
    """Start the container on free ports of loopback, which it returns."""
    for attempt in range(3):
        ports = _free_ports()
        local.run(commands.create_host(name, image, ports, public_key))
        if CA_BUNDLE.exists():
            # Where TLS is re-signed, what builds on the host have to trust is known here only.
            local.run(["docker", "cp", "--follow-link", str(CA_BUNDLE), f"{name}:{CA_BUNDLE}"])
        started = local.run(["docker", "start", name], check=False)
        if started.ok:
            return ports
        _remove(local, "container", name)
        taken = "port is already allocated" in started.stderr or "in use" in started.stderr
        if attempt == 2 or not taken:
            raise CommandFailed(local.name, ["docker", "start", name], started)
    raise AssertionError


def _free_ports() -> tuple[int, int, int]:
    sockets = [socket.socket() for _ in range(3)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ssh, http, https = (one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    return ssh, http, https


def _give_base(local: Host, name: str, base: str) -> None:
    present = commands.inside(name, 'docker image inspect "$1"', commands.BASE_IN_HOST)
    if not local.run(present, check=False).ok:
        local.run(commands.give_base(name, base), timeout=300)


def _check(throwaway: Throwaway) -> None:
    """See that ec2-user gets in over SSH and may use the engine."""
    host = throwaway.connect()
    try:
        host.run(["docker", "version"], timeout=30)
    finally:
        host.close()


def _has(local: Host, image: str) -> bool:
    return local.run(["docker", "image", "inspect", image], check=False).ok


def _remove(local: Host, kind: str, name: str) -> int:
    """Remove what carries the host's label; returns how many there were."""
    ids = list(dict.fromkeys(local.run(commands.list_owned(kind, name)).stdout.split()))
    if ids:
        local.run(commands.remove(kind, ids), timeout=300)
    return len(ids)
