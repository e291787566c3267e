"""Putting content in place: validated first, backed up if asked, with its final owner and mode from the start."""

import errno
import hashlib
import io
import os
import shlex
import shutil
from typing import IO, Any, Dict, NamedTuple, Optional

from ..change import Failed
from . import attributes
from .hashing import Digests, Hashing
from .system import System

CHUNK = 1024 * 1024
SENT_AT_ONCE = 1 << 30
NOT_BY_KERNEL = (errno.EINVAL, errno.ENOSYS)


class Placing(NamedTuple):
    """How to put content in place.

    ``validate`` is a command with ``%s`` for the file to check; ``follow`` writes through a link at the destination;
    ``sha1`` is the hash the content must have; ``known`` are the hashes it has, where they were taken as it came.
    """

    backup: bool = False
    validate: Optional[str] = None
    unsafe: bool = False
    follow: bool = True
    sha1: Optional[str] = None
    known: Optional[Digests] = None


def check_validate(validate: Optional[str]) -> None:
    """Refuse a validation command that does not say where the file goes."""
    if validate and "%s" not in validate:
        raise Failed("validate must contain %%s: %s" % validate)


def place(system: System, path: str, source: IO[bytes], want: attributes.Wanted, how: Placing) -> Dict[str, Any]:
    """Replace the content of ``path`` by ``source`` in one step; return its hashes and ``backup_file`` (if made)."""
    check_validate(how.validate)
    owner = attributes.owner_ids(want)
    old = attributes.current(system, path, want._replace(flags=None), follow=True)
    replaces_file = old is not None and (how.follow or not system.files.is_link(path))
    start = old if old is not None and replaces_file else attributes.fresh(want)
    result: Dict[str, Any] = {}
    try:
        replacement = system.files.replacing(
            path,
            mode=attributes.final_mode(want, start),
            unsafe=how.unsafe,
            owner=owner,
            follow=how.follow,
        )
        with replacement as stream:
            digests = _fill(stream, source, how.known)
            stream.flush()
            _note(system, os.fstat(stream.fileno()), digests)
            result = {"checksum": digests.sha1, "md5sum": digests.md5}
            _compare_hash(digests.sha1, how.sha1)
            if how.validate:
                _validate(system, how.validate, replacement.temporary)
            if how.backup and system.files.is_file(path):
                result["backup_file"] = system.files.backup(path)
    except OSError as error:
        raise Failed("cannot write %s: %s" % (path, error.strerror or error)) from error
    return result


def _fill(target: IO[bytes], source: IO[bytes], known: Optional[Digests]) -> Digests:
    if known is None:
        return copy_hashing(source, target)
    _copy(source, target)
    return known


def _note(system: System, written: os.stat_result, digests: Digests) -> None:
    """Remember what was written, if that is all of what was hashed."""
    if written.st_size != digests.size:
        raise Failed("%d bytes were written of %d" % (written.st_size, digests.size))
    system.placed.note(written, digests.sha1)


def copy_hashing(source: IO[bytes], target: IO[bytes]) -> Digests:
    """Copy all of ``source``; return its hashes."""
    hashing = Hashing()
    for part in iter(lambda: source.read(CHUNK), b""):
        target.write(part)
        hashing.add(part)
    return hashing.digests()


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy all of ``source``, by the kernel where both are files it can copy between (sendfile(2))."""
    try:
        reading, writing = source.fileno(), target.fileno()
        while os.sendfile(writing, reading, None, SENT_AT_ONCE):
            pass
    except OSError as error:
        if error.errno not in NOT_BY_KERNEL and not isinstance(error, io.UnsupportedOperation):
            raise
        shutil.copyfileobj(source, target, CHUNK)


def sha1_of(stream: IO[bytes]) -> str:
    """Return the SHA-1 of all of a stream."""
    digest = hashlib.sha1()  # noqa: S324 - compared with hashes that Ansible's users know
    for part in iter(lambda: stream.read(CHUNK), b""):
        digest.update(part)
    return digest.hexdigest()


def md5_of(content: bytes) -> Optional[str]:
    """Return the MD5 of a content, None where MD5 is switched off."""
    try:
        return hashlib.md5(content).hexdigest()  # noqa: S324 - the documented return value, not a safeguard
    except ValueError:
        return None


def _compare_hash(found: str, expected: Optional[str]) -> None:
    if expected and found != expected:
        raise Failed(
            "Copied file does not match the expected checksum. Transfer failed.",
            checksum=found,
            expected_checksum=expected,
        )


def _validate(system: System, validate: str, temporary: str) -> None:
    argv = [word.replace("%s", temporary) for word in shlex.split(validate)]
    done = system.commands.run(argv)
    if done.rc != 0:
        raise Failed(
            "failed to validate: rc:%d error:%s" % (done.rc, done.err.strip()),
            exit_status=done.rc,
            stdout=done.out,
            stderr=done.err,
        )
