"""What a run learns about each host: facts, set_fact and registered values, included variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.execution.connecting import NAMES as WAYS
from provisioner.variables.scope import Layer, Level

PREFIX = "ansible_"
KEPT_FROM_HOSTS = frozenset({"ansible_facts", "ansible_host_key_checking", "ansible_check_mode", "ansible_diff_mode"})
LOCAL = "ansible_local"
"""The one fact that keeps its prefix in ``ansible_facts``."""


def _decides_the_way(name: str) -> bool:
    """Tell whether a variable of that name says how or as whom a host is reached, which no host decides itself.

    A host that was taken over could else send its next tasks to the controller (``ansible_connection: local``).
    """
    return (
        name in WAYS
        or name in KEPT_FROM_HOSTS
        or name.startswith("ansible_become")
        or (name.startswith("ansible_ssh_") and not name.startswith("ansible_ssh_host_key_"))
        or (name.startswith(PREFIX) and name.endswith("_interpreter"))
    )


class HostMemory:
    """One host's learned values. The layers refer to dictionaries that are filled in place, so they are made once."""

    def __init__(self, host: str, *, injects: bool = True) -> None:
        self.host = host
        self.facts: dict[str, Any] = {}
        self.told: dict[str, Any] = {}
        """Facts under the names the modules gave them."""
        self.is_gathered = False
        """Whether the host's facts were gathered, as a play does it."""
        self._injects = injects
        self._injected: dict[str, Any] = {"ansible_facts": self.facts}
        self.variables: dict[str, Any] = {}
        self.included: dict[str, Any] = {}
        self.layers = (
            Layer(Level.FACTS, "facts", self._injected, rendered=True),
            Layer(Level.INCLUDE_VARS, "include_vars", self.included),
            Layer(Level.SET_FACTS, "set_fact and register", self.variables, rendered=True),
        )
        self.version = 0
        """Counts up with every change that may alter how the host is reached."""

    def learn_facts(self, facts: Mapping[str, Any]) -> None:
        """Add facts under both names: in ``ansible_facts`` without the prefix, and at top level as the module said."""
        for name, value in facts.items():
            if _decides_the_way(name):
                continue
            self.told[name] = value
            self.facts[name if name == LOCAL else name.removeprefix(PREFIX)] = value
            if self._injects or name == LOCAL:
                self._injected[name] = value
        self.version += 1

    def set(self, values: Mapping[str, Any]) -> None:
        """Add values of set_fact or register."""
        self.variables.update(values)
        if any(name.startswith(PREFIX) for name in values):
            self.version += 1

    def include(self, values: Mapping[str, Any]) -> None:
        """Add values of include_vars."""
        self.included.update(values)
        self.version += 1

    def clear_facts(self) -> None:
        """Forget gathered facts (``meta: clear_facts``)."""
        self.facts.clear()
        self.told.clear()
        self.is_gathered = False
        self._injected.clear()
        self._injected["ansible_facts"] = self.facts
        self.version += 1
