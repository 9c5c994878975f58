"""dev.deploy as a plan: what changes, and above all what does not."""

from ops.agent.plan import describe
from ops.dev import plan as plans
from ops.environment import EnvironmentName
from tests.unit import serving
from tests.unit.serving import facts, told


def context(**changes):
    return serving.context(name=EnvironmentName.DEV, **changes)


def test_a_deploy_never_changes_what_production_runs_by():
    changed = dict.fromkeys(facts().hashes, "other")
    plan = plans.deploy(context(hashes=changed), "")
    written = [line for line in told(plan)["files"] if line.startswith("write")]
    assert written == ["write /srv/app/docker-compose.dev.yml"]
    (edge,) = [
        action for step in plan.steps for action in step.actions if action["do"] == "configure_edge"
    ]
    assert list(edge["texts"]) == ["Caddyfile.dev"]
    assert told(plan)["secrets"][-1] == "install /srv/app/.env.dev"


def test_the_first_deploy_brings_everything_the_edge_needs():
    plan = plans.deploy(context(hashes={}), "/in.tar.gz")
    written = [action["path"] for step in plan.steps for action in step.actions
               if action["do"] == "write"]  # fmt: skip
    assert "/srv/app/docker-compose.edge.yml" in written


def test_the_image_is_built_from_everything_but_the_mounts():
    plan = plans.deploy(context(), "")
    step = next(step for step in plan.steps if step.name == "image")
    assert step.actions[0]["without"] == ["src", "prisma"]
    assert describe(step.actions[1]) == (
        "$ docker build --progress plain --target dev --tag clean-portal-app:dev "
        "--label clean-portal-ops.dev=clean-portal --build-arg NODE_IMAGE=node:20-bookworm-slim - "
        "< /srv/deployments/development/work/STAMP/image.tar"
    )


def test_the_dev_server_runs_as_the_owner_of_the_files():
    plan = plans.deploy(context(), "")
    step = next(step for step in plan.steps if step.name == "app")
    commands = [action for action in step.actions if action["do"] == "run"]
    assert all(action["env"] == {"DEV_USER": "1000:1000"} for action in commands)
