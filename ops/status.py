"""What `inv status` and `inv prod.releases` show."""

from __future__ import annotations

from ops.environment import Environment, EnvironmentName, development, production
from ops.facts import Container, Facts
from ops.release import slots
from ops.target import Target


def status(target: Target) -> None:
    """Show both environments side by side: address, release, containers, who works on it."""
    settings = target.project.settings
    facts = target.facts()
    prod, dev = production(settings), development(settings)
    rows = [
        ("address", f"https://{prod.domain}", f"https://{dev.domain}"),
        ("release", _release(target, facts), "the working files"),
        *(
            (service, _container(facts, prod, service), _container(facts, dev, service))
            for service in ("app", "app-blue", "app-green", "db", "redis")
        ),
        ("edge", _describe(facts.containers.get(prod.container("caddy"))), "the same"),
        ("lock", _lock(facts, EnvironmentName.PROD), _lock(facts, EnvironmentName.DEV)),
    ]
    target.console.table(
        f"{target.host.name}: Docker {facts.engine}, Compose {facts.compose}, "
        f"{facts.free_mib} MiB of disk free",
        ("", "production", "development"),
        [row for row in rows if row[1:] != ("", "")],
    )


def releases(target: Target) -> None:
    """Show the releases that are kept, newest first, the one that serves marked."""
    facts = target.facts()
    state = facts.states[EnvironmentName.PROD]
    serving = slots.serving(facts, target.project.settings)
    if not state.releases:
        target.console.say(f"no release yet; make one: inv prod.promote{target.option}")
        return
    target.console.table(
        "",
        ("", "release", "commit", "subject", "by", "image"),
        [
            (
                "serves" if one.id == serving else "",
                one.id,
                one.short,
                one.subject,
                one.who,
                "kept" if one.image in facts.images else "gone",
            )
            for one in reversed(state.releases)
        ],
    )


def _release(target: Target, facts: Facts) -> str:
    live = facts.live_slot(target.project.settings)
    if live is None:
        return "none yet"
    return f"{slots.serving(facts, target.project.settings)} ({live})"


def _container(facts: Facts, environment: Environment, service: str) -> str:
    return _describe(facts.containers.get(environment.container(service)))


def _describe(container: Container | None) -> str:
    if container is None:
        return ""
    parts = [container.status, container.health if container.running else ""]
    parts += [f"restarted {container.restarts} times"] if container.restarts else []
    return ", ".join(filter(None, parts))


def _lock(facts: Facts, name: EnvironmentName) -> str:
    holder = facts.states[name].holder
    return "{who} since {since} ({command})".format(**holder) if holder.get("who") else "free"
