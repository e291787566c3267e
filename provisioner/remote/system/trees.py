"""Making a directory tree equal to a list of what it shall hold, transferring only content that differs.

A manifest is a list of entries ``{"path": relative, "mode": "0644", ...}`` with one of ``"checksum": SHA-1`` (a file),
``"link": target`` or ``"dir": true``, directories before what they hold.
"""

import os
from typing import IO, Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..change import Failed
from . import attributes, parcel
from .attributes import Wanted
from .placing import Placing, place
from .system import System


class Entry(NamedTuple):
    """One line of the manifest beside what is at its place now."""

    path: str
    kind: str
    checksum: Optional[str]
    link: Optional[str]
    want: Wanted
    fresh_want: Wanted
    is_there: bool
    is_same: bool
    attributes_differ: bool


def relative(path: str) -> str:
    """Return a path of a manifest or archive if it stays inside the tree; raise Failed otherwise."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise Failed("the path %r leads out of the directory it belongs in" % path)
    return "/".join(parts)


def scan(system: System, source: str, follow: bool = True) -> List[Dict[str, Any]]:
    """Return the manifest of a tree on this host; ``follow`` takes files in place of links to them."""
    found: List[Dict[str, Any]] = []
    _scan_into(system, source.rstrip("/"), "", follow, found)
    return found


def _scan_into(system: System, source: str, below: str, follow: bool, found: List[Dict[str, Any]]) -> None:
    for name in system.files.listdir(source + "/" + below):
        path = below + name
        full = source + "/" + path
        status = system.files.stat(full, follow) or system.files.stat(full)
        kind = attributes.state_of(status)
        entry: Dict[str, Any] = {"path": path, "mode": "%04o" % (status.st_mode & 0o7777 if status else 0)}
        if kind == "directory":
            found.append(dict(entry, dir=True))
            _scan_into(system, source, path + "/", follow, found)
        elif kind == "link":
            found.append(dict(entry, link=system.files.readlink(full)))
        else:
            found.append(dict(entry, checksum=system.files.checksum(full)))


Wishes = Callable[[Mapping[str, Any]], Tuple[Wanted, Wanted]]


def look(system: System, dest: str, manifest: Sequence[Mapping[str, Any]], wants: Wishes) -> List[Entry]:
    """Compare a manifest with what is below ``dest``.

    ``wants(entry)`` returns the attributes for what is there already and those for what is newly made.
    """
    return [_entry(system, dest, each, *wants(each)) for each in manifest]


def _entry(system: System, dest: str, given: Mapping[str, Any], want: Wanted, fresh_want: Wanted) -> Entry:
    path = dest.rstrip("/") + "/" + relative(str(given["path"]))
    kind = "dir" if given.get("dir") else "link" if given.get("link") is not None else "file"
    system.files.look(path)
    status = system.files.stat(path)
    checksum, link = given.get("checksum"), given.get("link")
    if status is None:
        return Entry(path, kind, checksum, link, want, fresh_want, False, False, False)
    if kind == "dir":
        same = system.files.is_dir(path)
        if not same:
            raise Failed("cannot make the directory %s: a file is in the way" % path)
    elif kind == "link":
        same = system.files.is_link(path) and system.files.readlink(path) == link
    else:
        if attributes.state_of(status) == "directory":
            raise Failed("cannot write the file %s: a directory is in the way" % path)
        found = attributes.state_of(status) != "link" and (system.placed.sha1(status) or system.files.checksum(path))
        same = found == checksum
    now = attributes.current(system, path, want, follow=kind != "link")
    differ = now is not None and attributes.compare(want, now).changed
    return Entry(path, kind, checksum, link, want, fresh_want, True, same, differ)


def needed(entries: List[Entry], dest: str) -> List[str]:
    """Return the files whose content has to be sent, as paths relative to ``dest``."""
    skip = len(dest.rstrip("/")) + 1
    return [entry.path[skip:] for entry in entries if entry.kind == "file" and not entry.is_same]


def differences(entries: List[Entry]) -> Dict[str, List[str]]:
    """Return what would be created, changed, or given other attributes, for the diff."""
    shown = {
        "created": [e.path for e in entries if not e.is_there],
        "changed": [e.path for e in entries if e.is_there and not e.is_same],
        "attributes": [e.path for e in entries if e.is_same and e.attributes_differ],
    }
    return {key: paths for key, paths in shown.items() if paths}


def realize(system: System, entries: List[Entry], contents: Iterator[Tuple[str, IO[bytes]]], how: Placing) -> List[str]:
    """Make directories and links, write ``contents`` (path, stream) and set attributes; return backups made."""
    for entry in entries:
        if entry.kind == "dir" and not entry.is_there:
            attributes.make_folders(system, [entry.path], entry.fresh_want)
        elif entry.kind == "link" and not entry.is_same:
            system.files.symlink(entry.link or "", entry.path)
            attributes.settle(system, entry.path, entry.want, follow=False)
    backups = _fill(system, entries, contents, how)
    for entry in entries:
        if entry.is_there and entry.attributes_differ:
            attributes.settle(system, entry.path, entry.want, follow=entry.kind != "link")
    return backups


def _fill(system: System, entries: List[Entry], contents: Iterator[Tuple[str, IO[bytes]]], how: Placing) -> List[str]:
    """Write the files whose content differs: all of them and no others."""
    backups: List[str] = []
    waiting = {entry.path: entry for entry in entries if entry.kind == "file" and not entry.is_same}
    for path, stream in contents:
        found = waiting.pop(path, None)
        if found is None:
            raise Failed("%s was sent although it was not asked for" % path)
        want = found.want if found.is_there else found.fresh_want
        done = place(system, path, stream, want, how._replace(sha1=found.checksum))
        backups.extend(filter(None, [done.get("backup_file")]))
    if waiting:
        raise Failed("the content of %s was not sent" % ", ".join(sorted(waiting)))
    return backups


def unpack(stream: IO[bytes], dest: str) -> Iterator[Tuple[str, IO[bytes]]]:
    """Yield (full path, stream) of the files in a body that was sent."""
    for name, content in parcel.contents(stream):
        yield dest.rstrip("/") + "/" + relative(name), content


def read(system: System, source: str, paths: List[str], dest: str) -> Iterator[Tuple[str, IO[bytes]]]:
    """Yield (full path at the destination, stream) of files below ``source``."""
    for path in paths:
        with system.files.open(os.path.join(source, path)) as stream:
            yield dest.rstrip("/") + "/" + path, stream
