"""`inv config.*`: the settings, and the files made from them."""

from __future__ import annotations

from pathlib import Path

from invoke import Collection, Context

from ops.tasks import task


@task(help={"output": "Folder to write to; by default that of the settings file."})
def render(c: Context, output: str = "") -> None:
    """Write the Compose files and the Caddyfiles that the settings make."""
    from ops.project import load
    from ops.render import render

    project = load()
    folder = Path(output) if output else project.root
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render(project.settings).items():
        (folder / name).write_text(text, "utf-8")
        print(folder / name)


@task()
def check(c: Context) -> None:
    """Check the settings and both env files: production strictly, development as warnings."""
    from ops.console import Console
    from ops.project import load
    from ops.secrets_files import check

    check(load(), Console())


@task()
def show(c: Context) -> None:
    """Print every setting with its value; secrets are masked."""
    from ops.project import load

    for key, value in load().settings.model_dump().items():
        print(f"{key.upper()}={value}")


@task()
def example(c: Context) -> None:
    """Write .env.example anew, from the settings model."""
    from ops.example import text

    Path(".env.example").write_text(text(), "utf-8")


namespace = Collection("config", render, check, show, example)
