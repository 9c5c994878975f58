"""`python3 agent.pyz facts QUERY | run PLAN | cancel STATE PLAN_ID`: it answers in JSON lines."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

from ops.agent.journal import Lock
from ops.agent.plan import Plan
from ops.agent.runner import carry_out_plan

KEPT_RUNS = 20
FOLLOW = 0.02  # seconds between two looks at the events of a run


def main(arguments: List[str]) -> int:
    """Do what the command line says; exit status 0 when an answer was given."""
    command, text = arguments[:2]
    if command == "facts":
        from ops.agent.facts import facts

        print(json.dumps(facts(json.loads(text)), ensure_ascii=False))
    elif command == "run":
        run_detached(Plan.from_json(text))
    elif command == "cancel":
        cancel(Lock(Path(text) / "lock"), arguments[2])
    return 0


def cancel(lock: Lock, plan_id: str) -> None:
    """Ask the worker on a plan to take back what it began; nobody else is disturbed."""
    holder = lock.holder()
    if holder.get("plan") == plan_id:
        try:
            os.kill(int(holder["pid"]), signal.SIGTERM)
        except ProcessLookupError:
            pass  # it has just ended


def run_detached(plan: Plan) -> None:
    """Carry a plan out in a process of its own, which goes on when this one is gone.

    This one only prints the other's events, until the last.
    """
    runs = Path(plan.state) / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    for old in sorted(runs.glob("*.jsonl"))[: -KEPT_RUNS + 1]:
        old.unlink()
    events = runs / (plan.id + ".jsonl")
    with open(events, "wb", buffering=0) as file:
        child = os.fork()
        if child == 0:
            _become_worker(file.fileno())
            carry_out_plan(plan, lambda event: _emit(file.fileno(), event))
            os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the client's to answer
    _follow(events, child)


def _become_worker(output: int) -> None:
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _emit(output: int, event: Dict[str, Any]) -> None:
    line = json.dumps({"at": round(time.time(), 3), **event}, ensure_ascii=False) + "\n"
    try:
        os.write(output, line.encode("utf-8"))
    except OSError:
        pass  # a full disk must not end the work; the journal and the lock tell the rest


def _follow(events: Path, child: int) -> None:
    rest, ended = b"", False
    with open(events, "rb") as file:
        while True:
            ended = ended or os.waitpid(child, os.WNOHANG)[0] != 0
            chunk = file.read()
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                sys.stdout.write(line.decode("utf-8", "replace") + "\n")
            sys.stdout.flush()
            if ended and not chunk:
                return
            time.sleep(0 if chunk else FOLLOW)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
