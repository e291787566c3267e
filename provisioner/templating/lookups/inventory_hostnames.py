"""Hosts of the inventory by pattern."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping

from provisioner.templating.context import LookupContext


def run(terms: list[object], context: LookupContext) -> list[object]:
    """Return the hosts that a pattern names: groups, hosts and wildcards joined by ``:``, with ``!`` and ``&``."""
    try:
        groups = context.variable("groups")
    except KeyError:
        groups = {}
    if not isinstance(groups, Mapping):
        return []
    words = [word for term in terms for word in re.split(r"[,:]", str(term)) if word]
    found: list[object] = []
    for word in sorted(words, key=lambda word: {"!": 2, "&": 1}.get(word[0], 0)):
        hosts = _named(word.lstrip("!&"), groups)
        if word.startswith("!"):
            found = [host for host in found if host not in hosts]
        elif word.startswith("&"):
            found = [host for host in found if host in hosts]
        else:
            found += [host for host in hosts if host not in found]
    return found


def _named(word: str, groups: Mapping[str, object]) -> list[object]:
    everyone = groups.get("all", [])
    hosts: list[object] = []
    for name, members in groups.items():
        if isinstance(members, list) and _fits(name, word):
            hosts += [host for host in members if host not in hosts]
    if not hosts and isinstance(everyone, list):
        hosts = [host for host in everyone if _fits(str(host), word)]
    return hosts


def _fits(name: str, word: str) -> bool:
    return re.match(word[1:], name) is not None if word.startswith("~") else fnmatch.fnmatchcase(name, word)
