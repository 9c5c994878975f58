"""What is on this host now, asked once and told as JSON."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, List

from ops.agent.files import fingerprint, managed
from ops.agent.journal import Journal, Lock
from ops.agent.shell import output

Facts = Dict[str, Any]


def facts(query: Dict[str, Any]) -> Facts:
    """Everything a plan is made from.

    query: `project` (container names begin with it), `deploy` and `states` (folders), `live`
    and `slots` (files that are read whole), `hashes` (files below `deploy`), `images` (names
    whose presence is asked for).
    """
    project, deploy = query["project"], Path(query["deploy"])
    return {
        "engine": _version(["docker", "version", "-f", "{{.Server.Version}}"]),
        "compose": _version(["docker", "compose", "version", "--short"]),
        "containers": _containers(project),
        "images": _images(project + "-app") + _present(query["images"]),
        "texts": {key: _text(Path(query[key])) for key in ("live", "slots")},
        "hashes": {name: fingerprint(deploy / name) for name in query["hashes"]},
        "states": {name: _state(Path(path), deploy) for name, path in query["states"].items()},
        "free_mib": _free_mib(deploy),
        "cpus": os.cpu_count() or 1,
        "memory_mib": _memory_mib(),
        "owner": "%d:%d" % (os.getuid(), os.getgid()),
    }


def _version(argv: List[str]) -> str:
    status, text = output(argv)
    return text.strip() if status == 0 else ""


def _containers(project: str) -> Dict[str, Any]:
    # The label, not the name: another project's name may begin with this one's.
    form = (
        "{{.Name}}\t{{json .State}}\t{{.Config.Image}}\t{{.Image}}\t{{.RestartCount}}"
        '\t{{index .Config.Labels "com.docker.compose.project"}}'
    )
    status, names = output(["docker", "ps", "-aq", "--filter", "name=^/?%s-" % project])
    if status != 0 or not names.split():
        return {}
    _, text = output(["docker", "inspect", "-f", form, *names.split()])
    found = {}
    for line in text.splitlines():
        if line.count("\t") != 5:  # one that went away meanwhile
            continue
        name, state_json, image, image_id, restarts, compose = line.split("\t")
        state = json.loads(state_json)
        found[name.lstrip("/")] = {
            "status": state["Status"],
            "health": (state.get("Health") or {}).get("Status", ""),
            "started": state.get("StartedAt", ""),
            "image": image,
            "image_id": image_id,
            "restarts": int(restarts),
            "compose": compose,
        }
    return found


def _images(name: str) -> List[str]:
    status, text = output(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name])
    return text.split() if status == 0 else []


def _present(names: List[str]) -> List[str]:
    return [name for name in names if output(["docker", "image", "inspect", name])[0] == 0]


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _state(path: Path, deploy: Path) -> Dict[str, Any]:
    files = managed(path / "manifest.json")
    now = {name: fingerprint(deploy / name) for name in files}
    releases = []
    for entry in sorted(path.glob("releases/*/release.json")):
        try:
            releases.append(json.loads(entry.read_text("utf-8")))
        except (OSError, ValueError):
            continue  # a release whose record was never finished was never promoted
    current = path / "current"
    return {
        "releases": releases,
        "current": os.path.basename(os.readlink(current)) if current.is_symlink() else "",
        "holder": Lock(path / "lock").holder(),
        "journal": Journal(path / "journal.jsonl").last(200),
        "managed": files,
        "edited": {name: now[name] for name in files if now[name] != files[name]},
    }


def _free_mib(path: Path) -> int:
    """MiB free where the deploy folder is, or where the engine keeps images: the smaller."""
    while not path.exists():
        path = path.parent
    places = [path]
    root = _version(["docker", "info", "-f", "{{.DockerRootDir}}"])
    # The engine's folder itself is not always readable; its parent lies on the same disk.
    places += [Path(root) if os.access(root, os.X_OK) else Path(root).parent] if root else []
    return min(shutil.disk_usage(str(place)).free for place in places) // 2**20


def _memory_mib() -> int:
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) // 2**20
