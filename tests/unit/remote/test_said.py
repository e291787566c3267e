"""The JSON object among whatever else a module and its programs print."""

from __future__ import annotations

import pytest

from provisioner.remote.said import parse, result_of


@pytest.mark.parametrize(
    ("text", "value", "behind"),
    [
        ('{"a": 1}\n', {"a": 1}, ""),
        ('noise\n  {"a": 1}\n', {"a": 1}, ""),
        ('{"a":\n 1}\ntrailing junk\nmore\n', {"a": 1}, "trailing junk\nmore"),
        ('{not json\n{"a": {"b": []}} x', {"a": {"b": []}}, "x"),
    ],
)
def test_the_object_is_found_among_noise(text: str, value: object, behind: str) -> None:
    assert parse(text) == (value, behind)


@pytest.mark.parametrize(
    ("text", "why"), [("", "No start"), ("[1]\n", "No start"), ("words {}\n", "No start"), ('{"a": 1\n', "No end")]
)
def test_what_is_no_object_is_said_so(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_words_behind_the_object_become_a_warning_beside_the_modules_own() -> None:
    result = result_of(0, b'{"warnings": ["careful"], "_ansible_parsed": true}\nbye', b"")
    assert result == {"warnings": ["careful", "Module invocation had junk after the JSON data: bye"]}


def test_a_module_that_says_nothing_of_use_fails_with_all_it_said() -> None:
    result = result_of(3, b"out", b"Traceback (most recent call last):\nboom")
    assert result["failed"]
    assert result["msg"].startswith("MODULE FAILURE: No start of json char found")
    assert (result["module_stdout"], result["rc"]) == ("out", 3)
    assert "boom" in result["exception"]
    assert "exception" not in result_of(0, b"", b"oops")


def test_what_ansible_keeps_to_itself_is_left_out_at_any_depth() -> None:
    said = b'{"a": {"_ansible_debug": true, "b": [{"_ansible_x": 1, "c": 2}]}, "_ansible_parsed": true}'
    assert result_of(0, said, b"") == {"a": {"b": [{"c": 2}]}}
