"""Installed collections: where they lie, which of their plugins a name means, where ``meta/runtime.yml`` redirects it.

One ``Collections`` belongs to a run (``LoadSettings.collections``); loading, templating and the module bridge all ask
it. A name is followed through redirects; a plugin that was removed raises InputError with the collection's own words.

* ``folder("ns.coll")`` is the collection's folder, None where it is not installed.
* ``plugin("filter", "ns.coll.name")`` is what a full name means after redirects: its file, or no file where the name
  leads to something of ours (``ansible.builtin.ping``). ``kind`` is the folder below ``plugins/``: modules, action,
  filter, test, lookup, module_utils, inventory, callback, connection, become, vars, cache, doc_fragments, ...
* ``search("modules", "name", ("ns.coll", ...))`` looks for a short name as the ``collections`` keyword says.
* ``plugin_folder("ns.coll", "filter")`` is that folder where it exists.
* ``action_group("ns.coll.group")`` are the modules ``module_defaults: {group/ns.coll.group: ...}`` is for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import position_of
from provisioner.loading.files import is_folder, read_source
from provisioner.records import dataclass
from provisioner.syntax import yaml

BUILT_IN = ("ansible.builtin", "ansible.legacy")
"""Collections that are no folder: what ships with us, and the user's own files."""

NO_PLUGIN = frozenset({".yml", ".yaml", ".json", ".md", ".rst", ".txt", ".pyc", ".pyo", ".orig", ".bak", ".swp"})
"""Endings of files beside plugins that are none themselves."""

ANY_ENDING = frozenset({"modules"})
"""Kinds whose plugins need not be Python files."""

DEEPEST = 20
"""How many redirects one name may take."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a name of a plugin means. ``path`` is None where no file of a collection stands behind it.

    ``name`` is the full name after redirects, ``asked`` the one it was asked for by; ``notices`` are the warnings
    (deprecations) met on the way.
    """

    name: str
    asked: str
    path: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def collection(self) -> str:
        """The collection's name."""
        return ".".join(self.name.split(".")[:2])


@dataclass(frozen=True, slots=True)
class Installed:
    """One installed collection with its version as its manifest or ``galaxy.yml`` says, ``*`` where none does."""

    name: str
    version: str
    path: str


