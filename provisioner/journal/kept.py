"""What redaction took out of a journal, kept beside it, encrypted: a resumed run needs the values themselves.

The key is the user's own, made once, in the state folder (0600): the folder of a run that is copied somewhere gives
nothing away. Fernet (cryptography.io) encrypts and authenticates each line.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from provisioner.diagnostics.errors import UnmetNeed
from provisioner.journal.places import state_dir
from provisioner.model.encoding import Line, decode, encode, to_json
from provisioner.model.event import Event

FILE = "kept.jsonl"
KEY_FILE = "key"


class Kept:
    """The open file of one run; made when there is something to keep."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._path, self._environ = folder / FILE, environ
        self._descriptor = -1
        self._cipher: Fernet | None = None
        self._is_due = False

    def keep(self, number: int, event: Event) -> None:
        """Keep an event as it was before redaction; ``number`` is its line in the journal."""
        try:
            if self._cipher is None:
                self._cipher = Fernet(_key(self._environ))
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._descriptor = os.open(self._path, flags, 0o600)
            token = self._cipher.encrypt(to_json(encode(event)).encode()).decode("ascii")
            line = to_json({"n": number, "token": token}) + "\n"
            os.write(self._descriptor, line.encode("ascii"))
            self._is_due = True
        except OSError as error:
            raise self._cannot(error) from error

    def sync(self) -> None:
        """Put what was kept on disk; the journal does so before lines that rely on it are there."""
        if self._is_due:
            try:
                os.fdatasync(self._descriptor)
            except OSError as error:
                raise self._cannot(error) from error
            self._is_due = False

    def _cannot(self, error: OSError) -> UnmetNeed:
        remedy = "free some space or set PROVISIONER_STATE_DIR to a folder that can be written"
        return UnmetNeed(f"cannot write {self._path}: {error.strerror}", remedy)

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_kept(folder: Path, environ: Mapping[str, str]) -> dict[int, Event]:
    """Return the events that were kept, by their lines in the journal; a torn or foreign line is left out."""
    path = folder / FILE
    if not path.exists():
        return {}
    cipher = Fernet(_key(environ))
    found = {}
    for raw in path.read_bytes().splitlines():
        with suppress(ValueError, KeyError, InvalidToken):
            line: Line = json.loads(raw)
            found[int(line["n"])] = decode(json.loads(cipher.decrypt(line["token"].encode())))
    return found


def seal_key(record: str, environ: Mapping[str, str]) -> bytes:
    """Return the key by which hosts seal secret results of a run: the same for every run that resumes it."""
    return hmac.new(_key(environ), f"record of {record}".encode(), hashlib.sha256).digest()


def _key(environ: Mapping[str, str]) -> bytes:
    path = state_dir(environ) / KEY_FILE
    with suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{KEY_FILE}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(Fernet.generate_key())
    with suppress(FileExistsError):
        os.link(fresh, path)  # whole or not at all; another process may have been quicker
    fresh.unlink()
    return path.read_bytes()
