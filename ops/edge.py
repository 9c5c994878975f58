"""`edge.deploy` and `edge.status`."""

from __future__ import annotations

import json

from ops.agent.plan import Plan
from ops.commands import docker
from ops.environment import EnvironmentName, production
from ops.errors import OpsError
from ops.gather import gather
from ops.infrastructure import infrastructure
from ops.target import Target, utc_stamp


def deploy(target: Target, *, yes: bool) -> None:
    """Start the edge or load its changed configuration; says so when there is nothing to do."""
    context = gather(target)
    wanted = {"files", "edge"}
    steps = [one for one in infrastructure(context, EnvironmentName.PROD) if one.name in wanted]
    if not steps:
        target.console.say("nothing to do: the edge runs with this configuration")
        return
    if not target.console.confirm("Change the edge that serves production?", yes=yes):
        raise OpsError("not confirmed; nothing was done", "answer y, or say --yes")
    state = str(target.layout.state(EnvironmentName.PROD))
    target.carry_out(Plan(f"{utc_stamp()}-edge", "edge.deploy", "prod", context.who, state, steps))


def status(target: Target) -> None:
    """Show the edge's container and the requests in flight to each upstream."""
    facts = target.facts()
    name = production(target.project.settings).container("caddy")
    if not facts.running(name):
        target.console.say(f"the edge does not run; start it: inv edge.deploy{target.option}")
        return
    upstreams = json.loads(target.host.run(docker.upstreams(name)).stdout)
    target.console.table(
        f"{name}: {facts.containers[name].status} since {facts.containers[name].started}",
        ("upstream", "requests in flight", "failures"),
        [(one["address"], str(one["num_requests"]), str(one["fails"])) for one in upstreams],
    )
