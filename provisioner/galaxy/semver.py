"""Versions of collections (https://semver.org) and the ranges requirements ask for."""

from __future__ import annotations

import re
from functools import total_ordering

from provisioner.records import dataclass

_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII
)
_CLAUSE = re.compile(r"(==|!=|>=|<=|>|<|=)?\s*(.+)")
ANY = "*"


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version; one with a pre-release comes before the same one without."""

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """Return the version a text is, or None."""
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            return None
        return cls(int(match[1]), int(match[2]), int(match[3]), tuple(match[4].split(".")) if match[4] else ())

    def _key(self) -> tuple[object, ...]:
        parts = [(0, int(each), "") if each.isdigit() else (1, 0, each) for each in self.pre]
        return self.major, self.minor, self.patch, not self.pre, parts

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()


def is_range(text: str) -> bool:
    """Tell whether a requirement allows more than one version."""
    return text.strip() == ANY or any(mark in text for mark in "<>!,")


def allows(wanted: str, version: str) -> bool:
    """Tell whether a version meets a requirement such as ``>=1.2.0,<2.0.0``; a pre-release only where one is named."""
    clauses = [clause.strip() for clause in (wanted or ANY).split(",") if clause.strip()]
    found = Version.parse(version)
    if found is None:
        return all(clause == ANY or clause.lstrip("=").strip() == version for clause in clauses)
    if found.pre and not any("-" in clause for clause in clauses):
        return False
    return all(_meets(clause, found) for clause in clauses)


def _meets(clause: str, version: Version) -> bool:
    if clause == ANY:
        return True
    match = _CLAUSE.fullmatch(clause)
    limit = Version.parse(_padded(match[2])) if match else None
    if match is None or limit is None:
        return False
    answers = {
        "==": version == limit, "=": version == limit, "!=": version != limit,
        ">=": version >= limit, "<=": version <= limit, ">": version > limit, "<": version < limit,
    }  # fmt: skip
    return answers[match[1] or "=="]


def _padded(text: str) -> str:
    """Return ``1.2`` as ``1.2.0``."""
    text = text.strip()
    return text + ".0" * (2 - text.count(".")) if re.fullmatch(r"\d+(\.\d+)?", text) else text
