"""How each action of a plan is carried out."""

from __future__ import annotations

import http.client
import json
import os
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from ops.agent import files
from ops.agent import http as web
from ops.agent.plan import Action
from ops.agent.shell import Failed, output, run

Say = Callable[[str], None]

POLL = 0.05  # seconds between two questions to a booting app
INSPECT = 0.25  # seconds between two looks at its container
LOG_LINES = 15
IN_A_ROW = 5  # answers of the new release through the edge before it counts as verified
BEFORE = ".before"  # the live file as it was, beside it
CANDIDATE = ".candidate-%d"  # folder in the edge's own, where a new configuration is checked first
ASK_TIMEOUT = 5.0  # seconds for one request


def carry_out(action: Action, say: Say) -> None:
    """Do one action; say tells a line of progress. Raises Failed."""
    arguments = {key: value for key, value in action.items() if key != "do"}
    ACTIONS[action["do"]](say, **arguments)


def _run(say: Say, argv: List[str], env: Dict[str, str], stdin: Any, quiet: bool) -> None:
    run(argv, on_line=None if quiet else say, env=env, stdin=stdin)


def _write(say: Say, path: str, text: str, mode: int) -> None:
    files.write(Path(path), text.encode("utf-8"), mode)


def _remove(say: Say, path: str) -> None:
    files.remove(Path(path))


def _keep(say: Say, root: str, names: List[str], folder: str) -> None:
    files.keep(Path(root), names, Path(folder))


def _restore(say: Say, root: str, names: List[str], folder: str) -> None:
    files.restore(Path(root), names, Path(folder))


def _install(say: Say, source: str, path: str) -> None:
    files.install(Path(source), Path(path))


def _switch(say: Say, path: str, text: str) -> None:
    live, before = Path(path), Path(path + BEFORE)
    files.remove(before)
    if live.is_file():
        os.link(live, before)
    files.write(live, text.encode("utf-8"))


def _switch_back(say: Say, path: str) -> None:
    live, before = Path(path), Path(path + BEFORE)
    if before.is_file():
        os.replace(before, live)
    else:
        files.remove(live)


def _compare_running(say: Say, argv: List[str], containers: Dict[str, str]) -> None:
    status, text = output(argv)
    wanted = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    for service, container in containers.items():
        label = '{{index .Config.Labels "com.docker.compose.config-hash"}}'
        found, running = output(["docker", "inspect", "-f", label, container])
        if status == found == 0 and running.strip() != wanted.get(service):
            say(
                "warning: %s still runs with older settings; to recreate it, which interrupts "
                "it: %s" % (container, " ".join([*argv[:-3], "up", "-d", "--no-deps", service]))
            )


def _link(say: Say, path: str, target: str) -> None:
    files.link(Path(path), target)


def _unpack(say: Say, archive: str, root: str, manifest: str) -> None:
    changed = files.unpack(Path(archive), Path(root), Path(manifest))
    for name in changed[:10]:
        say(name)
    if len(changed) > 10:
        say("and %d more" % (len(changed) - 10))


def _pack(say: Say, archive: str, root: str, manifest: str, without: List[str]) -> None:
    files.pack(Path(archive), Path(root), Path(manifest), without)


def _wait_healthy(
    say: Say, *, container: str, port: int, path: str, release: str, timeout: float
) -> None:
    begin = time.monotonic()
    looked = 0.0
    address, seen = "", "nothing listens yet"
    restarts = -1
    while time.monotonic() - begin < timeout:
        if time.monotonic() - looked >= INSPECT:
            address, restarts = _running(container, restarts)
            looked = time.monotonic()
        try:
            status, body = web.get(address, port, path, ASK_TIMEOUT)
            seen = "it answers %d: %s" % (status, body[:200].decode("utf-8", "replace"))
            if status == 200:
                _same_release(container, web.release_of(body), release)
                say("healthy after %.1f s" % (time.monotonic() - begin))
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(POLL)
    raise Failed(
        "%s was not healthy within %g s; %s" % (container, timeout, seen),
        "its last lines:\n" + _last_lines(container),
    )


