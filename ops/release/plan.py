"""State and wish to a plan: the steps of a promote and of a rollback. Pure.

Both go the same way: the idle slot is started with the release, waited for, switched to, and
verified through the edge; only then is the old slot drained and stopped. A promote has the
build and the migration before that.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict

from ops.agent import plan as act
from ops.agent.plan import Plan, Step
from ops.commands import compose, docker
from ops.environment import EnvironmentName, Slot, production
from ops.facts import Release
from ops.infrastructure import Context, compare_running, edge_files, infrastructure, sha256
from ops.release.slots import Running, parse
from ops.render import COMPOSE_FILES
from ops.settings import Settings

COMMIT = "verify"  # the step after which nothing is taken back any more
VERIFY_TIMEOUT = 20.0  # seconds for the new release to answer through the edge
UNDO_DRAIN = 5.0  # seconds for what a release that failed was already answering


def image_of(settings: Settings, commit: str) -> str:
    """The name of a commit's image; other build arguments or another stage are another image."""
    how = sha256(f"{settings.prod_target} {settings.build_args}".encode())
    return f"{settings.project_name}-app:{commit[:12]}-{how[:4]}"


def dev_image(settings: Settings) -> str:
    """The name of dev's image."""
    return f"{settings.project_name}-app:dev"


def promote(context: Context, release: Release, snapshot: str) -> Plan:
    """Build a commit's image from the snapshot on the host, migrate, and switch to it."""
    steps = [*infrastructure(context)]
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
        *infrastructure(context),
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
        id=f"{context.stamp}-{command}",
        command=command,
        environment="prod",
        who=context.who,
        state=str(context.state),
        steps=steps,
        commit=COMMIT,
        expects={
            str(layout.live): context.facts.live_text,
            str(layout.slots): context.facts.slots_text,
        },
        scratch=str(context.scratch),
    )


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
        [act.run(argv, stdin=snapshot)],
    )


def _prepare(context: Context, release: Release, slot: Slot) -> Step:
    """Write down which release the idle slot runs, and what the release is."""
    layout, old = context.layout, parse(context.facts.slots_text)
    folder = context.state / "releases" / release.id
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
        *(edge_files(context) if facts.running(caddy) else []),
        Step(
            "switch",
            f"switch {prod.domain} to {container}",
            [act.switch(layout.live, container)],
            undo=[act.switch_back(layout.live)],
            guards=True,
        ),
        Step("verify", "verify the release through the edge", [
            act.verify(prod.domain, port=settings.edge_https_port, path=settings.health_path,
                       release=release.id, edge=caddy, tls=settings.edge_tls,
                       ca_file=settings.acme_ca_root, timeout=VERIFY_TIMEOUT),
        ]),
        Step("record", f"record {release.id} as the current release", [
            act.link(context.state / "current", f"releases/{release.id}"),
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
    steps += _prune(context, release)
    return [*steps, compare_running(context)]


def _prune(context: Context, release: Release) -> list[Step]:
    """Forget the oldest releases, and the images that no release has, failed ones among them.

    Never what serves, nor the one before.
    """
    settings, facts = context.settings, context.facts
    state = facts.states[EnvironmentName.PROD]
    slots = parse(facts.slots_text)
    serving = {slots[slot].release for slot in Slot}
    safe = {release.id, release.before, state.current, *serving}
    others = [one for one in state.releases if one.id not in safe]
    old = others[: -(settings.keep_releases - 2) or None]
    kept = {one.image for one in state.releases if one not in old} | {release.image}
    kept |= {slots[slot].image for slot in Slot} | {dev_image(settings)}
    ours = {image for image in facts.images if image.startswith(f"{settings.project_name}-app:")}
    actions = [act.remove(context.state / "releases" / one.id) for one in old]
    if ours - kept:
        actions.append(act.run(docker.remove_images(*sorted(ours - kept)), quiet=True))
    title = f"remove {len(old)} old releases and {len(ours - kept)} images"
    return [Step("prune", title, actions)] if actions else []
