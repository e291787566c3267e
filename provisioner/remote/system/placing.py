"""Putting content in place: validated first, backed up if asked, with its final owner and mode from the start."""

import hashlib
import shlex
from typing import IO, Any, Dict, NamedTuple, Optional

from ..change import Failed
from . import attributes
from .system import System

CHUNK = 1024 * 1024


class Placing(NamedTuple):
    """How to put content in place.

    ``validate`` is a command with ``%s`` for the file to check; ``follow`` writes through a link at the destination;
    ``sha1`` is the hash the content must have.
    """

    backup: bool = False
    validate: Optional[str] = None
    unsafe: bool = False
    follow: bool = True
    sha1: Optional[str] = None


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
            result = copy_hashing(source, stream)
            stream.flush()
            _compare_hash(result["checksum"], how.sha1)
            if how.validate:
                _validate(system, how.validate, replacement.temporary)
            if how.backup and system.files.is_file(path):
                result["backup_file"] = system.files.backup(path)
    except OSError as error:
        raise Failed("cannot write %s: %s" % (path, error.strerror or error)) from error
    return result


def copy_hashing(source: IO[bytes], target: IO[bytes]) -> Dict[str, Any]:
    """Copy all of ``source``; return its ``checksum`` (SHA-1) and ``md5sum`` (None where MD5 is switched off)."""
    sha1 = hashlib.sha1()  # noqa: S324 - the documented return value, not a safeguard
    try:
        md5: Any = hashlib.md5()  # noqa: S324 - as above
    except ValueError:
        md5 = None
    for part in iter(lambda: source.read(CHUNK), b""):
        target.write(part)
        sha1.update(part)
        if md5:
            md5.update(part)
    return {"checksum": sha1.hexdigest(), "md5sum": md5.hexdigest() if md5 else None}


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
