"""Makes what travels of a foreign module: its file and exactly those of its library that it imports."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

from provisioner.bridge import style
from provisioner.bridge.cache import Cache
from provisioner.bridge.installation import Installation, ask
from provisioner.bridge.library import Foreign
from provisioner.model.call import Parcel
from provisioner.records import dataclass


class Unpackable(Exception):
    """Something the module needs is not there; the text says what."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A module ready to travel: its style, its own file among those of the parcel, what its ``#!`` line starts."""

    style: str
    entry: str
    parcel: Parcel
    interpreter: str


class Packing:
    """Packs modules; each is packed once in a run. Safe for many threads."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._packed: dict[tuple[object, ...], Packed] = {}
        self._contents: dict[str, bytes] = {}

    def ready(self, module: Foreign, folders: Sequence[str], roots: Sequence[str]) -> Packed | None:
        """Return the module if it is packed already."""
        return self._packed.get(_key(module, folders, roots))

    def pack(self, module: Foreign, folders: Sequence[str], roots: Sequence[str], there: Installation | None) -> Packed:
        """Pack a module; ``folders`` hold the user's own module_utils, ``roots`` installed collections.

        Unpackable where an import leads nowhere, or where its library is needed and no ansible-core is installed.
        """
        with self._lock:
            key = _key(module, folders, roots)
            if key not in self._packed:
                self._packed[key] = self._pack(module, folders, roots, there)
            return self._packed[key]

    def _pack(
        self, module: Foreign, folders: Sequence[str], roots: Sequence[str], there: Installation | None
    ) -> Packed:
        content = Path(module.path).read_bytes()
        kind = style.style_of(content)
        if kind == style.POWERSHELL:
            raise Unpackable(f"module {module.name} is for Windows: it needs PowerShell")
        entry = Path(module.path).name
        if kind != style.PYTHON:
            return Packed(kind, entry, self._parcel({entry: content}), shebang(content))
        if there is None:
            raise Unpackable(
                f"module {module.name} uses Ansible's library (ansible.module_utils), and no ansible-core was found"
                " here: install provisioner[ansible], or name an interpreter that has it in PROVISIONER_ANSIBLE_PYTHON"
            )
        return Packed(kind, entry, self._parcel(self._library(module, folders, roots, there)), shebang(content))

    def _library(
        self, module: Foreign, folders: Sequence[str], roots: Sequence[str], there: Installation
    ) -> dict[str, bytes]:
        key = ("payload", there.python, module.module, module.path, *folders, "in", *roots)
        answer = self._cache.get(key)
        if answer is None:
            question = {
                "do": "payload", "module": module.module, "path": module.path, "module_utils": list(folders),
                "ansible": there.ansible, "collections": list(roots), "version": there.version,
            }  # fmt: skip
            answer = ask(there.python, question)
            if not answer:
                raise Unpackable(f"{there.python} could not tell what module {module.name} needs")
            if "error" in answer:
                raise Unpackable(str(answer["error"]))
            self._cache.put(key, answer)
        files = {name: Path(path).read_bytes() for name, path in answer["files"].items()}
        return {**files, **{name: str(text).encode() for name, text in answer["texts"].items()}}

    def _parcel(self, files: dict[str, bytes]) -> Parcel:
        """Return the files by digest; the same content is kept once for all modules."""
        names, contents = {}, {}
        for name, content in files.items():
            digest = hashlib.sha256(content).hexdigest()[:32]
            names[name] = digest
            contents[digest] = self._contents.setdefault(digest, content)
        return Parcel(names, contents)


def _key(module: Foreign, folders: Sequence[str], roots: Sequence[str]) -> tuple[object, ...]:
    return (module.path, *folders, "in", *roots)


def shebang(content: bytes) -> str:
    """Return the name of the program that a script's first line starts; empty where it starts none."""
    if not content.startswith(b"#!"):
        return ""
    words = content[2:].partition(b"\n")[0].decode("utf-8", "replace").split()
    while words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-")]
    return Path(words[0]).name if words else ""
