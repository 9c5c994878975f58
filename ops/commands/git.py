"""`git` argument lists for the app's working tree. Pure."""

from __future__ import annotations

Argv = list[str]


def files(source: str) -> Argv:
    """The files of the working tree that git does not ignore, NUL-separated, from that folder."""
    return ["git", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]


def changes(source: str) -> Argv:
    """What is not committed below that folder, a line each."""
    return ["git", "-C", source, "status", "--porcelain", "--untracked-files=normal", "--", "."]


def resolve(source: str, ref: str) -> Argv:
    """The full hash of the commit that a ref names."""
    return [
        "git",
        "-C",
        source,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{ref}^{{commit}}",
    ]


def subject(source: str, commit: str) -> Argv:
    """The first line of a commit's message."""
    return ["git", "-C", source, "log", "-1", "--format=%s", commit]


def archive(source: str, commit: str, to: str) -> Argv:
    """Write that folder as it was at a commit to a tar archive."""
    return ["git", "-C", source, "archive", "--format=tar.gz", f"--output={to}", commit, "."]


def check_ref(source: str) -> Argv:
    """The top of the checkout that the folder is in; fails when it is in none."""
    return ["git", "-C", source, "rev-parse", "--show-toplevel"]
