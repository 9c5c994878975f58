"""The demo's story: dev deployed and edited, production promoted twice under load, rolled back."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from ops.bootstrap import ensure_engine
from ops.console import Console
from ops.demo.app import MARKER, PAGE
from ops.demo.load import Aim, Load
from ops.demo.report import Phase, Stream, Summary, summarize
from ops.demo.stage import HOST, Stage, raise_stage, strike_stage
from ops.dev.operations import deploy
from ops.environment import development, production
from ops.errors import OpsError
from ops.host.local import LocalHost
from ops.release.operations import promote, rollback

NAME = "clean-portal-demo"
FOLDER = Path(".demo")
CALM = 4.0  # seconds of load before anything happens: what "before" is measured on
SETTLE = 2.0  # seconds between two changes


class Clock(Console):
    """A console that also remembers how long each step took."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.chapters: list[tuple[Phase, dict[str, float]]] = []
        self._steps: dict[str, float] = {}

    def event(self, event: Mapping[str, object]) -> None:
        """Show an event, and note a finished step's seconds."""
        super().event(event)
        if event["event"] == "done":
            self._steps[str(event["step"])] = float(str(event["seconds"]))

    def begin(self, title: str) -> None:
        """Begin a chapter of the story."""
        self.say("")
        self.say(f"== {title} ==", "bold cyan")
        self._steps = {}
        self.chapters.append((Phase(title, time.monotonic(), 0.0), self._steps))

    def end(self) -> None:
        """End the chapter."""
        phase, steps = self.chapters.pop()
        self.chapters.append((Phase(phase.name, phase.begin, time.monotonic()), steps))


def run(*, rate: str, yes: bool) -> None:
    """Tell the whole story on a fresh throwaway host, and end with the figures.

    rate is in requests per second. Raises OpsError when a step failed or a request did.
    """
    clock = Clock()
    per_second = int(rate) if rate.isdecimal() else 0
    Load(Aim("", 0, "", per_second))  # a rate that is not possible is told before anything else
    ensure_engine(
        LocalHost(),
        yes=yes,
        ask=lambda what: clock.confirm(what, yes=yes),
        say=clock.say,
        demo=True,
    )
    clock.begin("host")
    stage = raise_stage(FOLDER.resolve(), name=NAME, console=clock, settings={})
    clock.end()
    clock.begin("dev")
    deploy(stage.target, overwrite=False)
    clock.end()
    edits = edit_and_wait(stage)
    clock.begin("first")
    promote(stage.target, ref="HEAD", dry_run=False, yes=True)
    clock.end()
    load = start_load(stage, per_second)
    try:
        calm = under_load(stage, clock)
    finally:
        load.stop()
    changes = [phase for phase, _ in clock.chapters[-3:]]
    show(clock, load, [calm, *changes], edits)
    invite(stage, clock)
    failed = sum(1 for record in load.records if record.error)
    cut = sum(1 for stream in load.streams if stream.cut)
    if failed or cut:
        raise OpsError(
            f"{failed} requests failed and {cut} streams were cut",
            "this is a bug: please report it",
        )


def start_load(stage: Stage, rate: int) -> Load:
    """A steady load on the stage's production."""
    domain = production(stage.project.settings).domain
    root = str(stage.edge_root())
    load = Load(Aim(domain, stage.throwaway.https_port, root, rate))
    load.start()
    return load


def under_load(stage: Stage, clock: Clock) -> Phase:
    """Promote twice and roll back; answers the calm phase before all that."""
    begin = time.monotonic()
    clock.say(f"\nload: {CALM:g} s of calm first")
    time.sleep(CALM)
    calm = Phase("before", begin, time.monotonic())
    for number in ("second", "third"):
        stage.app.edit(f"marker-{number}")
        stage.app.commit(f"The {number} release")
        clock.begin(number)
        promote(stage.target, ref="HEAD", dry_run=False, yes=True)
        clock.end()
        time.sleep(SETTLE)
    clock.begin("rollback")
    rollback(stage.target, to="", dry_run=False, yes=True)
    clock.end()
    time.sleep(SETTLE)
    return calm


