"""Licences bound to the old server's hardware or address, and programs that ask for one."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.findings.bindings import licence_files
from provisioner.migration.sight import Finding, Severity, Sight, lines, measured


def look(sight: Sight) -> Iterator[Finding]:
    """Yield licences that name the machine, licences that do not, and licensed programs without a licence file."""
    files = licence_files(sight)
    bound = lines(f"{path}: holds its {' and '.join(sorted(kinds))}" for path, kinds in files if kinds)
    free = lines(path for path, kinds in files if not kinds)
    programs = lines(str(each) for each in measured(sight.old, "licences").get("programs", []))
    if bound:
        yield Finding(
            "licence-bound",
            Severity.INHIBITOR,
            "a licence names the old server itself",
            "on another machine the program refuses to start, or runs for some days only",
            bound,
            "have the vendor issue one for the new server before the move; both must hold until there is no going back",
        )
    if free:
        yield Finding(
            "licence-files",
            Severity.MEDIUM,
            "there are licence files on the old server",
            "whether they hold on another machine is not to be seen in them",
            free,
            "ask the vendor; some count activations and need the old one given back first",
        )
    if programs:
        yield Finding(
            "licensed-programs",
            Severity.MEDIUM,
            "programs of the old server usually need a licence",
            "activation may be bound to hardware, address or machine id",
            programs,
            "see how each is moved before the window: some need the vendor, and vendors need days",
        )
