"""What loading needs to know besides the paths: passwords, search paths, and how templates are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Found
from provisioner.diagnostics.position import Position
from provisioner.loading.collections import Collections
from provisioner.loading.files import FileStore
from provisioner.loading.inventory_settings import InventorySettings
from provisioner.records import dataclass
from provisioner.syntax.vault import Vault

CheckText: TypeAlias = Callable[[str, "Position | None"], "Diagnostic | None"]
Render: TypeAlias = Callable[[str, Mapping[str, object]], object]


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How to load. Relative paths begin at ``basedir``.

    ``check_template`` and ``check_expression`` return what is wrong with a template or a bare condition. ``render``
    renders the few templates that must be known before any host is: names of imported files, roles, playbooks; it may
    raise KeyError for an unknown variable. Without it only plain ``{{ name }}`` can be used there.
    ``playbook_dirs`` are the folders of the playbooks, whose ``group_vars`` and ``host_vars`` count.
    ``defers_mistakes``: what is wrong with a task and Ansible only finds when the task runs is left for then.
    ``strategy`` is that of plays that name none. ``private_role_vars``: what a role defines stays with it; None, the
    default, means so for included roles only. ``rejected_modules`` must not be used. ``inventory``
    says how inventories are read. ``library`` are folders that hold the user's own modules, ``action_plugins`` such
    with action plugins. ``collections`` are the installed ones; those beside a playbook and those of
    ``collections_path`` are seen besides. ``files`` remembers what was read, ``role_vars_plugins`` the folders of vars
    plugins that roles brought so far.
    """

    vault: Vault | None = None
    extra_vars: Mapping[str, object] = field(default_factory=dict)
    roles_path: tuple[str, ...] = ()
    collections_path: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    action_plugins: tuple[str, ...] = ()
    basedir: str = "."
    playbook_dirs: tuple[str, ...] = ()
    add_plugins: Callable[[Path], None] | None = None
    check_template: CheckText | None = None
    check_expression: CheckText | None = None
    render: Render | None = None
    inventory: InventorySettings = field(default_factory=InventorySettings)
    defers_mistakes: bool = False
    strategy: str = "linear"
    private_role_vars: bool | None = None
    rejected_modules: frozenset[str] = frozenset()
    collections: Collections = field(default_factory=Collections, repr=False, compare=False)
    files: FileStore = field(default_factory=FileStore, repr=False, compare=False)
    role_vars_plugins: dict[Path, None] = field(default_factory=dict, repr=False, compare=False)

    def use_role(self, folder: str) -> None:
        """Have the vars plugins of a role asked that is used from now on."""
        plugins = Path(folder, "vars_plugins")
        if plugins.is_dir():
            self.role_vars_plugins[plugins] = None

    def reported(self, findings: Findings) -> Findings:
        """Return what is to be told now."""
        return findings.without(Found.RUNNING) if self.defers_mistakes else findings
