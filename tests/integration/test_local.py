"""No `--host`: the same work on this machine's own engine, with the smallest app there is."""

import hashlib
import shutil
import ssl
import subprocess

import pytest

from ops.agent.http import get_through_edge
from ops.host.local import LocalHost
from tests.integration.conftest import NAME, ROOT, inv

PROJECT = "local-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]


@pytest.fixture(scope="module")
def images(stage):
    """The images of the throwaway host's engine, in this machine's; under names of the tests."""
    local, names = LocalHost(), {}
    wanted = {"POSTGRES_IMAGE": "postgres", "REDIS_IMAGE": "redis", "CADDY_IMAGE": "caddy",
              "NODE_IMAGE": "node"}  # fmt: skip
    for key, kind in wanted.items():
        settings = stage.project.settings
        there = (
            settings.build_args.removeprefix("NODE_IMAGE=")
            if key == "NODE_IMAGE"
            else getattr(settings, key.lower())
        )
        here = f"{NAME}-{kind}:1"
        stage.target.host.run(["docker", "tag", there, here])
        names[key] = here
    save = ["docker", "exec", stage.throwaway.container, "docker", "save", *names.values()]
    with subprocess.Popen(save, stdout=subprocess.PIPE) as sender:
        subprocess.run(["docker", "load", "-q"], stdin=sender.stdout, check=True)
    yield names
    local.run(["docker", "image", "rm", "-f", *names.values()], check=False)


@pytest.fixture(scope="module")
def project(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    app = folder / "app"
    shutil.copytree(ROOT / "tests" / "integration" / "tiny", app)
    git = ["git", "-C", str(app), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Tiny"]):
        subprocess.run([*git, *arguments], check=True)
    ports = {"EDGE_HTTP_PORT": 18080, "EDGE_HTTPS_PORT": 18443, "PROD_DB_PORT": 15432,
             "DEV_DB_PORT": 15433, "PROD_REDIS_PORT": 16380, "DEV_REDIS_PORT": 16381}  # fmt: skip
    lines = {
        "PROJECT_NAME": PROJECT, "APP_SOURCE": app, "EDGE_TLS": "internal",
        "BUILD_ARGS": f"NODE_IMAGE={images['NODE_IMAGE']}", "DEV_MOUNTS": "src",
        "HEALTH_PATH": "/health", "MIGRATE_COMMAND": "", "DEV_MIGRATE_COMMAND": "",
        "API_KEY": "0123456789abcdef0123", "DRAIN_TIMEOUT": 2, "PROD_APP_CPUS": 1,
        **{key: image for key, image in images.items() if key != "NODE_IMAGE"}, **ports,
    }  # fmt: skip
    (folder / ".env").write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    assert inv("secrets.init", env_file=folder / ".env").status == 0
    yield folder / ".env"
    local = LocalHost()
    found = local.run(["docker", "ps", "-aq", "--filter", f"name={PROJECT}-"]).stdout.split()
    local.run(["docker", "rm", "-f", "-v", *found], check=False)
    for kind in ("volume", "network"):
        found = local.run(
            ["docker", kind, "ls", "-q", "--filter", f"name={PROJECT}-"]
        ).stdout.split()
        local.run(["docker", kind, "rm", *found], check=False)
    found = local.run(["docker", "image", "ls", "-q", f"{PROJECT}-app"]).stdout.split()
    local.run(["docker", "image", "rm", "-f", *found], check=False)


def get(domain, path):
    """The body for a domain from this machine's edge; its certificate is not this test's matter."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    status, body = get_through_edge(domain, 18443, path, context, 10)
    assert status == 200
    return body.decode()


def test_dev_and_production_on_this_machine(project):
    for command in (["dev.deploy"], ["prod.promote", "--yes"]):
        answer = inv(*command, env_file=project)
        assert answer.status == 0, answer.out + answer.err
    assert '"release":"dev"' in get("dev.portal.spoot.com", "/health")
    first = get("portal.spoot.com", "/health")

    server = project.parent / "app" / "src" / "server.js"
    server.write_text(server.read_text().replace("tiny-1", "tiny-2"))
    assert inv("prod.promote", "--yes", env_file=project).status == 3  # not committed
    git = ["git", "-C", str(server.parent), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run([*git, "commit", "-qam", "Two"], check=True)
    assert inv("prod.promote", "--yes", env_file=project).status == 0
    assert '"marker":"tiny-2"' in get("portal.spoot.com", "/health")
    assert inv("prod.rollback", "--yes", env_file=project).status == 0
    assert get("portal.spoot.com", "/health") == first
    status = inv("status", env_file=project)
    assert "this machine" in status.out
