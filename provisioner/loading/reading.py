"""The place where something is being read: its folder, its role, the variables already known, the findings so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TypeAlias

from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Found, Severity
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Position, Text, Unsafe, position_of
from provisioner.loading.collections import Collections
from provisioner.loading.files import absolute_path
from provisioner.loading.settings import LoadSettings
from provisioner.model.keywords import Keywords
from provisioner.model.task import Node
from provisioner.records import dataclass
from provisioner.syntax.vault import VaultText

_CLASSES = {"task": "Task", "play": "Play", "block": "Block", "role": "RoleInclude", "loop_control": "LoopControl"}
"""How Ansible names what a key may stand on."""

_PLAIN_NAME = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


Importer: TypeAlias = "Callable[[dict[str, object], Action, Keywords, Reading], Node | None]"
"""Reads what a static import brings in. Passed along, as files hold tasks and tasks import files."""


def _no_imports(_written: object, action: Action, _keywords: object, reading: Reading) -> None:
    reading.error(f"'{action.written}' cannot be used here", action.position)


@dataclass(frozen=True, slots=True)
class Action:
    """A module and its parameters. ``more_vars`` are old-style variables written behind an include's file."""

    name: str
    written: str
    args: Mapping[str, object]
    position: Position
    more_vars: Mapping[str, object] = field(default_factory=dict)
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class RolePlace:
    """The role whose files are being read; ``parent`` is the role that uses it.

    ``entry`` is the tasks file that is being read right now, empty where reading is over.
    """

    name: str
    path: str
    parent: RolePlace | None = None
    collection: str | None = None
    entry: str = ""

    def chain(self) -> tuple[RolePlace, ...]:
        """Return this role and those around it, the innermost first."""
        return (self, *(self.parent.chain() if self.parent else ()))


