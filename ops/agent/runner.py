"""Carries a plan out: the lock, the journal, each step, and taking steps back on failure."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

from ops.agent.actions import carry_out
from ops.agent.journal import Journal, Lock
from ops.agent.plan import Plan, Step
from ops.agent.shell import Failed

Event = Dict[str, Any]
Emit = Callable[[Event], None]


class Cancelled(BaseException):
    """A person asked to stop (SIGTERM); what was begun is taken back."""


def carry_out_plan(plan: Plan, emit: Emit) -> None:
    """Carry out a plan, holding its environment's lock; emit gets every event.

    The last event is `end`, with a result: `done`, `failed` (all was taken back, the host is as
    it was) or `refused` (nothing was begun).
    """
    state = Path(plan.state)
    lock, journal = Lock(state / "lock"), Journal(state / "journal.jsonl")
    holder = {"who": plan.who, "command": plan.command, "plan": plan.id, "pid": os.getpid()}
    taken = lock.acquire(holder)
    if taken:
        emit(_refused("%(who)s holds the lock since %(since)s (%(command)s)" % _named(taken),
                      "wait until that is done, then run this again"))  # fmt: skip
        return
    try:
        stale = _unexpected(plan)
        if stale:
            emit(_refused("%s changed while this was being prepared" % stale, "run it again"))
            return
        _Run(plan, journal, emit).all()
    except OSError as error:
        emit(_end("failed", "%s: %s" % (error.filename, error.strerror), "see `df -h` on the host"))
    finally:
        lock.release()


class _Run:
    def __init__(self, plan: Plan, journal: Journal, emit: Emit) -> None:
        self._plan, self._journal, self._emit = plan, journal, emit
        self._begun: List[Step] = []
        self._committed = False

    def all(self) -> None:
        signal.signal(signal.SIGTERM, _cancel)
        self._write({"step": "plan", "event": "begin"})
        for step in self._plan.steps:
            try:
                self._step(step)
            except Failed as error:
                if not self._give_up(step, error.what, error.todo):
                    return
            except Cancelled:
                if not self._give_up(step, "cancelled", "nothing more to do"):
                    return
            except Exception as error:  # a bug of ours must not leave a step half done either
                if not self._give_up(step, repr(error), "report this, please"):
                    return
        self._note("plan", "end", result="done")
        self._emit(_end("done", "", ""))

    def _step(self, step: Step) -> None:
        begin = time.monotonic()
        self._begun.append(step)
        self._note(step.name, "begin")
        self._emit({"event": "begin", "step": step.name, "title": step.title})
        for action in step.actions:
            carry_out(action, lambda text: self._emit({"event": "line", "text": text}))
        seconds = round(time.monotonic() - begin, 3)
        self._note(step.name, "end", result="done", seconds=seconds)
        self._emit({"event": "done", "step": step.name, "seconds": seconds})
        if step.name == self._plan.commit:
            self._committed = True

    def _give_up(self, failed: Step, what: str, todo: str) -> bool:
        """Report a failed step; True when the plan goes on all the same."""
        what = "%s: %s" % (failed.title, what)
        self._note(failed.name, "end", result="failed", reason=what)
        if self._committed:
            self._emit({"event": "warning", "text": what})
            return True
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._emit({"event": "failed", "step": failed.name, "text": what})
        for step in reversed(self._begun):
            self._take_back(step)
        self._note("plan", "end", result="failed", reason=what)
        self._emit(_end("failed", what, todo))
        return False

    def _take_back(self, step: Step) -> None:
        for action in step.undo:
            try:
                carry_out(action, lambda text: self._emit({"event": "line", "text": text}))
            except Exception as error:  # the other steps have to be taken back all the same
                self._emit({"event": "warning", "text": "taking back %s: %s" % (step.name, error)})
        if step.undo:
            self._note(step.name, "undo")

    def _note(self, step: str, event: str, **more: Any) -> None:
        """Journal something; a full disk must not keep the work from being taken back."""
        try:
            self._write({"step": step, "event": event, **more})
        except OSError as error:
            self._emit({"event": "warning", "text": "the journal: %s" % error.strerror})

    def _write(self, entry: Event) -> None:
        plan = self._plan
        self._journal.add({"plan": plan.id, "command": plan.command, "who": plan.who, **entry})


def _cancel(signum: int, frame: object) -> None:
    raise Cancelled


def _unexpected(plan: Plan) -> str:
    """The first file that does not hold what the plan was made for; empty when all do."""
    for name, text in plan.expects.items():
        path = Path(name)
        if (path.read_text("utf-8") if path.is_file() else "") != text:
            return name
    return ""


def _named(holder: Dict[str, Any]) -> Dict[str, Any]:
    return {"who": "somebody", "since": "a moment ago", "command": "another command", **holder}


def _refused(what: str, todo: str) -> Event:
    return _end("refused", what, todo)


def _end(result: str, what: str, todo: str) -> Event:
    return {"event": "end", "result": result, "what": what, "todo": todo}
