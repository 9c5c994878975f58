"""How the project is checked: `nox` runs lint, tests, render and integration."""

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "tests", "render", "integration"]
nox.options.reuse_existing_virtualenvs = True

DOCKERFILES = [
    "examples/*/Dockerfile",
    "ops/demo/images/*/Dockerfile",
    "tests/integration/*/Dockerfile",
]
PINS = ("-c", "constraints.txt")
GROUPS = nox.project.load_toml("pyproject.toml")


def prepare(session: nox.Session, group: str) -> None:
    """Install the toolkit and a group of tools, in the versions of constraints.txt."""
    session.install("-q", *PINS, "-e", ".", *nox.project.dependency_groups(GROUPS, group))


def with_engine(session: nox.Session, *command: str) -> None:
    """Run a command with a Docker engine, which is installed or started when it may be."""
    session.run("python", "-m", "ops.bootstrap", "--yes", "--demo", "--", *command)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and types, and the rendered Compose files and Dockerfiles."""
    prepare(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("inv", "config.render", "--output", session.create_tmp(), silent=True)
    session.run("yamllint", "--strict", "-c", ".yamllint.yaml", session.create_tmp())
    session.run("hadolint", *(str(file) for folder in DOCKERFILES for file in Path().glob(folder)))


@nox.session
def tests(session: nox.Session) -> None:
    """The pure parts, in parallel; no engine needed."""
    prepare(session, "test")
    session.run("pytest", "-n", "auto", "tests/unit", *session.posargs)


@nox.session
def render(session: nox.Session) -> None:
    """Everything rendered, through Compose, Caddy and yamllint, for many settings."""
    prepare(session, "render")
    with_engine(session, "pytest", "-n", "auto", "tests/render", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """The demo's story on a throwaway host, asserted; and what happens to bad input."""
    prepare(session, "test")
    with_engine(session, "pytest", "tests/integration", *session.posargs)
