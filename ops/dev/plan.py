"""State and wish to a plan: the steps of `dev.deploy`. Pure."""

from __future__ import annotations

import shlex

from ops.agent import plan as act
from ops.agent.plan import Action, Plan, Step
from ops.commands import compose, docker
from ops.environment import development, production
from ops.infrastructure import SERVICES_TIMEOUT, Context, edge_files, infrastructure
from ops.release.plan import dev_image

RELEASE = "dev"  # what the dev container calls its release; see docker-compose.dev.yml
DEV_LABEL = "clean-portal-ops.dev"  # on dev's images, so that replaced ones can be removed
VERIFY_TIMEOUT = 60.0  # seconds; a dev server compiles a page when it is first asked for


def deploy(context: Context, archive: str) -> Plan:
    """Bring the archive's files, build what is not mounted, start everything, verify.

    archive is the path on the host of what changed; empty when no file did.
    """
    return Plan(
        id=f"{context.stamp}-dev",
        command="dev.deploy",
        environment="dev",
        who=context.who,
        state=str(context.state),
        scratch=str(context.scratch),
        steps=[
            *([_files(context, archive)] if archive else []),
            *infrastructure(context),
            *(edge_files(context) if context.facts.running(context.caddy) else []),
            _image(context),
            _start(context),
            _verify(context),
        ],
    )


def _files(context: Context, archive: str) -> Step:
    layout = context.layout
    manifest = context.state / "manifest.json"
    mounts = [str(layout.deploy / folder) for folder in context.settings.dev_mounts.split()]
    return Step("sources", "bring the files that changed", [
        act.run(["mkdir", "-p", *mounts]),
        act.unpack(archive, layout.deploy, manifest),
    ])  # fmt: skip


def _image(context: Context) -> Step:
    """Build the image from everything that is not mounted; unchanged, it comes from the cache."""
    settings, packed = context.settings, context.scratch / "image.tar"
    label = {DEV_LABEL: settings.project_name}
    argv = docker.build(settings, target=settings.dev_target, tag=dev_image(settings), labels=label)
    return Step("image", "build the dev image", [
        act.pack(packed, context.layout.deploy, context.state / "manifest.json",
                 settings.dev_mounts.split()),
        act.run(argv, stdin=str(packed), quiet=True),
        act.run(docker.prune_untagged(label), quiet=True),
    ])  # fmt: skip


def _start(context: Context) -> Step:
    dev = development(context.settings)
    owner = {"DEV_USER": context.facts.owner}

    def compose_dev(*arguments: str) -> Action:
        return act.run(compose.compose(dev, context.layout, *arguments), env=owner, quiet=True)

    migrate = shlex.split(context.settings.dev_migrate_command)
    return Step("app", f"migrate and start {dev.container('app')}", [
        compose_dev("up", "-d", "--wait", "--wait-timeout", str(SERVICES_TIMEOUT), "db", "redis"),
        *([compose_dev("run", "--rm", "--no-deps", "-T", "app", *migrate)] if migrate else []),
        compose_dev("up", "-d", "--no-deps", "app"),
        act.wait_healthy(dev.container("app"), port=dev.app_port,
                         path=context.settings.health_path, release=RELEASE,
                         timeout=context.settings.health_timeout),
    ])  # fmt: skip


def _verify(context: Context) -> Step:
    settings = context.settings
    dev = development(settings)
    return Step("verify", "verify development through the edge", [
        act.verify(dev.domain, port=settings.edge_https_port, path=settings.health_path,
                   release=RELEASE, edge=production(settings).container("caddy"),
                   tls=settings.edge_tls, ca_file=settings.acme_ca_root,
                   timeout=VERIFY_TIMEOUT),
    ])  # fmt: skip
