"""Selects hosts by pattern, as ``hosts:`` and ``--limit`` write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.files import shown
from provisioner.loading.variables import LOCAL
from provisioner.model.inventory import Inventory
from provisioner.records import dataclass

_SLICE = re.compile(r"(?P<name>.+)\[(?P<from>-?\d*)(?P<colon>[:-])?(?P<to>-?\d*)\]")
_WHOLE_IPV6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*")


def select(
    inventory: Inventory,
    pattern: str | Sequence[str],
    findings: Findings | None = None,
    *,
    within: Iterable[str] | None = None,
    mismatch: str = "warning",
) -> tuple[str, ...]:
    """Return the hosts a pattern stands for, in the inventory's order.

    Parts are joined by ``,`` or ``:``; ``&`` keeps the common ones, ``!`` takes away. A part that matches nothing is
    recorded in ``findings`` as ``mismatch`` says: warning, error or ignore. ``within`` limits the outcome to these
    hosts (``--limit``).
    """
    matching = _Matching(inventory, position_of(pattern), findings if mismatch != "ignore" else None, mismatch)
    words = [pattern] if isinstance(pattern, str) else list(pattern)
    parts = [part for word in words for part in split(word)]
    chosen = _chosen(parts, matching)
    if within is None:
        return tuple(chosen)
    allowed = set(within)
    return tuple(name for name in chosen if name in allowed)


def _chosen(parts: Sequence[str], matching: _Matching) -> list[str]:
    """Return what the parts come to: everything named, then what ``&`` keeps of it, then what ``!`` leaves of that."""
    additions = [part for part in parts if part[0] not in "!&"] or ["all"]
    chosen = list(dict.fromkeys(name for part in additions for name in matching.hosts(part)))
    for sign in "&!":
        for part in parts:
            if part[0] == sign:
                named = set(matching.hosts(part[1:]))
                chosen = [name for name in chosen if (name in named) == (sign == "&")]
    return chosen


@dataclass(frozen=True, slots=True)
class _Matching:
    """An inventory, and where a part of a pattern that matches nothing is recorded."""

    inventory: Inventory
    position: Position | None
    findings: Findings | None
    mismatch: str

    def hosts(self, part: str) -> list[str]:
        """Return the hosts one part stands for."""
        name, begin, end = _sliced(part, self.inventory)
        hosts = _by_name(self.inventory, name)
        if not hosts and name in LOCAL:
            return [name]
        if not hosts and name not in self.inventory.groups and name not in ("all", "*"):
            self._tell(part, name)
        return hosts[begin:end] if (begin, end) != (None, None) else hosts

    def _tell(self, part: str, name: str) -> None:
        if self.findings is None:
            return
        hint = nearest(name, [*self.inventory.hosts, *self.inventory.groups])
        text = f"Could not match supplied host pattern, ignoring: {part}"
        record = self.findings.error if self.mismatch == "error" else self.findings.warn
        record(text, self.position, hint=hint)


def split(pattern: str) -> list[str]:
    """Return the parts of a pattern; ``@file`` parts give the lines of that file."""
    parts: list[str] = []
    for word in _separated(pattern.strip()):
        if word.startswith("@"):
            parts += _from_file(word[1:])
        elif word:
            parts.append(word)
    return parts


def _separated(pattern: str) -> list[str]:
    if "," in pattern:
        return [part.strip() for word in pattern.split(",") if word.strip() for part in _by_colon(word.strip())]
    return [part.strip() for part in _by_colon(pattern)]


def _by_colon(word: str) -> list[str]:
    """Split at colons, but not inside brackets, addresses of IPv6, or behind ``~`` (a regular expression)."""
    if word.startswith("~") or _WHOLE_IPV6.fullmatch(word):
        return [word]
    return re.findall(r"(?:[^:\[\]]|\[[^\]]*\])+", word)


def _from_file(path: str) -> list[str]:
    place = expanded(path)
    if place.exists() and not place.is_file():
        raise InputError.at(None, f"--limit with @ must be a file, and {shown(path)} is none")
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError.at(None, f"cannot read the host list {shown(path)}: {error.strerror}") from None
    return [part for line in lines if line.strip() and not line.startswith("#") for part in split(line)]


def _sliced(part: str, inventory: Inventory) -> tuple[str, int | None, int | None]:
    """Return the name before ``[0:2]``, ``[-1]``, ``[1:]`` and the slice it means; both ends count."""
    match = None if part.startswith("~") or part in inventory.hosts else _SLICE.fullmatch(part)
    if match is None or not (match["from"] or match["to"]):
        return part, None, None
    start = int(match["from"] or 0)
    if match["colon"] is None:
        return match["name"], start, (start + 1) or None
    end = int(match["to"]) if match["to"] else None
    return match["name"], start, None if end in (None, -1) else (end or 0) + 1


def _by_name(inventory: Inventory, name: str) -> list[str]:
    if name in ("all", "*"):
        return members(inventory, "all")
    matches = _matcher(name)
    found: dict[str, None] = {}
    for group in inventory.groups:
        if matches(group):
            found.update(dict.fromkeys(members(inventory, group)))
    if not found or _is_wild(name):
        found.update(dict.fromkeys(host for host in inventory.hosts if matches(host)))
    return list(found)


def _is_wild(name: str) -> bool:
    return name.startswith("~") or any(mark in name for mark in "*?[")


def _matcher(name: str) -> _Matcher:
    if name.startswith("~"):
        try:
            return _Matcher(re.compile(name[1:]))
        except re.error as error:
            raise InputError.at(position_of(name), f"'{name[1:]}' is no regular expression: {error}") from None
    if _is_wild(name):
        return _Matcher(re.compile(translate(name)))
    return _Matcher(re.compile(re.escape(name) + r"\Z"))


class _Matcher:
    """Compares names with one pattern."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def __call__(self, name: str) -> bool:
        """Tell whether a name matches from its beginning."""
        return self._pattern.match(name) is not None


def members(inventory: Inventory, group: str) -> list[str]:
    """Return the hosts of a group and of the groups below it, its own first."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [group]
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        known = inventory.groups.get(name)
        if known is not None:
            found.update(dict.fromkeys(known.hosts))
            waiting += known.children
    return list(found)
