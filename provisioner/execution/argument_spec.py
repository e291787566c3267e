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
from provisioner.remote.wording import Wrong, sentences_of

KINDS_OF = {"list": "list", "jsonarg": "json", "integer": "int", "boolean": "bool", "string": "str", "sid": "str"}
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
    """Return what is wrong with ``values``, in the words of Ansible's modules, whatever is inside them included."""
    has_rules = isinstance(spec.get("options"), Mapping) and "type" not in spec
    return _level(spec["options"] if has_rules else spec, spec if has_rules else {}, values, ())


def _level(
    options: Mapping[str, Any], rules: Mapping[str, Any], values: Mapping[str, Any], path: tuple[str, ...]
) -> list[str]:
    described = parameters_of(options, rules)
    known = described.names()
    given = {name: value for name, value in values.items() if name in known}
    found = described.problems(given, lambda _value: False)
    empty = {
        known[name]: Wrong("type", (name,), (described.declared[known[name]].kind, False), None)
        for name, value in given.items()
        if value is None
    }
    wrong = [empty.get(p.wrong.names[0], p.wrong) if p.wrong.kind == "missing" else p.wrong for p in found]
    said = [_placed(each, path) for each in sentences_of(w for w in wrong if w.value or w.expected != ("raw", False))]
    for name, value in given.items():
        said += _inside(known[name], options.get(known[name].rstrip("_"), {}), value, path)
    unknown = [name for name in values if name not in known]
    if unknown:
        names = ", ".join(".".join((*path, name)) for name in sorted(unknown))
        said.append(f"{names}. Supported parameters include: {_supported(options)}.")
    return said


def _inside(name: str, spec: Mapping[str, Any], value: object, path: tuple[str, ...]) -> list[str]:
    """Return what is wrong with the options inside an option."""
    inner = spec.get("options")
    if not isinstance(inner, Mapping):
        return []
    found: list[str] = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            found += _level(inner, spec, each, (*path, name))
    return found


def _placed(sentence: str, path: tuple[str, ...]) -> str:
    """Return a sentence with the options it is inside of."""
    if not path:
        return sentence
    where = " -> ".join(path)
    head, mark, rest = sentence.partition("> and we were unable")
    return f"{head}> found in '{where}'. and we were unable{rest}" if mark else f"{sentence} found in {where}"


def _supported(options: Mapping[str, Any]) -> str:
    shown = []
    for name in sorted(options):
        aliases = ", ".join(sorted(map(str, options[name].get("aliases") or ())))
        shown.append(f"{name} ({aliases})" if aliases else name)
    return ", ".join(shown)
