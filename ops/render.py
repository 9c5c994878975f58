"""Settings to files. Pure but for reading the templates: the same settings give the same bytes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment as Jinja
from jinja2 import FileSystemLoader, StrictUndefined

from ops.environment import development, production
from ops.settings import Settings

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"

# What YAML does not let stand as it is (yaml.org/spec/1.2.2, production 1), and what it folds.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

# Where each file lives, relative to the deploy folder on the host.
EDGE_FILES = ("Caddyfile", "Caddyfile.prod", "Caddyfile.dev")
COMPOSE_FILES = ("docker-compose.prod.yml", "docker-compose.dev.yml", "docker-compose.edge.yml")


def render(settings: Settings) -> dict[str, str]:
    """Every generated file that holds no secret: its name and its text."""
    jinja = _jinja()
    values = {
        "settings": settings,
        "prod": production(settings),
        "dev": development(settings),
    }
    return {
        name: _tidy(jinja.get_template(f"{name}.j2").render(values))
        for name in (*COMPOSE_FILES, *EDGE_FILES)
    }


def placed(files: dict[str, str]) -> dict[str, str]:
    """The same files by their path under the deploy folder: Caddyfiles go to `edge/`."""
    return {f"edge/{name}" if name in EDGE_FILES else name: text for name, text in files.items()}


def _tidy(text: str) -> str:
    """No two empty lines in a row, none at either end, one newline at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _jinja() -> Jinja:
    jinja = Jinja(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # neither YAML nor a Caddyfile is HTML; each has its own filter
    )
    jinja.filters["yaml"] = compose_string
    jinja.filters["yaml_words"] = lambda text: compose_list(shlex.split(text))
    jinja.filters["cpus"] = lambda number: f"{number:g}"
    return jinja


def compose_string(text: str) -> str:
    """Text as a YAML scalar that Compose passes on exactly: JSON's quoting, `$` doubled.

    Compose interpolates `$` in every value; `$$` stands for one
    (docs.docker.com/reference/compose-file/interpolation).
    """
    quoted = json.dumps(text, ensure_ascii=False).replace("$", "$$")
    return UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def compose_list(words: Iterable[str]) -> str:
    """Words as a YAML flow list, each as `compose_string`."""
    return "[" + ", ".join(compose_string(word) for word in words) + "]"
