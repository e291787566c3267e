"""Chooses versions: for what is asked for and for everything that needs in turn, one version each that suits all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cmp_to_key
from pathlib import Path
from typing import Protocol

from provisioner.diagnostics.errors import InputError
from provisioner.galaxy.requirement import Requirement, dependency
from provisioner.galaxy.semver import ANY, Version, allows, is_range
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version of a collection that could be installed.

    ``origin`` is concrete (a folder or an artifact) where the requirement named it, else a server's name.
    """

    name: str
    version: str
    dependencies: tuple[Requirement, ...]
    origin: str
    way: str = "galaxy"
    path: Path | None = None

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"


class Sources(Protocol):
    """Where candidates come from."""

    def concrete(self, requirement: Requirement) -> Sequence[Candidate]:
        """Return the collections of a path, a repository or an address."""

    def available(self, requirement: Requirement) -> Sequence[Candidate]:
        """Return the versions of a named collection that servers and the installed ones offer."""


@dataclass
class Resolver:
    """Looks for a set of candidates that meets everything; goes back where a choice leads nowhere."""

    sources: Sources
    with_dependencies: bool = True
    allows_pre: bool = False

    def resolve(self, wanted: Sequence[Requirement]) -> list[Candidate]:
        """Return the chosen collections, what is needed before what needs it; InputError where nothing suits."""
        self._why: list[str] = []
        chosen = self._extend({}, [(each, "") for each in wanted], {})
        if chosen is None:
            raise InputError.at(
                None,
                "Failed to resolve the requested dependencies map. Could not satisfy the following requirements:",
                detail="\n".join(dict.fromkeys(self._why)),
            )
        return list(_ordered(chosen))

    def _extend(
        self, chosen: dict[str, Candidate], waiting: list[tuple[Requirement, str]], asked: dict[str, list[str]]
    ) -> dict[str, Candidate] | None:
        if not waiting:
            return chosen
        (requirement, by), rest = waiting[0], waiting[1:]
        if requirement.way != "galaxy":
            return self._with_concrete(requirement, chosen, rest, asked)
        limits = {**asked, requirement.name: [*asked.get(requirement.name, []), requirement.version]}
        note = f"* {requirement.name}:{requirement.version} ({f'dependency of {by}' if by else 'direct request'})"
        known = chosen.get(requirement.name)
        if known is not None:
            if known.way != "galaxy" or self._suits(known, limits[requirement.name]):
                return self._extend(chosen, rest, limits)
            self._why.append(note)
            return None
        for candidate in self._sorted(requirement, limits[requirement.name]):
            found = self._extend({**chosen, candidate.name: candidate}, [*rest, *self._needs(candidate)], limits)
            if found is not None:
                return found
        self._why.append(note)
        return None

    def _with_concrete(
        self, requirement: Requirement, chosen: dict[str, Candidate], rest: list[tuple[Requirement, str]],
        asked: dict[str, list[str]],
    ) -> dict[str, Candidate] | None:  # fmt: skip
        added, needs = dict(chosen), list(rest)
        for candidate in self.sources.concrete(requirement):
            known = added.get(candidate.name)
            if known is not None and known.origin == candidate.origin:
                continue
            if not self._suits(candidate, [each for each in asked.get(candidate.name, []) if not _is_ref(each)]):
                self._why.append(f"* {candidate} (from {candidate.origin})")
                return None
            added[candidate.name] = candidate
            needs += self._needs(candidate)
        return self._extend(added, needs, asked)

    def _needs(self, candidate: Candidate) -> list[tuple[Requirement, str]]:
        return [(each, str(candidate)) for each in candidate.dependencies] if self.with_dependencies else []

    def _suits(self, candidate: Candidate, limits: Sequence[str]) -> bool:
        return all(_allowed(limit, candidate.version, self.allows_pre) for limit in limits)

    def _sorted(self, requirement: Requirement, limits: Sequence[str]) -> list[Candidate]:
        """Return what suits, the newest first."""
        found = [each for each in self.sources.available(requirement) if self._suits(each, limits)]
        return sorted(found, key=cmp_to_key(_compare), reverse=True)


def _is_ref(version: str) -> bool:
    return not is_range(version) and Version.parse(version.lstrip("=")) is None


def _allowed(limit: str, version: str, allows_pre: bool) -> bool:
    if allows(limit, version) or version == ANY:
        return True
    found = Version.parse(version)
    return allows_pre and found is not None and bool(found.pre) and allows(f"{limit or ANY},>=0.0.0-0", version)


def _compare(one: Candidate, other: Candidate) -> int:
    left, right = Version.parse(one.version), Version.parse(other.version)
    if left is None or right is None:
        return (left is not None) - (right is not None)
    return (left > right) - (left < right)


def _ordered(chosen: dict[str, Candidate]) -> Iterator[Candidate]:
    seen: set[str] = set()

    def visit(candidate: Candidate) -> Iterator[Candidate]:
        if candidate.name in seen:
            return
        seen.add(candidate.name)
        for need in candidate.dependencies:
            if need.name in chosen:
                yield from visit(chosen[need.name])
        yield candidate

    for each in chosen.values():
        yield from visit(each)


def needs_of(dependencies: dict[str, str]) -> tuple[Requirement, ...]:
    """Return a collection's dependencies as requirements."""
    return tuple(dependency(name, version) for name, version in dependencies.items())
