"""What loading needs to know besides the paths: passwords, search paths, and how templates are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.position import Position
from provisioner.loading.files import FileStore
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
    ``library`` are folders that hold the user's own modules. ``files`` remembers what was read.
    """

    vault: Vault | None = None
    extra_vars: Mapping[str, object] = field(default_factory=dict)
    roles_path: tuple[str, ...] = ()
    collections_path: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    basedir: str = "."
    playbook_dirs: tuple[str, ...] = ()
    check_template: CheckText | None = None
    check_expression: CheckText | None = None
    render: Render | None = None
    inventory_ignore_extensions: tuple[str, ...] = (
        "~", ".orig", ".bak", ".ini", ".cfg", ".retry", ".pyc", ".pyo", ".rpm", ".md", ".txt", ".rst",
    )  # fmt: skip
    inventory_ignore_patterns: tuple[str, ...] = ()
    files: FileStore = field(default_factory=FileStore, repr=False, compare=False)
