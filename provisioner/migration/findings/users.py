"""Users and groups whose numbers clash: copied files would belong to somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provisioner.discovery.snapshot import Item
from provisioner.migration.sight import Finding, Severity, Sight, lines, of_kind

FIRST_PERSON, NOBODY = 1000, 65534


def look(sight: Sight) -> Iterator[Finding]:
    """Yield clashes of numbers, other numbers of the same names, and people who are missing."""
    both = sight.pair("users")
    if both is None:
        return
    for kind, number in (("user", "uid"), ("group", "gid")):
        old, new = (_numbers(each, kind, number) for each in both)
        owners = {value: name for name, value in new.items()}
        taken = lines(
            f"{number} {value}: {name} on the old server, {owners[value]} on the new one"
            for name, value in old.items()
            if owners.get(value, name) != name and name not in new
        )
        moved = lines(
            f"{name}: {number} {value} on the old server, {new[name]} on the new one"
            for name, value in old.items()
            if new.get(name, value) != value
        )
        if taken:
            yield Finding(
                f"{number}-taken",
                Severity.HIGH,
                f"numbers of {kind}s of the old server belong to others on the new one",
                f"files are copied with their numbers: they would belong to another {kind}",
                taken,
                f"create these {kind}s with their numbers before others take them, or give the others new ones",
            )
        if moved:
            yield Finding(
                f"{number}-differs",
                Severity.HIGH,
                f"{kind}s have other numbers on the new server",
                f"files are copied with their numbers: their {kind} would not be able to read or write them",
                moved,
                f"set {number} in the tasks that create them; for a service stop it, change it, chown its files",
            )
    if sight.is_built:
        yield from _people(*both)


def _people(old: Mapping[str, Item], new: Mapping[str, Item]) -> Iterator[Finding]:
    there = {name for name, _ in of_kind(new, "user:")}
    numbers = _numbers(old, "user", "uid")
    missing = lines(
        f"{name} (uid {uid})" for name, uid in numbers.items() if FIRST_PERSON <= uid < NOBODY and name not in there
    )
    if missing:
        yield Finding(
            "users-missing",
            Severity.MEDIUM,
            f"{len(missing)} people of the old server have no account on the new one",
            "they cannot log in any more, and their jobs and files have no owner",
            missing,
            "create the accounts, or accept those that have left",
        )


def _numbers(items: Mapping[str, Item], kind: str, number: str) -> dict[str, int]:
    found = {}
    for name, item in of_kind(items, f"{kind}:"):
        given = item.get(number)
        if isinstance(given, (int, str)) and str(given).lstrip("-").isdigit():
            found[name] = int(given)
    return found
