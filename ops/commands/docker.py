"""`docker` argument lists. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ops.agent.http import ADMIN
from ops.settings import Settings

Argv = list[str]

REVISION = "org.opencontainers.image.revision"  # the OCI image specification's name for it


def build(settings: Settings, *, target: str, tag: str, labels: Mapping[str, str]) -> Argv:
    """Build an image from a tar archive on standard input."""
    argv = ["docker", "build", "--progress", "plain", "--target", target, "--tag", tag]
    for name, value in labels.items():
        argv += ["--label", f"{name}={value}"]
    for argument in shlex.split(settings.build_args):
        argv += ["--build-arg", argument]
    if settings.build_ca_file:
        argv += ["--secret", f"id=ca,src={settings.build_ca_file}"]
    return [*argv, "-"]


def pull(image: str) -> Argv:
    """Fetch an image from its registry."""
    return ["docker", "pull", "--quiet", image]


def remove_images(*names: str) -> Argv:
    """Remove images by name; one that a container still uses stays."""
    return ["docker", "image", "rm", *names]


def prune_untagged(labels: Mapping[str, str]) -> Argv:
    """Remove the images with these labels that no name points at any more."""
    filters = [
        word for key, value in labels.items() for word in ("--filter", f"label={key}={value}")
    ]
    return ["docker", "image", "prune", "--force", *filters]


def upstreams(edge: str) -> Argv:
    """Ask the edge for its upstreams and their requests in flight, as JSON."""
    return ["docker", "exec", edge, "wget", "-q", "-O", "-", ADMIN + "/reverse_proxy/upstreams"]
