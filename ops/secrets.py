"""The two env files: what belongs in them, how it is made, and what is too weak. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from ops.environment import Environment
from ops.settings import Settings

PASSWORD_BYTES = 24  # 192 bits, 32 characters
MINIMUM = 16  # characters of a production secret
WEAK = frozenset(
    (
        *("admin", "changeme", "default", "dev", "example", "letmein", "password", "portal"),
        *("postgres", "production", "qwerty", "root", "secret", "test"),
    )
)


def password() -> str:
    """A new random password of 32 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def comments(settings: Settings) -> dict[str, str]:
    """What each value of an env file is for, in the order they are written."""
    return {
        "POSTGRES_PASSWORD": "The database owner's password; the data volume keeps the first one.",
        "DATABASE_URL": "How the app reaches the database; holds the same password, URL-encoded.",
        "REDIS_URL": "How the app reaches Redis.",
        "ADMIN_PASSWORD": "The app's first administrator.",
        settings.api_key_name: "The key of the API that the app calls.",
    }


def database_url(settings: Settings, environment: Environment, secret: str) -> str:
    """The database's address for the app, with the password encoded as a URL needs it."""
    owner = f"{settings.db_user}:{quote(secret, safe='')}"
    return f"postgresql://{owner}@{environment.container('db')}:5432/{settings.db_name}"


def missing(
    settings: Settings, environment: Environment, present: Mapping[str, str], api_key: str
) -> dict[str, str]:
    """New values for what an env file lacks or holds empty; never one for what is there."""
    secret = present.get("POSTGRES_PASSWORD") or password()
    wanted = {
        "POSTGRES_PASSWORD": secret,
        "DATABASE_URL": database_url(settings, environment, secret),
        "REDIS_URL": f"redis://{environment.container('redis')}:6379",
        "ADMIN_PASSWORD": password(),
        settings.api_key_name: api_key,
    }
    return {key: value for key, value in wanted.items() if not present.get(key)}


def problems(
    settings: Settings,
    environment: Environment,
    values: Mapping[str, str],
    other: Mapping[str, str],
) -> list[str]:
    """What is wrong with an env file's values, each naming the key and the fix.

    Production is judged strictly; in development the same findings are warnings, and what to do
    with them is up to the caller. other is the other environment's values.
    """
    found = []
    name = environment.env_file
    for key in comments(settings):
        value = values.get(key, "")
        if not value:
            found.append(f"{name}: {key} is missing; run `inv secrets.init`")
        elif key.endswith("_URL"):
            continue
        elif value.lower() in WEAK or len(value) < MINIMUM:
            found.append(
                f"{name}: {key} is weak; give it at least {MINIMUM} characters, no usual word"
            )
        elif key.endswith("_PASSWORD") and value == other.get(key):
            found.append(f"{name}: {key} is the same in both environments; give each its own")
    try:
        url = urlsplit(values.get("DATABASE_URL", ""))
    except ValueError as error:
        return [*found, f"{name}: DATABASE_URL is no URL ({error}); encode its password"]
    if url.scheme and unquote(url.password or "") != values.get("POSTGRES_PASSWORD"):
        found.append(
            f"{name}: DATABASE_URL holds another password than POSTGRES_PASSWORD; "
            "remove its line and run `inv secrets.init`"
        )
    if url.scheme and url.hostname != environment.container("db"):
        found.append(
            f"{name}: DATABASE_URL points at {url.hostname}, "
            f"not at {environment.container('db')}; remove its line and run `inv secrets.init`"
        )
    return found
