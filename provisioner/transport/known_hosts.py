"""Host keys: which are known, what to do about one that is not, and fingerprints as OpenSSH shows them."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import paramiko

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Target

from .failures import where
from .ssh_options import Route

CHANGED = "the host's key is NOT the one that is known: a new installation, or someone between you and the host"


def known_keys(files: Iterable[str], name: str) -> list[tuple[str, str, str]]:
    """Return (marker, key type, key in base64) of every line of the files that is for ``name``."""
    found = []
    for file in files:
        for marker, patterns, kind, key in _entries(Path(file)):
            if _matches(patterns, name):
                found.append((marker, kind, key))
    return found


def _entries(path: Path) -> Iterator[tuple[str, str, str, str]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            words = line.split()
            marker = words.pop(0) if words and words[0].startswith("@") else ""
            if len(words) >= 3 and not words[0].startswith("#"):
                yield marker, words[0], words[1], words[2]


def _matches(patterns: str, name: str) -> bool:
    if patterns.startswith("|1|"):
        return _hash_matches(patterns, name)
    listed = patterns.split(",")
    if any(fnmatchcase(name, _shell_pattern(each[1:])) for each in listed if each.startswith("!")):
        return False
    return any(each == name or fnmatchcase(name, _shell_pattern(each)) for each in listed)


def _shell_pattern(pattern: str) -> str:
    return pattern.replace("[", "[[]")


def _hash_matches(hashed: str, name: str) -> bool:
    _empty, _one, salt, wanted = hashed.split("|", 3)
    digest = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(digest, base64.b64decode(wanted))


def fingerprint(key: paramiko.PKey) -> str:
    """Return ``TYPE SHA256:...`` as ``ssh-keygen -l`` shows it."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"


class HostKeys(paramiko.MissingHostKeyPolicy):
    """Decides about the key a host shows: known, unknown, changed or revoked."""

    def __init__(self, target: Target, route: Route, notice: Callable[[str], None]) -> None:
        self._target, self._route, self._notice = target, route, notice
        names = dict.fromkeys((route.key_name, route.host if route.key_name.startswith("[") else route.key_name))
        lookups = (known_keys(route.known_hosts, name) for name in names) if route.checking != "no" else ()
        self._known = next((found for found in lookups if found), [])

    def prefer_known(self, transport: paramiko.Transport) -> None:
        """Ask the host for a key of a kind that is known, where one is."""
        kinds = {kind for marker, kind, _key in self._known if not marker}
        if "ssh-rsa" in kinds:
            kinds |= {"rsa-sha2-512", "rsa-sha2-256"}
        options = transport.get_security_options()
        options.key_types = sorted(options.key_types, key=lambda kind: kind not in kinds)

    def missing_host_key(self, client: object, hostname: str, key: paramiko.PKey) -> None:
        """Accept the key or raise Unreachable; Paramiko asks for every key, because it is told of none."""
        del client, hostname
        if self._route.checking == "no":
            return
        shown = key.get_base64()
        if any(marker == "@revoked" and known == shown for marker, _kind, known in self._known):
            raise Unreachable(f"{where(self._target)}: the host's key {fingerprint(key)} is marked as revoked; refused")
        plain = [(kind, known) for marker, kind, known in self._known if not marker]
        if (key.get_name(), shown) in plain:
            return
        if any(kind == key.get_name() for kind, _known in plain):
            raise Unreachable(self._changed(key))
        if self._route.checking == "accept-new" and not plain:
            self._store(key)
            return
        raise Unreachable(self._unknown(key))

    def _changed(self, key: paramiko.PKey) -> str:
        known = next(known for _marker, kind, known in self._known if kind == key.get_name())
        digest = base64.b64encode(hashlib.sha256(base64.b64decode(known)).digest()).decode().rstrip("=")
        return (
            f"{where(self._target)}: REFUSED: {CHANGED}\n"
            f"    it shows {fingerprint(key)}\n    known is {key.get_name()} SHA256:{digest}\n"
            f"    hint: only when the change is explained: ssh-keygen -R '{self._route.key_name}' -f {self._file()},"
            " then add the new key"
        )

    def _unknown(self, key: paramiko.PKey) -> str:
        route = self._route
        return (
            f"{where(self._target)}: the host's key is not known: {fingerprint(key)}\n"
            f"    looked for '{route.key_name}' in {', '.join(route.known_hosts)}\n"
            f"    hint: compare the fingerprint, then: ssh-keyscan -p {route.port} {route.host} >> {self._file()};"
            " or accept new keys with ansible_ssh_common_args='-o StrictHostKeyChecking=accept-new'"
        )

    def _file(self) -> str:
        return self._route.known_hosts[0]

    def _store(self, key: paramiko.PKey) -> None:
        path = Path(self._file())
        line = f"{self._route.key_name} {key.get_name()} {key.get_base64()}\n"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("a+", encoding="utf-8") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.seek(0)
                present = stream.read()
                stream.write(("" if present.endswith("\n") or not present else "\n") + line)
        except OSError as error:
            self._notice(f"{where(self._target)}: the new host key could not be stored in {path}: {error.strerror}")
            return
        self._notice(f"{where(self._target)}: new host key {fingerprint(key)} stored in {path}")
