"""The project as it is on this machine: its settings, and where its files are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ops import envfile
from ops.environment import Environment
from ops.errors import SettingsError
from ops.settings import Settings, from_values

ENV_FILE = "OPS_ENV_FILE"  # another settings file than ./.env


@dataclass(frozen=True)
class Project:
    """Settings, and the folder of the settings file, in which the env files are too."""

    settings: Settings
    root: Path

    def secrets(self, environment: Environment) -> dict[str, str]:
        """An environment's secrets; empty when `secrets.init` was never run."""
        path = self.root / environment.env_file
        return envfile.decode(read_text(path), path.name) if path.exists() else {}

    def secrets_bytes(self, environment: Environment) -> bytes:
        """An environment's env file as the host gets it: values as written, quoted for Compose.

        Raises SettingsError when it is not there or not an env file.
        """
        path = self.root / environment.env_file
        if not path.exists():
            raise SettingsError(f"there is no {path}", "make it: inv secrets.init")
        return envfile.canonical(read_text(path), path.name).encode()

    @property
    def source(self) -> Path:
        """The app's folder. Raises SettingsError when it is not there or has no Dockerfile."""
        folder = self.root / Path(self.settings.app_source).expanduser()
        if not folder.is_dir():
            raise SettingsError(
                f"APP_SOURCE={self.settings.app_source}: there is no folder {folder}",
                "set APP_SOURCE in .env to the folder of your app",
            )
        if not (folder / "Dockerfile").is_file():
            raise SettingsError(
                f"APP_SOURCE={self.settings.app_source}: {folder} has no Dockerfile",
                "add one with the stages PROD_TARGET and DEV_TARGET; see examples/portal",
            )
        return folder


def load() -> Project:
    """The project of the current folder: `.env` there, or the file named by OPS_ENV_FILE.

    Raises SettingsError when the file cannot be read or a setting is wrong.
    """
    named = os.environ.get(ENV_FILE)
    if named and not Path(named).expanduser().exists():
        raise SettingsError(f"{ENV_FILE}={named}: there is no such file", "correct it or unset it")
    return load_file(Path(named or ".env").expanduser())


def load_file(path: Path) -> Project:
    """The project of a settings file; one that is not there means all the defaults."""
    written = envfile.decode(read_text(path), str(path)) if path.exists() else {}
    return Project(from_values(written, os.environ), path.resolve().parent)


def read_text(path: Path) -> str:
    """A text file's content. Raises SettingsError when it cannot be read as UTF-8."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {error}", "make it a UTF-8 text file") from error
