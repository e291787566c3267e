"""The files of a draft: folders, contents and links that make up for what no package brings."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import field

from provisioner.discovery.archive import OWN, Archive, holds_secret
from provisioner.discovery.snapshot import Item, Json, Snapshot
from provisioner.records import dataclass

EARLY = re.compile(r"/etc/(apt|yum|yum\.repos\.d|dnf|apk|pki/rpm-gpg|zypp)(/|$)")
"""What the package system reads has to be there before packages come."""


@dataclass(slots=True)
class Contents:
    """What a draft puts on a host. ``kept`` is the role's own files by name; ``gaps`` says what has no content."""

    folders: list[dict[str, Json]] = field(default_factory=list)
    files: list[dict[str, Json]] = field(default_factory=list)
    source_folders: list[dict[str, Json]] = field(default_factory=list)
    source_files: list[dict[str, Json]] = field(default_factory=list)
    links: list[dict[str, Json]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    secret: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def keep(self, path: str, content: bytes) -> str:
        """Keep a content in the role and return its name there."""
        name = f"root{path}"
        self.kept[name] = content
        if holds_secret(content):
            self.secret.append(path)
        return name

    def add_file(self, path: str, item: Item, content: bytes) -> None:
        """Add a file with its content."""
        entry: dict[str, Json] = {"path": path, "src": self.keep(path, content), **_owner(item),
                                  "secret": holds_secret(content)}  # fmt: skip
        (self.source_files if EARLY.match(path) else self.files).append(entry)


def contents_of(snapshot: Snapshot, archive: Archive) -> Contents:
    """Return the files of a snapshot as far as the archive has their contents."""
    found = Contents()
    for path, item in snapshot.items("configuration").items():
        if item.get("state") == "deleted":
            found.removed.append(path)
        elif not _add(found, path, item, archive):
            found.gaps.append(f"`{path}`: a changed file of package {item.get('package')}; {_why(archive, path)}")
    for path, item in snapshot.items("files").items():
        _unmanaged(found, path, item, archive)
    plain: Item = {"owner": "root", "group": "root", "mode": "0644"}
    known = {each["path"] for each in found.source_files}
    for path in _sources(snapshot):
        content = archive.content(path) if posixpath.normpath(path) == path else None
        if content is None:
            found.gaps.append(f"`{path}`: a source of packages; {_why(archive, path)}")
        elif path not in known:
            found.add_file(path, plain, content)
    return found


def _unmanaged(found: Contents, path: str, item: Item, archive: Archive) -> None:
    kind = item.get("kind")
    if OWN.match(path):
        found.gaps.append(f"`{path}`: made anew on every machine")
    elif kind == "directory":
        entry: dict[str, Json] = {"path": path, **_owner(item)}
        (found.source_folders if EARLY.match(path) else found.folders).append(entry)
    elif kind == "link":
        fields = ("target", "owner", "group")
        found.links.append({"path": path, **{field: item.get(field) for field in fields}})
    elif kind != "file":
        found.gaps.append(f"`{path}`: a {kind}")
    elif not _add(found, path, item, archive):
        found.gaps.append(f"`{path}`: {_why(archive, path)}")


def _add(found: Contents, path: str, item: Item, archive: Archive) -> bool:
    digest = str(item.get("sha256") or "")
    if posixpath.normpath(path) != path:
        return False  # it would leave the role's folder
    content = b"" if item.get("size") == 0 else archive.content(path, digest) if digest else None
    if content is None:
        return False
    found.add_file(path, item, content)
    return True


def _why(archive: Archive, path: str) -> str:
    if posixpath.normpath(path) != path:
        return "its path is not a plain one"
    if path in archive.contents:
        return "it changed between the snapshot and the fetching of its content"
    return "its content was not fetched (too large, or `discover` ran without `--with-files`)"


def _sources(snapshot: Snapshot) -> Iterator[str]:
    paths = set()
    for key, item in snapshot.items("repositories").items():
        paths.add(key.removeprefix("key ") if key.startswith("key /") else str(item.get("file")))
    yield from sorted(paths)


def _owner(item: Item) -> dict[str, Json]:
    return {"owner": item.get("owner"), "group": item.get("group"), "mode": item.get("mode")}
