"""Settings: defaults, where they come from, and what a person is told when one is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops import example
from ops.environment import development, production
from ops.errors import SettingsError
from ops.settings import Settings, from_values


def test_the_defaults_are_those_of_the_plan():
    settings = from_values({}, {})
    prod, dev = production(settings), development(settings)
    assert (prod.domain, dev.domain) == ("portal.spoot.com", "dev.portal.spoot.com")
    assert (prod.network, dev.network) == ("clean-portal-prod-network", "clean-portal-dev-network")
    assert (prod.container("db"), dev.container("db")) == (
        "clean-portal-db-prod",
        "clean-portal-db-dev",
    )
    assert (prod.app_port, dev.app_port) == (3000, 3001)
    assert (prod.db_port, dev.db_port, prod.redis_port, dev.redis_port) == (5432, 5433, 6380, 6381)
    assert (prod.node_env, dev.node_env) == ("production", "development")
    assert prod.container("app-blue") == "clean-portal-app-blue-prod"


def test_the_process_environment_wins_over_the_file():
    settings = from_values({"PROD_DOMAIN": "a.example.com"}, {"PROD_DOMAIN": "b.example.com"})
    assert settings.prod_domain == "b.example.com"


def test_hosts_are_named_by_their_setting():
    settings = from_values({"HOST_EC2": "ec2-user@203.0.113.10"}, {"HOST_TEST": "me@localhost:22"})
    assert settings.hosts == {"ec2": "ec2-user@203.0.113.10", "test": "me@localhost:22"}


def test_a_secret_is_not_shown():
    assert "sk-very-secret" not in repr(from_values({"API_KEY": "sk-very-secret"}, {}))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("PROD_DOMAIN", "portal .spoot.com", "PROD_DOMAIN=portal .spoot.com: write it as"),
        ("DEV_DOMAIN", "dev.{portal}.com", "DEV_DOMAIN=dev.{portal}.com: write it as"),
        ("DEV_DOMAIN", "portal.spoot.com", "PROD_DOMAIN and DEV_DOMAIN are both"),
        ("DEV_DB_PORT", "5432", "PROD_DB_PORT and DEV_DB_PORT are both 5432"),
        ("EDGE_HTTP_PORT", "443", "EDGE_HTTP_PORT and EDGE_HTTPS_PORT are both 443"),
        ("PROD_APP_PORT", "70000", "PROD_APP_PORT=70000"),
        ("PROD_APP_PORT", "web", "PROD_APP_PORT=web"),
        ("POSTGRES_IMAGE", "postgres:latest", "the tag latest changes by itself"),
        ("POSTGRES_IMAGE", "postgres", "write it as name:tag"),
        ("PROD_APP_MEMORY", "lots", "PROD_APP_MEMORY=lots"),
        ("DEV_MOUNTS", "../..", "DEV_MOUNTS"),
        ("DEV_MOUNTS", "src edge/live", "'edge/live' does not fit"),
        ("DEV_MOUNTS", ".env.prod", "'.env.prod' does not fit"),
        ("DEV_MOUNTS", "src/.git", "'src/.git' does not fit"),
        ("DEPLOY_DIR", "/srv/../etc", "DEPLOY_DIR=/srv/../etc"),
        ("DEPLOY_DIR", "/home/ec2-user/deployments/x", "lie in each other"),
        ("HEALTH_PATH", "health", "HEALTH_PATH=health"),
        ("KEEP_RELEASES", "1", "KEEP_RELEASES=1"),
        ("EDGE_TLS", "none", "EDGE_TLS=none"),
        ("BUILD_ARGS", "NODE_IMAGE", "BUILD_ARGS"),
        ("HEALTH_COMMAND", "node -e 'unclosed", "HEALTH_COMMAND"),
        ("ACME_EMAIL", "me {and} you", "ACME_EMAIL"),
        ("PROJECT_NAME", "Clean Portal", "PROJECT_NAME=Clean Portal"),
        ("PROD_DOMIAN", "a.example.com", "did you mean PROD_DOMAIN?"),
    ],
)
def test_a_wrong_setting_is_named_with_the_fix(key, value, says):
    with pytest.raises(SettingsError) as error:
        from_values({key: value}, {})
    assert says in error.value.what
    assert ".env" in error.value.todo
    assert error.value.status == 2


def test_every_wrong_setting_is_told_at_once():
    with pytest.raises(SettingsError) as error:
        from_values({"PROD_DOMAIN": "a b", "PROD_APP_PORT": "0"}, {})
    assert "PROD_DOMAIN" in error.value.what
    assert "PROD_APP_PORT" in error.value.what


@given(st.text())
def test_whatever_is_taken_as_a_domain_needs_no_quoting(text):
    try:
        domain = from_values({"PROD_DOMAIN": text}, {}).prod_domain
    except SettingsError:
        return
    assert not set(domain) - set("abcdefghijklmnopqrstuvwxyz0123456789.-")


def test_the_example_documents_every_setting_with_its_default():
    written = Path(__file__).parents[2].joinpath(".env.example").read_text("utf-8")
    assert written == example.text(), "write it anew: inv config.example"
    for name, field in Settings.model_fields.items():
        assert name == "hosts" or f"\n{name.upper()}=" in written
        assert field is not None
