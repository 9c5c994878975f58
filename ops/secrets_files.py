"""`.env.prod` and `.env.dev` on this machine: made, completed, checked."""

from __future__ import annotations

import getpass

from ops import envfile, secrets
from ops.console import Console
from ops.environment import Environment, EnvironmentName, development, production
from ops.errors import SettingsError
from ops.host.local import LocalHost
from ops.project import Project, read_text

HEADER = "# {what}: secrets. Made by `inv secrets.init`; keep it out of git, mode 0600.\n"


def init(project: Project, console: Console) -> None:
    """Write the values that the env files lack, mode 0600; no value that is there is replaced."""
    settings = project.settings
    for environment in (production(settings), development(settings)):
        path = project.root / environment.env_file
        text = read_text(path) if path.exists() else ""
        present = envfile.decode(text, path.name)
        needs_key = not present.get(settings.api_key_name)
        api_key = _api_key(project, environment, console) if needs_key else ""
        values = secrets.missing(settings, environment, present, api_key)
        header = "" if text.strip() else HEADER.format(what=environment.node_env.capitalize())
        if values:
            text = envfile.add(header + text, values, secrets.comments(settings))
        LocalHost().put(text.encode(), str(path), mode=0o600)
        console.say(f"{path}: " + (f"wrote {', '.join(values)}" if values else "complete"))


def check(project: Project, console: Console) -> None:
    """Warn about development's secrets; raise SettingsError for production's."""
    warn_of_weak(project, console)
    require_strong(project)
    console.say("the settings and production's secrets are good")


def warn_of_weak(project: Project, console: Console) -> None:
    """Warn about development's secrets that are missing or weak."""
    for problem in _problems(project, development(project.settings)):
        console.warn(problem)


def require_strong(project: Project) -> None:
    """Raise SettingsError, naming each, when a production secret is missing or weak."""
    prod = production(project.settings)
    project.secrets_bytes(prod)
    found = _problems(project, prod)
    if found:
        raise SettingsError(
            "production's secrets are not good enough:\n  - " + "\n  - ".join(found),
            f"correct {project.root / prod.env_file}",
        )


def _problems(project: Project, environment: Environment) -> list[str]:
    settings = project.settings
    prod, dev = production(settings), development(settings)
    other = dev if environment == prod else prod
    return secrets.problems(
        settings, environment, project.secrets(environment), project.secrets(other)
    )


def _api_key(project: Project, environment: Environment, console: Console) -> str:
    settings = project.settings
    own = settings.dev_api_key if environment.name is EnvironmentName.DEV else settings.api_key
    key = own.get_secret_value() or settings.api_key.get_secret_value()
    if not key and environment.name is EnvironmentName.DEV:
        key = project.secrets(production(settings)).get(settings.api_key_name, "")
    if key:
        return key
    if not console.is_terminal:
        raise SettingsError(
            f"{settings.api_key_name} for {environment.env_file} is not known, and nobody to ask",
            "set API_KEY in the environment or in .env",
        )
    for _ in range(3):
        key = getpass.getpass(f"{settings.api_key_name} for {environment.node_env}: ")
        if key:
            return key
    raise SettingsError(f"no {settings.api_key_name} was given", "set API_KEY in .env")
