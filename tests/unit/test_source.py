"""The app's checkout: what is sent and what stays at home; which commit a ref names."""

import subprocess

import pytest

from ops import source
from ops.dev.operations import edited_there
from ops.errors import Refused, SettingsError
from ops.facts import State
from ops.host.local import LocalHost
from ops.source import Sources


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "an app"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x:1\n")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "First"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


@pytest.mark.parametrize(
    "name",
    [".env", "a/.env.local", ".envrc", ".npmrc", "x.pem", "x/y.key", "id_rsa", "id_ecdsa.pub",
     "cert.p12", ".pgpass", ".env.prod"],
)  # fmt: skip
def test_a_secret_is_never_sent(name):
    assert source.is_secret(name)


@pytest.mark.parametrize("name", [".env.example", "src/key.ts", "src/environment.ts"])
def test_what_only_looks_like_one_is_sent(name):
    assert not source.is_secret(name)


def test_links_that_lead_elsewhere_and_reserved_names_stay_at_home(app):
    (app / "out").symlink_to("/etc")
    (app / "in").symlink_to("Dockerfile")
    (app / "slots.env").write_text("")
    found = source.working_files(LocalHost(), app)
    assert set(found.files) == {"Dockerfile", "in"}
    assert set(found.left_out) == {"out", "slots.env"}


def test_a_ref_is_a_commit_and_nothing_else(app):
    assert source.commit(LocalHost(), app, "HEAD").subject == "First"
    for ref in ("nope", "--all", "^HEAD", "HEAD:Dockerfile", ""):
        with pytest.raises(SettingsError):
            source.commit(LocalHost(), app, ref)


def test_changes_that_are_in_no_commit_are_refused_by_name(app):
    (app / "new.ts").write_text("")
    with pytest.raises(Refused) as error:
        source.commit(LocalHost(), app, "HEAD")
    assert "new.ts" in error.value.what


def test_edits_on_the_host_are_conflicts_also_of_files_that_are_gone_here():
    sources = Sources(None, {"a": "1", "b": "2"}, ())
    state = State(edited={"a": "9", "b": "2", "c": "9", "d": ""})
    assert edited_there(sources, state) == ["a", "c"]
