"""IP addresses and networks in text: what ``ipaddr`` and its relatives answer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import TypeAlias

from provisioner.records import dataclass

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Interface: TypeAlias = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Entry:
    """One value: an address, and the prefix that was written with it, if any."""

    interface: Interface
    has_prefix: bool

    @property
    def network(self) -> Network:
        """The network the address is in."""
        return self.interface.network

    @property
    def address(self) -> Address:
        """The address alone."""
        return self.interface.ip

    @property
    def is_network(self) -> bool:
        """Whether the value is a network: a prefix was written and no host bits are set."""
        return self.has_prefix and self.address == self.network.network_address and self.network.num_addresses > 1

    def __str__(self) -> str:
        return self.interface.with_prefixlen if self.has_prefix else str(self.address)


def read(value: object, version: int | None = None) -> Entry | None:
    """Return the address or network that ``value`` spells, or None; numbers count as addresses.

    >>> str(read("192.0.2.7/255.255.255.0")), read("example.com")
    ('192.0.2.7/24', None)
    """
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    address, slash, prefix = text.partition("/")
    try:
        if address.isdigit():
            address = str(ipaddress.ip_address(int(address)))
        entry = Entry(ipaddress.ip_interface(f"{address}/{prefix}" if slash else address), bool(slash))
    except ValueError:
        return None
    return entry if version in (None, entry.interface.version) else None


def nth(network: Network, number: int) -> Address | None:
    """Return the address at a position, counted from the end where it is negative; None beyond."""
    size = network.num_addresses
    position = number if number >= 0 else size + number
    return network.network_address + position if 0 <= position < size else None


def usable(network: Network) -> tuple[Address, Address]:
    """Return the first and last address a host may have."""
    first, last = network.network_address, network.broadcast_address
    few = 2
    if network.num_addresses <= few:
        return first, last
    return first + 1, last - 1 if network.version == 4 else last


Answer: TypeAlias = "str | int | bool | None"
Query = Callable[[Entry], Answer]


def _usable_end(entry: Entry, which: int) -> Answer:
    return str(usable(entry.network)[which]) if entry.network.num_addresses > 1 else None


def _kind(entry: Entry) -> Answer:
    if entry.network.num_addresses == 1 or not entry.is_network:
        return "address"
    return "network"


def _class_of(test: Callable[[Address], bool]) -> Query:
    return lambda entry: str(entry) if test(entry.address) else None


def _neighbour(entry: Entry, step: int) -> Answer:
    first, last = usable(entry.network)
    if (step < 0 and int(entry.address) <= int(first)) or (step > 0 and int(entry.address) >= int(last)):
        return None
    return str(entry.address + step)


def _host(entry: Entry) -> Answer:
    if entry.is_network and entry.network.num_addresses > 1:
        return None
    return entry.interface.with_prefixlen


def _wrapped(entry: Entry) -> Answer:
    if entry.interface.version == 4:
        return str(entry)
    return f"[{entry.address}]/{entry.network.prefixlen}" if entry.has_prefix else f"[{entry.address}]"


def _address(entry: Entry) -> Answer:
    return None if entry.is_network else str(entry.address)


def _peer(entry: Entry) -> Answer:
    network, address = entry.network, entry.address
    if network.num_addresses == 2:
        return str(network.network_address if address != network.network_address else network.broadcast_address)
    if network.num_addresses == 4 and address not in (network.network_address, network.broadcast_address):
        return str(next(host for host in network.hosts() if host != address))
    raise ValueError(f"ipaddr: only point-to-point networks have a peer, {entry} is none")


QUERIES: dict[str, Query] = {
    "": str,
    "address": _address,
    "ip": _address,
    "address/prefix": _host,
    "host": _host,
    "host/prefix": _host,
    "ip/prefix": _host,
    "gateway": _host,
    "gw": _host,
    "hostnet": _host,
    "bool": lambda _entry: True,
    "broadcast": lambda entry: str(entry.network.broadcast_address) if entry.network.num_addresses > 2 else None,
    "cidr": str,
    "cidr_lookup": str,
    "first_usable": lambda entry: _usable_end(entry, 0),
    "hostmask": lambda entry: str(entry.network.hostmask),
    "wildcard": lambda entry: str(entry.network.hostmask),
    "int": lambda entry: (
        int(entry.address) if not entry.has_prefix else f"{int(entry.address)}/{entry.network.prefixlen}"
    ),
    "ip_netmask": lambda entry: f"{entry.address} {entry.network.netmask}",
    "ip_wildcard": lambda entry: f"{entry.address} {entry.network.hostmask}",
    "ipv4": lambda entry: str(entry) if entry.interface.version == 4 else None,
    "ipv6": lambda entry: str(entry) if entry.interface.version == 6 else None,
    "last_usable": lambda entry: _usable_end(entry, 1),
    "link-local": _class_of(lambda ip: ip.is_link_local),
    "lo": _class_of(lambda ip: ip.is_loopback),
    "loopback": _class_of(lambda ip: ip.is_loopback),
    "multicast": _class_of(lambda ip: ip.is_multicast),
    "net": lambda entry: str(entry.network) if entry.is_network else None,
    "netmask": lambda entry: str(entry.network.netmask),
    "network": lambda entry: str(entry.network.network_address),
    "network_id": lambda entry: str(entry.network.network_address),
    "network/prefix": lambda entry: str(entry.network),
    "network_netmask": lambda entry: f"{entry.network.network_address} {entry.network.netmask}",
    "network_wildcard": lambda entry: f"{entry.network.network_address} {entry.network.hostmask}",
    "next_usable": lambda entry: _neighbour(entry, 1),
    "previous_usable": lambda entry: _neighbour(entry, -1),
    "peer": _peer,
    "prefix": lambda entry: entry.network.prefixlen,
    "private": _class_of(lambda ip: ip.is_private),
    "public": _class_of(
        lambda ip: not (ip.is_private or ip.is_link_local or ip.is_loopback or ip.is_multicast or ip.is_reserved)
    ),
    "range_usable": lambda entry: (
        "-".join(map(str, usable(entry.network))) if entry.network.num_addresses > 1 else None
    ),
    "reserved": _class_of(lambda ip: ip.is_reserved),
    "revdns": lambda entry: entry.address.reverse_pointer + ".",
    "router": _host,
    "size": lambda entry: entry.network.num_addresses,
    "size_usable": lambda entry: max(0, int(usable(entry.network)[1]) - int(usable(entry.network)[0]) + 1),
    "subnet": lambda entry: str(entry.network),
    "type": _kind,
    "unicast": _class_of(lambda ip: not ip.is_multicast),
    "v4": lambda entry: str(entry) if entry.interface.version == 4 else None,
    "v6": lambda entry: str(entry) if entry.interface.version == 6 else None,
    "version": lambda entry: entry.interface.version,
    "wrap": _wrapped,
}


def ask(entry: Entry, query: object) -> Answer:
    """Return the answer to a query: a word, a number (position in the network) or a network it should be in."""
    word = "" if query is None else str(query)
    known = QUERIES.get(word)
    if known is not None:
        return known(entry)
    if re.fullmatch(r"-?\d+", word):
        found = nth(entry.network, int(word))
        if found is None:
            return None
        return f"{found}/{entry.network.prefixlen}" if entry.has_prefix else str(found)
    within = read(word)
    if within is None:
        raise ValueError(f"ipaddr: there is no query '{word}'; there are {', '.join(sorted(QUERIES)[1:])}")
    return _within(entry, within)


def _within(entry: Entry, outer: Entry) -> Answer:
    if entry.interface.version != outer.interface.version:
        return None
    inside = int(outer.network.network_address) <= int(entry.address) <= int(outer.network.broadcast_address)
    return str(entry) if inside else None


def asked(value: object, query: object, version: int | None = None) -> object:
    """Return the answer for one value (False where it is none), or those of a list's values that have one."""
    if isinstance(value, (list, tuple)):
        answers = [asked(item, query, version) for item in value]
        return [answer for answer in answers if answer not in (False, None)]
    entry = read(value, version)
    if entry is None:
        return False
    answer = ask(entry, query)
    return False if answer is None and query in (None, "", "bool") else answer
