"""Promote and rollback as plans: what will happen on the host, word for word."""

from dataclasses import replace

from ops.agent.plan import describe
from ops.environment import EnvironmentName
from ops.facts import Release, State
from ops.release import plan as plans
from ops.settings import from_values
from tests.unit.serving import (
    COMMIT,
    COMPOSE,
    EMPTY,
    NEW,
    OLD,
    OLDER,
    PULLED,
    context,
    facts,
    told,
)  # fmt: skip


def test_a_promote_onto_a_serving_host():
    plan = plans.promote(context(), NEW, "/srv/deployments/in.tar.gz")
    assert told(plan) == {
        "build": [
            "$ docker build --progress plain --target prod --tag clean-portal-app:0123456789ab-2a1a "
            f"--label org.opencontainers.image.revision={COMMIT} "
            "--build-arg NODE_IMAGE=node:20-bookworm-slim - < /srv/deployments/in.tar.gz",
        ],
        "prepare": [
            *(
                f"write /srv/deployments/production/releases/{NEW.id}/{name}"
                for name in ("release.json", "docker-compose.prod.yml", "docker-compose.dev.yml",
                             "docker-compose.edge.yml", "edge/Caddyfile", "edge/Caddyfile.prod",
                             "edge/Caddyfile.dev")
            ),
            "write /srv/app/slots.env",
        ],
        "migrate": [f"{COMPOSE} run --rm --no-deps -T app-green prisma migrate deploy"],
        "start": [f"{COMPOSE} --profile green up -d --no-deps --force-recreate app-green"],
        "healthy": ["wait until clean-portal-app-green-prod is healthy, at most 120 s"],
        "switch": ["switch /srv/app/edge/live/prod to clean-portal-app-green-prod"],
        "verify": [
            "ask https://portal.spoot.com/api/health through the edge until "
            f"{NEW.id} answers"
        ],
        "record": [f"link /srv/deployments/production/current -> releases/{NEW.id}"],
        "drain": [
            "wait until clean-portal-app-blue-prod:3000 has no request in flight, at most 20 s",
            f"{COMPOSE} --profile blue stop app-blue",
        ],
        "compare": ["warn of containers that run with older settings"] * 2,
    }  # fmt: skip


def test_nothing_before_the_switch_names_the_slot_that_serves():
    plan = plans.promote(context(), NEW, "/in")
    for step in plan.steps:
        if step.name == "switch":
            break
        assert "blue" not in str([describe(action) for action in step.actions])


def test_a_failure_before_the_commit_puts_the_old_name_back():
    plan = plans.promote(context(), NEW, "/in")
    names = [step.name for step in plan.steps]
    assert plan.commit == "verify"
    assert names.index("switch") < names.index("verify") < names.index("record")
    switch = plan.steps[names.index("switch")]
    assert switch.actions[0]["text"] == "clean-portal-app-green-prod"
    assert switch.undo == [{"do": "switch_back", "path": "/srv/app/edge/live/prod"}]
    assert switch.guards


def test_the_plan_expects_the_slot_it_was_made_for():
    plan = plans.promote(context(), NEW, "/in")
    assert plan.expects == {
        "/srv/app/edge/live/prod": "clean-portal-app-blue-prod",
        "/srv/app/slots.env": facts().slots_text,
    }


def test_the_first_promote_starts_everything():
    plan = plans.promote(context(**EMPTY), replace(NEW, before=""), "/in")
    assert [step.name for step in plan.steps] == [
        "pull", "pull", "pull", "files", "secrets", "edge-files", "edge", "services", "build",
        "prepare", "migrate", "start", "healthy", "switch", "verify", "record", "compare",
    ]  # fmt: skip
    assert told(plan)["services"] == [
        "write /srv/app/slots.env",
        f"{COMPOSE} up -d --no-deps --no-recreate --wait --wait-timeout 120 db redis",
    ]


def test_an_image_that_is_there_is_not_built_again():
    plan = plans.promote(context(images=frozenset({NEW.image, *PULLED})), NEW, "/in")
    assert "build" not in told(plan)


def test_a_rollback_goes_the_same_way_without_build_and_migration():
    plan = plans.rollback(context(), OLDER)
    assert [step.name for step in plan.steps] == [
        "prepare", "start", "healthy", "switch", "verify", "record", "drain", "compare",
    ]  # fmt: skip
    assert told(plan)["prepare"] == ["write /srv/app/slots.env"]


def test_a_promote_leaves_the_files_of_dev_alone():
    changed = {**facts().hashes, "edge/Caddyfile.dev": "other", "docker-compose.dev.yml": "other"}
    assert "files" not in told(plans.promote(context(hashes=changed), NEW, "/in"))


def test_only_changed_files_are_written_and_the_edge_checks_its_own():
    changed = {**facts().hashes, "edge/Caddyfile.prod": "other", "docker-compose.prod.yml": "other"}
    plan = plans.promote(context(hashes=changed), NEW, "/in")
    assert told(plan)["files"] == [
        "keep /srv/app as it is in /srv/deployments/production/work/STAMP/files",
        "write /srv/app/docker-compose.prod.yml",
    ]
    assert (
        told(plan)["edge-files"][-1] == "check and load the edge's configuration in /srv/app/edge"
    )


def test_the_edge_gets_its_new_configuration_only_when_the_release_is_healthy():
    plan = plans.promote(context(hashes={**facts().hashes, "edge/Caddyfile": "other"}), NEW, "/in")
    names = [step.name for step in plan.steps]
    assert names.index("healthy") < names.index("edge-files") < names.index("switch")


def test_the_oldest_releases_go_but_never_what_serves_or_the_one_before():
    releases = tuple(
        Release(f"20250101T00000{n}Z-{n}", str(n) * 40, f"clean-portal-app:{n}", "me")
        for n in range(4)
    )
    settings = from_values({"KEEP_RELEASES": "3"}, {})
    state = State((*releases, OLD), OLD.id)
    images = frozenset(f"clean-portal-app:{n}" for n in range(4)) | {OLD.image, *PULLED}
    plan = plans.promote(
        context(settings, states={EnvironmentName.PROD: state}, images=images), NEW, "/in"
    )
    assert told(plan)["prune"] == [
        *(f"remove /srv/deployments/production/releases/{one.id}" for one in releases[:3]),
        "$ docker image rm clean-portal-app:0 clean-portal-app:1 clean-portal-app:2",
    ]


def test_new_secrets_are_put_in_place_and_taken_back_with_the_rest():
    plan = plans.promote(context(hashes={**facts().hashes, ".env.prod": "old"}), NEW, "/in")
    step = next(step for step in plan.steps if step.name == "secrets")
    assert [describe(action) for action in step.actions][-1] == "install /srv/app/.env.prod"
    assert step.actions[-1]["source"] == "/srv/deployments/production/work/STAMP/.env.prod"
    assert [action["do"] for action in step.undo] == ["restore"]


def test_no_secret_is_in_a_plan():
    plan = plans.promote(context(), NEW, "/in").to_json()
    assert "PASSWORD=" not in plan
    assert "sk-" not in plan
