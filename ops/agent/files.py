"""Files on the host: replaced whole or not at all, and the ones dev mounts kept in step."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Dict, List

from ops.agent.shell import Failed

MANIFEST = ".manifest.json"  # inside an archive: path -> sha256 of every managed file


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a file by an atomic rename and make it durable.

    Raises Failed when it cannot be written, a full disk among the reasons; the old file stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=str(path.parent), prefix=".tmp.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise Failed("cannot write %s: %s" % (path, error.strerror), "see `df -h` there") from error


def keep(root: Path, names: List[str], folder: Path) -> None:
    """Copy those files of root that are there into folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (root / name).is_file():
            copy(root / name, folder / name)


def restore(root: Path, names: List[str], folder: Path) -> None:
    """Bring back what `keep` copied; a file that it did not find stays as it is now."""
    for name in names:
        if (folder / name).is_file():
            copy(folder / name, root / name)


def copy(source: Path, target: Path) -> None:
    """Replace target by what source holds, with the same mode."""
    write(target, source.read_bytes(), source.stat().st_mode & 0o777)


def install(source: Path, target: Path) -> None:
    """Replace target by source, which is gone then; both keep source's mode at every instant."""
    copy(source, target)
    source.unlink()


def link(path: Path, target: str) -> None:
    """Point a symbolic link at target by an atomic rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(".tmp.%s.%d" % (path.name, os.getpid()))
    if os.path.lexists(temporary):
        temporary.unlink()
    os.symlink(target, temporary)
    os.replace(temporary, path)


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; nothing when it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def fingerprint(path: Path) -> str:
    """A file's SHA-256 in hexadecimal, `link TARGET` for a symbolic link; empty when not there."""
    if path.is_symlink():
        return "link %s" % os.readlink(path)
    if not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def managed(manifest: Path) -> Dict[str, str]:
    """The files the toolkit brought: path -> sha256 as it was then. Empty when there is none."""
    try:
        values = json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def unpack(archive: Path, root: Path, manifest: Path) -> List[str]:
    """Bring an archive's files into root, in place, and remove managed files that it dropped.

    Each file is replaced by a rename inside its folder, which a watching dev server sees; the
    folders stay the same ones, for they are mounted. Nothing is followed: a container that may
    write there could have made a folder a link to somewhere else. Answers the paths that changed.
    """
    before = managed(manifest)
    changed = []
    with tarfile.open(str(archive)) as tar:
        first = tar.next()
        listing = tar.extractfile(first) if first and first.name == MANIFEST else None
        if listing is None:
            raise Failed("%s does not begin with %s" % (archive, MANIFEST), "deploy again")
        after = json.loads(listing.read().decode("utf-8"))
        for name in sorted(set(before) - set(after)):
            _forget(root, name)
            changed.append(name)
        for member in tar:
            if member is first or member.name == MANIFEST:
                continue
            _place(tar, member, root)
            changed.append(member.name)
    write(manifest, json.dumps(after, sort_keys=True).encode("utf-8"))
    archive.unlink()
    return changed


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path) -> None:
    """Put one file or link in its place, and out of its way what is of another kind."""
    target = _inside(root, member.name)
    for folder in reversed(target.relative_to(root).parents[:-1]):
        there = root / folder
        if there.is_symlink() or there.is_file():
            there.unlink()
        there.mkdir(exist_ok=True)
    if target.is_symlink() != member.issym() or target.is_dir():
        remove(target)
    if member.issym():
        link(target, member.linkname)
    else:
        content = tar.extractfile(member)
        assert content is not None
        write(target, content.read(), member.mode)


def _forget(root: Path, name: str) -> None:
    """Remove a file that was brought before, unless something else is there or on the way now."""
    target = _inside(root, name)
    parents = [root / folder for folder in target.relative_to(root).parents[:-1]]
    if any(folder.is_symlink() or not folder.is_dir() for folder in parents):
        return
    if target.is_symlink() or target.is_file():
        target.unlink()
        _remove_empty(target.parent, root)


def pack(archive: Path, root: Path, manifest: Path, without: List[str]) -> None:
    """Make a tar archive of the managed files below root, without some subfolders of it."""
    buffer = io.BytesIO()
    # GNU's format: `docker build -` does not recognise an archive that begins with a PAX header.
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(managed(manifest)):
            if not any(name.startswith(folder + "/") for folder in without):
                tar.add(str(root / name), arcname=name, recursive=False)
    write(archive, buffer.getvalue())


def _inside(root: Path, name: str) -> Path:
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts:
        raise Failed("the archive holds %r, outside the folder" % name, "deploy again")
    return root.joinpath(*parts)


def _remove_empty(folder: Path, root: Path) -> None:
    # Never a folder directly below root: it may be mounted into the dev container.
    while folder.parent not in (root, folder) and folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
