"""The values of XPath: nodes by axis, and the functions of XPath 1.0."""

import math
from typing import Any, Callable, Dict, Iterator, List

from . import markup

KINDS = markup.KINDS


class BadXpath(ValueError):
    """The expression cannot be understood."""


def parent(node: Any) -> Any:
    """Return what holds a node; an attribute is held by its element."""
    return node.ownerElement if node.nodeType == KINDS.ATTRIBUTE_NODE else node.parentNode


def _children(node: Any) -> List[Any]:
    if node.nodeType == KINDS.ATTRIBUTE_NODE:
        return []
    return [child for child in node.childNodes if child.nodeType != KINDS.DOCUMENT_TYPE_NODE]


def _below(node: Any) -> Iterator[Any]:
    for child in _children(node):
        yield child
        for each in _below(child):
            yield each


def _above(node: Any) -> Iterator[Any]:
    node = parent(node)
    while node is not None:
        yield node
        node = parent(node)


def _beside(node: Any, way: str) -> Iterator[Any]:
    other = getattr(node, way, None) if node.nodeType != KINDS.ATTRIBUTE_NODE else None
    while other is not None:
        yield other
        other = getattr(other, way)


def _around(node: Any, way: str) -> Iterator[Any]:
    for holder in [node, *_above(node)]:
        for other in _beside(holder, way):
            inside = [other, *_below(other)]
            for each in reversed(inside) if way == "previousSibling" else inside:
                yield each


AXES: Dict[str, Callable[[Any], Any]] = {
    "child": _children,
    "descendant": _below,
    "descendant-or-self": lambda node: [node, *_below(node)],
    "parent": lambda node: [parent(node)] if parent(node) is not None else [],
    "ancestor": _above,
    "ancestor-or-self": lambda node: [node, *_above(node)],
    "self": lambda node: [node],
    "attribute": lambda node: markup.attributes(node) if markup.is_element(node) else [],
    "following-sibling": lambda node: _beside(node, "nextSibling"),
    "preceding-sibling": lambda node: _beside(node, "previousSibling"),
    "following": lambda node: _around(node, "nextSibling"),
    "preceding": lambda node: _around(node, "previousSibling"),
}


def text_of(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, list):
        return _node_text(value[0]) if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return str(int(value)) if value == int(value) else repr(value)
    return str(value)


def _node_text(node: Any) -> str:
    if node.nodeType == KINDS.ATTRIBUTE_NODE:
        return str(node.value)
    if markup.is_element(node) or node.nodeType == KINDS.DOCUMENT_NODE:
        return "".join(each.data for each in _below(node) if markup.is_text(each))
    return str(node.data)


def number_of(value: Any) -> float:
    """Return a value as a number, not-a-number where it is none."""
    if isinstance(value, (bool, float)):
        return float(value)
    try:
        return float(text_of(value).strip())
    except ValueError:
        return math.nan


def truth_of(value: Any) -> bool:
    """Return a value as true or false."""
    if isinstance(value, float):
        return bool(value) and not math.isnan(value)
    return bool(value)


def _comparable(value: Any) -> List[Any]:
    return [_node_text(node) for node in value] if isinstance(value, list) else [value]


def compare(one: Any, sign: str, other: Any) -> bool:
    """Compare as XPath does: of nodes it is enough that one of them compares so."""
    if isinstance(one, bool) or isinstance(other, bool):
        return _holds(float(truth_of(one)), sign, float(truth_of(other)))
    for left in _comparable(one):
        for right in _comparable(other):
            by_number = sign not in ("=", "!=") or isinstance(left, float) or isinstance(right, float)
            if _holds(*((number_of(left), sign, number_of(right)) if by_number else (left, sign, right))):
                return True
    return False


def _holds(left: Any, sign: str, right: Any) -> bool:
    if sign in ("=", "!="):
        return bool((left == right) == (sign == "="))
    if sign.startswith("<"):
        return bool(left < right or (sign == "<=" and left == right))
    return bool(left > right or (sign == ">=" and left == right))


def _substring(text: Any, start: Any, length: Any = math.inf) -> str:
    first = _rounded(start)
    last = first + (_rounded(length) if length != math.inf else math.inf)
    return "".join(letter for at, letter in enumerate(text_of(text), 1) if first <= at < last)


def _rounded(value: Any) -> float:
    number = number_of(value)
    return number if math.isnan(number) or math.isinf(number) else float(math.floor(number + 0.5))


def _translated(text: Any, given: Any, wanted: Any) -> str:
    table: Dict[int, Any] = {}
    to = text_of(wanted)
    for at, letter in enumerate(text_of(given)):
        table.setdefault(ord(letter), to[at] if at < len(to) else None)
    return text_of(text).translate(table)


def _name(nodes: List[Any], how: Callable[[Any], Any]) -> str:
    named = (KINDS.ELEMENT_NODE, KINDS.ATTRIBUTE_NODE)
    return str(how(nodes[0]) or "") if nodes and nodes[0].nodeType in named else ""


FUNCTIONS: Dict[str, Callable[..., Any]] = {
    "count": lambda nodes: float(len(nodes)),
    "sum": lambda nodes: float(sum(number_of([node]) for node in nodes)),
    "local-name": lambda nodes: _name(nodes, markup.local),
    "namespace-uri": lambda nodes: _name(nodes, lambda node: node.namespaceURI),
    "name": lambda nodes: _name(nodes, lambda node: node.nodeName),
    "string": text_of,
    "concat": lambda *parts: "".join(text_of(part) for part in parts),
    "starts-with": lambda one, other: text_of(one).startswith(text_of(other)),
    "contains": lambda one, other: text_of(other) in text_of(one),
    "substring-before": lambda one, other: (
        text_of(one).partition(text_of(other))[0] if text_of(other) in text_of(one) else ""
    ),
    "substring-after": lambda one, other: text_of(one).partition(text_of(other))[2],
    "substring": _substring,
    "string-length": lambda text: float(len(text_of(text))),
    "normalize-space": lambda text: " ".join(text_of(text).split()),
    "translate": _translated,
    "boolean": truth_of,
    "not": lambda value: not truth_of(value),
    "true": lambda: True,
    "false": lambda: False,
    "number": number_of,
    "floor": lambda value: float(math.floor(number_of(value))),
    "ceiling": lambda value: float(math.ceil(number_of(value))),
    "round": _rounded,
}
OF_CONTEXT = frozenset(("local-name", "namespace-uri", "name", "string", "string-length", "normalize-space", "number"))
