"""Dev on the throwaway host: files, hot reload, secrets, and what stays at home."""

import time

import pytest

from ops import envfile
from ops.demo.app import PAGE

HARD = {
    "HARD_DOLLAR": "$HOME ${X:-1} $$ \\$y",
    "HARD_QUOTES": 'it\'s "quoted" `id` $(id)',
    "HARD_HASH": "a # b ; c",
    "HARD_PERCENT": "50% %s",
    "HARD_BACKSLASH": "a\\b\\\\c\\",
    "HARD_LETTERS": "Grüße, 世界 😀",
    "HARD_SPACES": "  both ends  ",
    "HARD_LINES": "one\ntwo\tthree",
}


def until(what, seconds=60):
    """Seconds until what() is true."""
    begin = time.monotonic()
    while not what():
        assert time.monotonic() - begin < seconds, "it never happened"
        time.sleep(0.05)
    return time.monotonic() - begin


def test_dev_is_served_at_its_domain_with_development_settings(deployed):
    page = deployed.get(deployed.dev, "/")
    assert "marker-" in page
    assert "development" in page


def test_an_edit_and_a_second_deploy_change_the_page_without_a_restart(deployed):
    before = deployed.started("clean-portal-app-dev")
    deployed.stage.app.edit("marker-edited-here")
    answer = deployed.must("dev.deploy")
    assert "send 1 changed files" in answer.out
    until(lambda: "marker-edited-here" in deployed.get(deployed.dev, "/"))
    assert deployed.started("clean-portal-app-dev") == before
    deployed.stage.app.commit("Edited here")


def test_a_deploy_with_nothing_changed_sends_nothing(deployed):
    assert "no file changed" in deployed.must("dev.deploy").out


def test_an_edit_on_the_host_changes_the_page_and_is_not_overwritten_unasked(deployed):
    app, host = deployed.stage.app, deployed.host
    path = str(deployed.stage.target.layout.deploy / PAGE)
    host.put(app.page("marker-edited-there").encode(), path)
    until(lambda: "marker-edited-there" in deployed.get(deployed.dev, "/"))

    refused = deployed.inv("dev.deploy")
    assert refused.status == 3
    assert PAGE in refused.err
    assert "--overwrite" in refused.err
    assert "marker-edited-there" in host.run(["cat", path]).stdout

    deployed.must("dev.deploy", "--overwrite")
    until(lambda: "marker-edited-here" in deployed.get(deployed.dev, "/"))


def test_a_deleted_file_is_gone_on_the_host_too(deployed):
    app, host = deployed.stage.app, deployed.host
    there = str(deployed.stage.target.layout.deploy / "src/lib/extra/short.ts")
    file = app.folder / "src/lib/extra/short.ts"
    file.parent.mkdir()
    file.write_text("export {}\n")
    deployed.must("dev.deploy")
    assert host.run(["test", "-e", there], check=False).ok
    file.unlink()
    file.parent.rmdir()
    deployed.must("dev.deploy")
    assert not host.run(["test", "-e", there.rpartition("/")[0]], check=False).ok


def test_no_secret_and_nothing_ignored_is_sent(deployed):
    app, host = deployed.stage.app, deployed.host
    (app.folder / ".env.local").write_text("SECRET=1\n")
    (app.folder / "server.key").write_text("key\n")
    (app.folder / "node_modules").mkdir(exist_ok=True)
    (app.folder / "node_modules" / "x.js").write_text("1\n")
    try:
        deployed.must("dev.deploy")
        listed = host.run(["find", str(deployed.stage.target.layout.deploy)]).stdout
        for name in (".env.local", "server.key", "x.js"):
            assert name not in listed
    finally:
        for name in (".env.local", "server.key", "node_modules/x.js"):
            (app.folder / name).unlink()


def test_values_arrive_in_the_container_exactly_as_written(deployed):
    path = deployed.stage.folder / ".env.dev"
    good = path.read_text()
    try:
        by_hand = 'RAW_DOLLAR=pa$word$HOME\nRAW_QUOTED="x $HOME ${Y} z"\n'
        path.write_text(envfile.add(good, HARD, dict.fromkeys(HARD, "Hard.")) + by_hand)
        deployed.must("dev.deploy")
        printed = deployed.docker("exec", "clean-portal-app-dev", "cat", "/proc/1/environ")
        got = dict(entry.split("=", 1) for entry in printed.split("\0") if "=" in entry)
        assert {key: got[key] for key in HARD} == HARD
        assert (got["RAW_DOLLAR"], got["RAW_QUOTED"]) == ("pa$word$HOME", "x $HOME ${Y} z")
    finally:
        path.write_text(good)
        deployed.must("dev.deploy")


def test_the_env_files_on_the_host_are_for_their_owner_only(promoted):
    deploy = promoted.stage.target.layout.deploy
    files = [str(deploy / name) for name in (".env.dev", ".env.prod")]
    modes = promoted.host.run(["stat", "-c", "%a %U", *files]).stdout
    assert modes == "600 ec2-user\n600 ec2-user\n"


@pytest.mark.parametrize("name", ["edge", ".env.prod", "docker-compose.prod.yml", "slots.env"])
def test_a_dev_container_sees_nothing_of_production(promoted, name):
    inside = promoted.docker("exec", "clean-portal-app-dev", "ls", "-A", "/app").split()
    assert name not in inside


def test_a_dev_container_reaches_neither_productions_database_nor_its_redis(promoted):
    script = (
        "const n=require('net');const s=n.connect(+process.argv[2],process.argv[1]);"
        "s.on('connect',()=>{console.log('open');process.exit()});"
        "s.on('error',e=>{console.log(e.code);process.exit()});setTimeout(()=>process.exit(),2000)"
    )
    for container, port in (("clean-portal-db-prod", "5432"), ("clean-portal-redis-prod", "6379")):
        networks = promoted.docker(
            "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", container
        )
        for address in (container, *networks.split()):
            told = promoted.docker(
                "exec", "clean-portal-app-dev", "node", "-e", script, address, port
            )
            assert "open" not in told, address
