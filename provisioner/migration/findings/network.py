"""Who talks to the old server and to whom it talks, and what the new server's network cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from typing import NamedTuple

from provisioner.discovery.snapshot import Item, Snapshot
from provisioner.migration.sight import Finding, Severity, Sight, lines, measured, number, of_kind

LOGIN = 22


class _Peer(NamedTuple):
    direction: object
    peer: object
    port: object
    program: object


def look(sight: Sight) -> Iterator[Finding]:
    """Yield the neighbours of the old server, a smaller frame size, and a missing version of the internet protocol."""
    yield from _neighbours(sight)
    both = sight.pair("hardware")
    if both is None:
        return
    sizes = [_frame_size(each) for each in both]
    if all(sizes) and sizes[1] < sizes[0]:
        yield Finding(
            "mtu",
            Severity.MEDIUM,
            "the new server's network has smaller frames",
            "large packets of neighbours that count on larger ones are lost: connections open and then hang",
            (f"old server: {sizes[0]}", f"new server: {sizes[1]}"),
            "set the same size on the new server, if its network can do it, and see that path MTU discovery works",
        )
    old, new = (_addresses(items) for items in both)
    lost = lines(str(each) for each in old if each.version == 6)
    if lost and new and not any(each.version == 6 for each in new):
        yield Finding(
            "ipv6",
            Severity.MEDIUM,
            "the old server has IPv6 addresses and the new one has none",
            "clients that come by IPv6 (AAAA records) do not reach the new server",
            lost,
            "give the new server an IPv6 address, or remove the AAAA records well before the switch",
        )


def _neighbours(sight: Sight) -> Iterator[Finding]:
    told = measured(sight.old, "connections")
    peers = [_Peer(*map(each.get, _Peer._fields)) for each in told.get("peers") or () if isinstance(each, dict)]
    others = [each for each in peers if not _is_own(str(each.peer), sight.old)]
    asked = lines(f"{each.peer} port {each.port}: asked by {each.program or 'unknown'}"
                  for each in others if each.direction == "out")  # fmt: skip
    if asked:
        yield Finding(
            "asks-others",
            Severity.MEDIUM,
            "the old server asks other servers",
            "they may let in its address alone: firewalls, database accounts, allow lists of services",
            asked,
            "have the new server's address let in there first, and try each from the new server (module wait_for)",
        )
    clients = lines(f"{each.peer} at port {each.port} ({each.program or 'unknown'})"
                    for each in others if each.direction == "in" and each.port != LOGIN)  # fmt: skip
    if clients:
        yield Finding(
            "asked-by-others",
            Severity.INFO,
            f"{len(clients)} neighbours were connected to the old server",
            f"they have to find the new one; watched for {number(told.get('seconds')):.0f} s, there may be more",
            clients,
            "watch for days with 'provisioner discover --watch', and tell their owners",
        )


def _is_own(peer: str, snapshot: Snapshot) -> bool:
    """Tell whether a peer is the server itself."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return address.is_loopback or address in {each.ip for each in _addresses(snapshot.items("hardware"))}


def _addresses(items: Mapping[str, Item]) -> list[IPv4Interface | IPv6Interface]:
    found = []
    for _, item in of_kind(items, "interface:"):
        given = item.get("addresses")
        for each in given if isinstance(given, list) else ():
            try:
                found.append(ip_interface(str(each)))
            except ValueError:
                continue  # not in a form we know: there is nothing to be said of it
    return found


def _frame_size(items: Mapping[str, Item]) -> int:
    """Return the largest packet of the interface that leads out."""
    name = items.get("route:default", {}).get("interface", "")
    return int(number(items.get(f"interface:{name}", {}).get("mtu")))
