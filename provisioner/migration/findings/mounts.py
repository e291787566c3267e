"""Network file systems, quotas and swap of the old server that the new one does not have."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.discovery.snapshot import Item
from provisioner.migration.sight import Finding, Severity, Sight, lines, of_kind

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "glusterfs", "ceph", "fuse.sshfs", "lustre", "afs")
QUOTAS = ("quota", "usrquota", "grpquota", "usrjquota", "grpjquota", "prjquota", "uquota", "gquota", "pquota")


def look(sight: Sight) -> Iterator[Finding]:
    """Yield network mounts that are missing, and file systems with quotas."""
    both = sight.pair("mounts")
    if both is None:
        return
    old, new = (dict(of_kind(each, "mount:")) for each in both)
    missing = lines(
        f"{path}: {item.get('source')} ({item.get('type')})"
        for path, item in old.items()
        if item.get("type") in NETWORK and path not in new
    )
    if missing:
        yield Finding(
            "network-mounts",
            Severity.HIGH if sight.is_built else Severity.MEDIUM,
            "network file systems of the old server are not mounted on the new one",
            "what lies there is no data of the old server: it has to be reachable from the new one, too",
            missing,
            "allow the new server's address on the file server, then mount them (module mount)",
        )
    limited = lines(path for path, item in old.items() if _quotas(item) and not _quotas(new.get(path, {})))
    if limited:
        yield Finding(
            "quotas",
            Severity.MEDIUM,
            "quotas of the old server's file systems are not set on the new one",
            "one user can fill the disk of all",
            limited,
            "mount with the same options and move the limits (repquota)",
        )


def _quotas(item: Item) -> set[str]:
    given = item.get("options")
    return {str(each).partition("=")[0] for each in given} & set(QUOTAS) if isinstance(given, list) else set()
