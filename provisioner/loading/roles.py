"""Loads roles from their folders and reads where they are used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.files import EXTENSIONS, absolute_path, is_folder, shown, with_extension
from provisioner.loading.graphing import GRAPHING_KEYS, read_checks, read_graphing, refuse_play_only
from provisioner.loading.keywords import SHARED, Item, read_bool, read_keywords, read_texts
from provisioner.loading.reading import Reading, RolePlace, is_template, kind_of
from provisioner.loading.tasks import place_of, read_nodes
from provisioner.loading.words import split_pairs
from provisioner.model.keywords import EMPTY, Keywords
from provisioner.model.task import Block, Role, RoleUse, Task
from provisioner.records import dataclass

_NAME_KEYS = frozenset({"role", "name", "src", "scm", "version"})
_META_KEYS = frozenset({"allow_duplicates", "dependencies", "galaxy_info", "argument_specs", "collections"})


@dataclass(frozen=True, slots=True)
class RoleParts:
    """Which files of a role are read instead of its ``main`` ones."""

    tasks_from: str = "main"
    vars_from: str = "main"
    defaults_from: str = "main"
    handlers_from: str = "main"


PARTS = tuple(f.name for f in fields(RoleParts))
WHOLE = RoleParts()


def read_parts(written: Mapping[str, object], reading: Reading) -> RoleParts | None:
    """Return ``tasks_from`` and the like; None with errors recorded."""
    found: dict[str, str] = {}
    for part in PARTS:
        if written.get(part) is not None:
            if not isinstance(written[part], str):
                reading.error(not_a_name(part, written[part]), written[part])
                return None
            name = reading.known_text(written[part], part)
            if name is None:
                return None
            found[part] = name
    return RoleParts(**found)


def not_a_name(part: str, written: object) -> str:
    """Return what is said of ``tasks_from`` and the like where they are no text."""
    return f"Expected a string for {part} but got <class '{type(written).__name__}'> instead"


def role_folders(name: str, reading: Reading) -> list[str]:
    """Return the folders a role may lie in, the first found counts."""
    settings = reading.settings
    if name.startswith(("/", "~")):
        return [absolute_path(name, reading.basedir)]
    words = name.split(".")
    qualified: list[str] = []
    if len(words) >= 3 and all(words) and "/" not in name:
        home = reading.installed.folder(".".join(words[:2]))
        qualified = [str(Path(home, "roles", *words[2:]))] if home else []
    homes = [f"{home}/roles" for each in reading.collections if (home := reading.installed.folder(each))]
    homes += [reading.basedir + "/roles", *(absolute_path(p, settings.basedir) for p in settings.roles_path)]
    homes += [str(Path(role.path).parent) for role in (reading.role.chain() if reading.role else ())]
    homes.append(reading.basedir)
    return qualified + [absolute_path(name, home) for home in dict.fromkeys(homes)]


def load_role_at(name: str, parts: RoleParts, position: Position | None, reading: Reading) -> Role | None:
    """Return a role by name; None with errors recorded. A role is read once for the same parts."""
    folders = role_folders(name, reading)
    folder = next((f for f in folders if os.path.isdir(f)), None)  # noqa: PTH112 - strings throughout
    if folder is None:
        known = [p.name for f in folders for p in Path(f).parent.glob("*/") if p.is_dir()]
        homes = ":".join(dict.fromkeys(folder.removesuffix(f"/{name}") for folder in folders))
        reading.missing(f"role '{name}' does not exist", position, hint=nearest(name, known),
                        detail="looked for " + ", ".join(shown(f) for f in folders),
                        known_as=f"the role '{name}' was not found in {homes}")  # fmt: skip
        return None
    around = reading.role.chain() if reading.role else ()
    if any((role.path, role.entry) == (folder, parts.tasks_from) for role in around):
        path = " -> ".join([*(role.name for role in reversed(around)), name])
        reading.error(f"role '{name}' needs itself", position, detail=path)
        return None
    key = (folder, name, parts, reading.basedir, _fingerprint(reading.constants))
    cache = reading.settings.files.parsed
    if key not in cache:
        own = _own_collection(folder)
        if reading.settings.add_plugins is not None:
            reading.settings.add_plugins(Path(folder))
        place = RolePlace(name, folder, reading.role, own, parts.tasks_from)
        mine = replace(reading, findings=Findings(), role=place, in_handlers=False)
        mine = mine.with_collections((own,) if own else ())
        cache[key] = (_read_role(parts, position, mine), tuple(mine.findings.all))
    found, diagnostics = cache[key]
    reading.findings.extend(diagnostics)
    return found if isinstance(found, Role) else None


def _own_collection(folder: str) -> str | None:
    """Return the collection a role's folder belongs to."""
    parts = Path(folder).parts
    if "ansible_collections" not in parts:
        return None
    after = parts[parts.index("ansible_collections") + 1 :]
    return ".".join(after[:2]) if len(after) > 3 and after[2] == "roles" else None


