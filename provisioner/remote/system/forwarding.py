"""A small forwarder of TCP connections: one listening place, some addresses that may come, one place it leads to."""

import os
import select
import socket
from typing import Any, Dict, List, Sequence, Tuple

CHUNK = 65536
Place = Tuple[str, int]


def listening(place: Place) -> Any:
    """Return a socket that listens there."""
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    link = socket.socket(family, socket.SOCK_STREAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    link.bind(place)
    link.listen(16)
    return link


def serve(listener: Any, allowed: Sequence[str], to: Place) -> None:
    """Accept connections for ever, each served by a child; who may not come is hung up on."""
    while True:
        link, source = listener.accept()
        _reap()
        if source[0] in allowed and not os.fork():
            listener.close()
            try:
                _join(link, to)
            finally:
                os._exit(0)
        link.close()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return  # no child is left


def _join(link: Any, to: Place) -> None:
    """Carry bytes both ways until one side ends."""
    other = socket.create_connection(to, 10)
    other.settimeout(None)
    ends: Dict[Any, Any] = {link: other, other: link}
    for each in ends:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    while True:
        ready: List[Any] = select.select(list(ends), [], [])[0]
        for each in ready:
            data = each.recv(CHUNK)
            if not data:
                return
            ends[each].sendall(data)
