"""The runner on real files and processes: undo, commit, lock, cancel, and outliving its client."""

import json
import os
import signal
import subprocess
import sys
import time

from ops.agent import plan as act
from ops.agent.journal import Journal, Lock
from ops.agent.plan import Plan, Step
from ops.agent.runner import carry_out_plan


def plan(tmp_path, *steps, **changes):
    values = {"id": "p1", "command": "test", "environment": "prod", "who": "me",
              "state": str(tmp_path), "steps": list(steps), **changes}  # fmt: skip
    return Plan(**values)


def carry_out(plan):
    events = []
    before = signal.getsignal(signal.SIGTERM)
    try:
        carry_out_plan(plan, events.append)
    finally:
        signal.signal(signal.SIGTERM, before)
    return events


def step(name, *actions, undo=()):
    return Step(name, name.capitalize(), list(actions), list(undo))


FAIL = act.run(["sh", "-c", "echo why; exit 3"])


def test_steps_are_done_in_order_and_journalled(tmp_path):
    events = carry_out(plan(
        tmp_path,
        step("one", act.write(tmp_path / "a", "1")),
        step("two", act.run(["sh", "-c", "echo hello"])),
    ))  # fmt: skip
    assert (tmp_path / "a").read_text() == "1"
    assert {"event": "line", "text": "hello"} in events
    assert events[-1]["result"] == "done"
    journal = [(e["step"], e["event"]) for e in Journal(tmp_path / "journal.jsonl").last(99)]
    assert journal == [("plan", "begin"), ("one", "begin"), ("one", "end"), ("two", "begin"),
                       ("two", "end"), ("plan", "end")]  # fmt: skip


def test_a_failure_takes_back_what_was_begun_last_first(tmp_path):
    log = tmp_path / "log"
    undo = lambda name: [act.run(["sh", "-c", 'echo "$1" >> "$2"', "sh", name, str(log)])]  # noqa: E731
    events = carry_out(plan(
        tmp_path,
        step("one", act.write(tmp_path / "a", "1"), undo=[act.remove(tmp_path / "a"), *undo("1")]),
        step("two", FAIL, undo=undo("2")),
        step("three", act.write(tmp_path / "b", "1"), undo=undo("3")),
    ))  # fmt: skip
    assert log.read_text().split() == ["2", "1"]
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()
    assert events[-1]["result"] == "failed"
    assert "exit status 3" in events[-1]["what"]
    assert events[-1]["todo"] == "why"


def test_after_the_commit_nothing_is_taken_back(tmp_path):
    events = carry_out(plan(
        tmp_path,
        step("switch", act.write(tmp_path / "live", "new"), undo=[act.remove(tmp_path / "live")]),
        step("drain", FAIL),
        step("prune", act.write(tmp_path / "pruned", "")),
        commit="switch",
    ))  # fmt: skip
    assert (tmp_path / "live").read_text() == "new"
    assert (tmp_path / "pruned").exists()
    assert any(event["event"] == "warning" for event in events)
    assert events[-1]["result"] == "done"


def test_an_undo_that_fails_does_not_keep_the_others(tmp_path):
    events = carry_out(plan(
        tmp_path,
        step("one", act.write(tmp_path / "a", ""), undo=[act.remove(tmp_path / "a")]),
        step("two", FAIL, undo=[FAIL]),
    ))  # fmt: skip
    assert not (tmp_path / "a").exists()
    assert events[-1]["result"] == "failed"


def test_a_plan_made_for_another_state_is_refused(tmp_path):
    (tmp_path / "live").write_text("green")
    events = carry_out(plan(
        tmp_path, step("one", act.remove(tmp_path / "live")),
        expects={str(tmp_path / "live"): "blue"},
    ))  # fmt: skip
    assert events[-1]["result"] == "refused"
    assert (tmp_path / "live").exists()


def test_the_second_of_two_is_refused_and_told_who_holds_the_lock(tmp_path):
    held = Lock(tmp_path / "lock")
    assert held.acquire({"who": "anna@laptop", "command": "promote"}) == {}
    events = carry_out(plan(tmp_path, step("one", act.write(tmp_path / "a", ""))))
    assert events[-1]["result"] == "refused"
    assert "anna@laptop holds the lock since" in events[-1]["what"]
    held.release()
    assert carry_out(plan(tmp_path))[-1]["result"] == "done"


def agent(*arguments):
    return [sys.executable, "-m", "ops.agent", *arguments]


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def test_work_goes_on_when_the_client_is_killed(tmp_path):
    slow = plan(
        tmp_path,
        step("slow", act.run(["sleep", "0.5"])),
        step("last", act.write(tmp_path / "done", "")),
    )
    client = subprocess.Popen(agent("run", slow.to_json()), stdout=subprocess.PIPE)
    assert json.loads(client.stdout.readline())["event"] == "begin"
    client.kill()
    client.wait()
    client.stdout.close()
    wait_for((tmp_path / "done").exists)