def _fingerprint(constants: Mapping[str, object]) -> str:
    return repr(sorted(constants.items(), key=str)) if constants else ""


def _read_role(parts: RoleParts, position: Position | None, reading: Reading) -> Role:
    place = reading.role
    assert place is not None  # noqa: S101 - set by the only caller
    meta = _meta(place, reading)
    defaults = _variables(place, "defaults", parts.defaults_from, reading)
    values = _variables(place, "vars", parts.vars_from, reading)
    collections = read_texts(Item("collections", meta.get("collections"), "role"), reading)
    reading = reading.with_constants({**defaults, **values}).with_collections(collections)
    dependencies = _dependencies(meta, replace(reading, folder=place.path + "/meta"))
    handlers = _file(place, "handlers", parts.handlers_from, position, reading)
    kept = tuple(n for n in _nodes(handlers, replace(reading, in_handlers=True)) if isinstance(n, (Task, Block)))
    tasks = _nodes(_file(place, "tasks", parts.tasks_from, position, reading), reading)
    duplicates = read_bool(Item("allow_duplicates", meta.get("allow_duplicates", False), "role"), reading)
    return Role(
        place.name,
        place.path,
        tasks=tasks,
        handlers=kept,
        defaults=defaults,
        vars=values,
        dependencies=dependencies,
        allow_duplicates=bool(duplicates),
        collection=place.collection,
        argument_specs=_specs(place, meta, reading),
        entry_point=parts.tasks_from,
        collections=collections,
    )


def _nodes(path: str | None, reading: Reading) -> tuple[Task | Block | RoleUse, ...]:
    if path is None:
        return ()
    content = reading.document(path)
    return read_nodes(content, reading.inside(path), shown(path))


def _file(place: RolePlace, kind: str, name: str, position: Position | None, reading: Reading) -> str | None:
    """Return the path of a role's tasks or handlers file; only ``main`` may be missing."""
    if not Path(os.path.normpath(f"{place.path}/{kind}/{name}" if not name.startswith("/") else name)).is_relative_to(
        place.path
    ):
        reading.error(f"'{name}' cannot be read as it is not inside the expected role path: '{place.path}/{kind}'",
                      name, detail=f"it is to stand for {kind}/main of the role '{place.name}'")  # fmt: skip
        return None
    found = _main_file(f"{place.path}/{kind}/{name}")
    if found is None and name != "main":
        reading.error(f"role '{place.name}' has no file '{kind}/{name}'", position_of(name) or position)
    return found


def _main_file(base: str) -> str | None:
    if not base.startswith("/") or ".." in base:
        base = str(Path(base).resolve())
    found = with_extension(base, (".yml", ".yaml", ".json", ""))
    return found or (_main_file(base + "/main") if is_folder(base) else None)


def _variables(place: RolePlace, kind: str, name: str, reading: Reading) -> dict[str, object]:
    base = f"{place.path}/{kind}/{name}"
    merged: dict[str, object] = {}
    paths = _variable_files(base)
    if not paths and name != "main":
        reading.error(f"role '{place.name}' has no file '{kind}/{name}'", name)
    for path in paths:
        content = reading.document(path)
        if isinstance(content, dict):
            merged.update(content)
        elif content is not None:
            reading.error(f"{shown(path)} must be a mapping of variables, not {kind_of(content)}", content)
    return merged


def _variable_files(base: str) -> list[str]:
    """Return the files of a role's variables: one, or all in a folder of that name."""
    if is_folder(base):
        inside = sorted(p for p in Path(base).rglob("*") if p.is_file() and p.suffix in EXTENSIONS)
        return [str(p) for p in inside if not p.name.startswith(".")]
    single = with_extension(base, (".yml", ".yaml", ".json", ""))
    return [single] if single else []


