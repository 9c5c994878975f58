"""Secrets: made strong and different, judged strictly, never replaced."""

import pytest

from ops import secrets
from ops.environment import development, production
from ops.settings import from_values

SETTINGS = from_values({}, {})
PROD, DEV = production(SETTINGS), development(SETTINGS)
KEY = "sk-0123456789abcdef0123"


def made(environment):
    return secrets.missing(SETTINGS, environment, {}, KEY)


def test_what_is_made_is_good_in_both_environments():
    prod, dev = made(PROD), made(DEV)
    assert secrets.problems(SETTINGS, PROD, prod, dev) == []
    assert secrets.problems(SETTINGS, DEV, dev, prod) == []
    assert prod["POSTGRES_PASSWORD"] != dev["POSTGRES_PASSWORD"]
    assert prod["ADMIN_PASSWORD"] != dev["ADMIN_PASSWORD"]


def test_a_value_that_is_there_is_kept():
    values = secrets.missing(SETTINGS, PROD, {"ADMIN_PASSWORD": "mine"}, KEY)
    assert "ADMIN_PASSWORD" not in values


def test_an_empty_value_is_lacking():
    assert "ADMIN_PASSWORD" in secrets.missing(SETTINGS, PROD, {"ADMIN_PASSWORD": ""}, KEY)


def test_a_password_with_strange_characters_reaches_the_url_encoded():
    values = secrets.missing(SETTINGS, PROD, {"POSTGRES_PASSWORD": "a@b:c/d#e?f%g $h"}, KEY)
    assert values["DATABASE_URL"] == (
        "postgresql://portal:a%40b%3Ac%2Fd%23e%3Ff%25g%20%24h@clean-portal-db-prod:5432/portal"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ADMIN_PASSWORD": ""}, "ADMIN_PASSWORD is missing; run `inv secrets.init`"),
        ({"ADMIN_PASSWORD": "changeme"}, "ADMIN_PASSWORD is weak"),
        ({"ADMIN_PASSWORD": "fifteen-chars-x"}, "ADMIN_PASSWORD is weak"),
        ({"POSTGRES_PASSWORD": "another-password-than-the-url"}, "DATABASE_URL holds another"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
        ({"OPENAI_API_KEY": "sk-1"}, "OPENAI_API_KEY is weak"),
        ({"DATABASE_URL": "postgresql://portal:a[b@db/portal"}, "DATABASE_URL is no URL"),
        ({"DATABASE_URL": "postgresql://portal:x@elsewhere/portal"}, "points at elsewhere"),
    ],
)
def test_a_weak_or_missing_secret_is_named_with_the_fix(change, says):
    found = secrets.problems(SETTINGS, PROD, {**made(PROD), **change}, made(DEV))
    assert any(says in problem for problem in found), found
    assert all(problem.startswith(".env.prod: ") for problem in found)


def test_the_environments_may_not_share_a_password():
    dev = made(DEV)
    shared = {**made(PROD), "ADMIN_PASSWORD": dev["ADMIN_PASSWORD"]}
    found = secrets.problems(SETTINGS, PROD, shared, dev)
    assert "ADMIN_PASSWORD is the same in both environments" in found[0]


def test_no_secret_is_in_what_is_said():
    found = secrets.problems(SETTINGS, PROD, {**made(PROD), "ADMIN_PASSWORD": "tellnobody"}, {})
    assert "tellnobody" not in " ".join(found)
