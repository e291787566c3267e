"""Loads inventories of every form, and the variable files beside inventories and playbooks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Severity
from provisioner.diagnostics.errors import Exit, InputError
from provisioner.loading import inventory_plugins
from provisioner.loading.draft import Draft
from provisioner.loading.files import absolute_path, shown
from provisioner.loading.settings import LoadSettings
from provisioner.loading.source_reading import NotMine, SourceReading
from provisioner.loading.vars_files import VarsFolders
from provisioner.model.inventory import Inventory, VarsFile

IGNORED_ALWAYS = ("group_vars", "host_vars", "vars_plugins")
DEFAULT_SOURCE = "/etc/ansible/hosts"


class NoInventory(InputError):
    """A source could not be read, and the settings say that this ends it; exit code 1."""

    exit_code = Exit.ERROR


def load_inventory(sources: Sequence[str], settings: LoadSettings) -> tuple[Inventory, Findings]:
    """Return the inventory of all sources, later ones winning, with everything that is wrong in them.

    A source is a file, an executable, a folder of these, or host names with commas; ``settings.inventory.enabled``
    says who is asked in which order, and whether one that nobody can read is a warning, an error, or NoInventory.
    """
    findings = Findings()
    reader = _Reader(settings, findings)
    parsed = [reader.source(given) for given in sources]
    if not any(parsed):
        if settings.inventory.unparsed_is_failed:
            raise NoInventory((*findings.all, Diagnostic("No inventory was parsed, please check your configuration and "
                                                         "options.")))  # fmt: skip
        if settings.inventory.warns_of_nothing and not findings.errors:
            findings.warn("No inventory was parsed, only implicit localhost is available")
        reader.draft = Draft(findings)
    inventory = reader.draft.finish(tuple(_named(given, settings) for given in sources))
    for name in inventory.groups:
        if name in inventory.hosts:
            findings.warn(f"Found both group and host with same name: {name}")
    inventory = with_variables(inventory, folders_of_variables(inventory, settings, findings))
    return replace(inventory, precedence=settings.inventory.precedence), findings


def with_variables(inventory: Inventory, beside: VarsFolders) -> Inventory:
    """Return an inventory with what files and plugins have for its hosts and groups now."""
    return replace(inventory, files=_files(inventory, beside))


def folders_of_variables(inventory: Inventory, settings: LoadSettings, findings: Findings | None) -> VarsFolders:
    """Return the folders beside an inventory's sources and the playbooks whose variables count."""
    places = _places(inventory.sources, settings)
    places += [(absolute_path(folder, settings.basedir), "playbook") for folder in settings.playbook_dirs]
    return VarsFolders(places, settings, findings)


def _named(given: str, settings: LoadSettings) -> str:
    """Return a source as it is called: names with commas as they are, else an absolute path."""
    path = absolute_path(given, settings.basedir)
    return given if "," in given and not Path(path).exists() else path


def _places(sources: Sequence[str], settings: LoadSettings) -> list[tuple[str, str]]:
    folders: dict[str, None] = {}
    for given in sources:
        path = absolute_path(given, settings.basedir)
        if Path(path).exists():
            folders[path if Path(path).is_dir() else str(Path(path).parent)] = None
    return [(folder, "inventory") for folder in folders]


def _files(inventory: Inventory, beside: VarsFolders) -> dict[tuple[str, str], tuple[VarsFile, ...]]:
    local = [] if "localhost" in inventory.hosts else ["localhost"]
    owners = [("group", name) for name in inventory.groups] + [("host", name) for name in (*inventory.hosts, *local)]
    return {owner: found for owner in owners if (found := beside.of(*owner))}


class _UntilError(Findings):
    """Ends the reading of a source at its first mistake: what stands before it counts, as in Ansible."""

    def add(self, diagnostic: Diagnostic) -> None:
        """Record a warning; an error is raised."""
        super().add(diagnostic)
        if diagnostic.severity is Severity.ERROR:
            raise InputError(diagnostic)