def _meta(place: RolePlace, reading: Reading) -> dict[str, object]:
    path = _main_file(place.path + "/meta/main")
    content = reading.document(path) if path else None
    if content is None:
        return {}
    if not isinstance(content, dict):
        reading.error(f"{shown(path or '')} must be a mapping, not {kind_of(content)}", content)
        return {}
    for key in content:
        if key not in _META_KEYS:
            reading.warn(f"unknown key '{key}' of a role's meta file", key, hint=nearest(str(key), _META_KEYS))
    return content


def _specs(place: RolePlace, meta: Mapping[str, object], reading: Reading) -> dict[str, object]:
    path = with_extension(place.path + "/meta/argument_specs", (".yml", ".yaml", ".json"))
    content = reading.document(path) if path else meta
    specs = content.get("argument_specs") if isinstance(content, dict) else None
    return specs if isinstance(specs, dict) else {}


def _dependencies(meta: Mapping[str, object], reading: Reading) -> tuple[RoleUse, ...]:
    written = meta.get("dependencies") or []
    if not isinstance(written, list):
        reading.error(f"'dependencies' of a role must be a list, not {kind_of(written)}", written)
        return ()
    return tuple(use for each in written if (use := read_role_use(each, reading)) is not None)


def read_role_use(written: object, reading: Reading) -> RoleUse | None:
    """Return an item of ``roles`` or ``dependencies``: a name, or a mapping with keywords and parameters."""
    if isinstance(written, str):
        return _use_by_text(written, reading)
    if not isinstance(written, dict):
        reading.error(f"a role must be a name or a mapping with 'role', not {kind_of(written)}", written)
        return None
    given = next((written[key] for key in ("role", "name", "src") if written.get(key) is not None), None)
    if given is None:
        reading.error("this entry names no role", written, hint="write 'role: name'",
                      known_as="role definitions must contain a role name")  # fmt: skip
        return None
    refuse_play_only(written, "role", reading)
    name = reading.known_text(given, "the role's name")
    if name is None:
        return None
    if "src" in written and given is written["src"]:
        name = _name_of_source(name)
    keywords = read_keywords(written, "role", reading)
    if "guard" in written:
        key = next(each for each in written if each == "guard")
        reading.error("a role cannot be guarded: 'guard' belongs to a block", key,
                      hint="include the role inside a block that has 'guard' and 'revert'")  # fmt: skip
    special = SHARED | GRAPHING_KEYS | _NAME_KEYS
    params = {key: value for key, value in written.items() if key not in special}
    return _use(name, position_of(given), params, keywords, written, reading)


def _use_by_text(written: str, reading: Reading) -> RoleUse | None:
    name = reading.known_text(written, "the role's name")
    if name is None:
        return None
    if "," in name and not is_template(name):
        reading.error(f"a role is a name, and '{name}' lists more", written,
                      hint="the old style 'source,version,name' belongs into a requirements file",
                      known_as=f"Invalid old style role requirement: {name}")  # fmt: skip
        return None
    params: dict[str, object] = {}
    if "=" in name and not is_template(name):
        split = split_pairs(name, lambda _key: True)
        name, params = split.rest, dict(split.pairs)
    return _use(name.strip(), position_of(written), params, EMPTY, {}, reading)


def _use(
    name: str,
    position: Position | None,
    params: dict[str, object],
    keywords: Keywords,
    written: dict[str, object],
    reading: Reading,
) -> RoleUse | None:
    known = {key: value for layer in keywords.vars for key, value in layer.items()}
    inner = reading.with_constants({**known, **params})
    role = load_role_at(name, WHOLE, position, inner)
    if role is None:
        return None
    where = position or place_of(written, reading)
    return RoleUse(
        role,
        where,
        params=params,
        keywords=keywords,
        public=not reading.settings.private_role_vars,
        graphing=read_graphing(written, "role", reading),
        verify=read_checks(written["verify"], where, reading) if "verify" in written else (),
    )


def _name_of_source(source: str) -> str:
    """Return the role's name in ``src: https://host/name.git`` and the like."""
    last = source.rstrip("/").rsplit("/", 1)[-1].split(",")[0]
    for ending in (".git", ".tar.gz", ".tgz"):
        last = last.removesuffix(ending)
    return last
