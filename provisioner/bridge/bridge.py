"""The bridge of a run: from a module's name, where it is used, to what travels to a host."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from provisioner import catalog
from provisioner.bridge import installation
from provisioner.bridge.cache import Cache, folder
from provisioner.bridge.installation import Installation
from provisioner.bridge.library import BUILT_IN, Foreign, Library, Refusal
from provisioner.bridge.packing import Packed, Packing
from provisioner.loading.collections import Collections
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """What is searched from where a task stands: the user's modules, their libraries, installed collections."""

    libraries: tuple[str, ...] = ()
    module_utils: tuple[str, ...] = ()
    action_plugins: tuple[str, ...] = ()
    collections: Collections = Collections()


class Bridge:
    """Finds and packs modules that are not ours. One belongs to a run; safe for many threads."""

    def __init__(self, environ: Mapping[str, str], cache: Cache | None = None) -> None:
        self._environ = dict(environ)
        self._cache = cache or Cache(folder(environ))
        self._library = Library()
        self._packing = Packing(self._cache)
        self._lock = threading.Lock()
        self._there: tuple[Installation | None] | None = None
        self._seen: dict[tuple[str, ...], Collections] = {}

    @property
    def installation(self) -> Installation | None:
        """The ansible-core whose modules and module_utils are used; looked for when first needed."""
        with self._lock:
            if self._there is None:
                self._there = (installation.find(self._environ, self._cache),)
            return self._there[0]

    def overriding(self, written: str, place: Place) -> Foreign | None:
        """Return the user's own module that wins over whatever else has its name."""
        if not place.libraries or written.startswith("ansible.builtin."):
            return None
        name = written.removeprefix("ansible.legacy.")
        return None if "." in name else self._library.beside(name, place.libraries)

    def acted(self, written: str, place: Place, *, in_collections: bool = True) -> str | None:
        """Return the file of an action plugin of that name: the user's own, else that of an installed collection."""
        if written.startswith("ansible.builtin."):
            return None
        plain = written.removeprefix("ansible.legacy.")
        found = self._library.beside(plain, place.action_plugins) if place.action_plugins else None
        if found is not None or plain.count(".") < 2 or not in_collections:
            return found.path if found else None
        plugin = self._collections(place).acting(plain)
        return plugin.path if plugin and plugin.path and Path(plugin.path).is_file() else None

    def elsewhere(self, written: str, place: Place) -> Foreign | Refusal:
        """Return a module that neither we nor the user have, or why it cannot be run."""
        there = self.installation
        collections = self._collections(place)
        found = (
            self._library.installed(written, there, collections)
            if there is not None
            else self._library.collected(written, collections)
        )
        return found or Refusal(self._nowhere(written, collections))

    def _nowhere(self, written: str, collections: Collections) -> str:
        plain = written
        for prefix in BUILT_IN:
            plain = plain.removeprefix(prefix)
        words = plain.split(".")
        text = f"module {written} is not available here"
        if len(words) >= 3:
            collection = ".".join(words[:2])
            if collections.folder(collection) is not None:
                return f"{text}: collection {collection} is installed, and has no such module"
            way = f"ansible-galaxy collection install {collection}"
            return f"{text}: collection {collection} has to be installed ({way})"
        if self.installation is None and plain in catalog.KNOWN_ELSEWHERE:
            remedy = f"install provisioner[ansible], or name its interpreter in {installation.VARIABLE}"
            return f"{text}: it is one of Ansible's, and no Ansible was found ({remedy})"
        if plain in catalog.KNOWN_ELSEWHERE:
            return f"{text}: the collection it comes from has to be installed (pip install ansible brings most of them)"
        return text

    def ready(self, module: Foreign, place: Place) -> Packed | None:
        """Return a module if it is packed already."""
        return self._packing.ready(module, place.module_utils, self._roots(place))

    def pack(self, module: Foreign, place: Place) -> Packed:
        """Pack a module, which may take a moment; Unpackable where something it needs is not there."""
        there = self.installation
        return self._packing.pack(module, place.module_utils, self._roots(place), there)

    def _collections(self, place: Place) -> Collections:
        roots = self._roots(place)
        return self._seen.setdefault(roots, Collections(roots))

    def _roots(self, place: Place) -> tuple[str, ...]:
        there = self._there[0] if self._there else None
        return tuple(dict.fromkeys((*place.collections.roots, *(there.collections if there else ()))))
