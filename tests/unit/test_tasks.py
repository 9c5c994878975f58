"""The command line: what it offers, and that offering it costs nothing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("aiohttp", "dotenv", "fabric", "jinja2", "paramiko", "pydantic", "rich", "uvloop")


def python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_listing_the_tasks_loads_nothing_that_only_some_of_them_need():
    loaded = python("import sys, tasks; print(*sys.modules)")
    assert [name for name in HEAVY if name in loaded] == []


def test_the_tasks_of_the_contract_are_there():
    names = python("import tasks; print(*tasks.namespace.task_names)")
    assert {
        "demo", "status", "config.render", "config.check", "config.show", "secrets.init",
        "secrets.check", "host.bootstrap", "edge.deploy", "edge.status", "dev.deploy",
        "prod.promote", "prod.rollback", "prod.releases",
    } <= set(names)  # fmt: skip


def test_every_task_says_what_it_does_and_explains_its_options():
    script = (
        "import tasks\n"
        "for name, task in ((n, tasks.namespace[n]) for n in tasks.namespace.task_names):\n"
        "    assert task.__doc__, name\n"
        "    for argument in task.get_arguments():\n"
        "        assert argument.help, (name, argument)\n"
    )
    python(script)


def test_an_error_is_two_lines_and_its_exit_status(tmp_path):
    (tmp_path / ".env").write_text("PROD_DOMAIN=a b\n")
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "config.show"], cwd=ROOT, capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "OPS_ENV_FILE": str(tmp_path / ".env")}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "PROD_DOMAIN=a b: write it as" in done.stderr
    assert "Traceback" not in done.stderr
