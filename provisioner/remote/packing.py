"""Archives made and unpacked by tar, with everything about a file; what commands say as files beside it."""

import hashlib
import os
import re
import time
from typing import Any, List, Tuple

from .change import Failed
from .system import System

CHUNK = 1024 * 1024
EVERYTHING = ("--numeric-owner", "--acls", "--xattrs", "--xattrs-include=*", "--sparse")
LIVE = re.compile(
    r"file changed as we read it|File removed before we read it|Cannot stat: No such|Exiting with failure"
)
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


def moment(when: float) -> str:
    """Return a moment as people and programs read it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


def compressor(system: System, wanted: str) -> Tuple[str, str]:
    """Return the program that compresses, and the ending it gives."""
    if wanted == "auto":
        wanted = "zstd" if system.commands.which("zstd") else "gzip"
    return {"zstd": ("zstd -T0", ".tar.zst"), "gzip": ("gzip", ".tar.gz"), "none": ("", ".tar")}[wanted]


def dump(system: System, folder: str, dumps: List[Any]) -> str:
    """Run the commands, each into a file of its own; return the folder."""
    system.files.remove(folder)
    system.files.makedirs(folder, 0o700)
    for each in dumps:
        if not PLAIN.match(each.name):
            raise Failed("'%s' is no name of a file" % each.name)
        path = system.files.real(folder + "/" + each.name)
        line = 'umask 077; exec > "$1"; eval "$2"'
        done = system.commands.run(["/bin/sh", "-c", line, "dump", path, each.command])
        if done.rc != 0:
            words = done.err.strip().splitlines()
            told = words[-1] if words else "it said nothing"
            raise Failed("the command for %s ended with %d: %s" % (each.name, done.rc, told), rc=done.rc)
    return folder


def member(record: bytes, paths: List[str]) -> bytes:
    """Return a kept record's name as tar is told it: from the root, without the slash before it."""
    number, slash, rest = record.split(b" ", 11)[11].partition(b"/")
    return os.fsencode(paths[int(number)].strip("/")) + slash + rest


def pack(system: System, path: str, names: List[bytes], program: str) -> Tuple[int, str]:
    """Write the archive; return its size and checksum. Nothing that is half done is left."""
    part = path + ".part"
    words = ["tar", "--create", "--format=posix", *EVERYTHING, "--no-recursion", "--null"]
    words += ["--use-compress-program=" + program] if program else []
    words += ["--directory=" + system.files.real("/"), "--file=" + system.files.real(part)]
    words.append("--files-from=-")
    system.files.remove(part)
    try:
        # ours alone before anything is in it
        os.close(os.open(system.files.real(part), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        done = system.commands.run(words, stdin=b"".join(name + b"\0" for name in names))
        strange = [line for line in done.err.splitlines() if not LIVE.search(line)]
        if done.rc not in (0, 1) and (strange or done.rc != 2):
            raise Failed("tar ended with %d: %s" % (done.rc, (strange or ["it said nothing"])[0]), rc=done.rc)
        os.chmod(system.files.real(part), 0o600)
        size, sha256 = _settled(system.files.real(part))
        os.rename(system.files.real(part), system.files.real(path))
    finally:
        system.files.remove(part)
    return size, sha256


def _settled(path: str) -> Tuple[int, str]:
    """Return size and checksum of a file that is on the disk for good."""
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())
        for part in iter(lambda: stream.read(CHUNK), b""):
            digest.update(part)
            size += len(part)
    return size, digest.hexdigest()


def unpack(system: System, path: str, folder: str) -> None:
    """Unpack an archive below a folder."""
    words = ["tar", "--extract", "--preserve-permissions", *EVERYTHING[:-1]]
    words += ["--directory=" + system.files.real(folder), "--file=" + system.files.real(path)]
    done = system.commands.run(words)
    if done.rc != 0:
        lines = done.err.strip().splitlines()
        raise Failed("tar cannot unpack %s: %s" % (path, lines[0] if lines else "it said nothing"), rc=done.rc)


def wrong_sums(system: System, path: str, folder: str) -> Tuple[List[str], int]:
    """Compare unpacked files with a list as sha256sum writes it; return those that differ, and how many there were."""
    wrong: List[str] = []
    number = 0
    for line in system.files.read(path).split(b"\n"):
        match = re.match(rb"(\\?)([0-9a-f]{64})  (.+)$", line)
        if not match:
            continue
        number += 1
        escaped, sha256, name = match.groups()
        if escaped:
            name = re.sub(rb"\\(.)", lambda m: b"\n" if m.group(1) == b"n" else m.group(1), name)
        real = os.fsencode(system.files.real(folder)) + b"/" + name.lstrip(b"/")
        if os.path.islink(real) or not os.path.isfile(real) or _settled(os.fsdecode(real))[1] != sha256.decode():
            wrong.append(os.fsdecode(name))
    return wrong, number
