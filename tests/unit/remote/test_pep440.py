"""Versions of Python packages are ordered and compared as pip does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from provisioner.remote.pep440 import key, meets, requirement


def test_versions_are_in_order() -> None:
    rising = ["1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.1", "1.10", "1!0.1"]
    keys = [key(version) for version in rising]
    assert None not in keys
    assert all(one < other for one, other in pairwise(keys) if one and other)


@pytest.mark.parametrize(
    ("text", "version", "is_met"),
    [
        ("a", "1", True),
        ("a==1.0", "1", True),
        ("a==1.0.*", "1.0.7", True),
        ("a==1.*", "2.0", False),
        ("a!=1.*", "1.5", False),
        ("a~=1.4.2", "1.4.9", True),
        ("a~=1.4.2", "1.5", False),
        ("a~=1.4", "1.9", True),
        ("a>=2,<3,!=2.5", "2.5.0", False),
        ("a<2", "2.0rc1", False),
        ("a<2", "1.9", True),
        ("a>1", "1.post1", False),
        ("a==1.0", "1.0+local", True),
        ("a===1.0", "1", False),
    ],
)
def test_a_version_meets_a_requirement_or_not(text: str, version: str, is_met: bool) -> None:
    wanted = requirement(text)
    assert wanted is not None
    assert meets(version, wanted.clauses) is is_met


NOT_PLAIN = ["git+https://x/y", "./here", "a @ https://x/y", "a; python_version<'3'", "-e .", "a=1"]


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_what_is_not_a_plain_requirement_is_not_read(text: str) -> None:
    assert requirement(text) is None


def test_a_version_that_cannot_be_read_is_neither_met_nor_not() -> None:
    assert meets("2004d-x", (("==", "1"),)) is None
