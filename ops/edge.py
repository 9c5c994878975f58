"""`edge.deploy` and `edge.status`."""

from __future__ import annotations

import json

from ops.agent.plan import Plan
from ops.commands import docker
from ops.environment import production
from ops.errors import OpsError
from ops.gather import gather
from ops.infrastructure import compare_running, edge_files, infrastructure
from ops.release.operations import refuse_another_port
from ops.target import Target


def deploy(target: Target, *, yes: bool) -> None:
    """Start the edge or load its changed configuration; says so when there is nothing to do."""
    settings = target.project.settings
    context = gather(target, production(settings))
    refuse_another_port(context)
    wanted = {"pull", "files", "edge-files", "edge"}
    steps = [one for one in infrastructure(context) if one.name in wanted]
    if context.facts.running(context.caddy):
        steps += edge_files(context)
    if not steps:
        target.console.say("nothing to do: the edge runs with this configuration")
        return
    if not target.console.confirm("Change the edge that serves production?", yes=yes):
        raise OpsError("not confirmed; nothing was done", "answer y, or say --yes")
    target.carry_out(
        Plan(
            id=f"{context.stamp}-edge",
            command="edge.deploy",
            environment="prod",
            who=context.who,
            state=str(context.state),
            steps=[*steps, compare_running(context)],
            scratch=str(context.scratch),
        )
    )


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
