"""Argument lists that install and start a Docker engine, for each system that is known. Pure.

They are to be run as root, in their order.
"""

from __future__ import annotations

from dataclasses import dataclass

from ops.errors import OpsError
from ops.machine import Machine

Argv = list[str]

# Debian 12's own engine cannot run privileged containers everywhere, and has no Compose v2.
# These four come from Debian 13; everything else, libc above all, stays as it is.
FROM_TRIXIE = ("docker.io", "docker-cli", "docker-compose", "docker-buildx")
TRIXIE_LIST = "/etc/apt/sources.list.d/clean-portal-ops-trixie.list"
TRIXIE_PIN = "/etc/apt/preferences.d/clean-portal-ops-trixie"

# Amazon Linux 2023 packages the engine and buildx 0.12, not Compose v2 (amazon-linux-2023 issue
# 186). Compose 2.40 wants a newer buildx (issue 1032 there), 2.39 does not. The checksums are
# those in docker-library/docker's Dockerfiles.
COMPOSE = "https://github.com/docker/compose/releases/download/v2.39.4/docker-compose-linux-{arch}"
COMPOSE_SHA256 = {
    "x86_64": "7af95166a730b87e172d4fc9aefea8725d3c6c7327d59149267b452114ddb7d4",
    "aarch64": "49082844b87f03cdcd5f5bbef1ba8c9c897b7a2dfb80cea18d61ec8ca6117e0c",
}
COMPOSE_PLUGIN = "/usr/local/lib/docker/cli-plugins/docker-compose"

DOCKERD_LOG = "/var/log/dockerd.log"

WRITE = 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1" && chmod 644 "$1"'
FETCH = (
    'mkdir -p "$(dirname "$1")" && curl -fsSL --retry 3 -o "$1.part" "$2" && '
    'echo "$3  $1.part" | sha256sum -c - && chmod 755 "$1.part" && mv "$1.part" "$1"'
)
# A pid file left by a crash, whose number another process (or a zombie) has, keeps dockerd from
# starting.
START = """
PATH=$PATH:/usr/sbin:/sbin
for file in /var/run/docker.pid /run/docker/containerd/containerd.pid; do
  case $(readlink "/proc/$(cat "$file" 2>/dev/null)/exe") in
    */dockerd* | */containerd*) ;;
    *) rm -f "$file" ;;
  esac
done
setsid dockerd >> "$1" 2>&1 < /dev/null &
"""


@dataclass(frozen=True)
class Step:
    """One command, what it does in words, and a simpler form of it for a person to type."""

    title: str
    argv: Argv
    by_hand: str = ""


def install(machine: Machine, *, demo: bool) -> list[Step]:
    """What installs everything that is missing: the engine's parts, python3, tar.

    demo adds what the machine needs that runs the demo: mmdebstrap, ssh-keygen. Raises OpsError
    when this system is not one that is known.
    """
    names = tools(machine, demo=demo)
    if _complete(machine) and not names:
        return []
    if machine.os == "debian" and machine.version == "12":
        return _bookworm(machine, names)
    if machine.os == "debian":
        return _apt(machine, [*FROM_TRIXIE, "iptables"], names)
    if machine.os == "ubuntu":
        return _apt(machine, ["docker.io", "docker-compose-v2", "docker-buildx"], names)
    if machine.os == "amzn" and machine.version == "2023":
        return _amazon(machine, names)
    system = f"{machine.os} {machine.version}".strip() or machine.kernel
    raise OpsError(
        f"a Docker engine is missing, and how to install it on {system} is not known here",
        "install Docker with Compose v2 and buildx as its makers say, start it, run this again",
    )


def tools(machine: Machine, *, demo: bool) -> list[str]:
    """The packages, besides the engine, that are missing."""
    names = []
    if machine.python < (3, 9):
        names.append("python3")
    if "tar" not in machine.tools:
        names.append("tar")
    if demo and "ssh-keygen" not in machine.tools:
        names.append("openssh-clients" if machine.os == "amzn" else "openssh-client")
    if demo and machine.os == "debian" and "mmdebstrap" not in machine.tools:
        names.append("mmdebstrap")
    return names


def start(machine: Machine) -> Step:
    """Start the engine that is installed; the call does not wait until it answers."""
    if machine.systemd:
        return Step("start the engine", ["systemctl", "enable", "--now", "docker"])
    by_hand = f"sh -c 'dockerd >> {DOCKERD_LOG} 2>&1 &'"
    return Step("start the engine", ["sh", "-c", START, "sh", DOCKERD_LOG], by_hand)


def read_log(machine: Machine) -> Argv:
    """The last words of the engine."""
    if machine.systemd:
        return ["journalctl", "--unit", "docker", "--lines", "8", "--no-pager", "--output", "cat"]
    return ["tail", "-n", "8", DOCKERD_LOG]


def join_group(user: str) -> Step:
    """Let a user use the engine, which is as good as root, from their next session on."""
    argv = ["usermod", "--append", "--groups", "docker", user]
    return Step(f"let {user} use the engine (group docker)", argv)


def _bookworm(machine: Machine, names: list[str]) -> list[Step]:
    if _complete(machine) or machine.docker_ce:
        return _apt(machine, [], names)
    archive = machine.archive
    if archive is None:
        raise OpsError(
            "this machine's apt sources name no Debian archive to take the engine from",
            "add one to /etc/apt/sources.list, or install Docker with Compose v2 and buildx",
        )
    option = f" [signed-by={archive.signed_by}]" if archive.signed_by else ""
    pin = (
        "Package: *\nPin: release n=trixie\nPin-Priority: -1\n\n"
        f"Package: {' '.join(FROM_TRIXIE)}\nPin: release n=trixie\nPin-Priority: 990\n"
    )
    return [
        _write("take nothing from Debian 13 but the engine", TRIXIE_PIN, pin),
        _write("add Debian 13", TRIXIE_LIST, f"deb{option} {archive.address} trixie main\n"),
        *_apt(machine, [*FROM_TRIXIE, "iptables"], names),
    ]


def _apt(machine: Machine, engine: list[str], names: list[str]) -> list[Step]:
    if _complete(machine):
        engine = []
    elif machine.docker_ce:  # Docker's own packages conflict with the distribution's
        engine = ["docker-compose-plugin", "docker-buildx-plugin"]
    packages = [*engine, *names]
    if not packages:
        return []
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    add = [*apt, "-q", "-y", "install", "--no-install-recommends", *packages]
    return [
        Step("read the package lists", [*apt, "-q", "update"]),
        Step(f"install {' '.join(packages)}", add),
    ]


def _amazon(machine: Machine, names: list[str]) -> list[Step]:
    steps: list[Step] = []
    packages = names if machine.dockerd and machine.engine.buildx else ["docker", *names]
    if packages:
        title = f"install {' '.join(packages)}"
        steps.append(Step(title, ["dnf", "install", "-y", *packages]))
    if not machine.engine.compose:
        url = COMPOSE.format(arch=machine.arch)
        checksum = COMPOSE_SHA256[machine.arch]
        fetch = ["sh", "-c", FETCH, "sh", COMPOSE_PLUGIN, url, checksum]
        steps.append(Step("install Compose, which is not packaged here", fetch))
    return steps


def _complete(machine: Machine) -> bool:
    """Whether every part of an engine is installed, running or not."""
    engine = machine.engine
    return bool((machine.dockerd or engine.server) and engine.compose and engine.buildx)


def _write(title: str, path: str, text: str) -> Step:
    return Step(title, ["sh", "-c", WRITE, "sh", path, text])
