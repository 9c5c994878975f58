"""What `envfile.encode` writes, read by Compose itself: in `env_file` and by interpolation."""

import json
import subprocess

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.envfile import encode
from ops.render import compose_string

HARD = ["$HOME", "${X:-1}", "$$", "a # b", "'", '"', "\\", "\\'", '\\"', "ends\\", "50%", "Grüße 😀",
        "a\nb", "a\tb", "`id`", "$(id)", " both ", "=", "a'b\"c\\d$e#f", "\\$x", "'\\", "\x01"]  # fmt: skip
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def through_compose(folder, values):
    """Each value as a container would get it: from the env file, interpolated, and in YAML."""
    keys = [f"K{number}" for number in range(len(values))]
    env = "".join(f"{key}={encode(value)}\n" for key, value in zip(keys, values, strict=True))
    (folder / "values.env").write_text(env, encoding="utf-8", newline="")
    service = {
        "image": "x:1",
        "env_file": ["values.env"],
        "environment": {f"I{key}": "${" + key + "}" for key in keys},
    }
    text = yaml.safe_dump({"name": "t", "services": {"one": service}})
    # Written values go into the YAML by the same filter as in the templates.
    text += "    labels:\n" + "".join(
        f"      l{key}: {compose_string(value)}\n" for key, value in zip(keys, values, strict=True)
    )
    (folder / "c.yml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["docker", "compose", "-f", "c.yml", "--env-file", "values.env", "config", "--format",
         "json"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)["services"]["one"]
    # `config` prints a file that Compose could read again, so `$` is doubled once more.
    plain = lambda text: text.replace("$$", "$")  # noqa: E731
    return (
        [plain(got["environment"][key]) for key in keys],
        [plain(got["environment"][f"I{key}"]) for key in keys],
        [plain(got["labels"][f"l{key}"]) for key in keys],
    )


def test_hard_values_arrive_exactly(tmp_path):
    file, interpolated, inline = through_compose(tmp_path, HARD)
    assert file == HARD
    assert interpolated == HARD
    assert inline == HARD


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(VALUES, min_size=1, max_size=40))
def test_any_values_arrive_exactly(tmp_path, values):
    file, interpolated, inline = through_compose(tmp_path, values)
    assert file == values
    assert interpolated == values
    assert inline == values
