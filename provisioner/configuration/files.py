"""The files settings are written in: ``ansible.cfg``, and our own ``provisioner.toml`` or ``[tool.provisioner]``.

Of each sort one file counts. One in a folder that anybody may write to is passed over with a warning, as whoever can
write there could otherwise make us run programs.
"""

from __future__ import annotations

import configparser
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import Position, Source
from provisioner.records import dataclass

DEFAULTS = "defaults"
"""The section whose keys stand at the top level of our own file."""

_SECTION = re.compile(r"\s*\[(?P<name>[^]]+)\]")
_KEY = re.compile(r"(?P<name>[^=:#;\s][^=:]*?)\s*[=:]")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file with what it sets, by section and key, and the line of each."""

    path: Path
    values: Mapping[tuple[str, str], object]
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    text: str = ""

    def position(self, place: tuple[str, str]) -> Position:
        """Return where a key stands."""
        return Position(Source(str(self.path), self.text), self.lines.get(place, 1), 1)


def find_cfg(environ: Mapping[str, str], here: Path, warnings: list[Diagnostic]) -> Path | None:
    """Return the ``ansible.cfg`` that counts: named by ``ANSIBLE_CONFIG``, here, in the home folder, in ``/etc``.

    https://docs.ansible.com/ansible/latest/reference_appendices/config.html#the-configuration-file
    """
    candidates = [here / "ansible.cfg", expanded(environ.get("HOME") or "~") / ".ansible.cfg"]
    candidates.append(Path("/etc/ansible/ansible.cfg"))
    if environ.get("ANSIBLE_CONFIG"):
        named = here / expanded(environ["ANSIBLE_CONFIG"])
        candidates.insert(0, named / "ansible.cfg" if named.is_dir() else named)
    for path in candidates:
        if path.is_file() and not (path == here / "ansible.cfg" and _is_open(here, path.name, environ, warnings)):
            return path.resolve()
    return None


def _is_open(folder: Path, name: str, environ: Mapping[str, str], warnings: list[Diagnostic]) -> bool:
    """Tell whether anybody may write to the folder, and warn unless the file was named by the environment."""
    if not folder.stat().st_mode & stat.S_IWOTH:
        return False
    if not environ.get("ANSIBLE_CONFIG"):
        summary = f"{name} is ignored: anybody may write to {folder}"
        hint = f"chmod o-w {folder}, or name the file in ANSIBLE_CONFIG"
        warnings.append(Diagnostic(summary, hint=hint, severity=Severity.WARNING))
    return True


def read_cfg(path: Path) -> SettingsFile:
    """Return what an ``ansible.cfg`` says; InputError where it is no such file."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",), strict=False)
    try:
        text = path.read_text(encoding="utf-8")
        parser.read_string(text, source=str(path))
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise InputError.at(None, f"cannot read {path}", detail=str(error)) from None
    values = {(section, key): value for section in parser.sections() for key, value in parser[section].items()}
    return SettingsFile(path, {place: value for place, value in values.items() if value is not None},
                        dict(_cfg_lines(text)), text)  # fmt: skip


def _cfg_lines(text: str) -> Iterator[tuple[tuple[str, str], int]]:
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := _SECTION.match(line):
            section = match["name"]
        elif match := _KEY.match(line):
            yield (section, match["name"].lower()), number


def read_own(here: Path, environ: Mapping[str, str], warnings: list[Diagnostic]) -> SettingsFile | None:
    """Return what ``provisioner.toml`` says, or else ``[tool.provisioner]`` of ``pyproject.toml``; None without."""
    for name in ("provisioner.toml", "pyproject.toml"):
        path = here / name
        if not path.is_file():
            continue
        text, content = _toml(path)
        if name == "pyproject.toml":
            content = _table(_table(content.get("tool")).get("provisioner"))
        if content and not _is_open(here, name, environ, warnings):
            return SettingsFile(path, dict(_flat(content)), dict(_toml_lines(text)), text)
    return None


def _toml(path: Path) -> tuple[str, Mapping[str, object]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise InputError.at(None, f"cannot read {path}", detail=str(error)) from None


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _flat(content: Mapping[str, object], section: str = DEFAULTS) -> Iterator[tuple[tuple[str, str], object]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, key if section == DEFAULTS else f"{section}.{key}")
        else:
            yield (section, key), value


def _toml_lines(text: str) -> Iterator[tuple[tuple[str, str], int]]:
    for (section, key), number in _cfg_lines(text):
        name = section.removeprefix("tool.provisioner").lstrip(".")
        yield (name or DEFAULTS, key.strip("\"'")), number
