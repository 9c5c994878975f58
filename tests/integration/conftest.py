"""One throwaway host for all of these tests, and `inv` as a person calls it."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.console import Console
from ops.demo.load import Aim, Load
from ops.demo.stage import raise_stage, strike_stage
from ops.environment import development, production

ROOT = Path(__file__).parents[2]
# A name for each checkout, so that two of them can be tested at the same time.
NAME = "clean-portal-test-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]
FOLDER = ROOT / ".test-stage"
KEEP = "KEEP_STAGE"  # set it to keep host, images and build cache for the next run


@dataclass(frozen=True)
class Answer:
    """What an `inv` command printed, and its exit status."""

    status: int
    out: str
    err: str


def inv(*arguments, env_file, **environment):
    """Run `inv` as a person would, without a terminal."""
    clean = {key: value for key, value in os.environ.items() if key not in environment}
    done = subprocess.run(
        [sys.executable, "-m", "invoke", *arguments],
        cwd=ROOT, env={**clean, "OPS_ENV_FILE": str(env_file), "NO_COLOR": "1", **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


class Actor:
    """A person with this checkout and a throwaway host."""

    def __init__(self, stage):
        self.stage = stage
        self.host = stage.target.host
        self.prod = production(stage.project.settings)
        self.dev = development(stage.project.settings)

    def inv(self, *arguments, **environment):
        return inv(*arguments, "--host", "demo", env_file=self.stage.env_file, **environment)

    def must(self, *arguments, **environment):
        answer = self.inv(*arguments, **environment)
        assert answer.status == 0, answer.out + answer.err
        return answer

    def docker(self, *arguments):
        return self.host.run(["docker", *arguments]).stdout.strip()

    def get(self, environment, path):
        """The body that the edge answers for an environment's domain; asked on the host."""
        url = f"https://{environment.domain}{path}"
        resolve = f"{environment.domain}:443:127.0.0.1"
        return self.host.run(["curl", "-ksSf", "--resolve", resolve, url]).stdout

    def serves(self):
        """The release that production answers with."""
        return json.loads(self.get(self.prod, "/api/health"))["release"]

    def started(self, container):
        return self.docker("inspect", "-f", "{{.State.StartedAt}} {{.RestartCount}}", container)


@pytest.fixture(scope="session")
def stage():
    yield raise_stage(FOLDER, name=NAME, console=Console(), settings={})
    if not os.environ.get(KEEP):
        strike_stage(FOLDER, name=NAME, console=Console())


@pytest.fixture(scope="session")
def actor(stage):
    return Actor(stage)


@pytest.fixture(scope="session")
def deployed(actor):
    """Dev deployed once."""
    actor.must("dev.deploy")
    return actor


@pytest.fixture(scope="session")
def promoted(deployed):
    """Production serving a first release."""
    deployed.must("prod.promote", "--yes")
    return deployed


@pytest.fixture
def still_serving(promoted):
    """Production must serve all the time, and after the test what it served before it."""
    live = promoted.host.run(["cat", str(promoted.stage.target.layout.live)]).stdout
    before = promoted.serves(), promoted.started(live)
    stage = promoted.stage
    aim = Aim(promoted.prod.domain, stage.throwaway.https_port, str(stage.edge_root()), 20)
    load = Load(aim)
    load.start()
    yield promoted
    load.stop()
    assert [record for record in load.records if record.error] == []
    assert (promoted.serves(), promoted.started(live)) == before
    left = promoted.docker("ps", "-a", "--format", "{{.Names}}").split()
    assert [name for name in left if "app-" in name and name.endswith("-prod")] == [live]
