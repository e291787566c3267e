"""Keys, requests and certificates through the openssl program; secrets go through pipes and the child's environment."""

import base64
import hashlib
import os
import re
import shutil
import tempfile
import time
from typing import Any, Dict, NamedTuple, Optional, Sequence

from ..change import Failed
from . import der
from .commands import PLAIN, Completed
from .system import System

RELATIVE = re.compile(r"^([+-])((?:\d+[wdhms])+)$")
UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
LENGTH_OF_SHAKE = 32


class Key(NamedTuple):
    """A private key as the program sees it: its public half, or why it cannot be read."""

    public: Optional[bytes]
    problem: str


def run(
    system: System,
    words: Sequence[str],
    stdin: bytes = b"",
    passphrase: Optional[str] = None,
    ca_passphrase: Optional[str] = None,
) -> Completed:
    """Run openssl. Words may name ``env:KEY_PASSPHRASE`` and ``env:CA_PASSPHRASE``; others cannot see those."""
    env = dict(PLAIN, KEY_PASSPHRASE=passphrase or "", CA_PASSPHRASE=ca_passphrase or "")
    done = system.commands.run(["openssl", *words], stdin=stdin, env=env)
    if done.rc == 127:
        raise Failed("the program openssl is not on this host; install it, no Python library is needed")
    return done


def must(system: System, words: Sequence[str], stdin: bytes = b"", passphrase: Optional[str] = None) -> str:
    """Run openssl and return its output; raise Failed with its words where it fails."""
    done = run(system, words, stdin, passphrase)
    if done.rc != 0:
        raise Failed("openssl %s failed: %s" % (words[0], done.err.strip()), rc=done.rc)
    return done.out


def is_signed(system: System, request: bytes) -> bool:
    """Tell whether a signing request (PEM) is signed by its own key; OpenSSL ends with 0 where it is not, too."""
    done = run(system, ["req", "-verify", "-noout"], request)
    return done.rc == 0 and "verify OK" in done.out + done.err


def read_key(system: System, content: bytes, passphrase: Optional[str]) -> Key:
    """Return the public half of a private key (PEM)."""
    words = ["pkey", "-pubout", "-outform", "PEM", "-passin", "env:KEY_PASSPHRASE"]
    done = run(system, words, content, passphrase)
    public = der.from_pem(done.out.encode(), "PUBLIC KEY") if done.rc == 0 else None
    return Key(public, "" if public else done.err.strip())


def key_content(system: System, path: Optional[str], content: Optional[str]) -> bytes:
    """Return a private key given by path or as text."""
    if content is not None:
        return content.encode()
    found = system.files.read_or_none(path or "")
    if found is None:
        raise Failed("The private key %s does not exist" % path)
    return found


def fingerprints(data: bytes) -> Dict[str, str]:
    """Return the hashes of some bytes by algorithm, two digits at a time with colons between."""
    found = {}
    for algorithm in sorted(hashlib.algorithms_guaranteed):
        try:
            digest = hashlib.new(algorithm, data)
        except ValueError:
            continue  # switched off on this host
        written = digest.hexdigest(LENGTH_OF_SHAKE) if algorithm.startswith("shake") else digest.hexdigest()  # type: ignore[call-arg]
        found[algorithm] = ":".join(written[place : place + 2] for place in range(0, len(written), 2))
    return found


def pem(kind: str, data: bytes) -> str:
    """Return DER as PEM."""
    written = base64.b64encode(data).decode()
    lines = [written[place : place + 64] for place in range(0, len(written), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (kind, "\n".join(lines), kind)


def moment(written: str, what: str) -> str:
    """Return a point in time, relative (+365d) or absolute, as YYYYMMDDHHMMSSZ."""
    relative = RELATIVE.match(written.strip())
    if relative:
        seconds = sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([wdhms])", relative.group(2)))
        at = time.time() + (seconds if relative.group(1) == "+" else -seconds)
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at))
    if re.match(r"^\d{14}Z$", written):
        return written
    if re.match(r"^\d{12}Z$", written):
        return written[:-1] + "00Z"
    raise Failed('The time spec "%s" for %s is invalid: it is like +365d or 20301231235959Z' % (written, what))


class Workshop:
    """A folder that only this user can read, for files that openssl needs by name; gone at the end."""

    def __init__(self, system: System) -> None:
        self.system, self.path = system, ""

    def __enter__(self) -> "Workshop":
        self.path = tempfile.mkdtemp(prefix="openssl-", dir=self.system.tmp or None)
        return self

    def __exit__(self, *_: Any) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def put(self, name: str, content: bytes) -> str:
        """Write a file; return its path."""
        path = os.path.join(self.path, name)
        with open(path, "wb") as stream:
            stream.write(content)
        return path

    def get(self, name: str) -> bytes:
        """Return the content of a file that was made."""
        with open(os.path.join(self.path, name), "rb") as stream:
            return stream.read()
