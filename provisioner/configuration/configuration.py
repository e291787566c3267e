"""Every setting's value with its origin: environment first, then our own file, then ``ansible.cfg``, then the default.

https://docs.ansible.com/ansible/latest/reference_appendices/config.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from provisioner.configuration.files import DEFAULTS, SettingsFile, find_cfg, read_cfg, read_own
from provisioner.configuration.table import Definition, table
from provisioner.configuration.values import Ground, Wrong, read_value, unquoted
from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Severity
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Position
from provisioner.records import dataclass

DEFAULT = "default"
NOT_SETTINGS = frozenset({"ANSIBLE_CONFIG"})
FREE_PREFIXES = ("ANSIBLE_GALAXY_SERVER_", "ANSIBLE_TEST_")
"""What variables of the environment begin with that belong to servers by name, and to Ansible's own tests."""
SERVER = "galaxy_server."
SERVER_KEYS = {
    "url": "str", "username": "str", "password": "str", "token": "str", "auth_url": "str", "api_version": "int",
    "validate_certs": "bool", "client_id": "str", "timeout": "int",
}  # fmt: skip
"""What the section of one Galaxy server may say."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's value. ``origin`` is ``default``, ``env: NAME``, ``var: NAME`` or a file with ``line``."""

    definition: Definition
    value: object
    origin: str = DEFAULT
    line: int = 0

    @property
    def is_default(self) -> bool:
        """Whether nobody set it."""
        return self.origin == DEFAULT

    @property
    def place(self) -> str:
        """The origin with the line."""
        return f"{self.origin}:{self.line}" if self.line else self.origin


