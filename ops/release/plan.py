"""State and wish to a plan: the steps of a promote and of a rollback. Pure.

Both go the same way: the idle slot is started with the release, waited for, switched to, and
verified through the edge; only then is the old slot drained and stopped. A promote has the
build and the migration before that.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ops.agent import plan as act
from ops.agent.plan import Plan, Step
from ops.commands import compose, docker
from ops.environment import Environment, EnvironmentName, Layout, Slot, development, production
from ops.facts import Facts, Release
from ops.release.slots import Running, Slots, parse
from ops.render import COMPOSE_FILES
from ops.settings import Settings

COMMIT = "verify"  # the step after which nothing is taken back any more
SERVICES_TIMEOUT = 120  # seconds for the databases and the edge to become healthy
VERIFY_TIMEOUT = 20.0  # seconds for the new release to answer through the edge
UNDO_DRAIN = 5.0  # seconds for what a release that failed was already answering


@dataclass(frozen=True)
class Context:
    """What every step needs to know.

    files are the rendered ones: path below the deploy folder -> text. secrets are the env files
    of this machine: name -> SHA-256.
    """

    settings: Settings
    layout: Layout
    facts: Facts
    files: Mapping[str, str]
    secrets: Mapping[str, str]
    who: str

    @property
    def changed(self) -> dict[str, str]:
        """The rendered files that are not on the host as they should be."""
        return {
            name: text
            for name, text in self.files.items()
            if self.facts.hashes.get(name) != sha256(text.encode())
        }

    def new_secrets(self, environment: Environment) -> str:
        """Where on the host an env file is brought that differs there; empty when none does."""
        name = environment.env_file
        if self.secrets[name] == self.facts.hashes.get(name):
            return ""
        return str(self.layout.state(environment.name) / "incoming" / name)


def sha256(data: bytes) -> str:
    """A SHA-256 in hexadecimal, as the agent tells that of a file."""
    return hashlib.sha256(data).hexdigest()


def image_of(settings: Settings, commit: str) -> str:
    """The name of a commit's image."""
    return f"{settings.project_name}-app:{commit[:12]}"


def promote(context: Context, release: Release, snapshot: str) -> Plan:
    """Build a commit's image from the snapshot on the host, migrate, and switch to it."""
    steps = [*infrastructure(context, EnvironmentName.PROD)]
    if release.image not in context.facts.images:
        steps.append(_build(context, release, snapshot))
    target = idle(context)
    steps += [
        _prepare(context, release, target),
        *_migrate(context, release, target),
        *_switch(context, release, target),
    ]
    return _plan(context, "promote", release, steps)


def rollback(context: Context, release: Release) -> Plan:
    """Switch to a release that was promoted before; its image is on the host."""
    target = idle(context)
    steps = [
        *infrastructure(context, EnvironmentName.PROD),
        _prepare(context, release, target),
        *_switch(context, release, target),
    ]
    return _plan(context, "rollback", release, steps)


def idle(context: Context) -> Slot:
    """The slot that does not serve."""
    live = context.facts.live_slot(context.settings)
    return live.other if live else Slot.BLUE


def _plan(context: Context, command: str, release: Release, steps: list[Step]) -> Plan:
    layout = context.layout
    return Plan(
        id=f"{release.id}-{command}",
        command=command,
        environment="prod",
        who=context.who,
        state=str(layout.state(EnvironmentName.PROD)),
        steps=steps,
        commit=COMMIT,
        expects={str(layout.live): context.facts.live_text},
    )


def infrastructure(context: Context, name: EnvironmentName) -> list[Step]:
    """What an environment stands on: rendered files, the edge, database and Redis.

    What runs is left alone; only what is missing is started.
    """
    settings, layout, facts = context.settings, context.layout, context.facts
    prod = production(settings)
    environment = prod if name is EnvironmentName.PROD else development(settings)
    caddy = prod.container("caddy")
    steps = [
        Step("pull", f"pull {setting.upper()}={image}", [act.run(docker.pull(image), quiet=True)])
        for setting in ("caddy_image", "postgres_image", "redis_image")
        if (image := getattr(settings, setting)) not in facts.images
    ]
    if context.changed:
        steps.append(_files(context))
    if context.new_secrets(environment):
        steps.append(_secrets(context, environment))
    if not facts.running(caddy):
        wait = compose.up("caddy", wait=SERVICES_TIMEOUT)
        steps.append(Step("edge", "start the edge", [
            act.run(["mkdir", "-p", str(layout.live.parent)]),
            act.run(compose.edge(layout, *wait), quiet=True),
        ]))  # fmt: skip
    services = [one for one in ("db", "redis") if not facts.running(environment.container(one))]
    if services:
        wait = compose.up(*services, wait=SERVICES_TIMEOUT)
        # Compose reads it even where no slot is asked for.
        first = not facts.slots_text and name is EnvironmentName.PROD
        steps.append(Step("services", f"start {' and '.join(services)}", [
            *([act.write(layout.slots, Slots().text())] if first else []),
            act.run(compose.compose(environment, layout, *wait), quiet=True),
        ]))  # fmt: skip
    return steps


def _files(context: Context) -> Step:
    """Write the rendered files that changed; taken back, they are what they were."""
    layout, changed = context.layout, context.changed
    caddy = production(context.settings).container("caddy")
    before = layout.state(EnvironmentName.PROD) / "replaced"
    edge = {path.removeprefix("edge/"): text for path, text in changed.items() if _is_edge(path)}
    return Step(
        "files",
        f"write {len(changed)} configuration files",
        [
            act.remove(before),
            act.keep(layout.deploy, sorted(changed), before),
            *(act.write(layout.deploy / path, text) for path, text in changed.items()
              if not _is_edge(path)),
            *([act.configure_edge(caddy, layout.edge, edge)] if edge else []),
        ],
        undo=[
            act.restore(layout.deploy, sorted(changed), before),
            *([act.configure_edge(caddy, layout.edge, {})] if edge else []),
        ],
    )  # fmt: skip


