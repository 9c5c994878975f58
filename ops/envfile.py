"""Env files that Compose and python-dotenv read alike, whatever the values hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO

from dotenv.parser import parse_stream

from ops.errors import SettingsError

PLAIN = re.compile(r"[\w./:@%+,=-]*", re.ASCII)
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def encode(value: str) -> str:
    """A value as it has to stand behind `KEY=`, so that Compose hands on exactly that value.

    Single quotes keep everything as it is, in Compose and in python-dotenv. Only a value with a
    single quote, a backslash or a control character needs double quotes, where Compose would
    interpolate `$` (docs.docker.com/compose/how-tos/environment-variables/variable-interpolation).
    Raises ValueError for a NUL, which no environment variable can hold.
    """
    if "\0" in value:
        raise ValueError("a value cannot hold a NUL character")
    if PLAIN.fullmatch(value):
        return value
    if not re.search(r"['\\\x01-\x1f\x7f]", value):
        return f"'{value}'"
    return '"' + "".join(ESCAPES.get(character, character) for character in value) + '"'


def decode(text: str, name: str) -> dict[str, str]:
    """The values of an env file's text, as they are written: nothing is interpolated.

    name is the file's, for messages. Raises SettingsError, naming the line, when it is not an
    env file.
    """
    check(text, name)
    values = {}
    for binding in parse_stream(StringIO(text)):
        if binding.key:
            value = binding.value or ""
            written = binding.original.string.split("=", 1)[1].lstrip()
            # python-dotenv does not know the escape `\$`, which `encode` has to write for Compose.
            values[binding.key] = value.replace("\\$", "$") if written[:1] == '"' else value
    return values


def canonical(text: str, name: str) -> str:
    """An env file's values, each quoted so that Compose hands on exactly what a person wrote.

    Raises as `decode` does.
    """
    return "".join(f"{key}={encode(value)}\n" for key, value in decode(text, name).items())


def check(text: str, name: str) -> None:
    """Raise SettingsError, naming the line, for a line that is no `KEY=value`."""
    for binding in parse_stream(StringIO(text)):
        line = binding.original.string.strip().splitlines()[:1]
        if binding.error or (binding.key and not KEY.fullmatch(binding.key)):
            number = binding.original.line
            raise SettingsError(
                f"{name}, line {number}: not of the form KEY=value",
                "correct that line; put a value with spaces or quotes in single quotes",
            )
        if binding.key and binding.value is None:
            raise SettingsError(
                f"{name}, line {binding.original.line}: {line[0] if line else binding.key} "
                "has no value",
                f"write {binding.key}= for an empty one",
            )


def add(text: str, values: Mapping[str, str], comments: Mapping[str, str]) -> str:
    """The text with values appended, each below its comment; an empty one of theirs goes."""
    empty = "|".join(map(re.escape, values))
    text = re.sub(rf"(?m)^(?:{empty})=[ \t]*(?:''|\"\")?[ \t]*$\n?", "", text) if values else text
    lines = [text.rstrip("\n")] if text.strip() else []
    for key, value in values.items():
        lines.append(f"# {comments[key]}\n{key}={encode(value)}")
    return "\n\n".join(lines) + "\n" if lines else ""
