"""The one-line style splits as people write it."""

from __future__ import annotations

import pytest

from provisioner.loading.words import Unbalanced, split_pairs, without_continuations

RAW = frozenset({"chdir", "creates"})


@pytest.mark.parametrize(
    ("text", "pairs", "rest"),
    [
        ("src=a dest=b", {"src": "a", "dest": "b"}, ""),
        ("src='a b' dest=\"c d\"", {"src": "a b", "dest": "c d"}, ""),
        ("path={{ base }}/x mode=0644", {"path": "{{ base }}/x", "mode": "0644"}, ""),
        ("msg={{ a | default('b c') }} x=1", {"msg": "{{ a | default('b c') }}", "x": "1"}, ""),
        ('content="a\\nb\\t\\"c\\""', {"content": 'a\nb\t"c"'}, ""),
        ("line=a=b", {"line": "a=b"}, ""),
        ("{{ name }}='{{ value }}'", {"{{ name }}": "{{ value }}"}, ""),
        ("file.yml a=1", {"a": "1"}, "file.yml"),
        ("", {}, ""),
        ("empty= next=1", {"empty": "", "next": "1"}, ""),
    ],
)
def test_pairs_are_split(text: str, pairs: dict[str, str], rest: str) -> None:
    split = split_pairs(text, lambda _name: True)
    assert (split.pairs, split.rest) == (pairs, rest)


@pytest.mark.parametrize(
    ("text", "pairs", "rest"),
    [
        ("ls -l chdir=/tmp", {"chdir": "/tmp"}, "ls -l"),
        ("creates=/x dd if=/dev/zero of='a b'", {"creates": "/x"}, "dd if=/dev/zero of='a b'"),
        ("FOO=1 make\n  install chdir=/src", {"chdir": "/src"}, "FOO=1 make\n  install"),
        ("echo  two   spaces", {}, "echo  two   spaces"),
        ("echo chdir='a b' | cat", {"chdir": "a b"}, "echo | cat"),
        ("awk '{print $1}' chdir={{ x }}/y", {"chdir": "{{ x }}/y"}, "awk '{print $1}'"),
    ],
)
def test_a_command_line_loses_only_its_own_options(text: str, pairs: dict[str, str], rest: str) -> None:
    split = split_pairs(text, RAW.__contains__)
    assert (split.pairs, split.rest) == (pairs, rest)


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("echo a \\\n  b", "echo a b"),
        ("echo 'a \\\nb' \\\nc", "echo 'a \\\nb' c"),
        ("echo end\\\ning", "echo end\\\ning"),
        ("echo a \\ b  'c \\ d'", "echo a b  'c \\ d'"),
        ("echo a", "echo a"),
    ],
)
def test_a_line_that_ends_with_a_lone_backslash_goes_on_in_the_next(text: str, joined: str) -> None:
    assert without_continuations(text) == joined


@pytest.mark.parametrize("text", ["msg='open", "x={{ y", 'a="b c', "{% if x"])
def test_an_open_quote_or_template_is_unbalanced(text: str) -> None:
    with pytest.raises(Unbalanced, match="never closed"):
        split_pairs(text, lambda _name: True)
