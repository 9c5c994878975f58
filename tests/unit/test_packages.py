"""What a machine is found to lack, and the exact commands that install it."""

from __future__ import annotations

import pytest

from ops.commands import packages
from ops.errors import OpsError
from ops.machine import Archive, Machine, find_archive, parse

DEB822 = """\
Types: deb
# http://snapshot.example/archive/debian/20250811T000000Z
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://archive.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""

ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/apt/keyrings/tool.asc] https://tool.example/deb bookworm main
deb [signed-by=/etc/apt/keyrings/debian.gpg arch=amd64] http://mirror.example/debian bookworm main contrib
deb http://mirror.example/debian-security bookworm-security main
"""

APT = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]


def machine(sources: str = DEB822, **changed: str) -> Machine:
    """A bare Debian 12 where an ordinary user looked, but for what is changed."""
    values = {
        "client": "", "client_path": "", "server": "sh: 1: docker: not found ", "compose": "",
        "buildx": "", "docker_host": "", "dockerd": "", "docker_ce": "", "kernel": "Linux",
        "arch": "x86_64", "uid": "1000", "user": "dev", "groups": "dev", "member": "dev",
        "systemd": "", "python": "3.11", "tools": "tar ssh-keygen mmdebstrap",
        "os_ID": "debian", "os_VERSION_ID": '"12"',
        **changed,
    }  # fmt: skip
    tools = values.pop("tools").split()
    lines = [f"{name}={value}" for name, value in values.items()]
    lines += [f"tool={tool}" for tool in tools]
    return parse("\n".join(lines) + "\n--- apt\n" + sources)


ENGINE = {
    "client": "Docker version 26.1.5+dfsg1, build a72d7cd",
    "server": "26.1.5+dfsg1 ",
    "compose": "2.26.1-4",
    "buildx": "github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3",
    "dockerd": "/usr/sbin/dockerd",
}


def argvs(steps: list[packages.Step]) -> list[list[str]]:
    return [step.argv for step in steps]


class TestArchive:
    def test_is_read_from_a_sources_file_in_deb822_form(self) -> None:
        assert find_archive(DEB822) == Archive(
            "http://archive.example/debian", "/usr/share/keyrings/debian-archive-keyring.gpg"
        )

    def test_is_read_from_a_list_file_past_comments_and_other_vendors(self) -> None:
        assert find_archive(ONE_LINE) == Archive(
            "http://mirror.example/debian", "/etc/apt/keyrings/debian.gpg"
        )

    def test_is_known_by_its_updates_whatever_its_path(self) -> None:
        sources = (
            "deb https://tool.example/debian bookworm main\n"
            "deb http://mirror.example/mirrors/d bookworm main\n"
            "deb http://mirror.example/mirrors/d bookworm-updates main\n"
        )
        assert find_archive(sources) == Archive("http://mirror.example/mirrors/d", "")

    def test_is_not_taken_from_a_disabled_stanza(self) -> None:
        assert find_archive("Enabled: no\n" + DEB822.split("\n\n", maxsplit=1)[0]) is None

    def test_key_inside_the_stanza_is_not_taken_for_a_path(self) -> None:
        stanza = DEB822.split("\n\n", maxsplit=1)[0].rpartition("Signed-By:")[0]
        found = find_archive(
            f"{stanza}Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n a=b\n"
        )
        assert found == Archive("http://archive.example/debian", "")

    def test_none_is_found_where_there_is_none(self) -> None:
        assert find_archive("deb https://tool.example/deb bookworm main\n") is None


class TestEngineState:
    def test_of_a_machine_with_everything_is_ready(self) -> None:
        engine = machine(**ENGINE).engine
        assert (engine.client, engine.server) == ("26.1.5+dfsg1", "26.1.5+dfsg1")
        assert (engine.compose, engine.buildx) == ("2.26.1-4", "0.13.1+ds1")
        assert engine.ready

    def test_tells_a_refusing_socket_from_a_missing_engine(self) -> None:
        refused = "permission denied while trying to connect to the Docker daemon socket "
        assert machine(**{**ENGINE, "server": refused}).engine.denied
        absent = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
        assert not machine(**{**ENGINE, "server": absent}).engine.denied

    def test_is_not_ready_without_compose(self) -> None:
        assert not machine(**{**ENGINE, "compose": ""}).engine.ready


