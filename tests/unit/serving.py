"""A host on which production serves from blue, as values: what plans are made for."""

from dataclasses import replace
from pathlib import PurePosixPath

from ops.agent.plan import describe
from ops.environment import EnvironmentName, Layout, development, production
from ops.facts import Container, Facts, Release, State
from ops.infrastructure import Context, sha256
from ops.release.plan import image_of
from ops.release.slots import Running, Slots
from ops.render import placed, render
from ops.settings import from_values

SETTINGS = from_values({}, {})
LAYOUT = Layout(PurePosixPath("/srv/app"), PurePosixPath("/srv/deployments"))
FILES = placed(render(SETTINGS))
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NEW = Release("20260101T000003Z-0123456", COMMIT, image_of(SETTINGS, COMMIT), "me@here",
              "New", "20260101T000002Z-bbbbbbb")  # fmt: skip
OLD = Release("20260101T000002Z-bbbbbbb", "b" * 40, image_of(SETTINGS, "b" * 40), "me@here",
              "Old", "20260101T000001Z-aaaaaaa")  # fmt: skip
OLDER = Release("20260101T000001Z-aaaaaaa", "a" * 40, image_of(SETTINGS, "a" * 40), "me@here")

SECRETS = {".env.prod": "same", ".env.dev": "same"}
PULLED = (SETTINGS.postgres_image, SETTINGS.redis_image, SETTINGS.caddy_image)

COMPOSE = (
    "$ docker compose --ansi never --progress plain -f /srv/app/docker-compose.prod.yml "
    "--env-file /srv/app/.env.prod --env-file /srv/app/slots.env"
)


def container(name):
    return Container(name, "running", "healthy", "", "", "", 0)


def facts(**changes):
    names = ("db-prod", "redis-prod", "caddy-prod", "app-blue-prod")
    serving = Facts(
        engine="26.1.5",
        compose="2.26.1",
        containers={f"clean-portal-{name}": container(f"clean-portal-{name}") for name in names},
        images=frozenset({OLD.image, OLDER.image, *PULLED}),
        live_text="clean-portal-app-blue-prod",
        slots_text=Slots(blue=Running(OLD.image, OLD.id)).text(),
        hashes={name: sha256(text.encode()) for name, text in FILES.items()} | SECRETS,
        states={
            EnvironmentName.PROD: State((OLDER, OLD), OLD.id),
            EnvironmentName.DEV: State(),
        },
        free_mib=50_000,
        cpus=2,
        memory_mib=8000,
        owner="1000:1000",
    )
    return replace(serving, **changes)


EMPTY = {
    "containers": {},
    "images": frozenset(),
    "live_text": "",
    "slots_text": "",
    "hashes": dict.fromkeys(FILES, ""),
    "states": {EnvironmentName.PROD: State(), EnvironmentName.DEV: State()},
}


def context(settings=SETTINGS, name=EnvironmentName.PROD, **changes):
    environment = development(settings) if name is EnvironmentName.DEV else production(settings)
    return Context(
        settings, environment, LAYOUT, facts(**changes), FILES, "same", "me@here", "STAMP"
    )


def told(plan):
    return {step.name: [describe(action) for action in step.actions] for step in plan.steps}
