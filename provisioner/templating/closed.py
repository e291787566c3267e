"""What of Python stays closed to templates: they see values, never the classes, functions and modules behind them.

A template may come with a role nobody has read. ``x.__class__.__name__`` is used by real ones and still says what kind
of value something is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment
from jinja2.sandbox import SandboxedFormatter, is_internal_attribute

from provisioner.model.secret import says_secret
from provisioner.templating.settings import unheard
from provisioner.templating.undefined import Missing

CLOSED = "names that begin with two underscores are Python's own, and closed to templates"
INTERNAL = frozenset({"mro", "gi_frame", "gi_code", "cr_frame", "cr_code", "ag_code", "ag_frame", "func_globals",
                      "func_code", "tb_frame", "f_globals", "f_locals", "f_builtins", "f_back", "f_code"})  # fmt: skip
FORMATTERS = frozenset({"format", "format_map"})
PLAIN = (str, int, float, list, dict, tuple, set)


class Kind:
    """The class of a value, as far as a template may know it."""

    def __init__(self, value: object) -> None:
        self.called = next((each.__name__ for each in PLAIN if isinstance(value, each)), type(value).__name__)
        if isinstance(value, bool):
            self.called = "bool"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and other.called == self.called

    def __hash__(self) -> int:
        return hash(self.called)

    def __repr__(self) -> str:
        return f"<class '{self.called}'>"


class ClosedAttributes(Environment):
    """An environment whose templates reach no internals, neither by attribute, nor by item, nor by ``format``.

    ``on_named_secret`` hears of items whose name says that they are secrets.
    """

    on_named_secret: Callable[[object], None] = staticmethod(unheard)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute or item of a value."""
        if attribute[:2] == "__" or attribute in INTERNAL:
            return self._own(obj, attribute)
        if attribute in FORMATTERS and isinstance(obj, str):
            return self._formatter(obj, attribute)
        value = super().getattr(obj, attribute)
        if says_secret(attribute):
            self.on_named_secret(value)
        return value

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item or attribute of a value; where what names it is not defined, that is what is missing."""
        if isinstance(argument, Missing):
            return argument
        if isinstance(argument, str):
            if argument[:2] == "__" or argument in INTERNAL:
                return self._own(obj, argument)
            if argument in FORMATTERS and isinstance(obj, str):
                return self._formatter(obj, argument)
            if says_secret(argument):
                value = super().getitem(obj, argument)
                self.on_named_secret(value)
                return value
        return super().getitem(obj, argument)

    def _own(self, obj: Any, name: str) -> Any:
        """Return an item that happens to have such a name, or what may be known of a value's kind."""
        if isinstance(obj, Mapping) and name in obj:
            return obj[name]
        if isinstance(obj, Missing):
            return obj
        if isinstance(obj, Kind) and name == "__name__":
            return obj.called
        if name == "__class__":
            return Kind(obj)
        if name[:2] != "__" and not is_internal_attribute(obj, name):
            return super().getattr(obj, name)
        return Missing(hint=CLOSED, obj=obj, name=name)

    def _formatter(self, text: str, how: str) -> Callable[..., str]:
        """Return what does as ``str.format`` or ``str.format_map`` do, with attributes as closed as elsewhere."""

        def format(*args: Any, **named: Any) -> str:
            if how == "format_map":
                return SandboxedFormatter(self).vformat(text, (), *args)
            return SandboxedFormatter(self).vformat(text, args, named)

        return format
