"""YAML comes out as libyaml writes it: quoting, folding, indentation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.diagnostics.position import Source
from provisioner.syntax.yaml import load
from provisioner.templating.encoding import plain_data
from provisioner.templating.yaml_text import dump


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        ("just text", {}, "just text\n"),
        (None, {}, "null\n"),
        ([], {}, "[]\n"),
        ({"a": 1, "b": [1, [2]], "e": {}}, {}, "a: 1\nb:\n- 1\n- [2]\ne: {}\n"),
        ({"b": 1, "a": 2}, {"sort_keys": False}, "{b: 1, a: 2}\n"),
        ({"b": [1, {"c": [2]}]}, {"indent": 4, "default_flow_style": False}, "b:\n- 1\n-   c:\n    - 2\n"),
        (["a"], {"explicit_start": True, "default_flow_style": False}, "---\n- a\n"),
        ("é", {}, "é\n"),
        ("é", {"allow_unicode": False}, '"\\xE9"\n'),
        (
            "word " * 20,
            {},
            "'word word word word word word word word word word word word word word word word word\n  word",
        ),
        ({"text": "a\nb\n"}, {"default_flow_style": False}, "text: 'a\n\n  b\n\n  '\n"),
        ([1.0, 1e20, float("inf")], {}, "[1.0, 1.0e+20, .inf]\n"),
    ],
)
def test_values_are_written_so(value: object, options: dict[str, Any], text: str) -> None:
    assert dump(value, **options).startswith(text)


STRINGS = """yes no true on Off 1 1.0 0644 null ~ 2020-01-01 12:30 0x1f = << -x 'a:b' a:b #c *x {x 1e3 0o7 1_000 .inf
    y n"""


@pytest.mark.parametrize(
    "word",
    STRINGS.split(),
)
def test_a_string_stays_a_string(word: str) -> None:
    assert plain_data(load(Source("x", dump([word], default_flow_style=False)))) == [word]


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(DATA, st.sampled_from([None, False]), st.integers(2, 8))
def test_what_is_written_reads_back_the_same(value: object, flow: bool | None, indent: int) -> None:
    text = dump(value, default_flow_style=flow, indent=indent)
    assert plain_data(load(Source("x", text))) == value


def test_an_option_that_does_not_exist_is_said() -> None:
    with pytest.raises(ValueError, match="writing YAML"):
        dump({}, indnt=2)
