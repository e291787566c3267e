"""Wrong parameters are told in results in the words of Ansible's modules, the first mistake first."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.diagnostics.position import Text
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


class Inner(Parameters):
    size: int = required("int", "How large.")


class Sample(Parameters):
    name: str = required("str", "Its name.", aliases=("title",))
    other: str = optional("str", "Another.")
    count: int = optional("int", "How many.")
    ratio: float = optional("float", "How much.")
    on: bool = optional("bool", "Whether.")
    numbers: list[int] = optional("list", "Which.", elements="int")
    kinds: list[str] = optional("list", "Which.", elements="str", choices=("a", "b"))
    kind: str = optional("str", "Which.", "a", choices=("a", "b"))
    table: dict[str, Any] = optional("dict", "Pairs.")
    inner: Inner = optional("dict", "More.", options=Inner)
    rules = (
        mutually_exclusive("count", "ratio"),
        mutually_exclusive("on", "table"),
        required_one_of("name", "other"),
        required_together("count", "numbers"),
        required_if("kind", "b", "other"),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "missing required arguments: name"),
        ({"name": 1, "count": 1, "ratio": 2, "on": 1, "table": {}}, "mutually exclusive: count|ratio, on|table"),
        ({"name": 1, "kind": "c"}, "value of kind must be one of: a, b, got: c"),
        ({"name": 1, "kinds": ["a", "x", "y"]}, "value of kinds must be one or more of: a, b. Got no match for: x, y"),
        ({"name": 1, "kind": "b"}, "kind is b but all of the following are missing: other"),
        ({"name": 1, "count": 1}, "parameters are required together: count, numbers"),
        ({"name": 1, "numbers": ["x"], "count": 2}, "Elements value for option 'numbers' is of type <class 'str'>"),
        ({"name": 1, "ratio": "x"}, "unable to convert to float: <class 'str'> cannot be converted to a float"),
        ({"name": 1, "table": "x"}, "dictionary requested, could not parse JSON or key=value"),
        ({"name": 1, "table": 7}, "<class 'int'> cannot be converted to a dict"),
        ({"name": 1, "on": "x"}, "The value 'x' is not a valid boolean."),
        ({"name": 1, "inner": {}}, "missing required arguments: size found in inner"),
        ({"name": 1, "colour": 2, "age": 3}, "Unsupported parameters for (sample) module: age, colour. Supported"),
        ({"name": 1, "colour": 2, "kind": "c"}, "value of kind must be one of"),
    ],
)
def test_the_first_mistake_is_said_as_ansible_says_it(given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadParameters) as caught:
        Sample.parse(given)
    assert said in caught.value.said("sample", Sample)


def test_supported_parameters_are_listed_with_their_other_names_behind_them() -> None:
    with pytest.raises(BadParameters) as caught:
        Inner.parse({"size": 1, "x": 2})
    assert caught.value.said("inner", Inner).endswith("Supported parameters include: size.")
    with pytest.raises(BadParameters) as caught:
        Sample.parse({"name": "n", "x": 2})
    assert caught.value.said("sample", Sample).endswith("table (title).")


def test_text_that_knows_its_place_is_said_to_be_text() -> None:
    with pytest.raises(BadParameters) as caught:
        Sample.parse({"name": "n", "count": Text("many"), "numbers": []})
    text = (
        "argument 'count' is of type <class 'str'> and we were unable to convert to int: \"'many'\" cannot be converted"
    )
    assert text in caught.value.said()
