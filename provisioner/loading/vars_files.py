"""Variables that lie beside inventories and playbooks: ``group_vars``, ``host_vars``, and the user's vars plugins."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source, position_of
from provisioner.loading.files import read_source, shown
from provisioner.loading.reading import kind_of
from provisioner.loading.settings import LoadSettings
from provisioner.loading.vars_plugins import VarsPlugin, vars_plugins
from provisioner.model.inventory import Sealed, VarsFile
from provisioner.syntax.vault import is_encrypted

FOLDERS = {"group": "group_vars", "host": "host_vars"}


class VarsFolders:
    """The folders of a run whose variables count; what a name has there is read when it is asked for.

    ``places`` are folders, each with ``inventory`` or ``playbook``, weakest first. Mistakes go to ``findings``; without
    them, as while a run is under way, the variables of who has them are sealed: whoever needs these is told.
    """

    def __init__(self, places: Sequence[tuple[str, str]], settings: LoadSettings, findings: Findings | None) -> None:
        self._places, self._settings, self._told = tuple(places), settings, findings
        self._findings = Findings()
        self._homes = {
            kind: [(Path(folder, name), beside, _names_in(Path(folder, name))) for folder, beside in self._places]
            for kind, name in FOLDERS.items()
        }
        self._plugins: Sequence[VarsPlugin | None] = ()
        self._asked: tuple[Path, ...] | None = None
        """The folders of roles whose plugins are among them; None: no plugin was looked for."""

    def of(self, kind: str, name: str) -> tuple[VarsFile, ...]:
        """Return what a ``group`` or ``host`` has, weakest first."""
        self._findings = Findings()
        found = self._found(kind, name)
        if self._told is not None:
            self._told.extend(self._findings.all)
        elif self._findings.errors:
            found.append(VarsFile(kind, name, "playbook", "", Sealed(self._findings.errors)))
        return tuple(found)

    def _found(self, kind: str, name: str) -> list[VarsFile]:
        if self.is_behind:
            self._asked = tuple(self._settings.role_vars_plugins)
            self._plugins = vars_plugins(self._settings, self._findings)
        found: list[VarsFile] = []
        for plugin in self._plugins:
            found += self._of_files(kind, name) if plugin is None else self._of_plugin(plugin, kind, name)
        return found

    @property
    def is_behind(self) -> bool:
        """Tell whether roles brought plugins that were not asked yet."""
        return self._asked != tuple(self._settings.role_vars_plugins)

    def _of_plugin(self, plugin: VarsPlugin, kind: str, name: str) -> Iterable[VarsFile]:
        for folder, beside in self._places:
            try:
                values = plugin.variables(folder, kind, name)
            except InputError as error:
                self._findings.extend(error.diagnostics)
                continue
            if values:
                yield VarsFile(kind, name, beside, plugin.name, values)

    def _of_files(self, kind: str, name: str) -> Iterable[VarsFile]:
        for home, beside, present in self._homes[kind]:
            if not present:
                continue
            for path in self._paths(home, name, present):
                values = self._values(path)
                if isinstance(values, Sealed) or values:
                    yield VarsFile(kind, name, beside, path, values)

    def _paths(self, home: Path, name: str, present: frozenset[str]) -> list[str]:
        """Return one owner's files: the first that exists of a folder or file without, or with, an ending."""
        endings = self._settings.inventory.yaml_extensions
        for ending in ("", *endings):
            if name + ending in present:
                place = home / (name + ending)
                return _inside(place, endings) if place.is_dir() else [str(place)]
        return []

    def _values(self, path: str) -> Mapping[str, object]:
        """Return a file's variables; what is wrong with it is told now, or to who needs it where Ansible does so."""
        try:
            content = self._settings.files.document(path, self._settings.vault, self._findings)
        except InputError as error:
            if self._settings.defers_mistakes or _is_encrypted(path):
                return Sealed(error.diagnostics)
            self._findings.extend(error.diagnostics)
            return {}
        if content is None:
            return {}
        if not isinstance(content, dict):
            where = position_of(content) or Position(Source(shown(path)), 1, 1)
            self._findings.error(f"a file of variables must be a mapping, not {kind_of(content)}", where)
            return {}
        return content


def _is_encrypted(path: str) -> bool:
    try:
        return is_encrypted(read_source(path).text)
    except InputError:
        return False


def _names_in(home: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(home))  # noqa: PTH208 - names only
    except OSError:
        return frozenset()


def _inside(folder: Path, endings: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for place in sorted(folder.iterdir()):
        if place.name.startswith(".") or place.name.endswith("~"):
            continue
        if place.is_dir():
            found += _inside(place, endings)
        elif place.suffix in ("", *endings):
            found.append(str(place))
    return found
