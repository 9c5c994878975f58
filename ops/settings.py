"""What can be set, with defaults, descriptions and rules. Pure: reads nothing.

The order and the descriptions here are those of `.env.example`, which is generated from this
model (`inv config.example`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from ops.errors import SettingsError

HOST_PREFIX = "HOST_"

# RFC 1123: labels of letters, digits and inner hyphens, at most 63 long, 253 in all.
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?=.{{1,253}}$){LABEL}(?:\.{LABEL})+")
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
IMAGE = re.compile(r"[a-z0-9][\w./:-]*:(?P<tag>[\w][\w.-]*)(?:@sha256:[0-9a-f]{64})?")
MEMORY = re.compile(r"[1-9]\d*[mg]")
# What may stand in a Caddyfile, a Compose file or an argument list without any quoting.
PLAIN_PATH = re.compile(r"/[\w.@+/-]*")
# Hidden ones and the toolkit's own names of the deploy folder are out of the app's reach.
FOLDER = re.compile(
    r"(?!(?:edge|deployments|slots\.env|docker-compose\.[^/]*|Caddyfile[^/]*)(?:/|$))"
    r"(?!\.)[\w.@+-]+(?:/(?!\.)[\w.@+-]+)*"
)
HOST_DIR = re.compile(r"(?:/(?!\.\.?(?:/|$))[\w.@+-]+)+")
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
EMAIL = re.compile(r"[\w.+-]+@[\w.-]+")
BUILD_ARG = re.compile(r"[A-Za-z_]\w*=[^\s'\"\\]*")
STAGE = re.compile(r"[a-z][a-z0-9._-]*")
URL = re.compile(r"https?://[\w.:\[\]/~%+-]+")


class Tls(StrEnum):
    """Who signs the edge's certificates."""

    ACME = "acme"
    INTERNAL = "internal"


def _matches(pattern: re.Pattern[str], form: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"write it as {form}")
        return value

    return AfterValidator(check)


def _all_match(pattern: re.Pattern[str], form: str) -> AfterValidator:
    def check(value: str) -> str:
        for word in value.split():
            if not pattern.fullmatch(word):
                raise ValueError(f"{word!r} does not fit; write {form}")
        return value

    return AfterValidator(check)


def _pinned(value: str) -> str:
    match = IMAGE.fullmatch(value)
    if not match:
        raise ValueError("write it as name:tag, such as postgres:17.6")
    if match["tag"] == "latest":
        raise ValueError("the tag latest changes by itself; name a version, such as postgres:17.6")
    return value


def _one_line(value: str) -> str:
    if any(ord(character) < 32 for character in value):
        raise ValueError("write it on one line, without control characters")
    return value


def _command(value: str) -> str:
    try:
        words = shlex.split(_one_line(value))
    except ValueError as error:
        raise ValueError(f"it cannot be split into words ({error}); balance its quotes") from error
    return value if words or not value else ""


Domain = Annotated[str, _matches(DOMAIN, "a lower-case domain name, such as portal.example.com")]
Port = Annotated[int, Field(ge=1, le=65535)]
Image = Annotated[str, AfterValidator(_pinned)]
Memory = Annotated[str, _matches(MEMORY, "a whole number with m or g, such as 512m")]
Cpus = Annotated[float, Field(ge=0.05, le=512)]
Identifier = Annotated[str, _matches(IDENTIFIER, "lower-case letters, digits and _")]
UrlPath = Annotated[str, _matches(PLAIN_PATH, "a path that begins with /, such as /api/health")]
Folders = Annotated[str, _all_match(FOLDER, "folders of the app, such as: src prisma")]
Paths = Annotated[str, _all_match(PLAIN_PATH, "absolute paths, such as: /tmp /app/.next/cache")]
HostDir = Annotated[str, _matches(HOST_DIR, "an absolute path, such as /home/ec2-user/portal")]
Words = Annotated[str, AfterValidator(_one_line)]
Command = Annotated[str, AfterValidator(_command)]
BuildArgs = Annotated[str, _all_match(BUILD_ARG, "NAME=value NAME=value")]
Stage = Annotated[str, _matches(STAGE, "the name of a stage of the Dockerfile")]


def _empty_or(pattern: re.Pattern[str], form: str) -> AfterValidator:
    return _matches(re.compile(f"(?:{pattern.pattern})?"), f"{form}, or leave it empty")


