"""Passes over a connection to a host that has tar and no rsync: it packs everything, what differs is taken of it."""

import os
import subprocess
import tarfile
import tempfile
import time
from typing import IO, Any, List

from .change import Failed
from .copying import Done
from .system import System
from .system.patterns import Patterns
from .tar_stream import Slowly, Taking, Wanted
from .transfers import PEER, Transfer, hang_up, trees_of

PAUSE_S = 1.0
LINK_BROKE = 255
CHUNK = 256 * 1024
TOLD_EVERY_S = 2.0


def connect(system: System, moved: Transfer) -> None:
    """Open the connection: the other host refuses an unknown word with a code of its own, so it was reached."""
    done = system.commands.run([*moved.shell, PEER, "hello"])
    if done.rc != 64:
        raise Failed("the other host could not be reached: %s" % (done.err.strip() or "it said nothing"), rc=done.rc)


def fetch(params: Any, system: System, moved: Transfer, number: int, compare: bool) -> Done:
    """Take one directory from the other host; ``compare`` only finds what differs, contents included."""
    top = os.fsencode(system.files.real(trees_of(params.trees)[number]["to"]))
    left_out = Patterns(params.include, params.exclude).leaves_out()
    attempt = 1
    while True:
        taking = Taking(Wanted(top, left_out, params.delete, compare))
        try:
            count = _take(params, system, moved, number, taking)
            return _done(taking, count)
        except (tarfile.TarError, EOFError) as error:
            if attempt >= params.attempts:
                told = "the other host could not be reached, or not for long enough: %s"
                raise Failed(told % error, rc=LINK_BROKE) from None
        hang_up(system, moved)
        time.sleep(PAUSE_S)
        attempt += 1


def _take(params: Any, system: System, moved: Transfer, number: int, taking: Taking) -> int:
    with tempfile.TemporaryFile() as errors:
        argv = [*moved.shell, PEER, "pack %04d" % number]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        stream = _Telling(process.stdout, params, system)
        try:
            taking.take(stream)
            while stream.read(CHUNK):
                pass  # what tar fills its last block with
        except (tarfile.TarError, EOFError) as error:
            raise tarfile.ReadError(_last_words(errors) or str(error)) from None
        finally:
            if process.stdout is not None:
                process.stdout.close()
            rc = process.wait()
        if rc not in (0, 1) or (rc == 1 and not params.moving):
            raise Failed("tar on the other host ended with %d: %s" % (rc, _last_words(errors)), rc=rc)
        return stream.count


class _Telling(Slowly):
    """Tells how much has come."""

    def __init__(self, stream: Any, params: Any, system: System) -> None:
        Slowly.__init__(self, stream, params.throttle)
        self.name, self.tell = params.name, system.emit
        self.due = self.began + TOLD_EVERY_S

    def read(self, size: int) -> bytes:
        """Read on."""
        data = Slowly.read(self, size)
        now = time.monotonic()
        if now > self.due:
            self.due = now + TOLD_EVERY_S
            rate = self.count / (now - self.began)
            self.tell("stdout", "%s: %.1f MB came, %.1f MB/s\n" % (self.name, self.count / 1e6, rate / 1e6))
        return data


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _done(taking: Taking, count: int) -> Done:
    numbers = {"total_files": taking.total_files, "total_bytes": taking.total_bytes}
    numbers.update(files=taking.files, received=count, sent=0)
    return Done(taking.changes > 0, taking.deleted, numbers, taking.names)


def send(params: Any, system: System, moved: Transfer, number: int, _compare: bool) -> Done:
    """Send one directory to the other host, whole; what was removed here is not removed there."""
    top = system.files.real(trees_of(params.trees)[number]["to"])
    words: List[str] = ["tar", "--format=gnu", "--numeric-owner", "--create", "--file=-", "--directory=" + top]
    words += ["--exclude=" + pattern for pattern in params.exclude]
    packing = subprocess.Popen([*words, "."], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    argv = [*moved.shell, PEER, "unpack %04d" % number]
    sending = subprocess.Popen(argv, stdin=packing.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if packing.stdout is not None:
        packing.stdout.close()
    _, errors = sending.communicate()
    rc = packing.wait()
    if sending.returncode != 0 or rc not in (0, 1):
        told = errors.decode("utf-8", "replace").strip().splitlines()
        raise Failed("sending with tar failed: %s" % (told[-1] if told else "tar ended with %d" % rc), rc=rc)
    return Done(True, 0, {"files": 0, "sent": 0, "received": 0, "total_files": 0, "total_bytes": 0}, [])
