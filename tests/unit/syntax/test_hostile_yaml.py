"""YAML that is made to exhaust its reader ends in an error that names the place, soon and with little memory."""

from __future__ import annotations

import time

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source
from provisioner.syntax.yaml import DEEPEST, load

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGE_BOMB = "a0: &a0 {k: v}\n" + "".join(
    f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(10))}}}\n" for n in range(1, 12)
)


def read(text: str) -> object:
    return load(Source("hostile.yml", text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "stands for more than"),
        (MERGE_BOMB, "stands for more than"),
        ("a: &a [1, *a]", "inside itself"),
        ("a: &a {b: {c: *a}}", "inside itself"),
        ("&a [&b [*a]]", "inside itself"),
        ("[" * 5000 + "]" * 5000, f"more than {DEEPEST} deep"),
        ("{a: " * 5000 + "1" + "}" * 5000, f"more than {DEEPEST} deep"),
        ("- " * 5000 + "x", f"more than {DEEPEST} deep"),
        ("a: *nowhere", "nothing above is anchored"),
        ("!!python/object/apply:os.system [id]", "unknown tag"),
        ("a: \ud800", "not UTF-8"),
    ],
)
def test_it_is_refused_soon(text: str, told: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError, match=told):
        read(text)
    assert time.process_time() - began < 20


def test_aliases_of_ordinary_use_stay_what_they_are() -> None:
    text = "base: &b {x: [1, 2], y: 3}\n" + "".join(f"h{n}:\n  <<: *b\n  list: *b\n" for n in range(500))
    found = read(text)
    assert isinstance(found, dict)
    assert found["h499"] == {"x": [1, 2], "y": 3, "list": {"x": [1, 2], "y": 3}}


def test_as_deep_as_is_allowed_is_read() -> None:
    depth = DEEPEST - 1
    assert read("[" * depth + "]" * depth) is not None


def test_a_number_longer_than_python_reads_is_text() -> None:
    assert read("9" * 5000) == "9" * 5000


def test_a_large_file_is_read_in_time_that_grows_with_it() -> None:
    began = time.process_time()
    found = read("list:\n" + "- {name: task, command: echo hello, tags: [a, b]}\n" * 5000)
    assert isinstance(found, dict)
    assert len(found["list"]) == 5000
    assert time.process_time() - began < 30
