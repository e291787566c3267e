"""Patterns as rsync has them."""

from __future__ import annotations

import pytest

from provisioner.remote.system.patterns import Patterns, options


@pytest.mark.parametrize(
    ("pattern", "left_out", "taken"),
    [
        ("*.log", ["a.log", "deep/er/b.log", ".log"], ["a.log.gz", "log"]),
        ("/cache", ["cache", "cache/"], ["sub/cache"]),
        ("cache/", ["cache/", "sub/cache/"], ["cache"]),
        ("a/b", ["a/b", "x/a/b"], ["a", "b", "xa/b"]),
        ("/a/*/c", ["a/b/c"], ["a/b/b/c", "a/c"]),
        ("/a/**/c", ["a/b/b/c", "a/b/c"], ["a/c"]),
        ("tmp**", ["tmp", "x/tmp/y/z"], ["xtmp"]),
        ("f?o", ["foo", "x/fyo"], ["fo", "f/o"]),
        ("[ab]c", ["ac", "bc"], ["cc"]),
        ("[!ab]c", ["cc"], ["ac"]),
        (r"star\*", ["star*"], ["starry"]),
        ("/keep/***", ["keep/", "keep/x", "keep/x/y"], ["sub/keep"]),
        ("a+b(c)", ["a+b(c)"], ["aab(c)"]),
        ("*\n", ["x\n"], ["x"]),
    ],
)
def test_a_pattern_fits_what_rsync_says(pattern: str, left_out: list[str], taken: list[str]) -> None:
    tell = Patterns(exclude=[pattern]).leaves_out()

    for path in left_out:
        assert tell(path.rstrip("/").encode(), path.endswith("/")), path
    for path in taken:
        assert not tell(path.rstrip("/").encode(), path.endswith("/")), path


def test_what_is_included_is_taken_although_an_exclude_fits() -> None:
    tell = Patterns(include=["important.log"], exclude=["*.log"]).leaves_out()

    assert tell(b"x.log", False)
    assert not tell(b"sub/important.log", False)


def test_without_patterns_nothing_is_left_out() -> None:
    assert not Patterns().leaves_out()(b"anything", True)


def test_options_keep_the_order_in_which_patterns_count() -> None:
    assert options(["a"], ["-b", "c d"]) == ["--include=a", "--exclude=-b", "--exclude=c d"]
