"""Bad input: a message that names what is wrong and the fix, and production as it was."""

import re
import subprocess

import pytest

from tests.integration.conftest import inv


def says(answer, status, *words):
    """The exit status, and an error of which the words are part."""
    assert answer.status == status, answer.out + answer.err
    for word in words:
        assert word in answer.err, answer.err
    assert answer.err.startswith("error: ")


def test_a_missing_app_source(still_serving):
    answer = still_serving.inv("dev.deploy", APP_SOURCE="/nowhere/app")
    says(answer, 2, "APP_SOURCE=/nowhere/app", "there is no folder")


def test_an_app_source_without_a_dockerfile(still_serving, tmp_path):
    answer = still_serving.inv("prod.promote", "--yes", APP_SOURCE=str(tmp_path))
    says(answer, 2, "APP_SOURCE", "has no Dockerfile")


def test_an_app_source_outside_git(still_serving, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM x:1\n")
    answer = still_serving.inv("dev.deploy", APP_SOURCE=str(tmp_path))
    says(answer, 2, "is in no git checkout", "git init")


@pytest.mark.parametrize(
    ("key", "value"), [("PROD_DOMAIN", "portal spoot.com"), ("DEV_DOMAIN", "dev.{x}.com")]
)
def test_a_domain_with_a_space_or_a_brace(still_serving, key, value):
    says(still_serving.inv("prod.promote", "--yes", **{key: value}), 2, f"{key}={value}", ".env")


def test_ports_that_clash(still_serving):
    answer = still_serving.inv("dev.deploy", DEV_DB_PORT="5432")
    says(answer, 2, "PROD_DB_PORT and DEV_DB_PORT are both 5432")


def test_a_port_that_the_serving_release_does_not_listen_on(still_serving):
    answer = still_serving.inv("prod.promote", "--yes", PROD_APP_PORT="8080")
    says(answer, 3, "PROD_APP_PORT=8080, but production serves from port 3000")


def test_a_weak_production_secret(still_serving):
    path = still_serving.stage.folder / ".env.prod"
    good = path.read_text()
    try:
        path.write_text(re.sub("(?m)^ADMIN_PASSWORD=.*$", "ADMIN_PASSWORD=changeme", good))
        says(still_serving.inv("prod.promote", "--yes"), 2, "ADMIN_PASSWORD is weak", ".env.prod")
        path.write_text(re.sub("(?m)^ADMIN_PASSWORD=.*\n", "", good))
        answer = still_serving.inv("prod.promote", "--yes")
        says(answer, 2, "ADMIN_PASSWORD is missing", "inv secrets.init")
    finally:
        path.write_text(good)


def test_an_image_that_cannot_be_pulled(still_serving):
    answer = still_serving.inv("prod.promote", "--yes", REDIS_IMAGE="no.such.registry.test/redis:1")
    says(answer, 1, "REDIS_IMAGE=no.such.registry.test/redis:1", "docker pull")


def test_an_image_that_cannot_be_built(still_serving):
    app = still_serving.stage.app
    dockerfile = app.folder / "Dockerfile"
    good = dockerfile.read_text()
    try:
        dockerfile.write_text(good.replace(" AS prod\n", " AS prod\nRUN echo no luck; exit 7\n"))
        app.commit("Does not build")
        says(still_serving.inv("prod.promote", "--yes"), 1, "build the image of", "exit code: 7")
    finally:
        dockerfile.write_text(good)
        app.commit("Builds again")


def test_an_app_that_never_gets_healthy(still_serving):
    answer = still_serving.inv("prod.promote", "--yes", HEALTH_PATH="/api/no", HEALTH_TIMEOUT="4")
    says(answer, 1, "was not healthy within 4 s", "it answers 404", "its last lines")


def test_an_app_that_crashes_at_start(still_serving):
    path = still_serving.stage.folder / ".env.prod"
    good = path.read_text()
    try:
        # Long enough for the toolkit, and still not what the app accepts.
        path.write_text(re.sub("(?m)^OPENAI_API_KEY=.*$", f"OPENAI_API_KEY={'x' * 30}", good))
        answer = still_serving.inv("prod.promote", "--yes")
        says(answer, 1, "crashed at start (exit status 78)", "OPENAI_API_KEY must start with sk-")
    finally:
        path.write_text(good)


def test_a_disk_with_too_little_space(still_serving):
    answer = still_serving.inv("prod.promote", "--yes", "--ref", "HEAD", MIN_FREE_DISK="99999999",
                               DRAIN_TIMEOUT="4")  # fmt: skip
    says(answer, 3, "MiB of disk free; MIN_FREE_DISK wants 99999999", "docker image prune")


def test_a_disk_that_is_full(still_serving):
    full = "/home/ec2-user/full"
    host = still_serving.host
    host.run(["mkdir", "-p", full])
    host.run(["sudo", "mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", full])
    try:
        host.run(["mkdir", f"{full}/bin"])
        host.run(["dd", "if=/dev/zero", f"of={full}/fill", "bs=1k"], check=False)
        answer = still_serving.inv("prod.promote", "--yes", DEPLOYMENTS_DIR=full, MIN_FREE_DISK="0")
        says(answer, 1, "cannot write", "on demo", "df -h")
    finally:
        host.run(["sudo", "umount", full])
        host.run(["rmdir", full])


def test_no_engine(still_serving, tmp_path):
    answer = inv(
        "prod.promote", "--yes", env_file=still_serving.stage.env_file,
        DOCKER_HOST=f"unix://{tmp_path}/none.sock", LOCAL_DIR=str(tmp_path),
    )  # fmt: skip
    says(answer, 1, "no Docker engine answers on this machine", "inv host.bootstrap")


def test_an_engine_without_compose(still_serving):
    host = still_serving.host
    plugin = host.run(
        ["sh", "-c", "ls /usr/lib/docker/cli-plugins/docker-compose "
                     "/usr/libexec/docker/cli-plugins/docker-compose 2>/dev/null | head -n 1"]
    ).stdout.strip()  # fmt: skip
    host.run(["sudo", "mv", plugin, f"{plugin}.off"])
    try:
        answer = still_serving.inv("prod.promote", "--yes")
        says(answer, 1, "has no Compose v2", "inv host.bootstrap --host demo")
    finally:
        host.run(["sudo", "mv", f"{plugin}.off", plugin])


def test_a_dirty_working_tree(still_serving):
    stray = still_serving.stage.app.folder / "src" / "stray.ts"
    try:
        stray.write_text("export {}\n")
        answer = still_serving.inv("prod.promote", "--yes")
        says(answer, 3, "has changes that are in no commit: src/stray.ts", "git stash")
    finally:
        stray.unlink()


def test_a_commit_that_is_not_there(still_serving):
    says(still_serving.inv("prod.promote", "--yes", "--ref", "nope"), 2, "has no commit 'nope'")


def test_nobody_to_ask(still_serving):
    answer = still_serving.inv("prod.promote", DRAIN_TIMEOUT="4")
    says(answer, 2, "no terminal to ask at", "--yes")


def test_ssh_refused(still_serving):
    answer = still_serving.inv("prod.promote", "--yes", HOST_DEMO="ec2-user@127.0.0.1:1")
    says(answer, 1, "nothing accepts SSH connections at 127.0.0.1:1", "start sshd")


def test_a_host_name_that_does_not_resolve(still_serving):
    answer = still_serving.inv("prod.promote", "--yes", HOST_DEMO="ec2-user@no.such.host.invalid")
    says(answer, 1, "the host name no.such.host.invalid does not resolve", "HOST_DEMO")


def test_an_address_that_makes_no_sense(still_serving):
    answer = still_serving.inv("prod.promote", "--yes", HOST_DEMO="ec2-user@host:ssh")
    says(answer, 2, "HOST_DEMO=ec2-user@host:ssh is not an address", "user@host:port")


def test_a_wrong_key(still_serving, tmp_path):
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True
    )
    answer = still_serving.inv(
        "prod.promote", "--yes", SSH_KEY=str(tmp_path / "key"), SSH_AUTH_SOCK=""
    )
    says(answer, 1, "does not let ec2-user in with", "SSH_KEY", "authorized_keys")


def test_an_unknown_host_key(still_serving, tmp_path):
    answer = still_serving.inv("prod.promote", "--yes", KNOWN_HOSTS=str(tmp_path / "none"))
    says(answer, 1, "the host key of 127.0.0.1:", "is unknown", "ssh-keygen -lf -")


def test_a_changed_host_key(still_serving, tmp_path):
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True
    )
    known = still_serving.stage.throwaway.known_hosts.read_text().split()[0]
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    (tmp_path / "known").write_text(f"{known} {other}\n")
    answer = still_serving.inv("prod.promote", "--yes", KNOWN_HOSTS=str(tmp_path / "known"))
    says(answer, 1, "is not the one in", "do not go on unless you know why", "ssh-keygen -lf -")
