"""What a plan is made from, gathered; and what has to be on the host before it runs."""

from __future__ import annotations

from ops.environment import Environment, development, production
from ops.infrastructure import Context, sha256
from ops.render import placed, render
from ops.target import Target, who


def gather(target: Target) -> Context:
    """What a plan is made from: the rendered files, and what is on the host."""
    settings = target.project.settings
    files = placed(render(settings))
    secrets = {
        one.env_file: sha256(target.project.secrets_bytes(one))
        for one in (production(settings), development(settings))
    }
    facts = target.facts([*files, *secrets])
    return Context(settings, target.layout, facts, files, secrets, who())


def put_secrets(target: Target, context: Context, environment: Environment) -> None:
    """Bring an environment's env file to the host (0600), when it differs there."""
    path = context.new_secrets(environment)
    if path:
        target.put(target.project.secrets_bytes(environment), path, mode=0o600)
