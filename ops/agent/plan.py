"""The words a plan is written in: plans, steps and actions. Pure; shared by client and host."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence

Action = Dict[str, Any]


def keep(root: object, names: Sequence[str], folder: object) -> Action:
    """Copy files of root as they are into a folder, so that `restore` can bring them back."""
    return {"do": "keep", "root": str(root), "names": list(names), "folder": str(folder)}


def restore(root: object, names: Sequence[str], folder: object) -> Action:
    """Bring the copies that `keep` made back; what was not there then stays."""
    return {"do": "restore", "root": str(root), "names": list(names), "folder": str(folder)}


def run(
    argv: Sequence[str],
    *,
    env: Optional[Mapping[str, str]] = None,
    stdin: Optional[str] = None,
    quiet: bool = False,
) -> Action:
    """Run a command; stdin is a file's path. quiet shows its output only when it fails."""
    return {
        "do": "run", "argv": list(argv), "env": dict(env or {}), "stdin": stdin, "quiet": quiet,
    }  # fmt: skip


def write(path: object, text: str, mode: int = 0o644) -> Action:
    """Replace a file by an atomic rename; its folder is made when missing."""
    return {"do": "write", "path": str(path), "text": text, "mode": mode}


def install(source: object, path: object) -> Action:
    """Put a file that was brought to the host in its place, with its mode."""
    return {"do": "install", "source": str(source), "path": str(path)}


def switch(path: object, text: str) -> Action:
    """Replace the file that names the live slot; the old one is kept beside it for the way back."""
    return {"do": "switch", "path": str(path), "text": text}


def switch_back(path: object) -> Action:
    """Undo a `switch` by one rename, which no full disk can prevent."""
    return {"do": "switch_back", "path": str(path)}


def compare_running(argv: Sequence[str], containers: Mapping[str, str]) -> Action:
    """Warn of containers that run with other settings than their Compose file has now.

    argv is a `docker compose … config --hash *`; containers maps a service to its container.
    """
    return {"do": "compare_running", "argv": list(argv), "containers": dict(containers)}


def remove(path: object) -> Action:
    """Remove a file or a whole folder; nothing when it is not there."""
    return {"do": "remove", "path": str(path)}


def link(path: object, target: object) -> Action:
    """Point a symbolic link at a target by an atomic rename."""
    return {"do": "link", "path": str(path), "target": str(target)}


def unpack(archive: object, root: object, manifest: object) -> Action:
    """Bring the files of an archive into a folder, in place, and remove those it dropped."""
    return {
        "do": "unpack", "archive": str(archive), "root": str(root), "manifest": str(manifest),
    }  # fmt: skip


def pack(archive: object, root: object, manifest: object, without: Sequence[str]) -> Action:
    """Make a tar archive of the managed files of a folder, without some of its subfolders."""
    return {
        "do": "pack", "archive": str(archive), "root": str(root), "manifest": str(manifest),
        "without": list(without),
    }  # fmt: skip


def wait_healthy(container: str, *, port: int, path: str, release: str, timeout: float) -> Action:
    """Wait until a container answers 200 and names its release; timeout in seconds."""
    return {
        "do": "wait_healthy", "container": container, "port": port, "path": path,
        "release": release, "timeout": timeout,
    }  # fmt: skip


def verify(
    domain: str, *, port: int, path: str, release: str, edge: str, tls: str, ca_file: str,
    timeout: float,
) -> Action:  # fmt: skip
    """Ask through the edge until a release answers several times in a row; timeout in seconds."""
    return {
        "do": "verify", "domain": domain, "port": port, "path": path, "release": release,
        "edge": edge, "tls": tls, "ca_file": ca_file, "timeout": timeout,
    }  # fmt: skip


def drain(edge: str, upstream: str, timeout: float) -> Action:
    """Wait until the edge has no request in flight to an upstream; timeout in seconds."""
    return {"do": "drain", "edge": edge, "upstream": upstream, "timeout": timeout}


def configure_edge(edge: str, folder: object, texts: Mapping[str, str]) -> Action:
    """Replace the edge's configuration files once it found the new ones valid, and load them.

    Without texts, what is there already is loaded.
    """
    return {"do": "configure_edge", "edge": edge, "folder": str(folder), "texts": dict(texts)}


@dataclass(frozen=True)
class Step:
    """One named part of a plan, and how it is taken back when a later part fails.

    Where taking back fails, the steps before are only taken back when this one does not guard
    them: a switch that could not be taken back leaves running what it switched to.
    """

    name: str
    title: str
    actions: List[Action]
    undo: List[Action] = field(default_factory=list)
    guards: bool = False


@dataclass(frozen=True)
class Plan:
    """What shall happen on a host, in order.

    state is the environment's folder there (journal, lock). Until the step called `commit` has
    succeeded, a failure takes back every step that was begun; after it, the plan goes on and
    failures are only reported. expects maps files to the text they must hold when it begins.
    scratch is a folder that is removed in the end, however that is.
    """

    id: str
    command: str
    environment: str
    who: str
    state: str
    steps: List[Step]
    commit: str = ""
    expects: Dict[str, str] = field(default_factory=dict)
    scratch: str = ""

    def to_json(self) -> str:
        """The plan as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan that `to_json` wrote."""
        values = json.loads(text)
        values["steps"] = [Step(**step) for step in values["steps"]]
        return cls(**values)


def describe(action: Action) -> str:
    """One line for `--dry-run` that says what an action does."""
    kind = action["do"]
    if kind == "run":
        env = "".join(f"{key}={shlex.quote(value)} " for key, value in action["env"].items())
        source = f" < {shlex.quote(action['stdin'])}" if action["stdin"] else ""
        return f"$ {env}{shlex.join(action['argv'])}{source}"
    details = {
        "keep": "keep {root} as it is in {folder}",
        "restore": "restore {root} from {folder}",
        "switch": "switch {path} to {text}",
        "switch_back": "switch {path} back",
        "compare_running": "warn of containers that run with older settings",
        "install": "install {path}",
        "write": "write {path}",
        "remove": "remove {path}",
        "link": "link {path} -> {target}",
        "unpack": "unpack the changed files into {root}",
        "pack": "pack the files of {root} into {archive}",
        "wait_healthy": "wait until {container} is healthy, at most {timeout} s",
        "verify": "ask https://{domain}{path} through the edge until {release} answers",
        "drain": "wait until {upstream} has no request in flight, at most {timeout} s",
        "configure_edge": "check and load the edge's configuration in {folder}",
    }
    return details[kind].format(**action)