def _secrets(context: Context, environment: Environment) -> Step:
    """Put the new env file in its place; taken back, it is the old one."""
    layout, name = context.layout, environment.env_file
    before = layout.state(environment.name) / "replaced-secrets"
    return Step(
        "secrets",
        f"replace {name}",
        [
            act.remove(before),
            act.keep(layout.deploy, [name], before),
            act.install(context.new_secrets(environment), layout.deploy / name),
        ],
        undo=[act.restore(layout.deploy, [name], before)],
    )


def _is_edge(path: str) -> bool:
    return path.startswith("edge/")


def _build(context: Context, release: Release, snapshot: str) -> Step:
    argv = docker.build(
        context.settings,
        target=context.settings.prod_target,
        tag=release.image,
        labels={docker.REVISION: release.commit},
    )
    return Step(
        "build",
        f"build the image of {release.short}",
        [act.run(argv, stdin=snapshot), act.remove(snapshot)],
        undo=[act.remove(snapshot)],
    )


def _prepare(context: Context, release: Release, slot: Slot) -> Step:
    """Write down which release the idle slot runs, and what the release is."""
    layout, old = context.layout, parse(context.facts.slots_text)
    folder = layout.state(EnvironmentName.PROD) / "releases" / release.id
    new = old.with_slot(slot, Running(release.image, release.id))
    known = context.facts.states[EnvironmentName.PROD].release(release.id)
    records = [] if known else [
        act.write(folder / name, text) for name, text in _release_files(context, release).items()
    ]  # fmt: skip
    return Step(
        "prepare",
        f"prepare the {slot} slot for {release.id}",
        [*records, act.write(layout.slots, new.text())],
        undo=[act.write(layout.slots, old.text()), *([] if known else [act.remove(folder)])],
    )


def _release_files(context: Context, release: Release) -> dict[str, str]:
    record = json.dumps(asdict(release), indent=2, ensure_ascii=False) + "\n"
    rendered = {name: context.files[name] for name in COMPOSE_FILES if name in context.files}
    caddy = {path: text for path, text in context.files.items() if path.startswith("edge/")}
    return {"release.json": record, **rendered, **caddy}


def _migrate(context: Context, release: Release, slot: Slot) -> list[Step]:
    if not context.settings.migrate_command:
        return []
    prod = production(context.settings)
    argv = compose.compose(
        prod, context.layout, "run", "--rm", "--no-deps", "-T", compose.slot_service(slot),
        *shlex.split(context.settings.migrate_command),
    )  # fmt: skip
    return [Step("migrate", f"migrate the database with {release.short}", [act.run(argv)])]


def _switch(context: Context, release: Release, slot: Slot) -> list[Step]:
    settings, layout, facts = context.settings, context.layout, context.facts
    prod = production(settings)
    service, container = compose.slot_service(slot), prod.container(f"app-{slot}")
    caddy, live = prod.container("caddy"), facts.live_slot(settings)
    in_slot = compose.compose(prod, layout, "--profile", slot)
    stop = ["rm", "--stop", "--force", service]
    steps = [
        Step(
            "start",
            f"start {container}",
            [act.run([*in_slot, "up", "-d", "--no-deps", "--force-recreate", service], quiet=True)],
            undo=[
                act.drain(caddy, f"{container}:{prod.app_port}", UNDO_DRAIN),
                act.run([*in_slot, *stop], quiet=True),
            ],
        ),
        Step("healthy", f"wait until {container} is healthy", [
            act.wait_healthy(container, port=prod.app_port, path=settings.health_path,
                             release=release.id, timeout=settings.health_timeout),
        ]),
        Step(
            "switch",
            f"switch {prod.domain} to {container}",
            [act.write(layout.live, container)],
            undo=[act.write(layout.live, facts.live_text) if live else act.remove(layout.live)],
        ),
        Step("verify", "verify the release through the edge", [
            act.verify(prod.domain, port=settings.edge_https_port, path=settings.health_path,
                       release=release.id, edge=caddy, tls=settings.edge_tls,
                       ca_file=settings.acme_ca_root, timeout=VERIFY_TIMEOUT),
        ]),
        Step("record", f"record {release.id} as the current release", [
            act.link(layout.state(EnvironmentName.PROD) / "current", f"releases/{release.id}"),
        ]),
    ]  # fmt: skip
    if live:
        old = prod.container(f"app-{live}")
        out = compose.compose(prod, layout, "--profile", live, "stop", compose.slot_service(live))
        steps.append(
            Step("drain", f"let {old} finish and stop it", [
                act.drain(caddy, f"{old}:{prod.app_port}", settings.drain_timeout),
                act.run(out, quiet=True),
            ])
        )  # fmt: skip
    prune = _prune(context, release)
    return [*steps, prune] if prune.actions else steps


def _prune(context: Context, release: Release) -> Step:
    """Forget the oldest releases and images, never the current one nor the one before."""
    state = context.facts.states[EnvironmentName.PROD]
    safe = {release.id, release.before, state.current}
    others = [one for one in state.releases if one.id not in safe]
    old = others[: -(context.settings.keep_releases - 2) or None]
    kept = {one.image for one in state.releases if one not in old} | {release.image}
    folder = context.layout.state(EnvironmentName.PROD) / "releases"
    actions = [act.remove(folder / one.id) for one in old]
    images = sorted({one.image for one in old if one.image in context.facts.images} - kept)
    if images:
        actions.append(act.run(docker.remove_images(*images), quiet=True))
    return Step("prune", f"remove {len(old)} old releases", actions)
