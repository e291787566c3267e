"""Checks variables against an argument specification (``meta/argument_specs.yml``). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.remote.params import (
    KINDS,
    Param,
    Parameters,
    Rule,
    mutually_exclusive,
    required_if,
    required_one_of,
    required_together,
)

KINDS_OF = {"list": "list", "integer": "int", "boolean": "bool", "string": "str", "sid": "str"}
MAKERS = {
    "mutually_exclusive": mutually_exclusive,
    "required_one_of": required_one_of,
    "required_together": required_together,
}


class BadSpec(ValueError):
    """The specification itself is not understood."""


def parameters_of(options: Mapping[str, Any], rules: Mapping[str, Any] | None = None) -> type[Parameters]:
    """Return the Parameters class a specification's ``options`` describe; BadSpec where they make no sense."""
    declared: dict[str, Any] = {}
    for name, spec in options.items():
        if not isinstance(spec, Mapping):
            raise BadSpec(f"option '{name}' must be described by a dictionary")
        declared[f"{name}_" if hasattr(Parameters, str(name)) else str(name)] = _param(str(name), spec)
    body = {**declared, "rules": tuple(_rules(rules or {}))}
    return type("Specified", (Parameters,), body)


def _param(name: str, spec: Mapping[str, Any]) -> Param:
    kind = _kind(name, spec.get("type") or "str")
    more: dict[str, Any] = {"aliases": tuple(spec.get("aliases") or ()), "no_log": bool(spec.get("no_log"))}
    if spec.get("choices"):
        more["choices"] = tuple(spec["choices"])
    if spec.get("elements"):
        more["elements"] = _kind(name, spec["elements"])
    if spec.get("options"):
        more["options"] = parameters_of(spec["options"], spec)
    return Param(kind, "", bool(spec.get("required")), spec.get("default"), more)


def _kind(name: str, written: object) -> str:
    kind = KINDS_OF.get(str(written), str(written))
    if kind not in KINDS:
        raise BadSpec(f"option '{name}' has the unknown type '{written}'")
    return kind


def _rules(spec: Mapping[str, Any]) -> Sequence[Rule]:
    found = [make(*names) for word, make in MAKERS.items() for names in spec.get(word) or ()]
    for entry in spec.get("required_if") or ():
        found.append(required_if(entry[0], entry[1], *entry[2]))
    return found


def problems(spec: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with ``values``; names the specification does not know are not looked at."""
    options = spec.get("options") if isinstance(spec.get("options"), Mapping) and "type" not in spec else spec
    described = parameters_of(options or {}, spec if options is not spec else None)
    known = described.names()
    given = {name: value for name, value in values.items() if name in known}
    return [problem.message for problem in described.problems(given, lambda _value: False)]
