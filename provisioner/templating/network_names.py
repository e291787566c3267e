"""What plugins import from ``ansible.module_utils.common.network``: masks, subnets and hardware addresses as text."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

MAC = re.compile(r"(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
LONGEST = 32


def is_mac(text: str) -> bool:
    """Tell whether a text is a hardware address, its pairs with ``:`` or ``-`` between them."""
    return MAC.fullmatch(str(text)) is not None


def is_masklen(value: Any) -> bool:
    """Tell whether a value is the length of a mask."""
    try:
        return 0 <= int(value) <= LONGEST
    except (TypeError, ValueError):
        return False


def is_netmask(value: Any) -> bool:
    """Tell whether a text is a mask: ones, then zeros."""
    try:
        number = int(ipaddress.IPv4Address(str(value)))
    except ValueError:
        return False
    rest = ~number & 0xFFFFFFFF
    return rest & (rest + 1) == 0


def to_netmask(value: Any) -> str:
    """Return the mask of a length."""
    if not is_masklen(value):
        raise ValueError("invalid value for masklen")
    return str(ipaddress.IPv4Network(f"0.0.0.0/{int(value)}").netmask)


def to_masklen(value: Any) -> int:
    """Return the length of a mask."""
    if not is_netmask(value):
        raise ValueError(f"invalid value for netmask: {value}")
    return int(ipaddress.IPv4Address(str(value))).bit_count()


def to_bits(value: Any) -> str:
    """Return the ones of a mask."""
    return "1" * to_masklen(value)


def to_subnet(addr: str, mask: Any, dotted_notation: bool = False) -> str:
    """Return the network of an address as ``address/length``, or ``address mask``."""
    length = int(mask) if is_masklen(mask) else to_masklen(mask)
    network = ipaddress.IPv4Network(f"{addr}/{length}", strict=False)
    return f"{network.network_address} {network.netmask}" if dotted_notation else str(network)


def to_ipv6_subnet(addr: str) -> str:
    """Return the first 64 bits of an address."""
    return _first(addr, 64)


def to_ipv6_network(addr: str) -> str:
    """Return the first 48 bits of an address."""
    return _first(addr, 48)


def _first(addr: str, bits: int) -> str:
    words = ipaddress.IPv6Address(addr).exploded.split(":")[: bits // 16]
    while words and int(words[-1], 16) == 0:
        words.pop()
    return "".join(f"{int(word, 16):x}:" for word in words) + ":"


NAMES = {
    function.__name__: function
    for function in (
        is_mac, is_masklen, is_netmask, to_netmask, to_masklen, to_bits, to_subnet, to_ipv6_subnet, to_ipv6_network,
    )
}  # fmt: skip
"""Every name of it, and what stands behind it."""
