"""Ports of containers as they are written (``8080:80/udp``, ranges, addresses) and as the engine's API takes them."""

from typing import Any, Dict, List, Sequence, Tuple

from ..change import Failed


def exposed(ports: Sequence[Any]) -> List[str]:
    """Return ports with their protocol, ranges spelled out."""
    found = []
    for each in ports:
        port, protocol = _protocol(str(each).strip())
        found += ["%d/%s" % (number, protocol) for number in _numbers(port)]
    return found


def published(ports: Sequence[Any], host_ip: str) -> Dict[str, List[Dict[str, str]]]:
    """Return ports of the container with the places on the host they are bound to, as the API takes them."""
    bound: Dict[str, List[Dict[str, str]]] = {}
    for each in ports:
        text, protocol = _protocol(str(each).strip())
        address, outside, inside = _parts(text, host_ip)
        for number, place in _pairs(_numbers(inside), outside):
            bound.setdefault("%d/%s" % (number, protocol), []).append({"HostIp": address, "HostPort": place})
    return bound


def _protocol(text: str) -> Tuple[str, str]:
    port, _, protocol = text.partition("/")
    return port, protocol.lower() or "tcp"


def _parts(text: str, host_ip: str) -> Tuple[str, str, str]:
    if text.startswith("["):
        address, _, rest = text[1:].partition("]:")
    else:
        head, *tail = text.split(":")
        if len(tail) < 2:
            return host_ip, head if tail else "", tail[0] if tail else head
        address, rest = head, ":".join(tail)
    outside, _, inside = rest.rpartition(":")
    if not address.replace(".", "").isdigit() and ":" not in address:
        text = "Bind addresses for published ports must be IPv4 or IPv6 addresses, not hostnames. (Found hostname: %s)"
        raise Failed(text % address)
    return address, outside, inside


def _numbers(text: str) -> List[int]:
    first, dash, last = text.partition("-")
    try:
        low, high = int(first), int(last) if dash else int(first)
    except ValueError:
        raise Failed("%s is not a port or a range of ports" % text) from None
    if high < low:
        raise Failed("Invalid port range: %s" % text)
    return list(range(low, high + 1))


def _pairs(inside: List[int], outside: str) -> List[Tuple[int, str]]:
    if not outside:
        return [(number, "") for number in inside]
    places = _numbers(outside)
    if len(inside) == 1 and len(places) > 1:
        return [(inside[0], outside)]
    return [(number, str(place)) for number, place in zip(inside, places)]
