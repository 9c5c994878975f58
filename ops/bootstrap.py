"""A Docker engine with Compose v2 and buildx on a machine: looked for, installed, started.

`python -m ops.bootstrap [--yes] [--demo] [-- COMMAND …]` does it on this machine, then runs the
command with access to the engine.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ops.commands import packages
from ops.commands.packages import Step
from ops.errors import OpsError, Refused
from ops.host.base import Host
from ops.machine import PROBE, EngineState, Machine, parse

__all__ = ["EngineState", "engine_state", "ensure_engine", "look", "rejoin"]

REJOINED = "CLEAN_PORTAL_OPS_REJOINED"
START_SECONDS = 60.0
# What `sudo -E` does not hand on. Nothing secret: it is seen in the process list.
DROPPED_BY_SUDO = ("PATH", "HOME", "PYTHONPATH", "PYTHONUSERBASE")


def look(host: Host) -> Machine:
    """What a machine is and has, in one round trip."""
    return parse(host.run(["sh", "-c", PROBE], timeout=60).stdout)


def engine_state(host: Host) -> EngineState:
    """What of a Docker engine is there and answers, in one round trip."""
    return look(host).engine


def ensure_engine(
    host: Host,
    *,
    yes: bool,
    ask: Callable[[str], bool],
    say: Callable[[str], None],
    demo: bool = False,
) -> None:
    """Make sure of an engine with Compose v2 and buildx, python3 >= 3.9 and tar on a host.

    demo: also of what this machine needs to start a throwaway host. Nothing is changed unless yes
    is set or ask answers yes. Raises OpsError that says what is missing and the commands for it.
    On this machine the running command may be begun again, to take up a new group: see rejoin.
    """
    machine = look(host)
    work = _work(host, machine, demo)
    if not work.lacking:
        return
    if work.steps:
        _carry_out(host, machine, work, yes=yes, ask=ask, say=say)
        host.close()  # a session's groups are those of its beginning; the next command opens one
        machine = look(host)
        work = _work(host, machine, demo)
    if machine.engine.denied and machine.joined and host.is_local:
        rejoin()
    if work.lacking:
        raise OpsError(f"{host.name}: {work.lacking}, still", work.by_hand())


@dataclass(frozen=True)
class _Work:
    """What is lacking, in words, and the steps, as root, that put it right."""

    lacking: str
    steps: Sequence[Step] = ()
    sudo: str = "sudo "

    def by_hand(self) -> str:
        """What a person runs."""
        commands = "\n  ".join(
            self.sudo + (step.by_hand or shlex.join(step.argv)) for step in self.steps
        )
        return f"run, and then this again:\n  {commands}" if commands else "log out and in again"


def _work(host: Host, machine: Machine, demo: bool) -> _Work:
    engine = machine.engine
    if machine.docker_host and not engine.server:
        raise OpsError(
            f"{host.name}: the engine at DOCKER_HOST={machine.docker_host} does not answer",
            "start it, or unset DOCKER_HOST to use this machine's own",
        )
    if machine.kernel != "Linux" and not engine.ready:
        raise OpsError(
            f"{host.name}: no Docker engine answers",
            "start Docker Desktop, OrbStack or Colima, then run this again",
        )
    lacking = _lacking(machine, demo)
    if not lacking:
        return _Work("")
    steps = packages.install(machine, demo=demo)
    if not engine.server and not engine.denied:
        steps.append(packages.start(machine))
    if not machine.is_root and not machine.joined:
        steps.append(packages.join_group(machine.user))
    return _Work(", ".join(lacking), steps, "" if machine.is_root else "sudo ")


def _lacking(machine: Machine, demo: bool) -> list[str]:
    engine = machine.engine
    lacking = []
    if engine.denied:
        lacking.append(f"the engine's socket refuses the user {machine.user} (group docker)")
    elif not engine.server and not machine.dockerd:
        lacking.append("no Docker engine is installed")
    elif not engine.server:
        lacking.append("the Docker engine is installed and does not run")
    if engine.server or machine.dockerd:
        if not engine.compose:
            lacking.append("the engine is without Compose v2 (`docker compose`)")
        if not engine.buildx:
            lacking.append("the engine is without buildx (`docker buildx`)")
    missing = packages.tools(machine, demo=demo)
    if missing:
        lacking.append(f"not installed: {', '.join(missing)}")
    return lacking


def _carry_out(
    host: Host,
    machine: Machine,
    work: _Work,
    *,
    yes: bool,
    ask: Callable[[str], bool],
    say: Callable[[str], None],
) -> None:
    _spare_what_runs(host, machine, work)
    prefix = root_prefix(host, machine, what=work.lacking, todo=work.by_hand())
    titles = "\n  ".join(step.title for step in work.steps)
    question = f"{host.name}: {work.lacking}. Do this as root there?\n  {titles}\n"
    if not yes and not ask(question):
        raise OpsError(f"{host.name}: {work.lacking}", work.by_hand())
    say(f"{host.name}: {work.lacking}")
    for step in work.steps:
        say(f"  {step.title}")
        host.run([*prefix, *step.argv], timeout=900)
    _wait(host, machine, prefix)


def _spare_what_runs(host: Host, machine: Machine, work: _Work) -> None:
    """Raise Refused when the engine would be restarted under containers that run.

    A package manager that adds a missing plugin may bring a newer engine with it.
    """
    engine = machine.engine
    if not engine.server or (engine.compose and engine.buildx):
        return
    running = host.run(["docker", "ps", "--format", "{{.Names}}"], check=False).stdout.split()
    if running:
        raise Refused(
            f"{host.name}: {work.lacking}; installing it may restart the engine, and with it "
            f"{', '.join(running[:5])}",
            f"in a quiet moment {work.by_hand()}",
        )


def root_prefix(host: Host, machine: Machine, *, what: str, todo: str) -> list[str]:
    """What makes a command run as root. Raises OpsError when nothing does.

    what and todo are for that message: what root is needed for, and what a person can do. On this
    machine, with a terminal, sudo may ask for the password once.
    """
    if machine.is_root:
        return []
    if host.run(["sudo", "-n", "true"], check=False, timeout=30).ok:
        return ["sudo", "-n"]
    if host.is_local and sys.stdin.isatty() and host.run(["sudo", "-v"], check=False).ok:
        return ["sudo", "-n"]
    raise OpsError(
        f"{host.name}: {what}; {machine.user} is not root, and sudo asks for a password", todo
    )


def _wait(host: Host, machine: Machine, prefix: Sequence[str]) -> None:
    """Wait until the engine answers root. Raises OpsError with its last words when it does not."""
    until = time.monotonic() + START_SECONDS
    while not host.run([*prefix, "docker", "info"], check=False, timeout=60).ok:
        if time.monotonic() > until:
            log = host.run([*prefix, *packages.read_log(machine)], check=False)
            raise OpsError(
                f"{host.name}: the Docker engine was started and does not answer",
                "its last words:\n  " + "\n  ".join(log.stdout.splitlines()),
            )
        time.sleep(0.3)


def rejoin() -> None:
    """Begin the running command again, in a process that has the user's groups of now.

    Through sudo, which keeps the primary group; else through sg. Done once: raises OpsError when
    this process was already begun again, or when neither is there.
    """
    if os.environ.get(REJOINED):
        raise OpsError(
            "the Docker engine's socket refuses this user, although it is in the group docker",
            "see whose it is: ls -l /var/run/docker.sock",
        )
    sys.stdout.flush()
    sys.stderr.flush()
    again = [sys.executable, *sys.orig_argv[1:]]
    kept = [f"{name}={os.environ[name]}" for name in DROPPED_BY_SUDO if name in os.environ]
    environment = ["env", f"{REJOINED}=1", *kept]
    user = pwd.getpwuid(os.getuid()).pw_name
    if _this_machine().run(["sudo", "-n", "true"], check=False).ok:
        os.execvp("sudo", ["sudo", "-n", "-E", "-u", user, *environment, *again])
    if shutil.which("sg"):
        os.execvp("sg", ["sg", "docker", "-c", shlex.join([*environment, *again])])
    raise OpsError(
        "this session began before its user was in the group docker",
        "log out and in again, then run this again",
    )


def main(arguments: Sequence[str]) -> int:
    """The command line of this module; an error is two lines, and its exit status."""
    options, command = list(arguments), []
    if "--" in options:
        at = options.index("--")
        options, command = options[:at], options[at + 1 :]
    if set(options) - {"--yes", "--demo"}:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        ensure_engine(
            _this_machine(), yes="--yes" in options, ask=_ask, say=_say, demo="--demo" in options
        )
    except OpsError as error:
        print(error, file=sys.stderr)
        return error.status
    if command:
        sys.stdout.flush()
        os.execvp(command[0], command)
    return 0


def _this_machine() -> Host:
    from ops.host.local import LocalHost

    return LocalHost()


def _ask(question: str) -> bool:
    return sys.stdin.isatty() and input(f"{question}[y/N] ").strip().lower() in {"y", "yes"}


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
