"""The ``hostvars`` variable: every host's variables, looked up and rendered only when a template asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

from provisioner.variables.scope import Scope

IMPLICIT = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine: there is such a host even where no inventory lists it."""


class RendersVariables(Protocol):
    """The part of the renderer that ``hostvars`` uses."""

    def known_variable(self, name: str, scope: Scope) -> object:
        """Return a variable as far as it can be rendered; KeyError where there is none."""


class HostView(Mapping[str, object]):
    """One host's variables. A value asked for twice in one expression is rendered once."""

    __slots__ = ("_renderer", "_scope", "_seen")

    def __init__(self, scope: Scope, renderer: RendersVariables) -> None:
        self._scope, self._renderer = scope, renderer
        self._seen: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self._seen:
            if name == "hostvars":
                raise KeyError(name)
            self._seen[name] = self._renderer.known_variable(name, self._scope)
        return self._seen[name]

    def raw(self, name: str) -> object:
        """Return a value as it is written."""
        found = self._scope.find(name)
        return found.value if found is not None else None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name != "hostvars" and self._scope.find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._scope.names() - {"hostvars", "vars"}))

    def __len__(self) -> int:
        return len(self._scope.names() - {"hostvars", "vars"})

    def __repr__(self) -> str:
        """Return all of it as a dictionary is written: what ``{{ hostvars[name] }}`` within a text becomes."""
        return repr(dict(self))


class HostVars(Mapping[str, HostView]):
    """All hosts by name. ``scope_of`` makes the scope of a host when it is asked for."""

    __slots__ = ("_hosts", "_renderer", "_scope_of")

    def __init__(self, hosts: Collection[str], scope_of: Callable[[str], Scope], renderer: RendersVariables) -> None:
        self._hosts, self._scope_of, self._renderer = hosts, scope_of, renderer

    def __getitem__(self, host: str) -> HostView:
        if host not in self:
            raise KeyError(host)
        return HostView(self._scope_of(host), self._renderer)

    def __contains__(self, host: object) -> bool:
        return host in self._hosts or host in IMPLICIT

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)
