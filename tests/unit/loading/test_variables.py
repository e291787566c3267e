"""Variables from files and from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.loading.variables import extra_variables, load_vars_file

Write = Callable[[dict[str, str]], Path]


def test_extra_variables_come_in_every_form_and_later_ones_win(write: Write) -> None:
    folder = write({"v.yml": "f: [1]\na: file\n"})
    found = extra_variables(
        ["a=1 b='x y'", "@v.yml", '{"j": {"k": true}}', "{y: no}", "c={{ b }}"], basedir=str(folder)
    )
    assert found == {"a": "file", "b": "x y", "f": [1], "j": {"k": True}, "y": False, "c": "{{ b }}"}


@pytest.mark.parametrize(
    ("word", "message"),
    [("novalue", "'novalue' is no variable"), ("[1]", "must be a mapping, not a list"), ("a='x", "never closed"),
     ("@absent.yml", "cannot read"), ("{a: ", "YAML syntax")],
)  # fmt: skip
def test_extra_variables_that_are_none_are_refused(word: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        extra_variables([word])


def test_a_file_of_variables_may_be_empty_but_must_be_a_mapping(write: Write) -> None:
    write({"empty.yml": "---\n", "list.yml": "- a\n", "bytes.yml": ""})
    assert load_vars_file("empty.yml") == {}
    with pytest.raises(InputError, match=r"list\.yml:1:3: error: a file of variables must be a mapping, not a list"):
        load_vars_file("list.yml")
    Path("bytes.yml").write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(InputError, match=r"bytes\.yml:2:1: error: the file is not UTF-8 text"):
        load_vars_file("bytes.yml")


def test_a_word_that_is_no_variable_may_be_left_out_with_a_warning() -> None:
    told: list[str] = []
    assert extra_variables(["a=1", "b: 2"], warn=told.append) == {"a": "1"}
    assert "'b: 2' is no variable" in told[0]