class Configuration:
    """The settings of one process. Values are read when they are asked for."""

    def __init__(
        self,
        environ: Mapping[str, str],
        here: Path,
        *,
        cfg: SettingsFile | None = None,
        own: SettingsFile | None = None,
        warnings: tuple[Diagnostic, ...] = (),
    ) -> None:
        self.environ, self.here, self.cfg, self.own = environ, here, cfg, own
        self.warnings = warnings
        self._known: dict[str, Setting] = {}

    @property
    def source(self) -> str:
        """The path of the ``ansible.cfg`` in use, empty without one."""
        return str(self.cfg.path) if self.cfg else ""

    def setting(self, name: str) -> Setting:
        """Return a setting of the table by name; InputError where what is written for it makes no sense."""
        if name not in self._known:
            self._known[name] = self.find(table().settings[name])
        return self._known[name]

    def find(self, definition: Definition, variables: Mapping[str, object] | None = None) -> Setting:
        """Return what a definition is set to; ``variables`` are those of a host, for options that are set by them."""
        for name in reversed(definition.variables) if variables else ():
            if variables and name in variables:
                origin = f"var: {name}"
                return Setting(definition, self._read(definition, variables[name], self._ground(), origin), origin)
        for name in reversed(definition.env):
            if name in self.environ:
                value = self._read(definition, self.environ[name], self._ground(), f"env: {name}")
                if value is not None or definition.kind not in ("int", "float"):
                    return Setting(definition, value, f"env: {name}")
        for file in (self.own, self.cfg):
            for place in reversed(definition.ini) if file else ():
                if file and place in file.values:
                    return self._from_file(definition, file, place)
        return Setting(definition, self._default(definition))

    def _from_file(self, definition: Definition, file: SettingsFile, place: tuple[str, str]) -> Setting:
        ground = Ground(file.path.parent, self.here, self.environ, quoted=True)
        value = self._read(definition, file.values[place], ground, str(file.path), file.position(place))
        return Setting(definition, value, str(file.path), file.lines.get(place, 0))

    def _ground(self) -> Ground:
        return Ground(self.here, self.here, self.environ)

    def _read(
        self, definition: Definition, written: object, ground: Ground, origin: str, position: Position | None = None
    ) -> object:
        try:
            return read_value(definition, written, ground)
        except Wrong as error:
            summary = f"Invalid type for configuration option setting: {definition.name} (from {origin})"
            if definition.choices:
                summary = f"Invalid value for configuration option setting: {definition.name} (from {origin})"
            raise InputError.at(position, summary, detail=f"'{written}' must be {error}") from None

    def _default(self, definition: Definition) -> object:
        written = definition.default
        if isinstance(written, str) and "{home}" in written:
            written = written.replace("{home}", str(self.value("ANSIBLE_HOME")))
        if isinstance(written, str) and written == '""':
            written = ""
        return read_value(definition, written, self._ground())

    # ------------------------------------------------------------------ by kind

    def value(self, name: str) -> object:
        """Return a setting's value."""
        return self.setting(name).value

    def text(self, name: str) -> str | None:
        """Return a setting that is a text, None where it is nothing."""
        value = self.value(name)
        return None if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Return a setting that is a truth."""
        return bool(self.value(name))

    def number(self, name: str) -> float | None:
        """Return a setting that is a number."""
        value = self.value(name)
        return value if isinstance(value, (int, float)) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a setting that is a list."""
        value = self.value(name)
        return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()

    def given(self, name: str) -> bool:
        """Tell whether anybody set it."""
        return not self.setting(name).is_default

    # ------------------------------------------------------------------ all of them

    def settings(self) -> Iterator[Setting]:
        """Yield every setting of the program itself."""
        for name, definition in table().settings.items():
            if not definition.plugin[0]:
                yield self._config_file() if name == "CONFIG_FILE" else self.setting(name)

    def plugin_settings(self) -> Iterator[Setting]:
        """Yield every option of a plugin."""
        for name, definition in table().settings.items():
            if definition.plugin[0]:
                yield self.setting(name)

    def _config_file(self) -> Setting:
        return Setting(table().settings["CONFIG_FILE"], self.source or None, "")

    def mistakes(self) -> Findings:
        """Return everything that is set to something it cannot be."""
        found = Findings()
        for name in self._written():
            try:
                self.setting(name)
            except InputError as error:
                found.extend(error.diagnostics)
        return found

    def _written(self) -> list[str]:
        """Return the names of the program's own settings that somebody set."""
        names: dict[str, None] = {}
        for variable in self.environ:
            names.update(dict.fromkeys(table().by_env.get(variable, ())))
        for file in (self.own, self.cfg):
            for place in file.values if file else ():
                names.update(dict.fromkeys(table().by_ini.get(place, ())))
        return [name for name in names if "/" not in name]

    def unknown(self) -> tuple[Diagnostic, ...]:
        """Return a warning for everything that is set and that no setting knows."""
        found = []
        for file in filter(None, (self.own, self.cfg)):
            for place in file.values:
                section, key = place
                if place not in table().by_ini and not section.startswith(SERVER):
                    known = {k for s, k in table().by_ini if s == section}
                    what = f"unknown setting '{key}' of [{section}]"
                    found.append(Diagnostic(what, file.position(place), "", nearest(key, known), Severity.WARNING))
        for name in self.unknown_variables():
            found.append(Diagnostic(f"unknown setting {name} in the environment", severity=Severity.WARNING))
        return tuple(found)

    def unknown_variables(self) -> list[str]:
        """Return the ``ANSIBLE_`` variables of the environment that no setting knows."""
        names = [each for each in self.environ if each.startswith("ANSIBLE_") and each not in NOT_SETTINGS]
        known = table().by_env
        return [each for each in names if each not in known and not each.startswith(FREE_PREFIXES)]

    # ------------------------------------------------------------------ Galaxy servers

    def server(self, name: str) -> dict[str, Setting]:
        """Return what is said of one Galaxy server of ``GALAXY_SERVER_LIST``."""
        found = {}
        for key, kind in SERVER_KEYS.items():
            definition = Definition(
                f"galaxy_server/{name}/{key}",
                kind,
                self.value("GALAXY_SERVER_TIMEOUT") if key == "timeout" else None,
                ((SERVER + name, key),),
                (f"ANSIBLE_GALAXY_SERVER_{name.upper()}_{key.upper()}",),
            )
            found[key] = self.find(definition)
        return found

    def servers(self) -> dict[str, dict[str, Setting]]:
        """Return what is said of every Galaxy server that is listed."""
        return {name: self.server(name) for name in self.texts("GALAXY_SERVER_LIST")}


def read_configuration(
    environ: Mapping[str, str] = os.environ, here: Path | None = None, cfg: Path | None = None
) -> Configuration:
    """Return the configuration of a process that works in ``here``; ``cfg`` is an ``ansible.cfg`` to use instead."""
    here = here or Path.cwd()
    warnings: list[Diagnostic] = []
    path = cfg or find_cfg(environ, here, warnings)
    own = read_own(here, environ, warnings)
    return Configuration(environ, here, cfg=read_cfg(path) if path else None, own=own, warnings=tuple(warnings))


def shown(value: object) -> str:
    """Return a value as a person reads it: texts plain, the rest as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False, default=str)


__all__ = ["DEFAULTS", "Configuration", "Setting", "read_configuration", "shown", "unquoted"]
