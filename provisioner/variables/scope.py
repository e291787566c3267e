"""What a name means for one task on one host: layers of values with their origin, highest precedence first.

Precedence is data: a layer says its level, and a scope is nothing but its layers in order. Values are not copied and
not rendered here; deriving a scope for a task or a loop item costs one tuple.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import IntEnum
from operator import attrgetter
from typing import Final, NamedTuple

from provisioner.diagnostics.position import Unsafe
from provisioner.records import dataclass


class Level(IntEnum):
    """The documented precedence of variables, lowest first; LOOP and MAGIC stand above all that users set."""

    COMMAND_LINE = 1
    ROLE_DEFAULTS = 2
    GROUP_VARS_FILE = 3
    INVENTORY_GROUP_VARS_ALL = 4
    PLAYBOOK_GROUP_VARS_ALL = 5
    INVENTORY_GROUP_VARS = 6
    PLAYBOOK_GROUP_VARS = 7
    HOST_VARS_FILE = 8
    INVENTORY_HOST_VARS = 9
    PLAYBOOK_HOST_VARS = 10
    FACTS = 11
    PLAY_VARS = 12
    VARS_PROMPT = 13
    VARS_FILES = 14
    ROLE_VARS = 15
    BLOCK_VARS = 16
    TASK_VARS = 17
    INCLUDE_VARS = 18
    SET_FACTS = 19
    ROLE_PARAMS = 20
    INCLUDE_PARAMS = 21
    EXTRA_VARS = 22
    LOOP = 23
    MAGIC = 24


class _Absent:
    """Type of the value that stands for: not in this layer."""

    __slots__ = ()


_ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one origin (``group_vars/web.yml``, ``play vars``, ``register``) at one level.

    ``rendered``: the values are final data (facts, results, loop items) and are never templated again. ``pending``
    names values that an operation already sent ahead is still computing; ``pending_any``: it may bring any name.
    """

    level: Level
    origin: str
    values: Mapping[str, object] = field(default_factory=dict)
    rendered: bool = False
    pending: frozenset[str] = frozenset()
    pending_any: bool = False


class Found(NamedTuple):
    """A value and the layer it was found in."""

    value: object
    layer: Layer


class NotYet(Exception):
    """The value of ``name`` is still being computed by an operation that was sent ahead."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the value of '{name}' is not known yet")


_level = attrgetter("level")
_OF_TASKS = frozenset({Level.BLOCK_VARS, Level.TASK_VARS})
"""What a task says replaces what its blocks say even where dictionaries are merged."""


class Scope:
    """Ordered layers. Of two layers of the same level the one given later wins."""

    __slots__ = ("_layers", "_merge")

    def __init__(self, layers: Iterable[Layer] = (), *, merge: bool = False) -> None:
        self._layers = tuple(reversed(sorted(layers, key=_level)))
        self._merge = merge

    def with_layers(self, *layers: Layer) -> Scope:
        """Return a scope that has these layers too."""
        derived = Scope.__new__(Scope)
        derived._merge = self._merge
        mine = self._layers
        for layer in layers:
            at, level = 0, layer.level
            for known in mine:
                if known.level <= level:
                    break
                at += 1
            mine = (*mine[:at], layer, *mine[at:])
        derived._layers = mine
        return derived

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, highest precedence first."""
        return self._layers

    @property
    def merges(self) -> bool:
        """Whether dictionaries of several layers are merged (``hash_behaviour=merge``)."""
        return self._merge

    def find(self, name: str) -> Found | None:
        """Return the value of ``name`` and its layer, or None; NotYet where it is still being computed."""
        for layer in self._layers:
            if layer.pending_any or name in layer.pending:
                raise NotYet(name)
            value = layer.values.get(name, _ABSENT)
            if value is not _ABSENT:
                if self._merge and isinstance(value, Mapping):
                    return self._merged(name)
                return Found(value, layer)
        return None

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    def names(self) -> set[str]:
        """Return every name that has a value; NotYet where an operation sent ahead may bring any name."""
        found: set[str] = set()
        for layer in self._layers:
            if layer.pending_any:
                raise NotYet("*")
            found.update(layer.values, layer.pending)
        return found

    def known_names(self) -> set[str]:
        """Return the names that have a value now, whatever is still being computed."""
        return {name for layer in self._layers for name in layer.values}

    def explain(self, name: str) -> list[tuple[Layer, object]]:
        """Return every layer that has ``name`` and its value there, the one that counts first."""
        return [(layer, layer.values[name]) for layer in self._layers if name in layer.values]

    def _merged(self, name: str) -> Found:
        """Join the dictionaries of all layers, down to the first value that is not one."""
        parts: list[tuple[Layer, Mapping[str, object]]] = []
        for layer in self._layers:
            value = layer.values.get(name, _ABSENT)
            if isinstance(value, Mapping):
                if layer.level not in _OF_TASKS or not any(known.level in _OF_TASKS for known, _ in parts):
                    parts.append((layer, value))
            elif value is not _ABSENT:
                break
        top = parts[0][0]
        mixed = len({layer.rendered for layer, _ in parts}) > 1
        merged: Mapping[str, object] = {}
        for layer, value in reversed(parts):
            merged = _merge(merged, final(value) if mixed and layer.rendered else value)
        return Found(merged, Layer(top.level, top.origin, {name: merged}, rendered=top.rendered and not mixed))


def _merge(low: Mapping[str, object], high: object) -> Mapping[str, object]:
    if not isinstance(high, Mapping):
        return low
    joined = dict(low)
    for key, value in high.items():
        known = joined.get(key)
        joined[key] = _merge(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return joined


def final(value: object) -> object:
    """Mark every string of rendered data so that it stays data among templates."""
    if isinstance(value, str):
        return value if isinstance(value, Unsafe) else Unsafe(value)
    if isinstance(value, Mapping):
        return {key: final(item) for key, item in value.items()}
    if isinstance(value, list):
        return [final(item) for item in value]
    return value
