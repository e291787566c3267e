"""All files of a folder, with what is needed to make them elsewhere."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provisioner.templating.context import LookupContext

KINDS = ((stat.S_ISLNK, "link"), (stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"))


def run(terms: list[object], context: LookupContext, *, exclude: str | None = None) -> list[object]:
    """Return every folder, file and link below the folders (looked for as files are), names without ``exclude``.

    Each has path, src, root, state, mode, owner, group, uid, gid, size, mtime, ctime.
    """
    found: dict[str, dict[str, Any]] = {}
    for term in terms:
        for folder in context.candidates(str(term), "files"):
            for entry in _walk(folder, exclude) if folder.is_dir() else ():
                found.setdefault(entry["path"], entry)
    return list(found.values())


def _walk(root: Path, exclude: str | None) -> Iterator[dict[str, Any]]:
    for folder, folders, files in os.walk(root):
        for name in sorted((*folders, *files)):
            if exclude is None or exclude not in name:
                yield _entry(root, Path(folder, name))


def _entry(root: Path, path: Path) -> dict[str, Any]:
    status = path.lstat()
    kind = next((word for test, word in KINDS if test(status.st_mode)), "other")
    entry: dict[str, Any] = {
        "root": f"{root}/",
        "path": str(path.relative_to(root)),
        "state": kind,
        "mode": f"0{stat.S_IMODE(status.st_mode):o}",
        "uid": status.st_uid,
        "gid": status.st_gid,
        "owner": _name(lambda: pwd.getpwuid(status.st_uid).pw_name, status.st_uid),
        "group": _name(lambda: grp.getgrgid(status.st_gid).gr_name, status.st_gid),
        "size": status.st_size,
        "mtime": status.st_mtime,
        "ctime": status.st_ctime,
    }
    if kind == "link":
        entry["src"] = os.readlink(path)  # noqa: PTH115 - the text as it is
    elif kind == "file":
        entry["src"] = str(path)
    return entry


def _name(ask: Any, number: int) -> Any:
    try:
        return ask()
    except KeyError:
        return number