@dataclass(frozen=True, slots=True)
class Reading:
    """Passed down while reading. ``basedir`` is the playbook's folder, ``folder`` that of the current file.

    ``constants`` are variables known without a host; ``open_files`` the files being read around this one, which
    must not be imported again.
    """

    settings: LoadSettings
    findings: Findings
    basedir: str
    folder: str
    role: RolePlace | None = None
    constants: Mapping[str, object] = field(default_factory=dict)
    open_files: tuple[str, ...] = ()
    in_handlers: bool = False
    libraries: tuple[str, ...] = ()
    importer: Importer = _no_imports
    collections: tuple[str, ...] = ()

    def error(self, summary: str, at: object = None, *, detail: str = "", hint: str = "", known_as: str = "") -> None:
        """Record an error; ``at`` is a position or a loaded value that has one."""
        self.findings.error(summary, _position(at), detail=detail, hint=hint, known_as=known_as)

    def missing(self, summary: str, at: object = None, *, detail: str = "", hint: str = "", known_as: str = "") -> None:
        """Record that something named is not there; ``at`` as for ``error``. Ansible ends with 1 for it."""
        told = Diagnostic(summary, _position(at), detail, hint, known_as=known_as, known_code=1)
        self.findings.add(told)

    def warn(self, summary: str, at: object = None, *, detail: str = "", hint: str = "") -> None:
        """Record a warning; ``at`` as for ``error``."""
        self.findings.warn(summary, _position(at), detail=detail, hint=hint)

    def mistake(
        self,
        summary: str,
        at: object = None,
        *,
        detail: str = "",
        hint: str = "",
        known_as: str = "",
        is_certain: bool = True,
    ) -> None:
        """Record an error of a task that Ansible finds when the task runs; only a warning where it may never."""
        severity = Severity.ERROR if is_certain else Severity.WARNING
        self.findings.add(Diagnostic(summary, _position(at), detail, hint, severity, Found.RUNNING, known_as))

    def unknown_key(self, key: object, thing: str, known: frozenset[str]) -> None:
        """Record a key that ``thing`` does not have."""
        self.error(f"unknown key '{key}' of a {thing}", key, hint=nearest(str(key), known),
                   known_as=f"'{key}' is not a valid attribute for a {_CLASSES.get(thing, thing)}")  # fmt: skip

    def document(self, path: str) -> object:
        """Return a file's content, or None with an error recorded where it cannot be read."""
        try:
            return self.settings.files.document(path, self.settings.vault, self.findings)
        except InputError as error:
            self.findings.extend(error.diagnostics)
            return None

    def inside(self, path: str) -> Reading:
        """Return the reading of a file that is used from here."""
        return replace(self, folder=str(Path(path).parent), open_files=(*self.open_files, path))

    def with_constants(self, values: Mapping[str, object]) -> Reading:
        """Return this reading with more variables known; extra variables still win."""
        if not values:
            return self
        return replace(self, constants={**self.constants, **values, **self.settings.extra_vars})

    def with_collections(self, names: tuple[str, ...]) -> Reading:
        """Return this reading with more collections searched for short names."""
        own = tuple(name for name in names if name not in ("ansible.builtin", "ansible.legacy", *self.collections))
        return replace(self, collections=(*own, *self.collections)) if own else self

    @property
    def installed(self) -> Collections:
        """The collections seen from here: beside the playbook, configured, and those around the current file."""
        settings = self.settings
        around = [str(place) for place in Path(self.folder).parents if place.name == "ansible_collections"]
        configured = [absolute_path(each, settings.basedir) for each in settings.collections_path]
        return settings.collections.beside([absolute_path("collections", self.basedir), *configured, *around])

    def known_text(self, value: object, what: str) -> str | None:
        """Return a name that must be known now, its templates rendered; None with an error where that fails."""
        if not isinstance(value, str):
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
            self.error(f"{what} must be a string, not {kind_of(value)}", value)
            return None
        if not is_template(value):
            return value
        names = self._names()
        try:
            if self.settings.render is not None:
                return Text(str(self.settings.render(value, names)), position_of(value))
            text = _PLAIN_NAME.sub(lambda match: str(names[match[1]]), value)
        except KeyError as error:
            self._not_known(value, what, f"variable {error} is not known before the play starts")
            return None
        except InputError as error:
            self._not_known(value, what, error.diagnostics[0].summary)
            return None
        if is_template(text):
            self._not_known(value, what, "")
            return None
        return Text(text, position_of(value))

    def as_far_as_known(self, text: str) -> str:
        """Return a text rendered with what is known before the play starts; as written where that does not suffice.

        A list comes out as its items with commas between them.
        """
        if not is_template(text) or self.settings.render is None:
            return text
        try:
            value = self.settings.render(text, self._names())
        except (KeyError, InputError):
            return text
        return Text(",".join(map(str, value)) if isinstance(value, list) else str(value), position_of(text))

    def _names(self) -> dict[str, object]:
        names: dict[str, object] = {"playbook_dir": self.basedir}
        if self.role is not None:
            names.update(role_path=self.role.path, role_name=self.role.name)
        names.update(self.constants)
        names.update(self.settings.extra_vars)
        return names

    def _not_known(self, value: object, what: str, detail: str) -> None:
        self.error(
            f"{what} must be known before the play starts: '{value}'",
            value,
            detail=detail,
            hint="use extra variables or play variables in it, or the include_ form, which is read while running",
        )

    def path(self, name: str) -> str:
        """Return ``name`` as an absolute path, seen from the current file."""
        return absolute_path(name, self.folder)


def _position(at: object) -> Position | None:
    return at if isinstance(at, Position) else position_of(at)


def kind_of(value: object) -> str:
    """Return what a loaded value is, in a playbook author's words."""
    if value is None:
        return "nothing"
    names = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return next((word for kind, word in names.items() if type(value) is kind), "a string")


def is_template(value: object) -> bool:
    """Tell whether a value's content is only known later: templates and encrypted texts, also inside collections."""
    if isinstance(value, str):
        if isinstance(value, VaultText):
            return True
        return ("{{" in value or "{%" in value or "{#" in value) and not isinstance(value, Unsafe)
    if isinstance(value, dict):
        return any(map(is_template, value.values())) or any(map(is_template, value))
    if isinstance(value, (list, tuple)):
        return any(map(is_template, value))
    return False
