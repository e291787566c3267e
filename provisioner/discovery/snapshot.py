"""A server as it was at one moment, by scope: what it is (hashed, compared) apart from what changes by itself."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source
from provisioner.records import dataclass

FORMAT, VERSION = "provisioner snapshot", 1
MODE = 0o600
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Item: TypeAlias = Mapping[str, Json]


class Coverage(StrEnum):
    """How much of a scope could be seen."""

    FULL = "full"
    PARTLY = "partly"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scope:
    """One part of a server: named items with their attributes, and why something of it could not be seen."""

    coverage: Coverage = Coverage.FULL
    why: tuple[str, ...] = ()
    items: Mapping[str, Item] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """When (seconds since the epoch), how long, as which user of the host and by which version."""

    at: float = 0.0
    seconds: float = 0.0
    user: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A server at one moment. ``measured`` changes by itself (sizes, loads, connections): not hashed, not compared."""

    host: str
    address: str = ""
    taken: Taken = Taken()
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    measured: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def items(self, scope: str) -> Mapping[str, Item]:
        """Return a scope's items; none where the snapshot has no such scope or it could not be covered."""
        found = self.scopes.get(scope)
        return found.items if found is not None else {}

    @property
    def hash(self) -> str:
        """Return the digest of what the server is; the same for an unchanged server whenever and by whomever taken."""
        text = json.dumps(self._scopes(), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"

    def data(self) -> dict[str, Json]:
        """Return everything as plain values, the hash with it."""
        taken = self.taken
        return {
            "format": FORMAT,
            "version": VERSION,
            "host": self.host,
            "address": self.address,
            "hash": self.hash,
            "taken": {"at": taken.at, "seconds": taken.seconds, "user": taken.user, "version": taken.version},
            "scopes": self._scopes(),
            "measured": {name: dict(values) for name, values in sorted(self.measured.items())},
        }

    def text(self) -> str:
        """Return the file's text: JSON, sorted, so that two snapshots can be compared by eye, too."""
        return json.dumps(self.data(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    def _scopes(self) -> dict[str, Json]:
        return {
            name: {
                "coverage": scope.coverage.value,
                "why": list(scope.why),
                "items": {key: dict(scope.items[key]) for key in sorted(scope.items)},
            }
            for name, scope in sorted(self.scopes.items())
        }

    @classmethod
    def of(cls, data: Mapping[str, object]) -> Snapshot:
        """Make a snapshot of plain values; ValueError, KeyError or TypeError where they are none of ours."""
        if data.get("format") != FORMAT:
            raise ValueError("it is no snapshot: its 'format' says something else")
        if data.get("version") != VERSION:
            raise ValueError(f"it has version {data.get('version')}, and this program reads version {VERSION}")
        scopes = {str(name): _scope(each) for name, each in _mapping(data["scopes"]).items()}
        measured = {str(name): _mapping(each) for name, each in _mapping(data["measured"]).items()}
        taken = Taken(**_mapping(data["taken"]))
        return cls(str(data["host"]), str(data.get("address", "")), taken, scopes, measured)


def load(path: Path) -> Snapshot:
    """Read a snapshot; InputError where the file is none, or was changed by hand."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.at(None, f"the snapshot {path} cannot be read: {error}") from None
    source = Source(str(path), text)
    try:
        data = _mapping(json.loads(text))
        snapshot = Snapshot.of(data)
    except json.JSONDecodeError as error:
        where = Position(source, error.lineno, error.colno)
        raise InputError.at(where, f"a snapshot is JSON, and this is not: {error.msg}") from None
    except (ValueError, KeyError, TypeError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else f"{error}"
        raise InputError.at(None, f"{path} cannot be used as a snapshot: {why}") from None
    if data.get("hash") != snapshot.hash:
        hint = "differences are explained by waivers; take a new snapshot with 'discover'"
        raise InputError.at(None, f"the snapshot {path} was changed after it was taken: its hash is another", hint=hint)
    return snapshot


def save(snapshot: Snapshot, path: Path) -> None:
    """Write a snapshot for the user alone; a file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(snapshot.text())
    draft.replace(path)


def _scope(data: object) -> Scope:
    given = _mapping(data)
    items = {str(key): _mapping(item) for key, item in _mapping(given["items"]).items()}
    return Scope(Coverage(given["coverage"]), tuple(str(each) for each in given.get("why", ())), items)


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"a mapping is needed, not {type(value).__name__}")
    return value
