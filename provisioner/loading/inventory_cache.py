"""What inventory plugins were told, kept between runs: a mapping before a store of JSON files, or of memory."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.home import expanded
from provisioner.loading.files import shown

OUR_STORES = ("jsonfile", "memory")


class Store(Protocol):
    """Where values lie; also what a user's own cache plugin offers."""

    def get(self, key: str) -> Any:
        """Return a value; KeyError where there is none, or none that is fresh."""

    def set(self, key: str, value: Any) -> None:
        """Keep a value."""

    def keys(self) -> Any:
        """Return what is kept."""

    def contains(self, key: str) -> bool:
        """Tell whether a fresh value is kept."""

    def delete(self, key: str) -> None:
        """Forget a value."""

    def flush(self) -> None:
        """Forget everything."""


class MemoryStore:
    """Keeps values as long as the process lives."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._cache: dict[str, Any] = {}
        self._options = dict(options)
        self._timeout = float(options.get("_timeout") or 0)

    def get_option(self, name: str) -> Any:
        """Return one of the options it was made with."""
        return self._options.get(name)

    def set_option(self, name: str, value: Any) -> None:
        """Change an option."""
        self._options[name] = value

    def get(self, key: str) -> Any:
        """Return a value; KeyError where there is none."""
        return self._cache[key]

    def set(self, key: str, value: Any) -> None:
        """Keep a value."""
        self._cache[key] = value

    def keys(self) -> list[str]:
        """Return what is kept."""
        return list(self._cache)

    def contains(self, key: str) -> bool:
        """Tell whether a value is kept."""
        return key in self._cache

    def delete(self, key: str) -> None:
        """Forget a value."""
        self._cache.pop(key, None)

    def flush(self) -> None:
        """Forget everything."""
        for key in self.keys():
            self.delete(key)


class JsonFileStore(MemoryStore):
    """Keeps each value in a file of a folder, until it is older than the timeout (0: for ever)."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        folder = options.get("_uri")
        if not folder:
            raise InputError.at(None, "the cache 'jsonfile' needs a folder", hint="cache_connection names it")
        self._folder = expanded(os.path.expandvars(str(folder)))
        self._prefix = str(options.get("_prefix") or "")

    def get(self, key: str) -> Any:
        """Return a value; KeyError where there is none, or it is too old."""
        if self._is_expired(key):
            self._cache.pop(key, None)
            raise KeyError(key)
        if key not in self._cache:
            try:
                self._cache[key] = json.loads(self._file(key).read_text(encoding="utf-8"))
            except ValueError:  # a file that somebody cut short holds nothing worth having
                raise KeyError(key) from None
        return self._cache[key]

    def set(self, key: str, value: Any) -> None:
        """Keep a value; a reader finds the old one or the new one, never half."""
        super().set(key, value)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside = self._file(key).with_name(f".{self._file(key).name}.{os.getpid()}")
            with os.fdopen(
                os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                json.dump(value, file, default=str, indent=1)
            beside.replace(self._file(key))
        except OSError as error:
            raise InputError.at(
                None, f"cannot write the inventory cache {shown(self._folder)}: {error.strerror}"
            ) from None

    def keys(self) -> list[str]:
        """Return what is kept and fresh."""
        if not self._folder.is_dir():
            return []
        names = (path.name for path in self._folder.iterdir() if path.name.startswith(self._prefix))
        keys = [name.removeprefix(self._prefix) for name in sorted(names)]
        return [key for key in keys if not key.startswith(".") and not self._is_expired(key)]

    def contains(self, key: str) -> bool:
        """Tell whether a fresh value is kept."""
        return not self._is_expired(key)

    def delete(self, key: str) -> None:
        """Forget a value."""
        super().delete(key)
        with suppress(OSError):
            self._file(key).unlink()

    def flush(self) -> None:
        """Forget everything."""
        for key in dict.fromkeys((*self._cache, *self.keys())):
            self.delete(key)

    def _file(self, key: str) -> Path:
        return self._folder / f"{self._prefix}{key}".replace("/", "_")

    def _is_expired(self, key: str) -> bool:
        try:
            written = self._file(key).stat().st_mtime
        except OSError:
            return True
        return self._timeout > 0 and time.time() - written > self._timeout


class PluginCache(MutableMapping[str, Any]):
    """What a plugin sees: a mapping whose changes are written by ``update_cache_if_changed``."""

    def __init__(self, name: str, store: Store) -> None:
        self._plugin_name, self._plugin = name, store
        self._cache: dict[str, Any] = {}
        self._retrieved: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._cache:
            self._cache[key] = self._retrieved[key] = self._plugin.get(key)
        return self._cache[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._cache[key] = value

    def __delitem__(self, key: str) -> None:
        del self._cache[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cache)

    def __len__(self) -> int:
        return len(self._cache)

    def load_whole_cache(self) -> None:
        """Read everything that is kept."""
        for key in self._plugin.keys():  # noqa: SIM118 - a store is no mapping
            self[key]  # reading keeps it

    def set_cache(self) -> None:
        """Write everything."""
        for key, value in self._cache.items():
            self._plugin.set(key, value)
        self._retrieved = dict(self._cache)

    def update_cache_if_changed(self) -> None:
        """Write what changed since it was read."""
        if self._retrieved != self._cache:
            self.set_cache()

    def flush(self) -> None:
        """Forget everything, here and where it is kept."""
        self._plugin.flush()
        self._cache, self._retrieved = {}, {}


def our_store(name: str, options: Mapping[str, Any]) -> Store | None:
    """Return a store of ours, None where ``name`` is none."""
    short = name.rpartition(".")[2]
    if short not in OUR_STORES:
        return None
    return JsonFileStore(options) if short == "jsonfile" else MemoryStore(options)


def cache_key(plugin: str, path: str) -> str:
    """Return the key under which a plugin keeps what it found for a file."""
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{plugin}_s_{digest[:12]}"