class Collections:
    """The ``ansible_collections`` folders of a run, searched in order."""

    def __init__(self, roots: Sequence[str] = ()) -> None:
        self.roots = tuple(dict.fromkeys(as_root(each) for each in roots))
        self._folders: dict[str, str | None] = {}
        self._runtimes: dict[str, Mapping[str, object]] = {}
        self._listed: dict[str, frozenset[str]] = {}
        self._beside: dict[tuple[str, ...], Collections] = {}

    def beside(self, roots: Sequence[str]) -> Collections:
        """Return the collections seen from a place that has search folders of its own, which come first."""
        wanted = tuple(dict.fromkeys((*(as_root(each) for each in roots), *self.roots)))
        if wanted == self.roots:
            return self
        if wanted not in self._beside:
            self._beside[wanted] = Collections(wanted)
        return self._beside[wanted]

    def folder(self, collection: str) -> str | None:
        """Return the folder of a collection, or None."""
        if collection not in self._folders:
            namespace, _, name = collection.partition(".")
            good = bool(namespace and name) and "." not in name and "/" not in collection
            places = [f"{root}/{namespace}/{name}" for root in self.roots] if good else []
            self._folders[collection] = next((place for place in places if is_folder(place)), None)
        return self._folders[collection]

    def plugin_folder(self, collection: str, kind: str) -> str | None:
        """Return the folder of a collection's plugins of one kind, or None."""
        home = self.folder(collection)
        found = f"{home}/plugins/{kind}"
        return found if home and Path(found).is_dir() else None

    def plugin(self, kind: str, name: str) -> Plugin | None:
        """Return what a full name means, redirects followed; None where nothing is known of it.

        InputError where the collection says that it was removed, or where redirects lead in a circle.
        """
        found = Plugin(name, name)
        for _ in range(DEEPEST):
            collection, _, _ = _split(found.name)
            entry = self._entry(collection, kind, found.name)
            found = _noticed(found, entry)
            target = entry.get("redirect")
            if target is None:
                return self._located(kind, found)
            found = replace(found, name=_full(str(target), collection))
        raise InputError.at(None, f"the redirects of '{name}' never end", detail=f"the last was '{found.name}'")

    def acting(self, name: str) -> Plugin | None:
        """Return the action plugin of a full name: one of that name, else the one its module is routed through."""
        found = self.plugin("action", name)
        if found is not None:
            return found
        module = self.plugin("modules", name)
        asked = module.name if module else name
        routed = self._entry(_split(asked)[0], "modules", asked).get("action_plugin")
        return self.plugin("action", _full(str(routed), _split(asked)[0])) if routed else None

    def search(self, kind: str, name: str, collections: Sequence[str]) -> Plugin | None:
        """Return what a short name means among ``collections``, the first that has it."""
        for collection in collections:
            if collection not in BUILT_IN and self.folder(collection):
                found = self.plugin(kind, f"{collection}.{name}")
                if found is not None:
                    return found
        return None

    def action_group(self, name: str) -> tuple[str, ...] | None:
        """Return the full names of the modules of a group such as ``ns.coll.cloud``; None where there is no such group.

        A group may extend others (``metadata: {extend_group: [...]}``).
        """
        found: dict[str, None] = {}
        waiting, seen = [name], {name}
        known = False
        while waiting:
            collection, _, short = _split(waiting.pop(0))
            written = _mapping(self.runtime(collection).get("action_groups")).get(short)
            if not isinstance(written, list):
                continue
            known = True
            for entry in written:
                if isinstance(entry, str):
                    found.setdefault(_full(entry, collection))
                    continue
                extended = _mapping(_mapping(entry).get("metadata")).get("extend_group")
                for each in extended if isinstance(extended, list) else [extended] if extended else []:
                    if (full := _full(str(each), collection)) not in seen:
                        seen.add(full)
                        waiting.append(full)
        return tuple(found) if known else None

    def runtime(self, collection: str) -> Mapping[str, object]:
        """Return a collection's ``meta/runtime.yml``, empty where it has none."""
        if collection not in self._runtimes:
            home = self.folder(collection)
            path = f"{home}/meta/runtime.yml"
            content = yaml.load(read_source(path)) if home and Path(path).is_file() else None
            self._runtimes[collection] = _mapping(content)
        return self._runtimes[collection]

    def installed(self) -> Iterator[Installed]:
        """Yield every installed collection, also one hidden by another of its name in an earlier search folder."""
        for root in self.roots:
            for place in sorted(Path(root).glob("*/*")):
                if place.is_dir() and place.parent.name.isidentifier() and place.name.isidentifier():
                    yield Installed(f"{place.parent.name}.{place.name}", version_of(place), str(place))

    def _entry(self, collection: str, kind: str, name: str) -> Mapping[str, object]:
        """Return what the collection's routing says about a plugin; a module may be named among the actions too."""
        routing = _mapping(self.runtime(collection).get("plugin_routing"))
        return _mapping(_mapping(routing.get(kind)).get(_split(name)[2]))

    def _located(self, kind: str, found: Plugin) -> Plugin | None:
        collection, inner, short = _split(found.name)
        if collection in BUILT_IN:
            return found
        home = self.plugin_folder(collection, kind)
        path = self._file("/".join((home, *inner)), short.rpartition(".")[2], kind) if home else None
        if path is not None:
            return replace(found, path=path)
        return None if found.name == found.asked or self.folder(collection) else found

    def _file(self, folder: str, name: str, kind: str) -> str | None:
        if folder not in self._listed:
            place = Path(folder)
            self._listed[folder] = frozenset(os.listdir(place) if place.is_dir() else ())  # noqa: PTH208 - names only
        names = self._listed[folder]
        if f"{name}.py" in names:
            return f"{folder}/{name}.py"
        if kind == "module_utils" and name in names:
            return f"{folder}/{name}"
        if kind not in ANY_ENDING:
            return None
        others = sorted(each for each in names if each == name or Path(each).stem == name)
        return next((f"{folder}/{each}" for each in others if Path(each).suffix not in NO_PLUGIN), None)


def as_root(path: str) -> str:
    """Return the ``ansible_collections`` folder a search path means."""
    return path if path.rstrip("/").endswith("ansible_collections") else path.rstrip("/") + "/ansible_collections"


def version_of(folder: Path) -> str:
    """Return the version of the collection in a folder, ``*`` where nothing tells."""
    manifest, source = folder / "MANIFEST.json", folder / "galaxy.yml"
    told: object = None
    try:
        if manifest.is_file():
            told = _mapping(_mapping(json.loads(manifest.read_text("utf-8"))).get("collection_info")).get("version")
        elif source.is_file():
            told = _mapping(yaml.load(read_source(str(source)))).get("version")
    except (ValueError, InputError):
        return "*"
    return str(told) if told else "*"


def _split(name: str) -> tuple[str, tuple[str, ...], str]:
    """Return the collection of a full name, the folders below its kind, and the name as routing tables write it."""
    words = name.split(".")
    if len(words) < 3:
        return "", (), name
    return ".".join(words[:2]), tuple(words[2:-1]), ".".join(words[2:])


def _full(name: str, collection: str) -> str:
    return name if name.count(".") >= 2 else f"{collection}.{name}"


def _noticed(found: Plugin, entry: Mapping[str, object]) -> Plugin:
    """Return the plugin with the warning its routing entry asks for; InputError where it was removed."""
    removed = entry.get("tombstone")
    if removed is not None:
        raise InputError.at(
            position_of(removed), f"{found.name} has been removed", detail=_told(_mapping(removed), found.name)
        )
    deprecated = entry.get("deprecation")
    if deprecated is None:
        return found
    return replace(
        found, notices=(*found.notices, f"{found.name} is deprecated. {_told(_mapping(deprecated), found.name)}")
    )


def _told(words: Mapping[str, object], name: str) -> str:
    """Return the collection's words and when the removal is or was."""
    text = str(words.get("warning_text") or "").strip()
    when = words.get("removal_version") or words.get("removal_date")
    if when is None:
        return text
    unit = "version" if words.get("removal_version") else "date"
    return f"{text} ({_split(name)[0]}, removal {unit}: {when})".strip()


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
