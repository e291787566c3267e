"""Reads YAML files once: parsed content is kept until the file changes, with the warnings it gave."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from provisioner.diagnostics.diagnostic import Diagnostic, Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.diagnostics.position import Position, Source
from provisioner.syntax import yaml
from provisioner.syntax.vault import Vault, is_encrypted

EXTENSIONS = ("", ".yml", ".yaml", ".json")
"""What may stand behind the name of a variables file; the order is that of the search."""

_Stamp = tuple[int, int]


class FileStore:
    """The files a run has read. One store belongs to one run; it is passed along inside the settings."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[_Stamp, object, tuple[Diagnostic, ...]]] = {}
        self.parsed: dict[tuple[object, ...], tuple[object, tuple[Diagnostic, ...]]] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the YAML files that were read."""
        return tuple(self._documents)

    def document(self, path: str, vault: Vault | None, findings: Findings) -> object:
        """Return the content of a YAML file; raise InputError where it cannot be read or is no YAML."""
        stamp = self.stamp(path)
        known = self._documents.get(path)
        if known is None or known[0] != stamp:
            mine = Findings()
            content = yaml.load(read_source(path), vault=vault, findings=mine)
            known = (stamp, content, tuple(mine.all))
            self._documents[path] = known
        findings.extend(known[2])
        return known[1]

    def stamp(self, path: str) -> _Stamp:
        """Return what changes when the file does."""
        try:
            status = os.stat(path)  # noqa: PTH116 - one system call, thousands of times
        except OSError as error:
            raise InputError.at(None, f"cannot read {shown(path)}: {error.strerror}") from None
        return status.st_mtime_ns, status.st_size


def shown(path: str | Path) -> str:
    """Return a path as messages name it: relative to the working directory where it lies below that."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - no link is to be resolved
    here = str(Path.cwd())
    return absolute[len(here) + 1 :] if absolute.startswith(here + os.sep) else absolute


def absolute_path(path: str, folder: str) -> str:
    """Return ``path`` as an absolute one, seen from ``folder``; ``~`` is the home folder."""
    wanted = str(expanded(path)) if path.startswith("~") else path
    start = folder if folder.startswith("/") else str(Path(folder).absolute())
    return os.path.normpath(os.path.join(start, wanted))  # noqa: PTH118 - texts alone, for each file a task names


def read_source(path: str) -> Source:
    """Return a file's text under the name messages use; InputError where it is unreadable or not UTF-8."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError.at(None, f"cannot read {shown(path)}: {error.strerror}") from None
    try:
        return Source(shown(path), data.decode("utf-8-sig"), secret=is_encrypted(data))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError.at(Position(Source(shown(path)), line, 1), "the file is not UTF-8 text") from None


def with_extension(base: str, extensions: Sequence[str] = EXTENSIONS) -> str | None:
    """Return the first existing file of ``base`` plus an extension."""
    return next((base + ext for ext in extensions if is_file(base + ext)), None)


def is_file(path: str) -> bool:
    """Tell whether a file is there; a name that no file can have (too long) is none."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def is_folder(path: str) -> bool:
    """Tell whether a folder is there; a name that none can have is none."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False
