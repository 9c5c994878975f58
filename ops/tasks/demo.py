"""`inv demo`: the whole story on a throwaway host."""

from __future__ import annotations

from invoke import Context

from ops.tasks import YES, task


@task(
    help={
        **YES,
        "rate": "Requests per second during the promotes (at most 400).",
        "down": "Remove the throwaway host and every trace of it.",
    }
)
def demo(c: Context, yes: bool = False, rate: str = "100", down: bool = False) -> None:
    """Deploy dev, promote twice under load and roll back, on a throwaway host; with figures."""
    from ops.demo.story import run, take_down

    if down:
        take_down()
    else:
        run(rate=rate, yes=yes)
