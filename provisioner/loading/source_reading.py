"""What a source of inventory is given to read with, and the file that configures it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from provisioner import catalog
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source, position_of
from provisioner.loading.draft import Draft
from provisioner.loading.files import read_source, shown
from provisioner.loading.inventory_settings import InventorySettings
from provisioner.loading.reading import kind_of
from provisioner.loading.settings import LoadSettings
from provisioner.records import dataclass
from provisioner.syntax import yaml

KIND = "inventory"
SAME_AS = {"netbox.netbox.nb_inventory": "netbox", "nb_inventory": "netbox"}
"""Names under which other projects have a source of ours."""


class NotMine(InputError):
    """The source is of another kind; told only where nobody else can read it either."""


@dataclass(frozen=True, slots=True)
class SourceReading:
    """The inventory so far, the settings, and what was read before.

    ``variables_beside`` returns what ``group_vars``, ``host_vars`` and vars plugins give a ``group`` or ``host`` of
    the sources read so far.
    """

    draft: Draft
    settings: LoadSettings
    variables_beside: Callable[[str, str], Mapping[str, object]]

    @property
    def inventory(self) -> InventorySettings:
        """How inventories are read."""
        return self.settings.inventory

    def remark(self, text: str) -> None:
        """Say something that only a user who wants to know everything wants to know."""
        if self.settings.inventory.verbosity > 2:
            self.draft.findings.warn(text)


def our_name(written: str) -> str | None:
    """Return the name of the source of ours that is meant, None where we have none."""
    return catalog.short_name(KIND, SAME_AS.get(written, written))


def read_config(path: str, reading: SourceReading, name: str) -> dict[str, object]:
    """Return the options in the file of a source called ``name``; NotMine where it is for another one."""
    content = load_yaml(path, reading)
    if not isinstance(content, dict):
        raise NotMine.at(Position(Source(shown(path)), 1, 1), f"a file that configures an inventory must be a mapping,"
                         f" not {kind_of(content)}")  # fmt: skip
    plugin = content.get("plugin")
    if plugin is None or our_name(str(plugin)) != name:
        raise NotMine.at(position_of(plugin), f"Incorrect plugin name in file: {plugin or 'none found'}")
    return content


def load_yaml(path: str, reading: SourceReading) -> object:
    """Return the content of a YAML file."""
    return yaml.load(read_source(path), vault=reading.settings.vault, findings=reading.draft.findings)


def is_config_file(path: str, reading: SourceReading) -> bool:
    """Tell whether a path may be a file that configures a source."""
    place = Path(path)
    return place.is_file() and (place.suffix in ("", ".config", *reading.inventory.yaml_extensions))