def test_cancel_takes_back_what_was_begun_and_ends_the_command(tmp_path):
    begun = plan(
        tmp_path,
        step("one", act.write(tmp_path / "a", ""), undo=[act.remove(tmp_path / "a")]),
        step("slow", act.run(["sleep", "60"])),
    )
    client = subprocess.Popen(agent("run", begun.to_json()), stdout=subprocess.PIPE)
    wait_for((tmp_path / "a").exists)
    wait_for(lambda: Lock(tmp_path / "lock").holder())
    subprocess.run(agent("cancel", str(tmp_path), "p1"), check=True)
    out, _ = client.communicate(timeout=20)
    assert json.loads(out.splitlines()[-1])["what"] == "Slow: cancelled"
    assert not (tmp_path / "a").exists()


def test_cancel_leaves_another_plan_alone(tmp_path):
    begun = plan(tmp_path, step("slow", act.run(["sleep", "1"])))
    client = subprocess.Popen(agent("run", begun.to_json()), stdout=subprocess.PIPE)
    wait_for(lambda: Lock(tmp_path / "lock").holder())
    subprocess.run(agent("cancel", str(tmp_path), "another"), check=True)
    out, _ = client.communicate(timeout=20)
    assert json.loads(out.splitlines()[-1])["result"] == "done"


def test_what_the_client_does_with_ctrl_c_does_not_reach_the_work(tmp_path):
    begun = plan(tmp_path, step("slow", act.run(["sleep", "1"])))
    client = subprocess.Popen(agent("run", begun.to_json()), stdout=subprocess.PIPE)
    assert json.loads(client.stdout.readline())["event"] == "begin"
    client.send_signal(signal.SIGINT)
    out, _ = client.communicate(timeout=20)
    assert json.loads(out.splitlines()[-1])["result"] == "done"


def test_a_switch_goes_back_by_a_rename(tmp_path):
    live = tmp_path / "live"
    live.write_text("blue")
    switch = step("switch", act.switch(live, "green"), undo=[act.switch_back(live)])
    carry_out(plan(tmp_path, switch, step("verify", FAIL)))
    assert live.read_text() == "blue"


def test_the_first_switch_goes_back_to_nothing(tmp_path):
    live = tmp_path / "live"
    switch = step("switch", act.switch(live, "green"), undo=[act.switch_back(live)])
    carry_out(plan(tmp_path, switch, step("verify", FAIL)))
    assert not live.exists()


def test_what_a_switch_that_cannot_go_back_needs_is_left_running(tmp_path):
    start = step("start", act.write(tmp_path / "up", ""), undo=[act.remove(tmp_path / "up")])
    switch = Step("switch", "Switch", [], [FAIL], guards=True)
    events = carry_out(plan(tmp_path, start, switch, step("verify", FAIL)))
    assert (tmp_path / "up").exists()
    assert "could not be taken back" in events[-1]["what"]


def test_the_scratch_folder_is_gone_in_the_end(tmp_path):
    for steps in ([], [step("one", FAIL)]):
        scratch = tmp_path / "work" / "x"
        scratch.mkdir(parents=True)
        carry_out(plan(tmp_path, *steps, scratch=str(scratch)))
        assert not scratch.exists()


def test_the_lock_goes_with_a_killed_holder(tmp_path):
    begun = plan(tmp_path, step("slow", act.run(["sleep", "60"])))
    client = subprocess.Popen(agent("run", begun.to_json()), stdout=subprocess.PIPE)
    wait_for(lambda: Lock(tmp_path / "lock").holder().get("pid"))
    os.kill(Lock(tmp_path / "lock").holder()["pid"], signal.SIGKILL)
    client.communicate(timeout=20)
    assert Lock(tmp_path / "lock").holder() == {}
    assert Lock(tmp_path / "lock").acquire({"who": "next"}) == {}


def test_a_journal_line_cut_short_is_passed_over(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add({"step": "one"})
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"step": "tw')
    assert [entry["step"] for entry in journal.last(10)] == ["one"]


def test_replaced_files_become_again_what_they_were(tmp_path):
    root, kept = tmp_path / "root", tmp_path / "kept"
    root.mkdir()
    (root / "old").write_text("1")
    names = ["old", "edge/new"]
    write = [act.write(root / "old", "2"), act.write(root / "edge/new", "2")]
    carry_out(plan(
        tmp_path,
        step("files", act.keep(root, names, kept), *write, undo=[act.restore(root, names, kept)]),
        step("fails", FAIL),
    ))  # fmt: skip
    assert (root / "old").read_text() == "1"