class _Reader:
    """Reads one source after the other into one draft."""

    def __init__(self, settings: LoadSettings, findings: Findings) -> None:
        self._settings, self._findings = settings, findings
        self.draft = Draft(findings, settings.inventory.group_names)
        self.draft.merges = settings.inventory.merges
        self._plugins = inventory_plugins.enabled(settings, findings)
        self._done: list[str] = []
        self._beside: VarsFolders | None = None

    def source(self, given: str) -> bool:
        """Read one source of the command line; tell whether anybody could."""
        path = absolute_path(given, self._settings.basedir)
        is_words = "," in given and not Path(path).exists()
        is_read = self._folder(path) if not is_words and Path(path).is_dir() else self._file(given, path, is_words)
        self._done.append(given)
        self._beside = None
        if not is_read and self._settings.inventory.any_unparsed_is_failed:
            self._give_up(given if is_words else shown(path))
        return is_read

    def _folder(self, path: str) -> bool:
        is_read = False
        for name in sorted(os.listdir(path)):  # noqa: PTH208 - names only
            if name in IGNORED_ALWAYS or self._is_ignored(name):
                continue
            inner = f"{path}/{name}"
            one = self._folder(inner) if Path(inner).is_dir() else self._file(inner, inner, is_words=False)
            if not one and self._settings.inventory.any_unparsed_is_failed:
                self._give_up(shown(inner))
            is_read = is_read or one
        return is_read

    def _give_up(self, what: str) -> NoReturn:
        last = Diagnostic(f"Completely failed to parse inventory source {what}")
        raise NoInventory((*self._findings.all, last))

    def _is_ignored(self, name: str) -> bool:
        own = self._settings.inventory
        if name.startswith(".") or name.endswith(own.ignored_extensions):
            return True
        return any(re.search(pattern, name) for pattern in own.ignored_patterns)

    def _file(self, given: str, path: str, is_words: bool) -> bool:
        """Let the first that can read a source do it; mistakes are told where nobody can."""
        self.draft.source = given if is_words else path
        target = given if is_words else path
        mistakes: list[tuple[str, Findings, bool]] = []
        for plugin in self._plugins:
            attempt = self.draft.findings = Findings() if self._settings.inventory.unread_is_error else _UntilError()
            is_other = False
            try:
                reading = SourceReading(self.draft, self._settings, self._variables)
                if not plugin.accepts(target, reading):
                    continue
                plugin.read(target, reading)
            except InputError as error:
                mine = Findings()
                mine.extend((*attempt.all, *error.diagnostics))
                attempt = mine
                is_other = isinstance(error, NotMine)
            finally:
                self.draft.findings = self._findings
            if not attempt.errors:
                self._findings.extend(attempt.all)
                return True
            mistakes.append((plugin.name, attempt, is_other))
        self._tell(given if is_words else shown(path), mistakes)
        return False

    def _tell(self, what: str, mistakes: Sequence[tuple[str, Findings, bool]]) -> None:
        """Say why nobody could read a source; who only said that it is of another kind is left out."""
        telling = [each for each in mistakes if not each[2]] or list(mistakes[-1:])
        severity = Severity.ERROR if self._settings.inventory.unread_is_error else Severity.WARNING
        for name, attempt, _ in telling:
            self._findings.extend(attempt.warnings)
            for each in attempt.errors:
                summary = f"Failed to parse {what} with {name} plugin: {each.summary}"
                self._findings.add(replace(each, summary=summary, severity=severity))
        hint = "" if Path(what).exists() or "," in what else "there is no such file; host names need a comma: 'host1,'"
        self._findings.add(Diagnostic(f"Unable to parse {what} as an inventory source", hint=hint, severity=severity))

    def _variables(self, kind: str, name: str) -> Mapping[str, object]:
        if self._beside is None:
            self._beside = VarsFolders(_places(self._done, self._settings), self._settings, self._findings)
        found: dict[str, object] = {}
        for file in self._beside.of(kind, name):
            found.update(file.values)
        return found
