"""From the name after `--host` to a machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import SettingsError

if TYPE_CHECKING:
    from ops.host.base import Host
    from ops.settings import Settings

ADDRESS = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?P<host>\[[0-9A-Fa-f:]+\]|[^@:\s]+)(?::(?P<port>\d+))?"
)


def connect(settings: Settings, name: str | None) -> Host:
    """The machine called name: `HOST_<NAME>` of the settings, or an alias of the SSH config.

    None is this machine. No connection is opened yet. Raises SettingsError when the address
    makes no sense.
    """
    if not name:
        from ops.host.local import LocalHost

        return LocalHost()
    from ops.host.ssh import Address, SshHost

    written = settings.hosts.get(name.lower(), name)
    match = ADDRESS.fullmatch(written)
    if not match:
        raise SettingsError(
            f"HOST_{name.upper()}={written} is not an address",
            "write it as user@host or user@host:port",
        )
    return SshHost(
        name,
        Address(
            host=match["host"].strip("[]"),
            user=match["user"],
            port=int(match["port"]) if match["port"] else None,
            key=Path(settings.ssh_key).expanduser() if settings.ssh_key else None,
            known_hosts=Path(settings.known_hosts).expanduser() if settings.known_hosts else None,
        ),
    )
