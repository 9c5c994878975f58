"""The demo's own copy of the example app: a git checkout in which it can edit and commit."""

from __future__ import annotations

import shutil
from pathlib import Path

from ops.host import Host

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "portal"
PAGE = "src/app/page.tsx"
MARKER = "marker-"  # the page shows this, followed by a number that the demo changes
GIT = ("git", "-c", "user.name=demo", "-c", "user.email=demo@localhost")


class DemoApp:
    """A checkout of the example app."""

    def __init__(self, local: Host, folder: Path) -> None:
        self._local = local
        self.folder = folder

    def create(self) -> None:
        """Copy the example, without what its own .gitignore leaves out, and commit it."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        shutil.copytree(
            EXAMPLE,
            self.folder,
            ignore=shutil.ignore_patterns("node_modules", ".next", "generated", ".env*"),
        )
        self._git("init", "--quiet")
        self.commit("The portal")

    def page(self, marker: str) -> str:
        """The page's source, showing another marker."""
        text = (self.folder / PAGE).read_text("utf-8")
        before, _, rest = text.partition(MARKER)
        return f"{before}{marker}{rest[len(rest.split('<', 1)[0]) :]}"

    def edit(self, marker: str) -> None:
        """Make the page show another marker."""
        (self.folder / PAGE).write_text(self.page(marker), "utf-8")

    def commit(self, subject: str) -> None:
        """Commit everything."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", subject)

    def _git(self, *arguments: str) -> None:
        self._local.run([*GIT, "-C", str(self.folder), *arguments])
