"""Another processor architecture, kernel, init system or protection than the old server has."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.discovery.versions import is_older
from provisioner.migration.sight import Finding, Severity, Sight, value

Pair = tuple[str, str]
ALIKE = ({"x86_64", "amd64"}, {"aarch64", "arm64"})


def look(sight: Sight) -> Iterator[Finding]:
    """Yield what the new server's platform does otherwise."""
    both = sight.pair("os")
    if both is None:
        return
    old, new = both

    def seen(item: str, attribute: str = "value") -> Pair:
        return str(value(old, item, attribute)), str(value(new, item, attribute))

    yield from _machine(seen("kernel", "architecture"), seen("kernel", "release"))
    yield from _system(seen("init"), seen("release", "id"), seen("release", "name"))
    protections = seen("selinux")
    if protections[1] == "enforcing" and protections[0] != "enforcing":
        yield Finding(
            "selinux",
            Severity.MEDIUM,
            "SELinux is enforced on the new server and was not on the old one",
            "services are kept from ports, files and connections that worked before",
            _shown(protections),
            "label copied files (restorecon), set booleans and ports (modules seboolean, seport), and rehearse",
        )


def _machine(architectures: Pair, kernels: Pair) -> Iterator[Finding]:
    if all(architectures) and architectures[0] != architectures[1] and set(architectures) not in ALIKE:
        yield Finding(
            "architecture",
            Severity.INHIBITOR,
            "the new server has another processor architecture",
            "programs that are copied do not start, files of databases cannot be read there",
            _shown(architectures),
            "move databases by dump, install or build all programs anew, and copy no programs",
        )
    if all(kernels) and is_older(kernels[1], kernels[0]):
        yield Finding(
            "kernel-older",
            Severity.LOW,
            "the new server's kernel is older",
            "drivers, file systems or limits that are in use may not be there",
            _shown(kernels),
            "upgrade it",
        )


def _system(inits: Pair, systems: Pair, names: Pair) -> Iterator[Finding]:
    if all(inits) and inits[0] != inits[1]:
        yield Finding(
            "init",
            Severity.HIGH,
            "the new server has another init system",
            "units, timers and scripts of the old server do nothing there",
            _shown(inits),
            "write services and timers anew for the new server's init system",
        )
    if all(systems) and systems[0] != systems[1]:
        yield Finding(
            "other-system",
            Severity.MEDIUM,
            "the new server runs another system",
            "packages, paths and defaults differ",
            _shown(names),
            "look at every difference that 'provisioner compare' tells",
        )


def _shown(pair: Pair) -> tuple[str, ...]:
    return f"old server: {pair[0] or 'none'}", f"new server: {pair[1] or 'none'}"
