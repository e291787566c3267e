"""Reads the keywords that plays, roles, blocks and tasks share, and checks the type of what is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from provisioner.diagnostics.position import Position, Text, position_of
from provisioner.loading.reading import Reading, is_template, kind_of
from provisioner.model.keywords import EMPTY, Keywords, Retry
from provisioner.records import dataclass
from provisioner.remote.params import boolean
from provisioner.syntax.vault import VaultText

VARIABLE = re.compile(r"[^\W\d]\w*")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}
_OUTCOMES = frozenset({"failed", "lost", "unreachable"})
_RETRY_KEYS = frozenset({"attempts", "wait", "max_wait", "jitter", "on"})


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a mapping with its value; ``thing`` says whose key it is (task, play, ...)."""

    key: str
    value: object
    thing: str

    @property
    def at(self) -> Position | None:
        """The place of the value, or of the key where the value carries none."""
        own = self.value.position if isinstance(self.value, Text) else None
        return own or position_of(self.key)


def wrong_type(item: Item, wanted: str, reading: Reading) -> None:
    """Record that a keyword's value is of another type than it must be."""
    reading.error(_wrong(item, wanted), item.at)


def _wrong(item: Item, wanted: str) -> str:
    said = f" ('{item.value}')" if isinstance(item.value, (str, int, float)) else ""
    return f"'{item.key}' of a {item.thing} must be {wanted}, not {kind_of(item.value)}{said}"


def wrong_value(item: Item, wanted: str, reading: Reading) -> None:
    """Record a value that Ansible looks at when the task runs; on anything but a task, nobody could tell later."""
    tell = reading.mistake if item.thing == "task" else reading.error
    kind = {"a boolean": "bool", "a whole number": "int", "a number": "float", "a list": "list"}.get(wanted, wanted)
    name = {"async": "async_val"}.get(item.key, item.key)
    known_as = f"the field '{name}' has an invalid value ('{item.value}'), and could not be converted to {kind}."
    if kind == "bool":
        known_as += f" The value '{item.value}' is not a valid boolean."
    elif item.key == "loop":
        known_as = f"Invalid data passed to 'loop', it requires a list, got this instead: {item.value}."
    tell(_wrong(item, wanted), item.at, known_as=known_as)


def read_bool(item: Item, reading: Reading) -> object:
    """Return a boolean, or the template it is."""
    if isinstance(item.value, bool) or item.value is None or is_template(item.value):
        return item.value
    try:
        return boolean(item.value)
    except ValueError:
        wrong_value(item, "a boolean", reading)
        return False


def read_int(item: Item, reading: Reading) -> object:
    """Return a whole number, or the template it is."""
    return _number(item, reading, int, "a whole number")


def read_number(item: Item, reading: Reading) -> object:
    """Return a number, or the template it is."""
    return _number(item, reading, float, "a number")


def _number(item: Item, reading: Reading, kind: type[int] | type[float], wanted: str) -> object:
    value = item.value
    if value is None or is_template(value):
        return value
    if isinstance(value, (int, str, float)) and not isinstance(value, bool):
        try:
            return value if isinstance(value, kind) else kind(value)
        except ValueError:
            pass
    wrong_value(item, wanted, reading)
    return 0


def read_text(item: Item, reading: Reading) -> object:
    """Return a string; numbers become one."""
    if item.value is None or isinstance(item.value, str):
        return item.value
    if isinstance(item.value, (int, float)) and not isinstance(item.value, bool):
        return Text(str(item.value), item.at)
    wrong_type(item, "a string", reading)
    return ""


def read_texts(item: Item, reading: Reading) -> tuple[str, ...]:
    """Return the strings of a string or a list of strings."""
    found: list[str] = []
    for each in item.value if isinstance(item.value, list) else [item.value]:
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, (int, float)) and not isinstance(each, bool):
            found.append(Text(str(each), item.at))
        elif each is not None:
            wrong_type(Item(item.key, each, item.thing), "a string or a list of strings", reading)
    return tuple(found)


def read_tags(item: Item, reading: Reading) -> tuple[str, ...]:
    """Return tags: a list, or words with commas between them."""
    found = []
    for written in read_texts(item, reading):
        text = reading.as_far_as_known(written)
        parts = [text] if is_template(text) else text.split(",")
        found += [Text(part.strip(), position_of(text)) for part in parts if part.strip()]
    return tuple(found)


def read_conditions(item: Item, reading: Reading) -> tuple[object, ...]:
    """Return the conditions of ``when`` and its like: one or a list; all must hold."""
    conditions = item.value if isinstance(item.value, list) else [item.value]
    for each in conditions:
        if isinstance(each, (dict, list)):
            wrong_value(Item(item.key, each, item.thing), "a condition or a list of conditions", reading)
    return tuple(each for each in conditions if each is not None and not isinstance(each, (dict, list)))


def read_mapping(item: Item, reading: Reading) -> dict[str, object]:
    """Return a mapping."""
    if isinstance(item.value, dict):
        return item.value
    if item.value is not None:
        wrong_type(item, "a mapping", reading)
    return {}


