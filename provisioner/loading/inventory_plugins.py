"""Who reads a source of inventory: ours, a file each in ``sources``, and the user's own plugins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Protocol

from provisioner import catalog
from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.loading import plugin_running, user_plugins
from provisioner.loading.settings import LoadSettings
from provisioner.loading.source_reading import KIND, SourceReading, our_name
from provisioner.records import dataclass

CLASS = "InventoryModule"


class InventoryPlugin(Protocol):
    """Whoever can read a source."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    def needs_more(self) -> bool:
        """Tell whether it needs more of Ansible than plugins get here."""

    def accepts(self, path: str, reading: SourceReading) -> bool:
        """Tell whether a source looks like one it can read."""

    def read(self, path: str, reading: SourceReading) -> None:
        """Read it; InputError, or an error among the draft's findings, where that fails."""


@dataclass(frozen=True, slots=True)
class Ours:
    """One of the files in ``sources``."""

    name: str
    module: ModuleType

    def needs_more(self) -> bool:
        """Tell that it does not."""
        return False

    def accepts(self, path: str, reading: SourceReading) -> bool:
        """Ask the file."""
        return bool(self.module.accepts(path, reading))

    def read(self, path: str, reading: SourceReading) -> None:
        """Let the file read it."""
        self.module.read(path, reading)


@dataclass(frozen=True, slots=True)
class Theirs:
    """A plugin of the user's: a class InventoryModule in a file."""

    name: str
    path: Path

    def needs_more(self) -> bool:
        """Tell whether what it imports of Ansible is not there."""
        try:
            self._module()
        except user_plugins.NeedsMore:
            return True
        except InputError:
            return False  # reading says what is wrong
        return False

    def accepts(self, path: str, reading: SourceReading) -> bool:
        """Ask the plugin."""
        return plugin_running.InventoryRun(self._module(), self.name, reading).accepts(path)

    def read(self, path: str, reading: SourceReading) -> None:
        """Let the plugin read it."""
        plugin_running.InventoryRun(self._module(), self.name, reading).read(path)

    def _module(self) -> ModuleType:
        return user_plugins.load(self.path, (CLASS,))


def enabled(settings: LoadSettings, findings: Findings) -> Sequence[InventoryPlugin]:
    """Return who is asked, in the order of ``[inventory] enable_plugins``."""
    found: list[InventoryPlugin] = []
    for name in settings.inventory.enabled:
        try:
            plugin = named(name, settings)
        except InputError as error:
            findings.extend(error.diagnostics)
            continue
        if plugin is None:
            hint = nearest(name, catalog.names(KIND))
            findings.warn(f"Failed to load inventory plugin, skipping {name}", hint=hint)
        else:
            found.append(plugin)
    return found


def named(name: str, settings: LoadSettings) -> InventoryPlugin | None:
    """Return the plugin of that name, the user's before ours; None where there is none."""
    path = user_plugins.find(KIND, name, settings)
    if path is not None:
        return Theirs(name, path)
    ours = our_name(name)
    return None if ours is None else Ours(name, catalog.load(KIND, ours))
