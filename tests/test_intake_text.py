"""From bytes to tables: numbers as written, hostile files refused in no time."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.intake.text import DEPTH, Format, MalformedError, Number, parse


def numbers(value: Any) -> Any:
    """The parsed value with each number as its text."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    return [numbers(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "literal", ["14.2", "14.20", "1_000", "1e3", "0x1F", "0o17", "0b1", "+5", "-5", "nan", "-inf", "6.02E23"]
)
def test_toml_numbers_arrive_as_written(literal: str) -> None:
    assert numbers(parse(f"a = {literal} # {literal}\n".encode(), "toml")) == {"a": literal}


@pytest.mark.parametrize("literal", ["14.20", "1e3", "-0", "NaN", "-Infinity", "1.500"])
def test_json_numbers_arrive_as_written(literal: str) -> None:
    assert numbers(parse(f'{{"a": [{literal}]}}'.encode(), "json")) == {"a": [literal]}


def test_toml_numbers_are_found_wherever_a_value_stands() -> None:
    text = """
        a.b = 1 # 2
        "c = 3" = [4, [5,
          6 ], { d = 7, 8e = 9 }]
        f = "10 = 11" # '''
        1_2 = 13
        g = '''
        h = 14'''
        i = 2026-11-23
        j = 08:30:00
        k = 2026-11-23 08:00:00+01:00
        [l.15]
        m = \"""16\\\"""\"""
        [[n]]
        o = 17
    """
    found = parse(text.encode(), "toml")
    plain = tomllib.loads(text)
    assert numbers(found) == _texts(plain)


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


KEYS = st.text(alphabet="abc1_-", min_size=1, max_size=5)
STRINGS = st.text(alphabet="ab\"'=,[]{}#.\\1 \t", max_size=8)
LEAVES = st.one_of(st.integers(), STRINGS, st.booleans(), st.dates().map(str))


def _inline(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


@given(
    st.dictionaries(
        KEYS,
        st.recursive(
            LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
        ),
        max_size=5,
    ).filter(bool)
)
def test_the_scan_for_numbers_changes_nothing_else(table: dict[str, Any]) -> None:
    text = "\n".join(f"{key} = {_inline(value)}" for key, value in table.items())
    assert numbers(parse(text.encode(), "toml")) == _texts(tomllib.loads(text))


@given(st.binary(max_size=200), st.sampled_from(["toml", "json"]))
def test_any_bytes_are_a_table_or_malformed(text: bytes, format: Format) -> None:
    try:
        assert isinstance(parse(text, format), dict)
    except MalformedError as error:
        assert error.seen
        assert error.accepted


@given(st.text(alphabet="a1.=[]{}\"'\\\n#,_ -:eT", max_size=80))
def test_any_toml_like_text_is_a_table_or_malformed(text: str) -> None:
    try:
        found = parse(text.encode(), "toml")
    except MalformedError:
        return
    assert not _raw_numbers(found)


def _raw_numbers(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_raw_numbers, value.values()))
    if isinstance(value, list):
        return any(map(_raw_numbers, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


HOSTILE: dict[str, tuple[Format, str]] = {
    "empty": ("toml", ""),
    "white space": ("json", " \n\t"),
    "only a comment": ("toml", "# nothing\n"),
    "an empty object": ("json", "{}"),
    "a list": ("json", "[1]"),
    "a bare text": ("json", '"kawasaki"'),
    "open brackets": ("json", "[" * 500_000),
    "nested objects": ("json", '{"a":' * 100_000),
    "nested arrays": ("toml", "a = " + "[" * 500_000),
    "nested tables": ("toml", "a = " + "{a = " * 100_000),
    "a key of a million dots": ("toml", "a." * 400_000 + "a = 1"),
    "a spaced key": ("toml", "a . " * 200_000 + "a = 1"),
    "a quoted key": ("toml", '"a".' * 200_000 + "a = 1"),
    "quotes": ("toml", '"""' + '\\"""' * 200_000),
    "escapes": ("json", '{"' + '\\"' * 400_000),
    "a long number": ("toml", "a = [" + "9" * 900_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused(name: str) -> None:
    format, text = HOSTILE[name]
    with pytest.raises(MalformedError):
        parse(text.encode(), format)


def test_a_long_number_is_no_work() -> None:
    assert numbers(parse(b"a = " + b"9" * 900_000, "toml"))["a"].startswith("999")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a = '\xe4'", b"\x00\xd8"])
def test_other_encodings_are_named(text: bytes) -> None:
    with pytest.raises(MalformedError, match="not UTF-8"):
        parse(text, "toml")


def test_a_byte_order_mark_is_no_key() -> None:
    assert parse(b"\xef\xbb\xbfa = true", "toml") == {"a": True}


def test_depth_up_to_the_limit_is_read() -> None:
    parse(("a = " + "[" * DEPTH + "]" * DEPTH).encode(), "toml")
    with pytest.raises(MalformedError):
        parse(("a = " + "[" * (DEPTH + 1) + "]" * (DEPTH + 1)).encode(), "toml")


@pytest.mark.parametrize(
    ("line", "path", "near"),
    [
        ("weight_kg = 14,2", ("patient", "weight_kg"), ("14.2",)),
        ("weight_kg = 1,500 # kg", ("patient", "weight_kg"), ("1.5", "1500")),
        ("weight_kg = 3\nweight_kg = 3", ("patient", "weight_kg"), ()),
        ("weight_kg = ", ("patient", "weight_kg"), ()),
        ("weight_kg 14", (), ()),
    ],
)
def test_toml_errors_name_the_key_of_their_line(
    line: str, path: tuple[str, ...], near: tuple[str, ...]
) -> None:
    with pytest.raises(MalformedError) as caught:
        parse(f"condition = 'x'\n[patient]\n{line}\n".encode(), "toml")
    assert (caught.value.path, caught.value.near) == (path, near)
