"""Builds a case's files, takes snapshots of them and compares them with what a table expects."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from pathlib import Path
from typing import Any

from provisioner.remote.system.payload import Payload


def build(root: Path, files: dict[str, Any]) -> None:
    """Make the files a case starts with; missing parents come with mode 0755."""
    root.mkdir(parents=True)
    root.chmod(0o755)
    for path, given in files.items():
        spec = given if isinstance(given, dict) else {"content": given or ""}
        real = root / path.lstrip("/")
        _make_parents(real.parent)
        if "link" in spec:
            real.symlink_to(spec["link"])
            continue
        if "hard" in spec:
            os.link(root / spec["hard"].lstrip("/"), real)
            continue
        if spec.get("dir"):
            real.mkdir(exist_ok=True)
        else:
            real.write_bytes(_bytes_of(spec))
        if "uid" in spec or "gid" in spec:
            os.chown(real, spec.get("uid", -1), spec.get("gid", -1))
        real.chmod(int(spec.get("mode", "0755" if spec.get("dir") else "0644"), 8))
    for path, given in reversed(files.items()):
        if isinstance(given, dict) and "mtime" in given:
            os.utime(root / path.lstrip("/"), (given["mtime"], given["mtime"]))


def _make_parents(folder: Path) -> None:
    if not folder.is_dir():
        _make_parents(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _bytes_of(spec: dict[str, Any]) -> bytes:
    if "b64" in spec:
        return base64.b64decode(spec["b64"])
    return str(spec.get("content", "")).encode("utf-8", "surrogateescape")


def body_of(given: Any) -> Payload:
    """Return a case's payload: text, or ``{b64: ...}``."""
    return Payload(_bytes_of(given if isinstance(given, dict) else {"content": given}))


def snapshot(root: Path) -> dict[str, tuple[Any, ...]]:
    """Return all that matters about everything below ``root``, modification times included."""
    seen = {}
    for folder, directories, names in os.walk(root):
        for name in (".", *directories, *names):
            path = Path(folder) / name
            status = path.lstat()
            what = os.readlink(path) if path.is_symlink() else _digest(path)
            seen[str(path.relative_to(root))] = (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, what)
    return seen


def _digest(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest() if path.is_file() else ""


def mismatches(root: Path, wanted: dict[str, Any]) -> list[str]:
    """Return in words how the files below ``root`` differ from those wanted."""
    problems = []
    for path, given in wanted.items():
        real = root / path.lstrip("/")
        if given is None:
            if os.path.lexists(real):
                problems.append(f"{path} is still there")
            continue
        if not os.path.lexists(real):
            problems.append(f"{path} is not there")
            continue
        spec = given if isinstance(given, dict) else {"content": given}
        problems += [f"{path}: {problem}" for problem in _file_problems(real, spec)]
    return problems


def _file_problems(real: Path, spec: dict[str, Any]) -> list[str]:
    status = real.lstat()
    is_file = stat.S_ISREG(status.st_mode)
    actual = {
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "uid": status.st_uid,
        "gid": status.st_gid,
        "mtime": int(status.st_mtime),
        "nlink": status.st_nlink,
        "dir": stat.S_ISDIR(status.st_mode),
        "link": os.readlink(real) if real.is_symlink() else None,
        "content": real.read_bytes().decode("utf-8", "surrogateescape") if is_file else None,
        "b64": base64.b64encode(real.read_bytes()).decode() if is_file else None,
    }
    problems = [
        f"{key} is {actual[key]!r}, expected {value!r}"
        for key, value in spec.items()
        if key != "contains" and actual[key] != value
    ]
    if "contains" in spec and spec["contains"] not in str(actual["content"]):
        problems.append(f"content {actual['content']!r} has no {spec['contains']!r}")
    return problems


def subset_problems(actual: Any, wanted: Any, where: str = "", *, pattern: bool = False) -> list[str]:
    """Return where ``actual`` lacks what ``wanted`` says; dictionaries are subsets, all else is equal."""
    if isinstance(wanted, dict):
        if not isinstance(actual, dict):
            return [f"{where or 'result'} is {actual!r}, expected a dictionary"]
        problems = []
        for key, value in wanted.items():
            name = f"{where}{key}"
            if key not in actual and value is not None:
                problems.append(f"{name} is missing")
            else:
                problems += subset_problems(actual.get(key), value, name + ".", pattern=pattern)
        return problems
    name = where.rstrip(".")
    if pattern:
        return [] if re.search(wanted, str(actual)) else [f"{name} is {actual!r}, expected to match {wanted!r}"]
    return [] if actual == wanted else [f"{name} is {actual!r}, expected {wanted!r}"]