class Settings(BaseModel):
    """Every setting of the toolkit; a field `prod_domain` is the setting PROD_DOMAIN."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_name: Annotated[str, _matches(NAME, "lower-case letters, digits and hyphens")] = Field(
        "clean-portal", description="Begins every container, network, volume and image name."
    )
    app_source: Words = Field(
        "examples/portal", description="The app: a folder in a git checkout, with a Dockerfile."
    )

    ssh_key: Words = Field(
        "", description="Private key for SSH; empty: your agent's and ~/.ssh's keys."
    )
    known_hosts: Words = Field("", description="More known host keys, besides ~/.ssh/known_hosts.")
    deploy_dir: HostDir = Field(
        "/home/ec2-user/clean-portal",
        description="On the host: Compose files, env files, edge/, and the files that dev mounts.",
    )
    deployments_dir: HostDir = Field(
        "/home/ec2-user/deployments",
        description="On the host: releases, journals, backups and locks.",
    )
    local_dir: Words = Field(
        ".local", description="Stands for /home/ec2-user when no --host is given."
    )

    prod_domain: Domain = Field("portal.spoot.com", description="Where production is served.")
    dev_domain: Domain = Field("dev.portal.spoot.com", description="Where development is served.")
    edge_tls: Tls = Field(
        Tls.ACME,
        description="acme: public certificates; internal: Caddy's own CA, for a test machine.",
    )
    acme_email: Annotated[str, _empty_or(EMAIL, "an e-mail address")] = Field(
        "", description="Where the CA sends warnings of expiry."
    )
    acme_ca: Annotated[str, _empty_or(URL, "an ACME directory URL")] = Field(
        "", description="Another ACME directory than Caddy's default."
    )
    acme_ca_root: Annotated[str, _empty_or(PLAIN_PATH, "an absolute path")] = Field(
        "", description="On the host: the root certificate that ACME_CA and its certificates need."
    )
    edge_http_port: Port = Field(80, description="Published by the edge on all addresses.")
    edge_https_port: Port = Field(443, description="Published by the edge on all addresses.")

    prod_app_port: Port = Field(3000, description="The app's port inside its containers.")
    dev_app_port: Port = Field(3001, description="The same, in development.")
    prod_db_port: Port = Field(5432, description="PostgreSQL on the host's 127.0.0.1.")
    dev_db_port: Port = Field(5433, description="The same, in development.")
    prod_redis_port: Port = Field(6380, description="Redis on the host's 127.0.0.1.")
    dev_redis_port: Port = Field(6381, description="The same, in development.")

    db_name: Identifier = Field("portal", description="The database, in both environments.")
    db_user: Identifier = Field("portal", description="Its owner, in both environments.")
    api_key_name: Annotated[str, _matches(VARIABLE, "a variable's name, such as API_KEY")] = Field(
        "OPENAI_API_KEY", description="The variable in which the app expects its API key."
    )
    api_key: SecretStr = Field(
        SecretStr(""), description="The API key; empty: `inv secrets.init` asks for it."
    )
    dev_api_key: SecretStr = Field(
        SecretStr(""), description="Development's own API key; empty: the same as production's."
    )

    postgres_image: Image = Field("postgres:17.6", description="Database image.")
    redis_image: Image = Field("redis:8.2", description="Redis image.")
    caddy_image: Image = Field(
        "caddy:2.11", description="Edge image; the switch needs Caddy 2.11.2 or newer."
    )

    build_args: BuildArgs = Field(
        "NODE_IMAGE=node:20-bookworm-slim", description="Build arguments: NAME=value NAME=value."
    )
    build_ca_file: Annotated[str, _empty_or(PLAIN_PATH, "an absolute path")] = Field(
        "", description="On the host: CA certificates given to builds as the secret `ca`."
    )
    prod_target: Stage = Field("prod", description="The Dockerfile's stage for production.")
    dev_target: Stage = Field("dev", description="The Dockerfile's stage for development.")
    dev_mounts: Folders = Field(
        "src prisma",
        description="Folders mounted into the dev container; the rest is in its image.",
    )
    app_dir: HostDir = Field("/app", description="Where the app lives in its images.")
    app_writable_paths: Paths = Field(
        "/tmp /app/.next/cache", description="Kept in memory; all else is read-only in production."
    )
    health_path: UrlPath = Field(
        "/api/health", description="Answers 200 when the app can serve, and tells RELEASE_ID."
    )
    health_command: Command = Field(
        "node -e \"fetch('http://127.0.0.1:'+process.env.PORT+process.env.HEALTH_PATH)"
        '.then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"',
        description="The same question asked by Docker, inside the container.",
    )
    migrate_command: Command = Field(
        "prisma migrate deploy", description="Run in the new image before a release serves."
    )
    dev_migrate_command: Command = Field(
        "node node_modules/prisma/build/index.js migrate deploy",
        description="Run in the dev image after its files changed.",
    )

    prod_app_memory: Memory = Field("1g", description="For each of the two slots.")
    prod_app_cpus: Cpus = Field(2, description="For each of the two slots.")
    prod_db_memory: Memory = Field("1g", description="")
    prod_db_cpus: Cpus = Field(1, description="")
    prod_redis_memory: Memory = Field("256m", description="")
    prod_redis_cpus: Cpus = Field(0.5, description="")
    edge_memory: Memory = Field("512m", description="")
    edge_cpus: Cpus = Field(1, description="")
    dev_app_memory: Memory = Field("1536m", description="")
    dev_app_cpus: Cpus = Field(1, description="")
    dev_db_memory: Memory = Field("512m", description="")
    dev_db_cpus: Cpus = Field(0.5, description="")
    dev_redis_memory: Memory = Field("128m", description="")
    dev_redis_cpus: Cpus = Field(0.25, description="")

    health_timeout: Annotated[int, Field(ge=1, le=3600)] = Field(
        120, description="Seconds a new release may take until it is healthy."
    )
    drain_timeout: Annotated[int, Field(ge=0, le=3600)] = Field(
        20, description="Seconds the old slot may take to finish what it is answering."
    )
    keep_releases: Annotated[int, Field(ge=2, le=1000)] = Field(
        5, description="Releases kept, with their images; never fewer than two."
    )
    min_free_disk: Annotated[int, Field(ge=0)] = Field(
        2048, description="MiB that must be free on the host before a build."
    )

    hosts: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        """Two environments must not share a domain, nor two services a port of the host."""
        if self.prod_domain == self.dev_domain:
            raise ValueError(
                f"PROD_DOMAIN and DEV_DOMAIN are both {self.prod_domain}; give each its own"
            )
        taken: dict[int, str] = {}
        for field in (
            "edge_http_port", "edge_https_port", "prod_db_port", "dev_db_port",
            "prod_redis_port", "dev_redis_port",
        ):  # fmt: skip
            port: int = getattr(self, field)
            if port in taken:
                raise ValueError(
                    f"{taken[port]} and {field.upper()} are both {port}; give each its own port"
                )
            taken[port] = field.upper()
        one, other = f"{self.deploy_dir}/", f"{self.deployments_dir}/"
        if one.startswith(other) or other.startswith(one):
            raise ValueError("DEPLOY_DIR and DEPLOYMENTS_DIR lie in each other; set them apart")
        return self


def documented() -> list[str]:
    """The names of all settings but the hosts, in the order of the model."""
    return [name.upper() for name in Settings.model_fields if name != "hosts"]


def from_values(written: Mapping[str, str], environment: Mapping[str, str]) -> Settings:
    """Settings from a `.env` file's values, overridden by those of the process environment.

    Raises SettingsError that names each wrong setting, what is wrong with it and the fix.
    """
    known = documented()
    values: dict[str, Any] = {}
    hosts: dict[str, str] = {}
    problems = []
    for key, value in written.items():
        if key.startswith(HOST_PREFIX):
            hosts[key.removeprefix(HOST_PREFIX).lower()] = value
        elif key in known:
            values[key.lower()] = value
        else:
            close = get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            problems.append(f"{key}: there is no such setting{hint}")
    for key, value in environment.items():
        if key.startswith(HOST_PREFIX) and value:
            hosts[key.removeprefix(HOST_PREFIX).lower()] = value
        elif key in known:
            values[key.lower()] = value
    try:
        settings = Settings(**values, hosts=hosts)
    except ValidationError as error:
        problems += [_explain(detail, values) for detail in error.errors()]
    if problems:
        raise SettingsError(
            "the settings are wrong:\n  - " + "\n  - ".join(problems),
            "correct them in .env (each is described in .env.example) or in the environment",
        )
    return settings


def _explain(detail: Any, values: Mapping[str, Any]) -> str:
    reason = str(detail["msg"]).removeprefix("Value error, ")
    if not detail["loc"]:
        return reason
    field = str(detail["loc"][0])
    value = values.get(field)
    shown = "" if value is None or "key" in field else f"={value}"
    return f"{field.upper()}{shown}: {reason}"
