"""A result as Ansible prints it behind ``=>``: the keys it shows, as JSON or YAML, on one line or indented."""

from __future__ import annotations

import json
from collections.abc import Mapping

from provisioner.records import dataclass
from provisioner.reporting.yaml_lines import yaml_lines

DEBUG = "debug"
ALWAYS_SHOWN = frozenset({DEBUG, "assert"})
"""Actions whose results are shown without ``-v`` too."""

NEVER_SHOWN = frozenset({"setup", "gather_facts"})
"""Actions whose results are too long to be shown."""

_WITH_MSG = frozenset({"msg", "exception", "warnings", "deprecations"})
_NOT_OF_DEBUG = frozenset({"changed", "failed", "skipped", "invocation", "skip_reason"})
_MARKS = frozenset({"failed", "skipped", "warnings", "deprecations", "exception"})
_AT_LENGTH = frozenset({"invocation", "diff"})
LONG_FROM = 3
"""From so many ``-v`` on everything is shown."""

INDENT = 4


@dataclass(frozen=True, slots=True)
class Form:
    """How results are written: ``style`` json or yaml; ``pretty`` None means only what is always shown, and -vvv."""

    style: str = "json"
    pretty: bool | None = None
    verbosity: int = 0


def is_always_shown(result: Mapping[str, object], action: str) -> bool:
    """Tell whether a result is shown without ``-v`` too: as it says itself, else as its action has it."""
    said = result.get("_ansible_verbose_always")
    return action in ALWAYS_SHOWN if said is None else bool(said)


def shown(result: Mapping[str, object], action: str, verbosity: int = 0) -> dict[str, object]:
    """Return what of a result is shown."""
    found = {key: value for key, value in result.items() if not key.startswith("_ansible")}
    if action == DEBUG and "censored" not in found:
        if "msg" in found:
            return {key: found[key] for key in ("msg",)}
        return {key: value for key, value in found.items() if key not in _NOT_OF_DEBUG}
    hidden = _MARKS if verbosity >= LONG_FROM else _MARKS | _AT_LENGTH
    return {key: value for key, value in found.items() if key not in hidden}


def dumped(values: Mapping[str, object], form: Form, *, is_always: bool = False) -> str:
    """Return values as text; ``is_always`` that they are shown whatever the verbosity, and so made to be read."""
    plain = _plain(values)
    if form.style == "yaml":
        return _yaml(plain, lossy=bool(form.pretty))
    pretty = (is_always or form.verbosity >= LONG_FROM) if form.pretty is None else form.pretty
    return json.dumps(plain, indent=INDENT if pretty else None, sort_keys=True, ensure_ascii=False, default=str)


def arrow(text: str, form: Form) -> str:
    """Return what stands before a dumped result: YAML begins on its own line."""
    return f"{text} => " if form.style != "yaml" else f"{text} => \n"


def _plain(value: object) -> object:
    """Return plain data without what is internal, keys as text so that they can be sorted."""
    if isinstance(value, Mapping):
        return {_key(k): _plain(v) for k, v in value.items() if not str(k).startswith("_ansible")}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _key(key: object) -> str:
    return str(key) if not isinstance(key, bool) and key is not None else json.dumps(key)


def _yaml(values: object, *, lossy: bool) -> str:
    """Return values as YAML, indented below the line before it; ``lossy`` leaves out what is there twice."""
    if isinstance(values, dict):
        values = dict(values)
        for name in ("stdout", "stderr") if lossy else ():
            if name in values and f"{name}_lines" in values:
                values[f"{name}_lines"] = "<omitted>"
    plain = json.loads(json.dumps(values, default=str))
    return "\n".join(yaml_lines(plain, INDENT))