def edit_and_wait(stage: Stage) -> list[tuple[str, float]]:
    """Change the page twice, on the host and here; seconds from each save to the changed page."""
    clock = stage.target.console
    clock.say("\n== a source file changed ==", "bold cyan")
    path = str(stage.target.layout.deploy / PAGE)
    seconds_until_shown(stage, MARKER, 0)  # the dev server compiles a page when it is first seen
    begin = time.monotonic()
    stage.target.host.put(stage.app.page("marker-saved").encode(), path)
    on_host = seconds_until_shown(stage, "marker-saved", begin)
    clock.say(f"saved on the host: the page changed after {on_host * 1000:.0f} ms")
    stage.app.edit("marker-deployed")
    begin = time.monotonic()
    deploy(stage.target, overwrite=True)
    deployed = seconds_until_shown(stage, "marker-deployed", begin)
    clock.say(f"saved here, `inv dev.deploy` again: the page had changed after {deployed:.1f} s")
    stage.app.commit("A changed marker")
    return [("saved on the host", on_host), ("saved here, deployed", deployed)]


def seconds_until_shown(stage: Stage, marker: str, begin: float) -> float:
    """Seconds from begin until dev's page shows a marker. Raises OpsError after a minute."""
    domain = development(stage.project.settings).domain
    url = f"https://{domain}/"
    script = 'until curl -ksS --resolve "$1:443:127.0.0.1" "$2" | grep -q "$3"; do sleep 0.02; done'
    stage.target.host.run(["sh", "-c", script, "sh", domain, url, marker], timeout=60)
    return time.monotonic() - begin


def show(clock: Clock, load: Load, phases: list[Phase], edits: list[tuple[str, float]]) -> None:
    """The tables that the demo ends with."""
    whole = Phase("in all", float("-inf"), float("inf"))
    rows = [_row(summarize(load.records, phase), phase) for phase in [*phases, whole]]
    clock.say("")
    clock.table(
        "Requests",
        ("", "sent", "failed", "longest gap ms", "p50 ms", "p99 ms", "took s"),
        rows,
    )
    reasons = summarize(load.records, whole).reasons
    for reason, count in reasons.items():
        clock.say(f"  {count} x {reason}", "red")
    clock.say(_streams(load.streams))
    clock.say("")
    names = dict.fromkeys(step for _, steps in clock.chapters for step in steps)
    clock.table(
        "Seconds of each step",
        ("", *(phase.name for phase, _ in clock.chapters)),
        [
            *(
                (name, *(_seconds(steps.get(name)) for _, steps in clock.chapters))
                for name in names
            ),
            ("all of it", *(_seconds(one.end - one.begin) for one, _ in clock.chapters)),
        ],
    )
    for what, seconds in edits:
        clock.say(f"page changed, {what}: {seconds:.2f} s")
    clock.say(f"the whole demo: {time.monotonic() - clock.began:.0f} s", "bold")


def _row(summary: Summary, phase: Phase) -> tuple[str, ...]:
    took = phase.end - phase.begin
    return (
        summary.name,
        str(summary.sent),
        str(summary.failed),
        *(_milliseconds(one) for one in (summary.longest_gap, summary.p50, summary.p99)),
        f"{took:.1f}" if took < float("inf") else "",
    )


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _streams(streams: list[Stream]) -> str:
    events = sum(stream.events for stream in streams)
    cut = sum(stream.cut for stream in streams)
    return f"event stream: {events} events in {len(streams)} connections, {cut} cut without a word"


def invite(stage: Stage, clock: Clock) -> None:
    """How to look at the host that is left running."""
    prod = production(stage.project.settings)
    host = stage.throwaway
    inv = f"OPS_ENV_FILE={shlex.quote(str(stage.env_file))} inv"
    to = (
        f"--connect-to ::127.0.0.1:{host.https_port} --cacert {shlex.quote(str(stage.edge_root()))}"
    )
    clock.say("\nThe host is left running. Look at it:", "bold")
    clock.say(f"  {inv} status --host {HOST}")
    clock.say(f"  {inv} prod.releases --host {HOST}")
    clock.say(f"  curl {to} https://{prod.domain}/")
    clock.say(
        f"  ssh -i {host.key} -o UserKnownHostsFile={host.known_hosts} "
        f"-p {host.ssh_port} {host.user}@127.0.0.1"
    )
    clock.say("and remove every trace of it: inv demo --down")


def take_down() -> None:
    """Remove the throwaway host and everything that belongs to it; nothing when it is not there."""
    strike_stage(FOLDER.resolve(), name=NAME, console=Console())
