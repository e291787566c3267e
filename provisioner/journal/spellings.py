"""The ways a secret may be spelled in output, and one pattern that finds them all."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

SHORTEST_PIECE = 6


def spellings(secret: str) -> frozenset[str]:
    """Return every text to look for on account of ``secret``."""
    found: set[str] = set()
    for piece in _pieces(secret):
        found.update(_forms(piece))
    return frozenset(found)


def matcher(forms: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern that finds any of ``forms``, the longest first; None where there is nothing to find.

    The forms are folded into a tree by their first characters, so that the cost of a search hardly grows with
    their number.
    """
    root: _Node = {}
    forms = list(forms)
    for form in forms:
        node = root
        for character in form:
            node = node.setdefault(character, {})
        node[""] = {}
    if not root:
        return None
    try:
        return re.compile(_expression(root))
    except RecursionError:  # each one the beginning of the next, hundreds deep: a host may send such to break us
        return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))


_Node = dict[str, "_Node"]


def _expression(node: _Node) -> str:
    """Return the tree below ``node`` as a regular expression; chains without a branch stay plain text."""
    parts = []
    for character in sorted(key for key in node if key):
        prefix, below = character, node[character]
        while len(below) == 1 and "" not in below:
            (following,) = below
            prefix, below = prefix + following, below[following]
        parts.append(re.escape(prefix) + _tail(below))
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


def _tail(below: _Node) -> str:
    if len(below) == 1 and "" in below:
        return ""
    return f"(?:{_expression(below)})?" if "" in below else _expression(below)


def _pieces(secret: str) -> Iterator[str]:
    yield secret
    stripped = secret.strip()
    yield stripped
    lines = stripped.splitlines()
    if len(lines) > 1:
        for line in map(str.strip, lines):
            if len(line) >= SHORTEST_PIECE and not line.startswith(("-----BEGIN", "-----END")):
                yield line


def _forms(piece: str) -> Iterator[str]:
    yield piece
    yield json.dumps(piece)[1:-1]
    yield json.dumps(piece, ensure_ascii=False)[1:-1]
    yield repr(piece)[1:-1]
    yield piece.replace("'", "'\"'\"'")
    yield piece.replace("'", "'\\''")
    yield piece.replace("'", "''")
    encoded = piece.encode("utf-8", "surrogatepass")
    yield quote(encoded, safe="")
    yield quote(encoded)
    yield quote_plus(encoded)
    yield from _base64(encoded)


def _base64(data: bytes) -> Iterator[str]:
    """Return the part of the base64 text that depends on ``data`` alone, wherever in a longer text it begins."""
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + data).decode("ascii")
        begin = (0, 2, 3)[offset]
        loose = (offset + len(data)) % 3
        end = len(text.rstrip("=")) - (1 if loose else 0)
        part = text[begin:end]
        if len(part) >= SHORTEST_PIECE - 1:
            yield part
            yield part.replace("+", "-").replace("/", "_")
