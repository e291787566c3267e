"""A YAML file that names what reads it: ``plugin: constructed``."""

from __future__ import annotations

from provisioner import catalog
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import position_of
from provisioner.loading import inventory_plugins
from provisioner.loading.files import shown
from provisioner.loading.source_reading import KIND, NotMine, SourceReading, load_yaml, our_name
from provisioner.loading.sources import script


def accepts(path: str, _reading: SourceReading) -> bool:
    """Tell whether it is a YAML file."""
    return path.endswith((".yml", ".yaml"))


def read(path: str, reading: SourceReading) -> None:
    """Let the named plugin read the file: the user's, a collection's, ours, or one of an installed Ansible."""
    try:
        content = load_yaml(path, reading)
    except InputError as error:
        raise NotMine(error.diagnostics) from None
    name = content.get("plugin") if isinstance(content, dict) else None
    if not name:
        raise NotMine.at(None, f"no root 'plugin' key found, '{shown(path)}' configures no inventory plugin")
    where = position_of(name)
    plugin = inventory_plugins.named(str(name), reading.settings)
    if plugin is None or (plugin.needs_more() and our_name(str(name)) is None):
        answer = reading.inventory.foreign(path)
        if answer is not None:
            script.fill(reading.draft, path, answer, lambda _host: {})
            return
    if plugin is None:
        hint = nearest(str(name), catalog.names(KIND)) or "put it into a folder inventory_plugins beside the playbook"
        raise InputError.at(where, f"inventory config '{shown(path)}' specifies unknown plugin '{name}'", hint=hint)
    if our_name(str(name)) == "auto":
        raise InputError.at(where, "'auto' cannot be what an inventory file names")
    if not plugin.accepts(path, reading):
        raise InputError.at(where, f"inventory source '{shown(path)}' could not be verified by inventory plugin "
                            f"'{name}'", hint="the plugin wants another file name")  # fmt: skip
    plugin.read(path, reading)
