"""Facts kept between runs: in files as Ansible's ``jsonfile`` keeps them, or in a Redis server."""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from provisioner.diagnostics.errors import InputError, UnmetNeed, nearest
from provisioner.diagnostics.home import expanded
from provisioner.model.policy import FactCache

CACHES = ("memory", "jsonfile", "redis")
"""What ``fact_caching`` may say."""

GATHERED = "_ansible_facts_gathered"
"""The key that says that a host's facts were gathered, not only set by ``set_fact``."""


class KeepsFacts(Protocol):
    """A fact cache."""

    def load(self, host: str) -> dict[str, Any]:
        """Return what is known of a host; empty where nothing is, or it is too old."""

    def store(self, host: str, facts: Mapping[str, Any]) -> None:
        """Keep everything known of a host."""

    def forget(self, host: str) -> None:
        """Keep nothing of a host."""


class Nothing:
    """Keeps nothing: facts live as long as the run."""

    def load(self, host: str) -> dict[str, Any]:
        """Return nothing."""
        del host
        return {}

    def store(self, host: str, facts: Mapping[str, Any]) -> None:
        """Do nothing."""

    def forget(self, host: str) -> None:
        """Do nothing."""


class JsonFiles:
    """One file a host: ``<folder>/<prefix><host>``."""

    def __init__(self, settings: FactCache) -> None:
        if not settings.connection:
            raise InputError.at(None, "fact_caching: jsonfile needs a folder", hint="set fact_caching_connection")
        self._folder = expanded(os.path.expandvars(settings.connection))
        self._prefix, self._timeout_s = settings.prefix, settings.timeout_s

    def load(self, host: str) -> dict[str, Any]:
        """Return what the host's file says; a file that is no JSON counts as none."""
        path = self._path(host)
        try:
            if self._timeout_s and time.time() - path.stat().st_mtime > self._timeout_s:
                return {}
            found = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def store(self, host: str, facts: Mapping[str, Any]) -> None:
        """Write the host's file, whole or not at all."""
        path = self._path(host)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), "w", encoding="utf-8") as out:
                json.dump(facts, out, indent=4, sort_keys=True, default=str)
            beside.replace(path)
        except OSError as error:
            raise UnmetNeed(f"the fact cache {path} cannot be written", str(error.strerror)) from None

    def forget(self, host: str) -> None:
        """Remove the host's file."""
        self._path(host).unlink(missing_ok=True)

    def _path(self, host: str) -> Path:
        return self._folder / f"{self._prefix}{host.replace('/', '_')}"


class Redis:
    """Keys ``<prefix><host>`` in a Redis server; ``client`` speaks as redis-py's does."""

    def __init__(self, settings: FactCache, client: Any) -> None:
        self._client, self._prefix, self._timeout_s = client, settings.prefix, settings.timeout_s

    def load(self, host: str) -> dict[str, Any]:
        """Return what the server has of the host."""
        text = self._client.get(self._prefix + host)
        found = json.loads(text) if text else {}
        return found if isinstance(found, dict) else {}

    def store(self, host: str, facts: Mapping[str, Any]) -> None:
        """Keep the facts; the server forgets them in time."""
        expires = int(self._timeout_s) or None
        self._client.set(self._prefix + host, json.dumps(facts, default=str), ex=expires)

    def forget(self, host: str) -> None:
        """Delete the host's key."""
        self._client.delete(self._prefix + host)


def open_cache(settings: FactCache) -> KeepsFacts:
    """Return the cache; InputError for one there is not, UnmetNeed where the client for redis is not installed."""
    if settings.plugin == "jsonfile":
        return JsonFiles(settings)
    if settings.plugin == "redis":
        return Redis(settings, _redis_client(settings.connection))
    if settings.plugin != "memory":
        hint = nearest(settings.plugin, CACHES) or f"one of {', '.join(CACHES)}"
        raise InputError.at(None, f"fact_caching: '{settings.plugin}' is not known", hint=hint)
    return Nothing()


def _redis_client(connection: str) -> Any:
    try:
        redis = importlib.import_module("redis")
    except ImportError:
        raise UnmetNeed("fact_caching: redis needs the package redis", "install provisioner[redis]") from None
    host, _, rest = connection.partition(":")
    port, _, rest = rest.partition(":")
    database, _, password = rest.partition(":")
    return redis.Redis(host or "127.0.0.1", int(port or 6379), int(database or 0), password or None)
