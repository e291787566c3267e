"""What a renderer is told once: how values are typed, who decrypts, where files and own plugins are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import InputError
from provisioner.loading.collections import Collections
from provisioner.records import dataclass
from provisioner.syntax.vault import VaultText
from provisioner.variables.scope import Scope

NO_CONFIGURATION = Configuration({}, Path("/"))


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """How a template file is read; the ``#jinja2:`` header of a file overrides what its task says."""

    block_start_string: str = "{%"
    block_end_string: str = "%}"
    variable_start_string: str = "{{"
    variable_end_string: str = "}}"
    comment_start_string: str = "{#"
    comment_end_string: str = "#}"
    line_statement_prefix: str | None = None
    line_comment_prefix: str | None = None
    trim_blocks: bool = True
    lstrip_blocks: bool = False
    newline_sequence: str = "\n"
    keep_trailing_newline: bool = False


@dataclass(frozen=True, slots=True)
class PluginFolders:
    """Folders with FilterModule, TestModule and LookupModule files, the ones searched first in front."""

    filters: tuple[Path, ...] = ()
    tests: tuple[Path, ...] = ()
    lookups: tuple[Path, ...] = ()


def search_folders(scope: Scope) -> Sequence[Path]:
    """Return where templates and files of relative names are looked for: role, task file and playbook folders."""
    found = scope.find("ansible_search_path")
    if found is not None and isinstance(found.value, (list, tuple)):
        return tuple(Path(str(entry)).absolute() for entry in found.value)
    known = (hit for hit in map(scope.find, ("role_path", "playbook_dir")) if hit is not None)
    folders = [Path(str(hit.value)).absolute() for hit in known]
    return tuple(folders) or (Path(),)


def _undecrypted(value: VaultText) -> str:
    raise InputError.at(value.position, "this value is encrypted and no vault password was given")


class KeepsCode(Protocol):
    """Where compiled code outlives a run."""

    def find(self, name: str) -> Any:
        """Return what is kept under a name, or None."""

    def keep(self, name: str, code: Any) -> None:
        """Keep what `marshal` can write."""


def _none() -> None:
    return None


def unheard(_told: object) -> None:
    """Drop what nobody listens to."""


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """The settings of one renderer.

    ``merges``: dictionaries of several levels are joined (``hash_behaviour=merge``). ``extensions`` are further ones
    of Jinja. Without ``strict`` what is undefined stays as it is written.
    ``collections`` are searched for plugins of full names, ``configuration`` has the settings they may ask for.
    ``decrypt`` turns a ``!vault`` value into text, ``read_file`` returns a file's content (a vault file's
    decrypted), ``warn`` hears about what works but should be written otherwise. ``on_secret`` hears of secrets that are
    made or read, ``on_named_secret`` of values whose name says that they are. ``keeper`` returns what keeps the code of
    template files from one run to the next.
    """

    native: bool = False
    merges: bool = False
    extensions: tuple[str, ...] = ()
    strict: bool = True
    decrypt: Callable[[VaultText], str] = _undecrypted
    read_file: Callable[[Path], bytes] = Path.read_bytes
    search_paths: Callable[[Scope], Sequence[Path]] = search_folders
    plugin_folders: PluginFolders = PluginFolders()
    collections: Collections = field(default_factory=Collections)
    configuration: Configuration = field(default=NO_CONFIGURATION, compare=False, repr=False)
    ansible_managed: str = "Ansible managed"
    warn: Callable[[Diagnostic], None] = unheard
    on_secret: Callable[[str], None] = field(default=unheard, compare=False)
    on_named_secret: Callable[[object], None] = field(default=unheard, compare=False)
    keeper: Callable[[], KeepsCode | None] = field(default=_none, compare=False)
