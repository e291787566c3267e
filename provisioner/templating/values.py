"""What a template's output becomes: text, or the data it spells, exactly as Ansible decides it.

Without ``jinja2_native`` a result is text, except where that text is a list, a dictionary, ``True`` or ``False``.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2.runtime import Undefined

from provisioner.diagnostics.position import Unsafe
from provisioner.templating.undefined import Missing, UndefinedUsed
from provisioner.variables.hostvars import HostView

JSON_NAMES = {"true": True, "false": False, "null": None}
SCALARS = frozenset({str, int, float, bool, type(None)})


class FinalText(str):
    """Text that stays text when it is all a template yields (what ``to_json`` and ``string`` return)."""

    __slots__ = ()


class FinalUnsafe(FinalText):
    """Such text that came from outside: from a file."""

    __slots__ = ()


class NotPlain(Exception):
    """A container that holds something no literal can spell."""


def unrolled(value: Any) -> Any:
    """Return lists for iterators, ranges and dictionary views, everything else as it is."""
    if isinstance(value, (set, frozenset)):
        return value
    return list(value) if isinstance(value, (Iterator, range, AbstractSet, ValuesView)) else value


def plain(value: Any) -> Any:
    """Return a copy of ``value`` in plain types; a missing value inside fails; NotPlain for what is not data."""
    kind = type(value)
    if kind in SCALARS:
        return value
    if kind is dict:
        return {_plain_key(key): plain(item) for key, item in value.items()}
    if kind is list:
        return [plain(item) for item in value]
    if isinstance(value, str):
        return value if kind is Unsafe else str.__str__(value)
    return _plain_other(value)


def _plain_other(value: Any) -> Any:
    if isinstance(value, HostView):
        return {name: _plain_variable(value, name) for name in value}
    if isinstance(value, Undefined):
        return _used(value)
    if isinstance(value, Mapping):
        return {_plain_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    listed = unrolled(value)
    if isinstance(listed, list):
        return [plain(item) for item in listed]
    if isinstance(value, (int, float)):
        return value
    raise NotPlain


def _plain_variable(host: HostView, name: str) -> Any:
    """Return a host's variable; its template where that needs what is undefined."""
    try:
        return plain(host[name])
    except UndefinedUsed:
        return plain(host.raw(name))


def _plain_key(key: Any) -> Any:
    return key if type(key) in SCALARS else plain(key)


def _used(value: Undefined) -> str:
    if isinstance(value, Missing):
        value.missing_fail()
    return str(value)


def from_nodes(nodes: Sequence[Any], variable_start: str = "{{") -> object:
    """Return what the output of a template is, Ansible's default way."""
    if len(nodes) != 1:
        return data_or_text("".join(map(text_of, nodes)), variable_start) if nodes else ""
    value = nodes[0]
    if isinstance(value, str):
        if isinstance(value, FinalText):
            return value
        data = data_or_text(value, variable_start)
        return value if type(value) is Unsafe and isinstance(data, str) else data
    if value is None:
        return ""
    if value is True or value is False:
        return value
    if isinstance(value, (list, dict)):
        try:
            return plain(value)
        except NotPlain:
            return str(value)
    if isinstance(value, Mapping):
        return plain(value)
    value = unrolled(value)
    return plain(value) if isinstance(value, list) else data_or_text(text_of(value), variable_start)


def from_nodes_native(nodes: Sequence[Any]) -> object:
    """Return what the output of a template is with ``jinja2_native``: the Python value it spells."""
    if not nodes:
        return None
    value = nodes[0]
    if len(nodes) == 1:
        if isinstance(value, FinalText):
            return value
        if not isinstance(value, str):
            try:
                return _unrolled_inside(value)
            except NotPlain:
                return value
    text = "".join(map(str, nodes))
    try:
        found = ast.literal_eval(ast.parse(text, mode="eval"))
        return text if isinstance(found, str) else found
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _unrolled_inside(value: Any) -> Any:
    """Return a value with lists for everything in it that only looks like one; texts stay the objects they are."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: _unrolled_inside(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_unrolled_inside(item) for item in value)
    listed = unrolled(value)
    if isinstance(listed, list):
        return [_unrolled_inside(item) for item in listed]
    return plain(value)


def text_of(value: object) -> str:
    """Return the text of one output node; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, (str, int, float)):
        return str(value)
    value = unrolled(value)
    if isinstance(value, (dict, list)):
        try:
            return str(plain(value))
        except NotPlain:
            return str(value)
    if isinstance(value, (BuiltinMethodType, MethodType)):
        name = value.__name__
        raise ValueError(
            f"'{name}' is a method here: call it with '{name}()', or write ['{name}'] for the key of that name"
        )
    return str(value)


def join_text(nodes: Iterable[object]) -> str:
    """Return the output of a template as text."""
    return "".join([node if type(node) is str else text_of(node) for node in nodes])


def data_or_text(text: str, variable_start: str = "{{") -> object:
    """Return the list, dictionary or boolean that ``text`` spells, else the text.

    >>> data_or_text("[1, 'a']"), data_or_text("True"), data_or_text("1"), data_or_text("{not data")
    ([1, 'a'], True, '1', '{not data')
    """
    start = text[:1]
    if start not in {"[", "{"}:
        return {"True": True, "False": False}.get(text, text) if start in {"T", "F"} else _exact(text)
    if text.startswith(variable_start):
        return _exact(text)
    value = literal(text)
    return value if isinstance(value, (list, dict)) else _exact(text)


def _exact(text: str) -> str:
    return text if type(text) is str else str.__str__(text)


def literal(text: str) -> object:
    """Return the value a Python or JSON literal spells, or None where it is no literal."""
    try:
        if "\\" in text:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text, mode="eval")
        else:
            tree = ast.parse(text, mode="eval")
        if "true" in text or "false" in text or "null" in text:
            tree = _JsonNames().visit(tree)
        return _no_bytes(ast.literal_eval(tree))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


class _JsonNames(ast.NodeTransformer):
    """Replaces JSON's true, false and null."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the constant a JSON name stands for."""
        if node.id in JSON_NAMES:
            return ast.copy_location(ast.Constant(JSON_NAMES[node.id]), node)
        return node


def _no_bytes(value: object) -> object:
    """Refuse what JSON cannot carry (bytes, sets, complex numbers): such text stays text."""
    if isinstance(value, dict):
        for key, item in value.items():
            _no_bytes(key)
            _no_bytes(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _no_bytes(item)
    elif type(value) not in SCALARS:
        raise ValueError(value)
    return value
