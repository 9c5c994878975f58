"""Promote and rollback on the throwaway host, under load: no request may fail."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from ops.demo.load import Aim, Load
from ops.demo.report import Phase, summarize
from tests.integration.conftest import ROOT

WHOLE = Phase("whole", float("-inf"), float("inf"))


@pytest.fixture
def load(promoted):
    stage = promoted.stage
    aim = Aim(promoted.prod.domain, stage.throwaway.https_port, str(stage.edge_root()), 100)
    load = Load(aim)
    yield load
    load.stop()


def nothing_failed(load):
    load.stop()
    summary = summarize(load.records, WHOLE)
    assert summary.sent > 100
    assert summary.reasons == {}
    assert not any(stream.cut for stream in load.streams)


def written(load):
    return sum(1 for record in load.records if record.kind == "write" and not record.error)


def rows(promoted):
    count = ["exec", "clean-portal-db-prod", "psql", "-U", "portal", "-d", "portal", "-tAc",
             "SELECT count(*) FROM notes"]  # fmt: skip
    return int(promoted.docker(*count))


def test_a_promote_and_a_rollback_under_load_lose_no_request_and_no_row(promoted, load):
    before, rows_before = promoted.serves(), rows(promoted)
    load.start()
    app = promoted.stage.app
    app.edit("marker-under-load")
    app.commit("Under load")

    promoted.must("prod.promote", "--yes")
    after = promoted.serves()
    assert after != before
    assert "marker-under-load" in promoted.get(promoted.prod, "/")

    promoted.must("prod.rollback", "--yes")
    assert promoted.serves() == before
    assert "marker-under-load" not in promoted.get(promoted.prod, "/")
    time.sleep(1)

    nothing_failed(load)
    assert {record.release for record in load.records if record.release} == {before, after}
    assert rows(promoted) - rows_before == written(load)


def test_a_second_promote_of_the_same_commit_does_nothing(promoted):
    promoted.must("prod.promote", "--yes")
    before = promoted.serves()
    answer = promoted.must("prod.promote", "--yes")
    assert "nothing to do" in answer.out
    assert promoted.serves() == before


def test_a_dry_run_prints_the_commands_and_does_nothing(promoted):
    before = promoted.serves()
    promoted.stage.app.edit("marker-dry")
    promoted.stage.app.commit("Dry")
    answer = promoted.must("prod.promote", "--dry-run")
    assert "$ docker build" in answer.out
    assert "prisma migrate deploy" in answer.out
    assert "nothing was done" in answer.out
    assert promoted.serves() == before


def test_the_image_is_labelled_with_its_commit(promoted):
    release = json.loads(
        promoted.host.run(
            ["cat", "/home/ec2-user/deployments/production/current/release.json"]
        ).stdout
    )
    label = '{{index .Config.Labels "org.opencontainers.image.revision"}}'
    assert promoted.docker("inspect", "-f", label, release["image"]) == release["commit"]
    assert release["id"] == promoted.serves()


def test_releases_and_status_tell_what_serves(promoted):
    serves = promoted.serves()
    listed = promoted.must("prod.releases").out
    assert [line.split()[1] for line in listed.splitlines() if "serves" in line] == [serves]
    assert serves in promoted.must("status").out


def test_the_second_of_two_promotes_at_once_is_refused(promoted):
    hold = "import fcntl,json,sys,time; f=open(sys.argv[1],'a+'); fcntl.flock(f,fcntl.LOCK_EX); " \
           "f.truncate(0); f.write(json.dumps({'who':'anna@laptop','since':'now','command':'x'})); " \
           "f.flush(); print('held',flush=True); time.sleep(15)"  # fmt: skip
    path = "/home/ec2-user/deployments/production/lock/holder.json"
    promoted.host.run(["sh", "-c", 'python3 -c "$1" "$2" >/dev/null 2>&1 &', "sh", hold, path])
    time.sleep(0.5)
    try:
        promoted.stage.app.edit("marker-second")
        promoted.stage.app.commit("Second")
        answer = promoted.inv("prod.promote", "--yes")
        assert answer.status == 3
        assert "anna@laptop holds the lock" in answer.err
        assert "anna@laptop" in promoted.must("status").out
    finally:
        promoted.host.run(["pkill", "-f", "fcntl.LOCK_EX"], check=False)


def test_ctrl_c_takes_back_what_was_begun(promoted):
    before = promoted.serves()
    promoted.stage.app.edit("marker-interrupted")
    promoted.stage.app.commit("Interrupted")
    promote = subprocess.Popen(
        [sys.executable, "-m", "invoke", "prod.promote", "--host", "demo", "--yes"],
        cwd=ROOT, env={**os.environ, "OPS_ENV_FILE": str(promoted.stage.env_file)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    for line in promote.stdout:
        if line.startswith("- build the image"):
            promote.send_signal(signal.SIGINT)
            break
    out, _ = promote.communicate(timeout=60)
    assert promote.returncode == 1, out
    assert "what was begun on the host is taken back" in out
    assert "cancelled" in out
    assert promoted.serves() == before
    assert "free" in promoted.must("status").out


def test_a_killed_client_changes_nothing(promoted):
    promoted.stage.app.edit("marker-killed-client")
    promoted.stage.app.commit("Killed client")
    promote = subprocess.Popen(
        [sys.executable, "-m", "invoke", "prod.promote", "--host", "demo", "--yes"],
        cwd=ROOT, env={**os.environ, "OPS_ENV_FILE": str(promoted.stage.env_file)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in promote.stdout:
        if line.startswith("- build the image"):
            promote.kill()
            break
    promote.communicate()
    end = time.monotonic() + 120
    while "marker-killed-client" not in promoted.get(promoted.prod, "/"):
        assert time.monotonic() < end, "the host did not finish what was begun"
        time.sleep(0.5)


def test_a_setting_of_what_is_not_recreated_is_told(promoted):
    answer = promoted.must("edge.deploy", "--yes", EDGE_MEMORY="600m")
    assert "clean-portal-caddy-prod still runs with older settings" in answer.out
    promoted.must("edge.deploy", "--yes")


def test_productions_secrets_are_in_no_command_log_or_inspection_of_the_edge(promoted):
    secrets = promoted.stage.project.secrets(promoted.prod)
    values = [secrets[key] for key in ("POSTGRES_PASSWORD", "ADMIN_PASSWORD", "OPENAI_API_KEY")]
    state = "/home/ec2-user/deployments"
    seen = [
        promoted.docker("inspect", "clean-portal-caddy-prod"),
        promoted.host.run(
            ["sh", "-c", 'cat "$1"/*/journal.jsonl "$1"/*/runs/*', "sh", state]
        ).stdout,
        promoted.host.run(["find", state, "-name", "*.yml", "-exec", "cat", "{}", "+"]).stdout,
    ]
    for value in values:
        assert not any(value in text for text in seen)
