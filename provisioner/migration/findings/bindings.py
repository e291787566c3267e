"""Files that name the old server itself: its addresses, its network cards. What reads them will look for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, lines, measured

LICENCE = re.compile(r"licen[cs]e|\.lic$|\.lcs$|flexlm|rlm|activation|entitlement", re.IGNORECASE)


def look(sight: Sight) -> Iterator[Finding]:
    """Yield files that hold a network card's number, and files that hold an address."""
    items = sight.old.items("bindings")
    found = {path: _kinds(item.get("contains")) for path, item in items.items() if not LICENCE.search(path)}
    cards = lines(path for path, kinds in found.items() if "mac" in kinds)
    addresses = lines(path for path, kinds in found.items() if "address" in kinds and "mac" not in kinds)
    names = lines(path for path, kinds in found.items() if kinds == {"name"})
    if cards:
        yield Finding(
            "hardware-bound",
            Severity.MEDIUM,
            "files of the old server name its network card",
            "the new server has another one: interfaces keep another name or stay down, software asks for the old card",
            cards,
            "do not copy network configuration; for software, ask its vendor how it is moved",
        )
    if addresses:
        yield Finding(
            "address-bound",
            Severity.MEDIUM,
            f"{len(addresses)} files of the old server hold its address",
            "programs that listen on or announce that address fail or send others to the old server",
            addresses,
            "use a name or a variable in the template instead, or move the address too (switcher virtual_ip)",
        )
    if names:
        yield Finding(
            "name-bound",
            Severity.LOW,
            f"{len(names)} files of the old server hold its name",
            "what is meant may be this machine or the service it gives",
            names,
            "see which; where the service is meant, a name that moves with it is better",
        )


def _kinds(given: object) -> set[str]:
    return {str(each) for each in given} if isinstance(given, list) else set()


def licence_files(sight: Sight) -> list[tuple[str, set[str]]]:
    """Return the licence files that name the machine, and by what."""
    found = {
        path: _kinds(item.get("contains")) for path, item in sight.old.items("bindings").items() if LICENCE.search(path)
    }
    for path, contains in measured(sight.old, "licences").get("files", {}).items():
        found[str(path)] = found.get(str(path), set()) | _kinds(contains)
    return sorted(found.items())
