"""One rendering under way: the scope it sees, the variables it has rendered so far, and the one it is at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from jinja2.utils import missing

from provisioner.diagnostics.position import Unsafe, position_of
from provisioner.model.secret import says_secret
from provisioner.syntax.vault import VaultText
from provisioner.templating import explaining
from provisioner.templating.errors import UndefinedVariable
from provisioner.templating.omit import OMIT
from provisioner.templating.settings import RenderSettings
from provisioner.templating.undefined import Missing
from provisioner.templating.vaulted import Revealed, opened
from provisioner.variables.scope import Found, Scope

_FINAL = frozenset({int, float, bool, type(None)})


class RendersStrings(Protocol):
    """The part of the renderer that a rendering under way uses."""

    settings: RenderSettings

    def inline(self, text: str, work: Rendering) -> object:
        """Render one string that is a template."""


class Rendering:
    """Gives templates their variables, each rendered when it is first used.

    ``copying``: the template changes values in place, so it gets copies of lists and dictionaries.
    """

    __slots__ = ("_active", "_cache", "_renderer", "copying", "lenient", "scope", "watched")

    def __init__(self, renderer: RendersStrings, scope: Scope, *, copying: bool = False) -> None:
        self._renderer, self.scope, self.copying = renderer, scope, copying
        self._cache: dict[str, Any] = {}
        self._active: list[str] = []
        self.lenient = False
        """Whether text that needs something undefined stays as it is written."""
        self.watched: list[Found] | None = None
        """Where somebody wants to know: the values that were used and are final data, with their layers."""

    def on_copies(self) -> Rendering:
        """Return a rendering of the same scope for a template that changes values in place."""
        copies = Rendering(self._renderer, self.scope, copying=True)
        copies._active, copies.watched = self._active, self.watched
        return copies

    @property
    def chain(self) -> tuple[str, ...]:
        """The variables being rendered, the outermost first."""
        return tuple(self._active)

    def value(self, value: Any) -> Any:
        """Render every template in ``value``; parts without any are returned themselves."""
        if isinstance(value, str):
            if type(value) is VaultText:
                return Revealed(self._renderer.settings.decrypt(value), str.__str__(value))
            return self.string(value) if "{" in value else value
        if type(value) in _FINAL:
            return value
        if isinstance(value, dict):
            new = {key: self.value(item) for key, item in value.items()}
            return value if all(new[key] is value[key] for key in value) else new
        if isinstance(value, list):
            items = [self.value(item) for item in value]
            return value if all(a is b for a, b in zip(items, value, strict=True)) else items
        if isinstance(value, tuple):
            return tuple(self.value(item) for item in value)
        return value

    def string(self, text: str) -> Any:
        """Render one string; text that is no template, or must not be one, is returned itself."""
        if ("{{" in text or "{%" in text or "{#" in text) and not isinstance(text, Unsafe):
            return self._renderer.inline(text, self)
        return text

    def raw(self, name: str) -> Any:
        """Return the value of ``name`` before rendering, or ``missing``."""
        found = self.scope.find(name)
        return missing if found is None else found.value

    def variable(self, name: str) -> Any:
        """Return the rendered value of ``name``, or ``missing`` where no layer has it."""
        cache = self._cache
        if name in cache:
            return cache[name]
        found = self.scope.find(name)
        if found is None:
            value = self._own(name)
        elif found.layer.rendered:
            value = found.value
            if self.watched is not None:
                self.watched.append(found)
        else:
            value = self._rendered(name, found.value)
        if says_secret(name):
            self._renderer.settings.on_named_secret(value)
        if self.copying:
            value = _copy(value)
        cache[name] = value
        return value

    def _rendered(self, name: str, raw: Any) -> Any:
        if type(raw) in _FINAL:
            return raw
        if type(raw) is VaultText:
            return opened(raw, self._renderer.settings.decrypt)
        active = self._active
        if name in active:
            raise explaining.recursive((*active[active.index(name) :], name), position_of(raw))
        active.append(name)
        try:
            return self.value(raw)
        except UndefinedVariable as cause:
            return Missing(name=name, cause=cause.through(raw))
        finally:
            active.pop()

    def _own(self, name: str) -> Any:
        """Return what exists without any layer."""
        if name == "omit":
            return OMIT
        if name == "vars":
            return AllVariables(self)
        if name == "ansible_managed":
            return self._renderer.settings.ansible_managed
        return missing


class AllVariables(Mapping[str, Any]):
    """The ``vars`` variable: every variable by name, rendered when asked for."""

    __slots__ = ("_rendering",)

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering

    def __getitem__(self, name: str) -> Any:
        value = self._rendering.variable(name)
        if value is missing or name == "vars":
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._rendering.scope.find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._rendering.scope.names() - {"vars", "hostvars"}))

    def __len__(self) -> int:
        return len(self._rendering.scope.names() - {"vars", "hostvars"})


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
