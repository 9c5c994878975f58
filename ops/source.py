"""The app's git checkout on this machine: its files, its commits, a snapshot of one."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ops.agent.files import MANIFEST
from ops.commands import git
from ops.errors import Refused, SettingsError
from ops.host import Host

# Never sent, whether git ignores them or not.
SECRET = (
    *(".env", ".env.*", ".envrc", ".env~", ".netrc", ".npmrc", ".pgpass", ".*.swp"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
)
NOT_SECRET = (".env.example",)
# The toolkit's own names in the deploy folder; an app's file of that name stays at home.
RESERVED = (
    "Caddyfile*", "docker-compose.prod.yml", "docker-compose.dev.yml", "docker-compose.edge.yml",
    "slots.env", "edge/*", MANIFEST,
)  # fmt: skip


@dataclass(frozen=True)
class Commit:
    """A commit of the app."""

    hash: str
    subject: str


@dataclass(frozen=True)
class Sources:
    """The working files to bring to dev: path -> SHA-256, and what is left out."""

    root: Path
    files: Mapping[str, str]
    left_out: tuple[str, ...]


def is_secret(path: str) -> bool:
    """Whether a file of this name may hold a secret and is therefore never sent."""
    name = path.rsplit("/", 1)[-1]
    return any(fnmatch(name, pattern) for pattern in SECRET) and name not in NOT_SECRET


def is_reserved(path: str) -> bool:
    """Whether the toolkit has a file of its own at this path of the deploy folder."""
    return any(fnmatch(path, pattern) for pattern in RESERVED)


def working_files(local: Host, source: Path) -> Sources:
    """What dev gets: every file that git does not ignore and that is no secret.

    Raises SettingsError when the folder is in no git checkout.
    """
    _require_git(local, source)
    listed = local.run(git.files(str(source))).stdout.split("\0")
    files, left_out = {}, []
    for name in sorted(set(filter(None, listed))):
        path = source / name
        if is_secret(name) or is_reserved(name):
            left_out.append(name)
        elif path.is_symlink():
            if path.resolve().is_relative_to(source.resolve()):
                files[name] = f"link {path.readlink()}"
            else:
                left_out.append(name)
        elif path.is_file():  # listed but deleted ones are not
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return Sources(source, files, tuple(left_out))


def archive(sources: Sources, names: Iterable[str]) -> bytes:
    """A tar archive of some of the files, with the list of all of them for the agent."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        listing = json.dumps(dict(sources.files), sort_keys=True).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(listing)
        tar.addfile(info, io.BytesIO(listing))
        for name in sorted(names):
            tar.add(sources.root / name, arcname=name, recursive=False)
    return buffer.getvalue()


def commit(local: Host, source: Path, ref: str) -> Commit:
    """The commit that a ref names.

    Raises SettingsError when there is none, Refused when the working tree has changes that are
    in no commit.
    """
    _require_git(local, source)
    found = local.run(git.resolve(str(source), ref), check=False)
    if not re.fullmatch(r"[0-9a-f]{40,64}", found.stdout.strip()):
        raise SettingsError(
            f"{source} has no commit {ref!r}", "name a branch, a tag or a commit with --ref"
        )
    changed = local.run(git.changes(str(source))).stdout.splitlines()
    if changed:
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        raise Refused(
            f"{source} has changes that are in no commit: "
            f"{', '.join(line[3:] for line in changed[:5])}{more}",
            "commit them, or set them aside with `git stash -u`",
        )
    full = found.stdout.strip()
    return Commit(full, local.run(git.subject(str(source), full)).stdout.strip())


def snapshot(local: Host, source: Path, commit: Commit) -> bytes:
    """The app's folder as it was at a commit, as a compressed tar archive.

    Raises SettingsError when it had no Dockerfile then.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "snapshot.tar.gz")
        local.run(git.archive(str(source), commit.hash, str(path)))
        with tarfile.open(path) as tar:
            if "Dockerfile" not in tar.getnames():
                raise SettingsError(
                    f"commit {commit.hash[:7]} has no Dockerfile in {source}",
                    "commit it, or name another commit with --ref",
                )
        return path.read_bytes()


def _require_git(local: Host, source: Path) -> None:
    if not local.run(git.check_ref(str(source)), check=False).ok:
        raise SettingsError(
            f"{source} is in no git checkout",
            "promote and dev work on what git knows: git init, git add, git commit",
        )