def _running(container: str, restarts_before: int) -> Tuple[str, int]:
    """A container's address, and how often Docker has restarted it.

    Raises Failed with its last lines when it crashed since the look before, or is unhealthy.
    restarts_before is -1 at the first look: what happened before that is of no interest.
    """
    status, text = output(
        ["docker", "inspect", "-f", "{{json .State}}\t{{.RestartCount}}"
         "\t{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", container]
    )  # fmt: skip
    if status != 0:
        raise Failed("there is no container %s" % container, text.strip())
    state_json, restarts, addresses = text.rstrip("\n").split("\t")
    state = json.loads(state_json)
    if state["Status"] in ("exited", "dead", "restarting") or -1 < restarts_before < int(restarts):
        raise Failed(
            "%s crashed at start (exit status %s)" % (container, state.get("ExitCode")),
            "its last lines:\n" + _last_lines(container),
        )
    if (state.get("Health") or {}).get("Status") == "unhealthy":
        raise Failed(
            "%s is unhealthy, says Docker" % container, "its last lines:\n" + _last_lines(container)
        )
    return (addresses.split() or [""])[0], int(restarts)


def _same_release(who: str, answered: str, wanted: str) -> None:
    if answered != wanted:
        raise Failed(
            "%s says it is release %r, not %r" % (who, answered, wanted),
            "the health path must answer JSON with `release`: the value of RELEASE_ID",
        )


def _last_lines(container: str) -> str:
    _, text = output(["docker", "logs", "--tail", str(LOG_LINES), container], errors=True)
    return text.strip() or "(its log is empty)"


def _verify(
    say: Say, *, domain: str, port: int, path: str, release: str, edge: str, tls: str,
    ca_file: str, timeout: float,
) -> None:  # fmt: skip
    begin = time.monotonic()
    context = None
    good, seen = 0, "no answer"
    while time.monotonic() - begin < timeout:
        try:
            context = context or web.trust(tls, edge, ca_file)
            status, body = web.get_through_edge(domain, port, path, context, ASK_TIMEOUT)
            answered = web.release_of(body)
            good = good + 1 if (status, answered) == (200, release) else 0
            seen = "status %d of release %r" % (status, answered)
            if good == IN_A_ROW:
                say("https://%s%s answers: release %s" % (domain, path, release))
                return
        except Failed as error:
            good, seen = 0, error.what
        except (OSError, http.client.HTTPException) as error:
            good, seen = 0, str(error) or type(error).__name__
        time.sleep(0 if good else POLL)
    raise Failed(
        "https://%s%s did not answer for %s within %g s; last: %s"
        % (domain, path, release, timeout, seen),
        "look at the edge's log: docker logs %s" % edge,
    )


def _drain(say: Say, edge: str, upstream: str, timeout: float) -> None:
    begin = time.monotonic()
    idle, left = 0, 0
    while True:
        left = web.in_flight(edge, upstream)
        idle = idle + 1 if left == 0 else 0
        waited = time.monotonic() - begin
        # Twice: a request that read the old name just before the switch may not be counted yet.
        if idle == 2:
            return say("nothing in flight after %.1f s" % waited)
        if waited >= timeout:
            return say("%d requests still in flight after %g s" % (left, timeout))
        time.sleep(0.1)


def _configure_edge(say: Say, edge: str, folder: str, texts: Dict[str, str]) -> None:
    """Load first, then put in place: whoever is killed in between finds the files outdated."""
    root = Path(folder)
    _, running = output(["docker", "inspect", "-f", "{{.State.Running}}", edge])
    if running.strip() != "true":
        return _write_all(root, texts)
    candidate = root / (CANDIDATE % os.getpid())
    try:
        _write_all(candidate, {**_configuration(root), **texts})
        _load(edge, candidate.name + "/Caddyfile")  # Caddy keeps the old one if it is not valid
    finally:
        files.remove(candidate)
    try:
        _write_all(root, texts)
    except BaseException:
        _load(edge, "Caddyfile")
        raise
    say("the edge has its new configuration")


def _configuration(folder: Path) -> Dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.glob("Caddyfile*")}


def _write_all(folder: Path, texts: Dict[str, str]) -> None:
    for name, text in texts.items():
        files.write(folder / name, text.encode("utf-8"))


def _load(edge: str, config: str) -> None:
    run(["docker", "exec", edge, "caddy", "reload", "--config", "/etc/caddy/" + config,
         "--adapter", "caddyfile"])  # fmt: skip


ACTIONS: Dict[str, Callable[..., None]] = {
    "keep": _keep,
    "restore": _restore,
    "install": _install,
    "switch": _switch,
    "switch_back": _switch_back,
    "compare_running": _compare_running,
    "run": _run,
    "write": _write,
    "remove": _remove,
    "link": _link,
    "unpack": _unpack,
    "pack": _pack,
    "wait_healthy": _wait_healthy,
    "verify": _verify,
    "drain": _drain,
    "configure_edge": _configure_edge,
}
