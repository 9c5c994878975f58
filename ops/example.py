"""The text of `.env.example`: every setting, what it does, its default. Pure."""

from __future__ import annotations

from pydantic import SecretStr

from ops.envfile import encode
from ops.settings import Settings

HEADER = """\
# Every setting, with its default. Copy this file to .env and change what differs for you; what
# you leave out keeps its default. A variable of the process environment wins over .env.
# Made by `inv config.example` from ops/settings.py.
"""

SECTIONS = {
    "project_name": "The app",
    "ssh_key": "Hosts: one line HOST_<NAME>=user@address:port for each, then `--host <name>`",
    "prod_domain": "Domains and the edge",
    "prod_app_port": "Ports",
    "db_name": "Database, Redis and the API key",
    "build_args": 'What the toolkit has to know of the app; see "Your own app" in the README',
    "prod_app_memory": "Limits of each container",
    "health_timeout": "How a promote goes",
}


def text() -> str:
    """The whole file."""
    lines = [HEADER]
    for name, field in Settings.model_fields.items():
        if name == "hosts":
            continue
        if name in SECTIONS:
            lines.append(f"\n# --- {SECTIONS[name]} ---\n")
        if name == "ssh_key":
            lines.append("# HOST_EC2=ec2-user@203.0.113.10\n")
        if field.description:
            lines.append(f"# {field.description}\n")
        default = field.default
        value = default.get_secret_value() if isinstance(default, SecretStr) else str(default)
        lines.append(f"{name.upper()}={encode(value)}\n")
    return "".join(lines)
