"""What a plan is made from, gathered; and what has to be on the host before it runs."""

from __future__ import annotations

from ops.environment import Environment
from ops.infrastructure import Context, sha256
from ops.render import placed, render
from ops.target import Target, refuse_more_cpus_than_there_are, utc_stamp, who


def gather(target: Target, environment: Environment) -> Context:
    """What a plan for an environment is made from: the rendered files, and what is on the host.

    Raises SettingsError when its env file is missing or the host has fewer CPUs than a limit.
    """
    settings = target.project.settings
    files = placed(render(settings))
    secrets = sha256(target.project.secrets_bytes(environment))
    facts = target.facts([*files, environment.env_file])
    refuse_more_cpus_than_there_are(target, facts)
    return Context(settings, environment, target.layout, facts, files, secrets, who(), utc_stamp())


def put_secrets(target: Target, context: Context) -> None:
    """Bring the environment's env file to the host (0600), when it differs there."""
    if context.has_new_secrets:
        name = context.environment.env_file
        data = target.project.secrets_bytes(context.environment)
        target.put(data, str(context.scratch / name), mode=0o600)
