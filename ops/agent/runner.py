"""Carries a plan out: the lock, the journal, each step, and taking steps back on failure."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

from ops.agent.actions import carry_out
from ops.agent.journal import Journal, Lock
from ops.agent.plan import Action, Plan, Step
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
        _remove_scratch(plan)
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
        _remove_scratch(plan)


class _Run:
    def __init__(self, plan: Plan, journal: Journal, emit: Emit) -> None:
        self._plan, self._journal, self._emit = plan, journal, emit
        self._begun: List[Step] = []
        self._committed = False
        self._cancelled = self._interruptible = False

    def all(self) -> None:
        signal.signal(signal.SIGTERM, self._cancel)
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
            self._interruptibly(action)
        seconds = round(time.monotonic() - begin, 3)
        self._note(step.name, "end", result="done", seconds=seconds)
        self._emit({"event": "done", "step": step.name, "seconds": seconds})
        if step.name == self._plan.commit:
            self._committed = True

    def _interruptibly(self, action: Action) -> None:
        """Do an action; a wish to stop takes effect only here, and not after the commit."""
        try:
            self._interruptible = not self._committed
            if self._cancelled and self._interruptible:
                raise Cancelled
            self._do(action)
        finally:
            self._interruptible = False

    def _do(self, action: Action) -> None:
        carry_out(action, lambda text: self._emit({"event": "line", "text": text}))

    def _cancel(self, signum: int, frame: object) -> None:
        self._cancelled = True
        if self._interruptible:
            self._interruptible = False
            raise Cancelled

    def _give_up(self, failed: Step, what: str, todo: str) -> bool:
        """Report a failed step; True when the plan goes on all the same."""
        what = "%s: %s" % (failed.title, what)
        self._note(failed.name, "end", result="failed", reason=what)
        if self._committed:
            self._emit({"event": "warning", "text": what})
            return True
        self._emit({"event": "failed", "step": failed.name, "text": what})
        for step in reversed(self._begun):
            if not self._take_back(step) and step.guards:
                what = "%s; and it could not be taken back: %s" % (what, step.title)
                todo = "what was switched to still runs; mend the cause, then run this again"
                break
        self._note("plan", "end", result="failed", reason=what)
        self._emit(_end("failed", what, todo))
        return False

    def _take_back(self, step: Step) -> bool:
        whole = True
        for action in step.undo:
            try:
                self._do(action)
            except Exception as error:  # the others have to be taken back all the same
                whole = False
                self._emit({"event": "warning", "text": "taking back %s: %s" % (step.name, error)})
        if step.undo:
            self._note(step.name, "undo", result="done" if whole else "failed")
        return whole

    def _note(self, step: str, event: str, **more: Any) -> None:
        """Journal something; a full disk must not keep the work from being taken back."""
        try:
            self._write({"step": step, "event": event, **more})
        except OSError as error:
            self._emit({"event": "warning", "text": "the journal: %s" % error.strerror})

    def _write(self, entry: Event) -> None:
        plan = self._plan
        self._journal.add({"plan": plan.id, "command": plan.command, "who": plan.who, **entry})


def _remove_scratch(plan: Plan) -> None:
    if plan.scratch:
        shutil.rmtree(plan.scratch, ignore_errors=True)


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
