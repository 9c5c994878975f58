"""A machine as one look found it: its system, its tools and its Docker engine. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

# One shell script that only looks: prints name=value lines, then the machine's apt sources.
# `docker version` says in words when an engine is not there, or refuses this user.
PROBE = r"""
PATH=$PATH:/usr/sbin:/sbin
say() { printf '%s=%s\n' "$1" "$2"; }
say client "$(docker --version 2>/dev/null)"
say client_path "$(command -v docker)"
say server "$(docker version --format '{{.Server.Version}}' 2>&1 | tr '\n' ' ')"
say compose "$(docker compose version --short 2>/dev/null)"
say buildx "$(docker buildx version 2>/dev/null | head -n 1)"
say docker_host "$DOCKER_HOST"
say dockerd "$(command -v dockerd)"
say docker_ce "$(dpkg-query -W -f '${Status}' docker-ce 2>/dev/null)"
say kernel "$(uname -s)"
say arch "$(uname -m)"
say uid "$(id -u)"
say user "$(id -un)"
say groups "$(id -Gn)"
say member "$(id -Gn "$(id -un)")"
say systemd "$([ -d /run/systemd/system ] && echo yes)"
say python "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
for tool in tar curl mmdebstrap ssh-keygen; do
  command -v "$tool" >/dev/null 2>&1 && say tool "$tool"
done
sed -n 's/^\(ID\|VERSION_ID\)=/os_&/p' /etc/os-release 2>/dev/null
echo '--- apt'
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources
do [ -r "$file" ] && { cat "$file"; echo; }; done
exit 0
"""


@dataclass(frozen=True)
class Archive:
    """A Debian archive as the machine's own apt sources name it. signed_by may be empty."""

    address: str
    signed_by: str


@dataclass(frozen=True)
class EngineState:
    """What of a Docker engine is there; a version is empty when that part is missing.

    denied: an engine is there, and its socket refuses this user.
    """

    client: str
    server: str
    compose: str
    buildx: str
    denied: bool = False

    @property
    def ready(self) -> bool:
        """Whether everything that the toolkit uses is there and answers."""
        return bool(self.server and self.compose and self.buildx)


@dataclass(frozen=True)
class Machine:
    """A machine as PROBE found it. os and version are `ID` and `VERSION_ID` of os-release."""

    engine: EngineState
    os: str
    version: str
    kernel: str
    arch: str
    user: str
    is_root: bool
    systemd: bool
    dockerd: bool
    docker_ce: bool
    docker_host: str
    client_path: str
    python: tuple[int, ...]
    tools: frozenset[str]
    joined: bool
    group_active: bool
    apt_sources: str

    @property
    def archive(self) -> Archive | None:
        """The Debian archive this machine installs from, if it is seen to have one."""
        return find_archive(self.apt_sources)


def parse(answer: str) -> Machine:
    """What PROBE printed, as a value."""
    head, _, sources = answer.partition("--- apt\n")
    values: dict[str, str] = defaultdict(str)
    tools = set()
    for line in head.splitlines():
        name, _, value = line.partition("=")
        if name == "tool":
            tools.add(value)
        else:
            values[name] = value.strip().strip('"')
    server = values["server"]
    return Machine(
        engine=EngineState(
            client=_version(values["client"]),
            server=server if re.fullmatch(r"\d+\.\d+\S*", server) else "",
            compose=values["compose"].removeprefix("v"),
            buildx=_version(values["buildx"]),
            denied="permission denied" in server,
        ),
        os=values["os_ID"],
        version=values["os_VERSION_ID"],
        kernel=values["kernel"],
        arch=values["arch"],
        user=values["user"],
        is_root=values["uid"] == "0",
        systemd=values["systemd"] == "yes",
        dockerd=bool(values["dockerd"]),
        docker_ce=values["docker_ce"].endswith(" installed"),
        docker_host=values["docker_host"],
        client_path=values["client_path"],
        python=tuple(int(part) for part in re.findall(r"\d+", values["python"])),
        tools=frozenset(tools),
        joined="docker" in values["member"].split(),
        group_active="docker" in values["groups"].split(),
        apt_sources=sources,
    )


def _version(text: str) -> str:
    """The first version number in a line; the line itself when a package left it out."""
    match = re.search(r"\d+\.\d+[^\s,]*", text)
    return match[0] if match else text


def find_archive(sources: str) -> Archive | None:
    """The Debian archive in apt sources of either form; None when none is to be seen.

    Others publish `bookworm main` too; the one that also has `-updates` is Debian's own.
    """
    found: dict[Archive, set[str]] = {}
    for source in [*_stanzas(sources), *_lines(sources)]:
        found.setdefault(source[0], set()).update(source[1])
    own = [
        archive
        for archive, suites in found.items()
        if any(f"{suite}-updates" in suites for suite in suites)
    ]
    named = [archive for archive in found if archive.address.rstrip("/").endswith("/debian")]
    return next(iter([*own, *named]), None)


def _stanzas(sources: str) -> list[tuple[Archive, list[str]]]:
    """Archives with their suites, from deb822 stanzas (`Types:`, `URIs:`, …)."""
    found = []
    for stanza in re.split(r"\n\s*\n", sources):
        # A key written into the stanza itself spans lines that begin with a space; it is no path.
        fields = {
            match[1].lower(): match[2].strip()
            for match in re.finditer(r"^([A-Za-z][\w-]*):[ \t]*(.*)$", stanza, re.MULTILINE)
        }
        wanted = (
            fields.get("enabled", "yes") != "no"
            and "deb" in fields.get("types", "").split()
            and "main" in fields.get("components", "").split()
        )
        if wanted:
            for address in fields.get("uris", "").split():
                archive = Archive(address, fields.get("signed-by", ""))
                found.append((archive, fields.get("suites", "").split()))
    return found


def _lines(sources: str) -> list[tuple[Archive, list[str]]]:
    """The same, from lines of the form `deb [options] address suite components`."""
    form = r"^deb[ \t]+(?:\[([^\]]*)\][ \t]+)?(\S+)[ \t]+(\S+)[ \t]+(.*)$"
    found = []
    for options, address, suite, components in re.findall(form, sources, re.MULTILINE):
        if "main" in components.split():
            signed_by = re.search(r"signed-by=(\S+)", options)
            found.append((Archive(address, signed_by[1] if signed_by else ""), [suite]))
    return found
