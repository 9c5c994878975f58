"""Env files: every value survives, and a broken file is told with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops import envfile
from ops.errors import SettingsError

VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(VALUES)
def test_what_is_written_is_read_again(value):
    assert envfile.decode(f"KEY={envfile.encode(value)}\n", ".env") == {"KEY": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain-1.2", "plain-1.2"),
        ("", ""),
        ("two words # and more", "'two words # and more'"),
        ('$HOME ${X} "quoted" 50%', "'$HOME ${X} \"quoted\" 50%'"),
        ("Grüße", "'Grüße'"),
        ("it's", '"it\'s"'),
        ("back\\slash $x", '"back\\\\slash \\$x"'),
        ("two\nlines", '"two\\nlines"'),
    ],
)
def test_a_value_is_quoted_no_more_than_it_needs(value, text):
    assert envfile.encode(value) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [("GOOD=1\nthis is no assignment\n", 2), ("A=1\nB\n", 2), ("A='open\n", 1), ("1A=x\n", 1)],
)
def test_a_broken_line_is_named(text, line):
    with pytest.raises(SettingsError) as error:
        envfile.decode(text, ".env.prod")
    assert f".env.prod, line {line}" in error.value.what


def test_added_values_leave_the_rest_as_it_is():
    before = "# mine\nA='kept as $it is'\n"
    after = envfile.add(before, {"B": "new"}, {"B": "What it is for."})
    assert after == before + "\n# What it is for.\nB=new\n"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("pa$word", "pa$word"),
        ('"x $HOME y"', "x $HOME y"),
        ("'a\\$b'", "a\\$b"),
        ('"a\\$b"', "a$b"),
        ("plain # and a comment", "plain"),
    ],
)
def test_a_value_written_by_hand_is_quoted_for_compose(written, value):
    text = envfile.canonical(f"KEY={written}\n", ".env.prod")
    assert text == f"KEY={envfile.encode(value)}\n"


def test_an_empty_value_is_replaced_and_no_other():
    text = envfile.add("A=\nB=''\nC=kept\n", {"A": "1", "B": "2"}, {"A": "a", "B": "b"})
    assert envfile.decode(text, ".env") == {"A": "1", "B": "2", "C": "kept"}
    assert text.count("A=") == 1