def read_vars(item: Item, reading: Reading) -> dict[str, object]:
    """Return the variables of ``vars``: a mapping, or a list of mappings of which later ones win."""
    merged: dict[str, object] = {}
    for each in item.value if isinstance(item.value, list) else [item.value]:
        merged.update(read_mapping(Item(item.key, each, item.thing), reading))
    for name in merged:
        if not isinstance(name, str) or not VARIABLE.fullmatch(name):
            reading.error(f"'{name}' cannot be the name of a variable", position_of(name) or item.at,
                          hint="use letters, digits and _; the first must not be a digit",
                          known_as=f"Invalid variable name in vars specified for {item.thing}: '{name}' is not a "
                          "valid variable name")  # fmt: skip
    return merged


def read_retry(item: Item, reading: Reading) -> object:
    """Return the policy of ``retry``: a mapping, or just the number of attempts."""
    if is_template(item.value) and isinstance(item.value, str):
        wrong_type(item, "known before the play starts", reading)
        return Retry()
    if isinstance(item.value, int) and not isinstance(item.value, bool):
        return Retry(attempts=item.value)
    # YAML 1.1 reads the plain word ``on`` as true, also where it is a key
    values = {"on" if str(key) == "True" else key: value for key, value in read_mapping(item, reading).items()}
    for key in values:
        if key not in _RETRY_KEYS:
            reading.unknown_key(key, "retry", _RETRY_KEYS)
    plain = Retry()
    outcomes = read_texts(Item("on", values.get("on"), "retry"), reading)
    for each in outcomes:
        if each not in _OUTCOMES:
            reading.error(f"'{each}' is no outcome that can be retried", each, hint="failed, lost or unreachable")
    attempts = read_int(Item("attempts", values.get("attempts", plain.attempts), "retry"), reading)
    return Retry(
        attempts if isinstance(attempts, int) else plain.attempts,
        duration(values.get("wait"), plain.wait_s, reading),
        duration(values.get("max_wait"), plain.max_wait_s, reading),
        duration(values.get("jitter"), plain.jitter_s, reading),
        frozenset(map(str, outcomes)) or plain.on,
    )


def duration(value: object, default: float, reading: Reading) -> float:
    """Return a number of seconds from a number or from ``90s``, ``5m``, ``2h``."""
    if value is None:
        return default
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    seconds = seconds_of(value) if isinstance(value, str) else None
    if seconds is None:
        reading.error(f"'{value}' is not a duration", value, hint="write seconds, or 90s, 5m, 2h")
        return default
    return seconds


def seconds_of(text: str) -> float | None:
    """Return the seconds of ``90``, ``90s``, ``5m`` or ``2h``; None where it is none of these."""
    match = _DURATION.fullmatch(text.strip())
    return float(match[1]) * _SECONDS[match[2]] if match else None


def _layers(item: Item, reading: Reading) -> tuple[object, ...]:
    """Return ``environment`` or ``module_defaults``: a mapping, a template of one, or a list of these."""
    layers = []
    for each in item.value if isinstance(item.value, list) else [item.value]:
        if isinstance(each, dict) or (isinstance(each, str) and is_template(each)):
            layers.append(each)
        elif each is not None:
            wrong_type(Item(item.key, each, item.thing), "a mapping", reading)
    return tuple(layers)


def read_debugger(item: Item, reading: Reading) -> object:
    """Return the keyword, with a warning unless it says never: there is no task debugger."""
    text = read_text(item, reading)
    if text != "never":
        reading.warn("'debugger' has no effect: there is no task debugger", item.at,
                     hint="run with -vvv to see results, or with --start-at-task to go on from a task")  # fmt: skip
    return text


Reader = Callable[[Item, Reading], object]

SINGLE: Mapping[str, Reader] = {
    **dict.fromkeys(
        ("become", "check_mode", "diff", "no_log", "ignore_errors", "ignore_unreachable", "any_errors_fatal",
         "run_once", "delegate_facts"), read_bool),
    **dict.fromkeys(("port", "timeout", "throttle"), read_int),
    **dict.fromkeys(
        ("become_user", "become_method", "become_flags", "become_exe", "connection", "remote_user",
         "delegate_to"), read_text),
    "debugger": read_debugger,
    "retry": read_retry,
}  # fmt: skip
"""Keywords of which the innermost counts."""

GATHERED: Mapping[str, Callable[[Item, Reading], tuple[object, ...]]] = {
    "when": read_conditions,
    "tags": read_tags,
    "lock": read_texts,
    "notify": read_texts,
    "collections": read_texts,
    "vars": lambda item, reading: tuple(filter(None, (read_vars(item, reading),))),
    "environment": _layers,
    "module_defaults": _layers,
}
"""Keywords that gather from the outside in."""

SHARED = frozenset(SINGLE) | frozenset(GATHERED)
"""Every keyword that may stand on a task, block or role."""

NOT_ON_PLAY = frozenset({"delegate_to", "delegate_facts", "when", "notify"})
"""Shared keywords that a play does not have."""


def read_keywords(written: Mapping[str, object], thing: str, reading: Reading) -> Keywords:
    """Return the shared keywords among ``written``; other keys are the caller's."""
    found: dict[str, object] = {}
    for key, value in written.items():
        if type(value) is VaultText and key in SHARED and key not in SINGLE:
            wrong_type(Item(key, value, thing), "plain text", reading)
        elif key in SINGLE:
            found[key] = SINGLE[key](Item(key, value, thing), reading)
        elif key in GATHERED:
            found[key] = GATHERED[key](Item(key, value, thing), reading)
    return Keywords(**found) if found else EMPTY  # type: ignore[arg-type]
