"""Argument lists for a throwaway EC2 host in a container. Pure.

All that is made carries LABEL=<name>, and is removed by that label. Images are made from
containers (`docker commit`) and archives (`docker import`), not by `docker build`, whose cache
entries on the user's own engine could not be told from others' afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ops.machine import Archive

Argv = list[str]

LABEL = "clean-portal-ops.throwaway"
OFFICIAL_BASE = "debian:trixie-slim"
BASE_IN_HOST = "clean-portal-ops-base:trixie"
RECIPE = "/root/recipe"

# Afterwards, at once: dpkg's own path-exclude took 6 s more.
SLIM = 'rm -rf "$1"/usr/share/man "$1"/usr/share/locale "$1"/usr/share/doc/*/changelog*'

# $1 the image, $2 the host's container, $3 what the image is called there
GIVE = """
docker save "$1" | docker exec -i "$2" sh -c '
  docker load -q && docker tag "$1" "$2" && docker rmi "$1"
' sh "$1" "$3"
"""

WAIT = """
left=600
until docker info >/dev/null 2>&1; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || { tail -n 8 /var/log/dockerd.log >&2; exit 1; }
  sleep 0.1
done
"""
CLEAN = """
docker ps -aq | xargs -r docker rm -f -v
docker volume ls -q | xargs -r docker volume rm -f
docker network prune -f
docker image prune -f
"""


def labelled(name: str) -> str:
    """The filter, and the label, of what belongs to a throwaway host."""
    return f"{LABEL}={name}"


def engine_volume(name: str) -> str:
    """The volume with the images and the build cache of the host's own engine."""
    return f"{name}-engine"


def base_image(name: str) -> str:
    """Our own Debian image, where the official one cannot be had."""
    return f"{name}-base:trixie"


def bootstrap_base(archive: Archive, tarball: str) -> Argv:
    """Make a minimal Debian 13 as a tar archive; needs root, 10 to 25 s."""
    options = [f"--keyring={archive.signed_by}"] if archive.signed_by else []
    if archive.address.startswith("https:"):
        options.append("--include=ca-certificates")
    return [
        "mmdebstrap", "--mode=root", "--variant=apt", '--aptopt=Acquire::Languages "none"',
        "--dpkgopt=force-unsafe-io", f"--customize-hook={SLIM}",
        *options, "trixie", tarball, archive.address,
    ]  # fmt: skip


def import_base(name: str, tarball: str) -> Argv:
    """Make our own Debian image from that archive."""
    return [
        "docker", "import", "--change", f"LABEL {labelled(name)}", "--change", 'CMD ["bash"]',
        tarball, base_image(name),
    ]  # fmt: skip


def create_builder(name: str, base: str) -> Argv:
    """A container that turns the base into the host's image when it is started."""
    return [
        "docker", "create", "--name", f"{name}-build", "--label", labelled(name),
        base, "sh", f"{RECIPE}/setup.sh",
    ]  # fmt: skip


def commit_builder(name: str, image: str) -> Argv:
    """Make the host's image from that container."""
    entry = json.dumps(["tini", "-g", "--", "throwaway-host"])
    return [
        "docker", "commit", "--change", f"ENTRYPOINT {entry}", "--change", "CMD []",
        f"{name}-build", image,
    ]  # fmt: skip


def create_host(name: str, image: str, ports: Sequence[int], public_key: str) -> Argv:
    """The host's container, not started; ports are those of loopback for 22, 80 and 443."""
    published = []
    for port, inner in zip(ports, (22, 80, 443), strict=True):
        published += ["--publish", f"127.0.0.1:{port}:{inner}"]
    return [
        "docker", "create", "--name", name, "--hostname", name, "--label", labelled(name),
        "--privileged", "--tmpfs", "/run", "--env", f"AUTHORIZED_KEY={public_key}",
        "--volume", f"{engine_volume(name)}:/var/lib/docker", *published, image,
    ]  # fmt: skip


def create_volume(name: str) -> Argv:
    """The engine's volume; done again it changes nothing."""
    return ["docker", "volume", "create", "--label", labelled(name), engine_volume(name)]


def inside(name: str, script: str, *values: str) -> Argv:
    """Run a shell script as root inside the host; values are its positional arguments."""
    return ["docker", "exec", name, "sh", "-c", script, "sh", *values]


def give_base(name: str, base: str) -> Argv:
    """Copy the Debian image from this engine to the host's own, for stand-ins to begin from."""
    return ["sh", "-c", GIVE, "sh", base, name, BASE_IN_HOST]


def list_owned(kind: str, name: str) -> Argv:
    """The ids of what carries the label; kind is container, volume, network or image."""
    every = ["--all"] if kind in ("container", "image") else []
    return ["docker", kind, "ls", "--quiet", *every, "--filter", f"label={labelled(name)}"]


def remove(kind: str, ids: Sequence[str]) -> Argv:
    """Remove things of one kind."""
    options = {"container": ["--force", "--volumes"], "image": ["--force"], "volume": ["--force"]}
    return ["docker", kind, "rm", *options.get(kind, []), *ids]


def generate_key(path: str, name: str) -> Argv:
    """Make an SSH key pair without a passphrase."""
    return ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]
