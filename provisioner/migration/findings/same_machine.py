"""Two servers that are one, or a clone that still has the identity of the other."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.migration.sight import Finding, Severity, Sight, of_kind, value


def look(sight: Sight) -> Iterator[Finding]:
    """Yield a finding where both have the same machine id or the same network addresses."""
    both = sight.pair("os")
    if both is None or sight.new is None:
        return
    ids = [str(value(each, "machine_id")) for each in both]
    macs = [_macs(each.items("hardware")) for each in (sight.old, sight.new)]
    if macs[0] & macs[1]:
        yield Finding(
            "same-machine",
            Severity.INHIBITOR,
            "old and new are the same machine",
            "moving a server to itself ends with the loss of what is moved",
            tuple(f"both have the network interface {mac}" for mac in sorted(macs[0] & macs[1])),
            "name another host as the new server",
        )
    elif ids[0] and ids[0] == ids[1]:
        yield Finding(
            "same-machine-id",
            Severity.HIGH,
            "the new server has the machine id of the old one",
            "it was cloned: DHCP leases, journals and licences cannot tell the two apart",
            (f"both have the machine id {ids[0]}",),
            "on the new server: rm /etc/machine-id && systemd-machine-id-setup, then reboot",
        )


def _macs(items: object) -> set[str]:
    found = of_kind(items, "interface:")  # type: ignore[arg-type]
    return {str(item.get("mac")) for _, item in found if item.get("mac") and str(item["mac"]).strip("0:")}
