"""Everything rendered, through the real tools: Compose, Caddy, yamllint."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ops.environment import development, production
from ops.render import COMPOSE_FILES, EDGE_FILES, render

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]


def run(*argv, cwd):
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return done


def compose(folder, file, *arguments):
    environment = file.split(".")[1]
    env_files = {"prod": (".env.prod", "slots.env"), "dev": (".env.dev",), "edge": ()}[environment]
    options = [word for name in env_files for word in ("--env-file", name)]
    done = run("docker", "compose", "-f", file, *options, *arguments, cwd=folder)
    assert "level=warning" not in done.stderr, done.stderr
    return json.loads(done.stdout)


def services(folder, file):
    profiles = ("--profile", "blue", "--profile", "green") if "prod" in file else ()
    return compose(folder, file, *profiles, "config", "--format", "json")["services"]


def test_the_same_settings_give_the_same_bytes(settings):
    assert render(settings) == render(settings)


@pytest.mark.parametrize("file", COMPOSE_FILES)
def test_compose_accepts_it(rendered, file):
    assert services(rendered, file)


@pytest.mark.parametrize("file", COMPOSE_FILES)
def test_every_service_is_limited_watched_and_hardened(rendered, file):
    for name, service in services(rendered, file).items():
        assert service["restart"] == "unless-stopped", name
        assert service["init"] is True, name
        assert service["healthcheck"]["test"], name
        assert int(service["mem_limit"]) > 0, name
        assert float(service["cpus"]) > 0, name
        assert service["pids_limit"] > 0, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name
        assert not service["image"].endswith(":latest"), name
        assert ":" in service["image"], name
        if not (name == "app" and file == "docker-compose.dev.yml"):
            assert service["read_only"] is True, name


@pytest.mark.parametrize("file", COMPOSE_FILES[:2])
def test_only_the_edge_is_published_beyond_this_machine(rendered, file):
    published = [port for one in services(rendered, file).values() for port in one.get("ports", ())]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_the_environments_share_no_network_volume_or_port(rendered, settings):
    whole = [compose(rendered, file, "config", "--format", "json") for file in COMPOSE_FILES[:2]]
    for kind in ("networks", "volumes"):
        names = [{one["name"] for one in config[kind].values()} for config in whole]
        assert names[0].isdisjoint(names[1]), kind
    assert whole[0]["networks"]["default"]["name"] == production(settings).network
    assert whole[1]["networks"]["default"]["name"] == development(settings).network


def test_dev_mounts_folders_of_the_app_and_nothing_of_production(rendered, settings):
    app = services(rendered, "docker-compose.dev.yml")["app"]
    mounted = {one["source"]: one["target"] for one in app["volumes"]}
    assert mounted == {
        str(rendered / folder): f"{settings.app_dir}/{folder}"
        for folder in settings.dev_mounts.split()
    }


def test_words_reach_compose_exactly_as_they_were_set(rendered, settings):
    for file, name in ((COMPOSE_FILES[0], "app-blue"), (COMPOSE_FILES[1], "app")):
        service = services(rendered, file)[name]
        words = [word.replace("$$", "$") for word in service["healthcheck"]["test"]]
        assert words == ["CMD", *shlex.split(settings.health_command)]
        assert service["environment"]["HEALTH_PATH"] == settings.health_path


@pytest.mark.parametrize("file", COMPOSE_FILES)
def test_yamllint_accepts_it(rendered, file):
    run(BIN / "yamllint", "--strict", "-c", ROOT / ".yamllint.yaml", file, cwd=rendered)


@pytest.mark.parametrize("file", EDGE_FILES)
def test_caddy_finds_it_well_formatted(rendered, file):
    run(BIN / "caddy", "fmt", "--diff", file, cwd=rendered)


def test_caddy_accepts_it_and_serves_both_domains(rendered, settings):
    done = run(
        BIN / "caddy", "adapt", "--config", "Caddyfile", "--adapter", "caddyfile", cwd=rendered
    )
    assert '"level":"warn"' not in done.stderr, done.stderr
    routes = json.loads(done.stdout)["apps"]["http"]["servers"]["srv0"]["routes"]
    served = {route["match"][0]["host"][0]: json.dumps(route["handle"]) for route in routes}
    assert set(served) == {settings.prod_domain, settings.dev_domain}
    assert f"{{file./etc/caddy/live/prod}}:{settings.prod_app_port}" in served[settings.prod_domain]
    upstream = f"{development(settings).container('app')}:{settings.dev_app_port}"
    assert upstream in served[settings.dev_domain]
