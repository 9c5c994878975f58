"""The files that dev mounts: brought in place, whatever is in the way, and never outside."""

import io
import json
import tarfile

import pytest

from ops.agent import files
from ops.agent.shell import Failed


class Host:
    """A deploy folder, and archives for it."""

    def __init__(self, folder):
        self.root, self.outside = folder / "root", folder / "outside"
        self.manifest, self.archive = folder / "manifest.json", folder / "in.tar"
        self.root.mkdir()
        self.outside.mkdir()

    def bring(self, contents, listing=None):
        """Bring files (text) and links (`-> target`); listing is what is there after that."""
        after = dict.fromkeys(listing if listing is not None else contents, "x")
        with tarfile.open(self.archive, "w") as tar:
            self._add(tar, files.MANIFEST, json.dumps(after))
            for name, text in contents.items():
                self._add(tar, name, text)
        return files.unpack(self.archive, self.root, self.manifest)

    def _add(self, tar, name, text):
        info = tarfile.TarInfo(name)
        if text.startswith("-> "):
            info.type, info.linkname = tarfile.SYMTYPE, text[3:]
            return tar.addfile(info)
        info.size = len(text)
        return tar.addfile(info, io.BytesIO(text.encode()))

    def text(self, name):
        return (self.root / name).read_text()


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_files_are_brought_and_dropped_ones_removed(host):
    host.bring({"src/a.ts": "1", "src/lib/b.ts": "1"})
    changed = host.bring({"src/a.ts": "2"})
    assert host.text("src/a.ts") == "2"
    assert not (host.root / "src/lib").exists()
    assert changed == ["src/lib/b.ts", "src/a.ts"]


def test_a_folder_that_is_mounted_stays_the_same_one(host):
    host.bring({"src/a.ts": "1"})
    inode = (host.root / "src").stat().st_ino
    host.bring({}, listing=[])
    host.bring({"src/a.ts": "2"})
    assert (host.root / "src").stat().st_ino == inode


def test_a_folder_made_a_link_is_neither_written_nor_deleted_through(host):
    host.bring({"src/lib/a.ts": "1", "src/lib/b.ts": "1"})
    for name in ("a.ts", "b.ts"):
        (host.root / "src/lib" / name).unlink()
        (host.outside / name).write_text("theirs")
    (host.root / "src/lib").rmdir()
    (host.root / "src/lib").symlink_to(host.outside)
    host.bring({"src/lib/a.ts": "2"})
    assert (host.outside / "a.ts").read_text() == "theirs"
    assert (host.outside / "b.ts").read_text() == "theirs"
    assert host.text("src/lib/a.ts") == "2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"src/x/a": "1"}, {"src/x": "-> y"}),
        ({"src/x/a": "1"}, {"src/x": "file"}),
        ({"src/x": "file"}, {"src/x/a": "1"}),
        ({"src/x": "-> y"}, {"src/x/a": "1"}),
        ({"src/x": "-> y"}, {"src/x": "file"}),
        ({"src/x": "file"}, {"src/x": "-> y"}),
    ],
)
def test_what_is_of_another_kind_is_out_of_the_way(host, before, after):
    host.bring(before)
    host.bring(after)
    for name, text in after.items():
        path = host.root / name
        assert (f"-> {path.readlink()}" if path.is_symlink() else path.read_text()) == text
    assert not list(host.root.rglob(".tmp*"))


def test_an_apps_own_file_of_the_manifests_name_is_not_the_manifest(host):
    host.bring({"src/a.ts": "1"})
    host.bring({files.MANIFEST: "{}", "src/b.ts": "1"}, listing=["src/a.ts", "src/b.ts"])
    assert host.text("src/a.ts") == "1"


@pytest.mark.parametrize("name", ["../outside/x", "/tmp/x"])
def test_nothing_is_brought_outside(host, name):
    with pytest.raises(Failed):
        host.bring({name: "x"})
