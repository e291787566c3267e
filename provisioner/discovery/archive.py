"""The contents of files beside a snapshot: a tar for its owner alone, read by name and never unpacked."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shlex
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.discovery.sections import SECRET
from provisioner.discovery.snapshot import MODE, Snapshot
from provisioner.records import dataclass

SUFFIX = ".files.tar.gz"
MOST = 40 * 1024 * 1024
"""How many bytes of contents are fetched of one host at most."""
OWN = re.compile(r"/etc/ssh/ssh_host_|/etc/ssl/.*snakeoil|/etc/machine-id$|/etc/hostid$")
"""Files that are made anew on every machine; they are not taken along."""
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


@dataclass(frozen=True, slots=True)
class Archive:
    """Contents by path. ``unfetched`` says of which files there is none, and why."""

    contents: Mapping[str, bytes] = field(default_factory=dict)

    def content(self, path: str, sha256: str = "") -> bytes | None:
        """Return a file's content; None where there is none, or the file is not that of the snapshot any more."""
        found = self.contents.get(path)
        if found is not None and sha256 and hashlib.sha256(found).hexdigest() != sha256:
            return None
        return found


def beside(snapshot: Path) -> Path:
    """Return where the contents of a snapshot's files are kept."""
    return snapshot.with_name(snapshot.name.removesuffix(".json") + SUFFIX)


def wanted_paths(snapshot: Snapshot) -> list[str]:
    """Return the files whose contents a draft needs: changed, unmanaged, sources of packages, crontabs, keys."""
    sizes: dict[str, int] = {}
    for scope in ("configuration", "files"):
        for path, item in snapshot.items(scope).items():
            size = item.get("size")
            if isinstance(size, int) and item.get("sha256") and not OWN.match(path):
                sizes[path] = size
    for key, item in snapshot.items("repositories").items():
        path = key.removeprefix("key ") if key.startswith("key /") else str(item.get("file"))
        sizes.setdefault(path, 0)
    for key, item in snapshot.items("timers").items():
        if key.startswith("cron:"):
            sizes.setdefault(str(item.get("file")), 0)
    homes = {key.split(":", 1)[1]: str(item.get("home")) for key, item in snapshot.items("users").items()
             if key.startswith("user:")}  # fmt: skip
    for key in snapshot.items("users"):
        if key.startswith("key:"):
            sizes.setdefault(f"{homes.get(key.split(':')[1], '/root')}/.ssh/authorized_keys", 0)
    chosen, total = [], 0
    for path in sorted(sizes, key=lambda each: (sizes[each], each)):
        total += sizes[path] + 1024
        if total <= MOST:
            chosen.append(path)
    return sorted(chosen)


def script(paths: Iterable[str]) -> str:
    """Return the shell script that writes a tar of the files to its output."""
    words = "\n".join(f"add {shlex.quote(path.lstrip('/'))}" for path in paths)
    return (
        "cd / || exit 1\ncommand -v tar >/dev/null 2>&1 || { echo 'there is no tar' >&2; exit 3; }\n"
        'add() { if [ -f "$1" ] && [ -r "$1" ]; then printf "%s\\n" "$1"; fi; }\n'
        f"all() {{\n:\n{words}\n}}\n"
        "all </dev/null | tar -chf - -T - | cat\n"
    )


def read_tar(data: bytes) -> Archive:
    """Read a tar as a host or a file gave it; ValueError where it is none."""
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isreg() or member.islnk() else None
                if stream is not None:
                    contents[f"/{member.name.lstrip('/')}"] = stream.read()
    except (tarfile.TarError, EOFError, OSError, KeyError) as error:
        raise ValueError(f"its files did not come whole: {error}") from None
    return Archive(contents)


def save(archive: Archive, path: Path) -> None:
    """Write contents for the user alone, always the same bytes for the same contents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
    with (
        os.fdopen(descriptor, "wb") as stream,
        gzip.GzipFile("", "wb", fileobj=stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for name, content in sorted(archive.contents.items()):
            member = tarfile.TarInfo(name.lstrip("/"))
            member.size, member.mode = len(content), MODE
            tar.addfile(member, io.BytesIO(content))
    draft.replace(path)


def load(path: Path) -> Archive:
    """Read contents; InputError where the file is not one of ours."""
    try:
        return read_tar(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError.at(None, f"the contents {path} cannot be read: {error}") from None


def secrets_in(archive: Archive) -> Iterator[str]:
    """Yield the paths whose content looks as if it held a secret."""
    for path, content in sorted(archive.contents.items()):
        if holds_secret(content):
            yield path


def holds_secret(content: bytes) -> bool:
    """Tell whether a content looks as if it held a private key or a password."""
    if PRIVATE_KEY.search(content):
        return True
    text = content.decode("utf-8", "replace")
    return any(SECRET.search(line) for line in text.splitlines() if not line.lstrip().startswith(("#", ";", "//")))