class TestInstall:
    def test_on_debian_12_takes_four_packages_from_debian_13_and_nothing_else(self) -> None:
        pin, source, update, install = argvs(packages.install(machine(), demo=False))
        assert pin[:2] == source[:2] == ["sh", "-c"]
        assert pin[4:] == [
            "/etc/apt/preferences.d/clean-portal-ops-trixie",
            "Package: *\nPin: release n=trixie\nPin-Priority: -1\n\n"
            "Package: docker.io docker-cli docker-compose docker-buildx\n"
            "Pin: release n=trixie\nPin-Priority: 990\n",
        ]
        assert source[4:] == [
            "/etc/apt/sources.list.d/clean-portal-ops-trixie.list",
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
            "http://archive.example/debian trixie main\n",
        ]
        assert update == [*APT, "-q", "update"]
        assert install == [
            *APT, "-q", "-y", "install", "--no-install-recommends",
            "docker.io", "docker-cli", "docker-compose", "docker-buildx", "iptables",
        ]  # fmt: skip

    def test_on_debian_12_without_an_archive_says_so(self) -> None:
        with pytest.raises(OpsError, match="name no Debian archive"):
            packages.install(machine(sources=""), demo=False)

    def test_on_debian_13_is_plain(self) -> None:
        assert argvs(packages.install(machine(os_VERSION_ID='"13"'), demo=False)) == [
            [*APT, "-q", "update"],
            [*APT, "-q", "-y", "install", "--no-install-recommends",
             "docker.io", "docker-cli", "docker-compose", "docker-buildx", "iptables"],
        ]  # fmt: skip

    @pytest.mark.parametrize("version", ["22.04", "24.04"])
    def test_on_ubuntu_names_its_own_packages(self, version: str) -> None:
        found = machine(os_ID="ubuntu", os_VERSION_ID=version, tools="tar")
        assert argvs(packages.install(found, demo=True))[-1] == [
            *APT, "-q", "-y", "install", "--no-install-recommends",
            "docker.io", "docker-compose-v2", "docker-buildx", "openssh-client",
        ]  # fmt: skip

    def test_on_amazon_linux_fetches_compose_by_its_checksum(self) -> None:
        found = machine(sources="", os_ID="amzn", os_VERSION_ID="2023", arch="aarch64")
        install, fetch = argvs(packages.install(found, demo=False))
        assert install == ["dnf", "install", "-y", "docker"]
        assert fetch[4:] == [
            "/usr/local/lib/docker/cli-plugins/docker-compose",
            "https://github.com/docker/compose/releases/download/v2.39.4/docker-compose-linux-aarch64",
            "49082844b87f03cdcd5f5bbef1ba8c9c897b7a2dfb80cea18d61ec8ca6117e0c",
        ]
        assert "sha256sum -c" in fetch[2]

    def test_on_amazon_linux_leaves_an_engine_alone_that_lacks_compose_only(self) -> None:
        found = machine(sources="", os_ID="amzn", os_VERSION_ID="2023", **{**ENGINE, "compose": ""})
        assert [argv[0] for argv in argvs(packages.install(found, demo=False))] == ["sh"]

    def test_beside_docker_s_own_packages_adds_only_their_plugins(self) -> None:
        found = machine(**{**ENGINE, "compose": ""}, docker_ce="install ok installed")
        assert argvs(packages.install(found, demo=False)) == [
            [*APT, "-q", "update"],
            [*APT, "-q", "-y", "install", "--no-install-recommends",
             "docker-compose-plugin", "docker-buildx-plugin"],
        ]  # fmt: skip

    def test_of_a_complete_machine_is_nothing_on_any_system(self) -> None:
        assert packages.install(machine(**ENGINE, os_ID="gentoo"), demo=True) == []

    def test_of_the_demo_s_tools_leaves_the_engine_alone(self) -> None:
        found = machine(**ENGINE, tools="tar", python="3.8")
        assert argvs(packages.install(found, demo=True))[-1] == [
            *APT, "-q", "-y", "install", "--no-install-recommends",
            "python3", "openssh-client", "mmdebstrap",
        ]  # fmt: skip

    def test_on_an_unknown_system_says_what_a_person_does(self) -> None:
        with pytest.raises(OpsError, match="gentoo") as caught:
            packages.install(machine(os_ID="gentoo", os_VERSION_ID=""), demo=False)
        assert "Compose v2" in caught.value.todo


class TestStart:
    def test_with_systemd_is_a_service(self) -> None:
        step = packages.start(machine(systemd="yes"))
        assert step.argv == ["systemctl", "enable", "--now", "docker"]

    def test_without_systemd_is_a_process_of_its_own(self) -> None:
        step = packages.start(machine())
        assert step.argv == ["sh", "-c", packages.START, "sh", "/var/log/dockerd.log"]
        assert 'setsid dockerd >> "$1" 2>&1 < /dev/null &' in packages.START

    def test_lets_a_user_use_it_by_their_name(self) -> None:
        assert packages.join_group("dev").argv == [
            "usermod", "--append", "--groups", "docker", "dev",
        ]  # fmt: skip
