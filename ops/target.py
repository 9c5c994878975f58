"""Where a task acts: a host together with the project, the layout there, and the agent."""

from __future__ import annotations

import getpass
import signal
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ops import facts as facts_
from ops.agent.plan import Plan
from ops.console import Console
from ops.environment import Layout, layout
from ops.errors import OpsError, Refused, SettingsError
from ops.facts import Facts
from ops.host import Host, connect
from ops.host.agent import Agent
from ops.project import Project


@dataclass(frozen=True)
class Target:
    """This machine, or the one named after `--host`, and what a task needs to act on it."""

    project: Project
    host: Host
    layout: Layout
    console: Console

    @cached_property
    def agent(self) -> Agent:
        """The agent on this host."""
        return Agent(self.host, self.layout.bin)

    @property
    def option(self) -> str:
        """How to name this target on the command line, with a space before it."""
        return "" if self.host.is_local else f" --host {self.host.name}"

    def facts(self, hashes: Iterable[str] = ()) -> Facts:
        """What is there now, in one round trip; hashes are files below the deploy folder.

        Raises OpsError when the engine or Compose v2 is missing or stopped.
        """
        query = facts_.query(self.project.settings, self.layout, hashes)
        found = facts_.parse(self.agent.facts(query))
        if not found.engine:
            raise OpsError(
                f"no Docker engine answers on {self.host.name}",
                f"install or start it: inv host.bootstrap{self.option}",
            )
        if not found.compose:
            raise OpsError(
                f"Docker on {self.host.name} has no Compose v2",
                f"install it: inv host.bootstrap{self.option}",
            )
        return found

    def carry_out(self, plan: Plan) -> None:
        """Carry a plan out and show its events; see Agent.carry_out for what is raised.

        Ctrl-C has the host take back what was begun; that is then waited for like any other end.
        """

        def cancel() -> None:
            host = connect(self.project.settings, None if self.host.is_local else self.host.name)
            Agent(host, self.layout.bin).cancel(plan)
            host.close()

        def interrupted(signum: int, frame: object) -> None:
            self.console.say("stopping: what was begun on the host is taken back")
            threading.Thread(target=cancel, daemon=True).start()

        before = signal.signal(signal.SIGINT, interrupted)
        try:
            self.agent.carry_out(plan, self.console.event)
        finally:
            signal.signal(signal.SIGINT, before)

    def put(self, data: bytes, path: str, mode: int = 0o644) -> None:
        """Write a file on the host, and its folder too when that is missing."""
        self.host.run(["mkdir", "-p", path.rpartition("/")[0]])
        self.host.put(data, path, mode=mode)


def target(project: Project, name: str | None, console: Console) -> Target:
    """The target called name; None is this machine. Nothing is asked of it yet."""
    host = connect(project.settings, name)
    local = Path(project.root / project.settings.local_dir).resolve()
    where = layout(project.settings, str(local) if host.is_local else None)
    return Target(project, host, where, console)


def refuse_when_short_of_disk(target: Target, facts: Facts) -> None:
    """Raise Refused when the host has less free disk than MIN_FREE_DISK."""
    wanted = target.project.settings.min_free_disk
    if facts.free_mib < wanted:
        raise Refused(
            f"{target.host.name} has {facts.free_mib} MiB of disk free; "
            f"MIN_FREE_DISK wants {wanted}",
            "free some: docker image prune, docker builder prune; or lower MIN_FREE_DISK",
        )


def refuse_more_cpus_than_there_are(target: Target, facts: Facts) -> None:
    """Raise SettingsError for a CPU limit above the host's count, which Docker does not accept."""
    for name, value in target.project.settings.model_dump().items():
        if name.endswith("_cpus") and value > facts.cpus:
            raise SettingsError(
                f"{name.upper()}={value:g}, but {target.host.name} has {facts.cpus} CPUs",
                f"set it to {facts.cpus} or less",
            )


def who() -> str:
    """The person at this machine, as the journal and the lock name them."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def utc_stamp() -> str:
    """The time now in UTC, as release ids begin: 20261123T174500Z."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
