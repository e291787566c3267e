"""Declared parameters: coercion, aliases, rules, and all problems at once."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.remote.params import (
    BadParameters,
    Parameters,
    mutually_exclusive,
    optional,
    required,
    required_if,
    required_one_of,
    required_together,
)


class Item(Parameters):
    size: int = required("int", "How large.")


class Sample(Parameters):
    name: str = required("str", "Its name.", aliases=("title",))
    count: int = optional("int", "How many.", 1)
    ratio: float = optional("float", "How much.")
    on: bool = optional("bool", "Whether.", False)
    words: list[str] = optional("list", "Which.", elements="str")
    items: list[Item] = optional("list", "More.", elements="dict", options=Item)
    table: dict[str, Any] = optional("dict", "Pairs.")
    size: int = optional("bytes", "How large.")
    kind: str = optional("str", "Which kind.", "a", choices=("a", "b"))
    secret: str = optional("str", "Hidden.", no_log=True)
    global_: str = optional("str", "A keyword of Python.")


def test_values_come_in_their_type_and_defaults_fill_the_rest() -> None:
    params = Sample.parse({"title": 5, "count": "7", "on": "yes", "words": "a, b", "size": "1.5K", "global": "x"})
    assert (params.name, params.count, params.on, params.words, params.size) == ("5", 7, True, ["a", "b"], 1536)
    assert (params.kind, params.ratio, params.global_) == ("a", None, "x")
    assert params.given == {"name", "count", "on", "words", "size", "global_"}


@pytest.mark.parametrize("text", ["yes", "on", "1", "true", "t", "y", 1, True, "True"])
def test_every_spelling_of_true_is_true(text: object) -> None:
    assert Sample.parse({"name": "x", "on": text}).on is True


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "missing required parameter 'name'"),
        ({"name": "x", "colour": 1}, "unknown parameter 'colour'"),
        ({"name": "x", "count": "many"}, "parameter 'count': 'many' is not an integer"),
        ({"name": "x", "on": "maybe"}, "'maybe' is not a boolean"),
        ({"name": "x", "table": "novalue"}, "is not a dictionary"),
        ({"name": "x", "size": "big"}, "is not a size"),
        ({"name": "x", "kind": "c"}, "must be one of a, b, not 'c'"),
        ({"name": "x", "items": [{"size": "x"}]}, "parameter 'items': parameter 'size'"),
    ],
)
def test_what_is_wrong_is_said(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameters) as caught:
        Sample.parse(raw)
    assert message in str(caught.value)


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(BadParameters) as caught:
        Sample.parse({"colour": 1, "count": "many", "kind": "c"})
    assert len(caught.value.problems) == 4


def test_templates_are_left_for_later() -> None:
    problems = Sample.problems({"name": "{{ x }}", "count": "{{ y }}", "kind": "{{ z }}"}, lambda v: "{{" in str(v))
    assert problems == []


def test_rules_over_several_parameters() -> None:
    class Ruled(Parameters):
        a: str = optional("str", "")
        b: str = optional("str", "")
        c: str = optional("str", "")
        state: str = optional("str", "", "present")
        rules = (
            mutually_exclusive("a", "b"),
            required_one_of("a", "b"),
            required_together("b", "c"),
            required_if("state", "link", "c"),
        )

    found = {problem.message for problem in Ruled.problems({"a": 1, "b": 1, "state": "link"}, lambda _: False)}
    assert found == {
        "parameters are mutually exclusive: a, b",
        "parameters are required together: b, c",
        "state is link but missing: c",
    }
    assert [p.message for p in Ruled.problems({}, lambda _: False)] == ["one of these parameters is required: a, b"]


def test_a_template_that_may_be_omitted_breaks_no_rule_over_several_parameters() -> None:
    class Ruled(Parameters):
        a: str = optional("str", "")
        b: str = optional("str", "")
        c: str = optional("str", "")
        rules = (mutually_exclusive("a", "b"), required_together("a", "c"), required_one_of("a", "b"))

    def messages(**given: object) -> list[str]:
        return [problem.message for problem in Ruled.problems(given, lambda value: "{" in str(value))]

    assert messages(a="{{ x | d(omit) }}", b="{{ y | d(omit) }}") == []
    assert messages(a="{% if x %}{{ x }}{% else %}{{ omit }}{% endif %}", b="1") == []
    assert messages(a="{{ x }}.txt", b="of {{ y }}", c="1") == ["parameters are mutually exclusive: a, b"]
    assert messages(a="1", b="{{ y }}") == ["parameters are required together: a, c"]


def test_secrets_are_masked_in_what_is_shown() -> None:
    shown = Sample.parse({"name": "x", "secret": "hunter2"}).raw()
    assert shown["secret"] == "********"
    assert "global" in shown
