"""Versions and ranges of collections."""

from __future__ import annotations

import pytest

from provisioner.galaxy.semver import Version, allows


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("1.0.0", "1.0.1"),
        ("1.9.0", "1.10.0"),
        ("1.0.0-alpha", "1.0.0"),
        ("1.0.0-1", "1.0.0-a"),
        ("1.0.0-a.2", "1.0.0-a.10"),
    ],
)
def test_versions_are_ordered_as_semver_says(low: str, high: str) -> None:
    one, other = Version.parse(low), Version.parse(high)
    assert one is not None
    assert other is not None
    assert one < other


@pytest.mark.parametrize(
    ("wanted", "version", "expected"),
    [
        ("*", "1.2.3", True), ("*", "1.2.3-beta", False), (">=1.0.0,<2.0.0", "1.9.9", True),
        (">=1.0.0,<2.0.0", "2.0.0", False), ("1.2.3", "1.2.3", True), ("==1.2.3", "1.2.4", False),
        ("!=1.2.3", "1.2.4", True), (">1.0", "1.0.1", True), ("1.0.0-beta", "1.0.0-beta", True), ("", "3.0.0", True),
    ],
)  # fmt: skip
def test_a_range_allows_what_it_says(wanted: str, version: str, expected: bool) -> None:
    assert allows(wanted, version) is expected


@pytest.mark.parametrize("text", ["1.0", "v1.0.0", "01.0.0", "1.0.0-", "x"])
def test_what_is_no_version_is_none(text: str) -> None:
    assert Version.parse(text) is None
