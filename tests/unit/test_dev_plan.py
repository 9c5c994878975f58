"""dev.deploy as a plan: what changes, and above all what does not."""

from ops.agent.plan import describe
from ops.dev import plan as plans
from tests.unit.serving import context, facts, told


def test_a_deploy_never_changes_what_production_runs_by():
    changed = dict.fromkeys(facts().hashes, "other")
    plan = plans.deploy(context(hashes=changed), "p", "")
    written = [line for line in told(plan)["files"] if line.startswith("write")]
    assert written == ["write /srv/app/docker-compose.dev.yml"]
    (edge,) = [
        action for step in plan.steps for action in step.actions if action["do"] == "configure_edge"
    ]
    assert list(edge["texts"]) == ["Caddyfile.dev"]
    assert told(plan)["secrets"][-1] == "install /srv/app/.env.dev"


def test_the_first_deploy_brings_everything_the_edge_needs():
    plan = plans.deploy(context(hashes={}), "p", "/in.tar.gz")
    written = [action["path"] for step in plan.steps for action in step.actions
               if action["do"] == "write"]  # fmt: skip
    assert "/srv/app/docker-compose.edge.yml" in written


def test_the_image_is_built_from_everything_but_the_mounts():
    plan = plans.deploy(context(), "p", "")
    step = next(step for step in plan.steps if step.name == "image")
    assert step.actions[0]["without"] == ["src", "prisma"]
    assert describe(step.actions[1]) == (
        "$ docker build --progress plain --target dev --tag clean-portal-app:dev "
        "--build-arg NODE_IMAGE=node:20-bookworm-slim - "
        "< /srv/deployments/development/incoming/image.tar"
    )


def test_the_dev_server_runs_as_the_owner_of_the_files():
    plan = plans.deploy(context(), "p", "")
    step = next(step for step in plan.steps if step.name == "app")
    commands = [action for action in step.actions if action["do"] == "run"]
    assert all(action["env"] == {"DEV_USER": "1000:1000"} for action in commands)
