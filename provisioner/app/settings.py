"""Settings below the command line: ``ANSIBLE_*`` variables and ``ansible.cfg``, as far as they mean something here."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.remote.params import boolean

SYSTEM_INVENTORY = "/etc/ansible/hosts"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run uses where neither option nor variable says otherwise. Paths are absolute."""

    inventories: tuple[str, ...] = ()
    roles_path: tuple[str, ...] = ()
    collections_path: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    ansible_managed: str = "Ansible managed"
    jinja2_native: bool = False
    host_key_checking: bool = True
    forks: int | None = None
    remote_user: str | None = None
    private_key_file: str | None = None
    timeout_s: float | None = None
    force_handlers: bool = False
    source: str = ""


class _Reader:
    """Looks a setting up: environment first, then the file."""

    def __init__(self, environ: Mapping[str, str], path: Path | None) -> None:
        self.environ = environ
        self.folder = path.parent if path else Path.cwd()
        self.parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",), strict=False)
        if path is not None:
            try:
                self.parser.read_string(path.read_text(encoding="utf-8"), source=str(path))
            except (configparser.Error, UnicodeDecodeError) as error:
                raise InputError.at(None, f"cannot read {path}", detail=str(error)) from None

    def text(self, variable: str, key: str, section: str = "defaults") -> str | None:
        """Return the setting as written."""
        return self.environ.get(variable) or self.parser.get(section, key, fallback=None)

    def paths(self, variable: str, key: str, *, separator: str = ":") -> tuple[str, ...]:
        """Return a list of paths; those of the file begin at its folder."""
        base = Path.cwd() if self.environ.get(variable) else self.folder
        words = re.split(f"[{separator}]", self.text(variable, key) or "")
        return tuple(os.path.normpath(base / Path(w.strip()).expanduser()) for w in words if w.strip())

    def truth(self, variable: str, key: str, section: str = "defaults", *, otherwise: bool) -> bool:
        """Return a yes or no."""
        written = self.text(variable, key, section)
        try:
            return otherwise if written is None else boolean(written)
        except ValueError:
            raise self._wrong(variable, key, written, "yes or no") from None

    def number(self, variable: str, key: str) -> float | None:
        """Return a number, None where the setting is not there."""
        written = self.text(variable, key)
        try:
            return float(written) if written else None
        except ValueError:
            raise self._wrong(variable, key, written, "a number") from None

    def _wrong(self, variable: str, key: str, written: str | None, wanted: str) -> InputError:
        place = variable if self.environ.get(variable) else f"{key} in {self.folder / 'ansible.cfg'}"
        return InputError.at(None, f"{place} is '{written}' and must be {wanted}")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of this process: ``ANSIBLE_CONFIG``, ``./ansible.cfg``, ``~/.ansible.cfg``, ``/etc/ansible``.

    https://docs.ansible.com/ansible/latest/reference_appendices/config.html: the first file found counts alone, and
    one in a world-writable folder is passed over.
    """
    path = _config_file(environ)
    read = _Reader(environ, path)
    forks = read.number("ANSIBLE_FORKS", "forks")
    inventories = read.text("ANSIBLE_INVENTORY", "inventory")
    return Settings(
        inventories=_inventories(inventories, read) if inventories else _default_inventories(),
        roles_path=read.paths("ANSIBLE_ROLES_PATH", "roles_path") or _default_paths("roles"),
        collections_path=read.paths("ANSIBLE_COLLECTIONS_PATH", "collections_path") or _default_paths("collections"),
        library=read.paths("ANSIBLE_LIBRARY", "library"),
        ansible_managed=read.text("ANSIBLE_MANAGED_STR", "ansible_managed") or "Ansible managed",
        jinja2_native=read.truth("ANSIBLE_JINJA2_NATIVE", "jinja2_native", otherwise=False),
        host_key_checking=read.truth("ANSIBLE_HOST_KEY_CHECKING", "host_key_checking", otherwise=True),
        forks=int(forks) if forks else None,
        remote_user=read.text("ANSIBLE_REMOTE_USER", "remote_user"),
        private_key_file=read.text("ANSIBLE_PRIVATE_KEY_FILE", "private_key_file"),
        timeout_s=read.number("ANSIBLE_TIMEOUT", "timeout"),
        force_handlers=read.truth("ANSIBLE_FORCE_HANDLERS", "force_handlers", otherwise=False),
        source=str(path or ""),
    )


def _inventories(written: str, read: _Reader) -> tuple[str, ...]:
    if "," in written:
        return (written,)
    base = Path.cwd() if read.environ.get("ANSIBLE_INVENTORY") else read.folder
    return (os.path.normpath(base / Path(written).expanduser()),)


def _default_inventories() -> tuple[str, ...]:
    return (SYSTEM_INVENTORY,) if Path(SYSTEM_INVENTORY).exists() else ()


def _default_paths(kind: str) -> tuple[str, ...]:
    return tuple(
        str(p.expanduser())
        for p in (Path("~/.ansible") / kind, Path("/usr/share/ansible") / kind, Path("/etc/ansible") / kind)
    )


def _config_file(environ: Mapping[str, str]) -> Path | None:
    candidates = [Path("ansible.cfg"), Path("~/.ansible.cfg").expanduser(), Path("/etc/ansible/ansible.cfg")]
    if environ.get("ANSIBLE_CONFIG"):
        named = Path(environ["ANSIBLE_CONFIG"]).expanduser()
        candidates.insert(0, named / "ansible.cfg" if named.is_dir() else named)
    for path in candidates:
        if path.is_file() and not (path.parent == Path() and Path.cwd().stat().st_mode & 0o002):
            return path.resolve()
    return None
