"""Loads inventories of every form, and the variable files beside inventories and playbooks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source, position_of
from provisioner.loading.draft import Draft
from provisioner.loading.files import absolute_path, read_source, shown
from provisioner.loading.inventory_ini import read_ini
from provisioner.loading.inventory_script import read_script
from provisioner.loading.inventory_yaml import read_groups
from provisioner.loading.reading import kind_of
from provisioner.loading.settings import LoadSettings
from provisioner.model.inventory import Inventory, VarsFile
from provisioner.syntax import yaml

_YAML_ENDINGS = (".yml", ".yaml", ".json")
_VARS_FOLDERS = ("group_vars", "host_vars")


def load_inventory(sources: Sequence[str], settings: LoadSettings) -> tuple[Inventory, Findings]:
    """Return the inventory of all sources, later ones winning, with everything that is wrong in them.

    A source is a file (INI, YAML, JSON), an executable, a folder of these, or host names with commas.
    """
    findings = Findings()
    draft = Draft(findings)
    folders: dict[str, None] = {}
    for given in sources:
        if "," in given:
            for word in given.split(","):
                if word.strip():
                    draft.host(word.strip(), "ungrouped", {}, Position(Source("--inventory", given), 1, 1))
            continue
        path = absolute_path(given, settings.basedir)
        if not Path(path).exists():
            findings.error(f"the inventory {shown(path)} does not exist",
                           hint="for host names write them with a comma: 'host1,'")  # fmt: skip
            continue
        folders[path if Path(path).is_dir() else str(Path(path).parent)] = None
        _read(path, draft, settings)
    beside = [(folder, "inventory") for folder in folders]
    beside += [(absolute_path(folder, settings.basedir), "playbook") for folder in settings.playbook_dirs]
    names = {"group_vars": list(draft.groups), "host_vars": [*draft.hosts, *_implicit(draft)]}
    files = tuple(file for folder, kind in beside for file in _vars_files(folder, kind, names, settings, findings))
    return draft.finish(files, tuple(sources)), findings


def _implicit(draft: Draft) -> list[str]:
    return [] if "localhost" in draft.hosts else ["localhost"]


def _read(path: str, draft: Draft, settings: LoadSettings) -> None:
    try:
        if Path(path).is_dir():
            for inner in sorted(os.listdir(path)):  # noqa: PTH208 - names only
                if inner not in _VARS_FOLDERS and not _is_ignored(inner, settings):
                    _read(f"{path}/{inner}", draft, settings)
        elif _is_script(path):
            read_script(path, draft)
        else:
            _read_text(path, draft, settings)
    except InputError as error:
        draft.findings.extend(error.diagnostics)


def _is_ignored(name: str, settings: LoadSettings) -> bool:
    if name.startswith("."):
        return True
    return name.endswith(settings.inventory_ignore_extensions) or any(
        Path(name).match(pattern) for pattern in settings.inventory_ignore_patterns
    )


def _is_script(path: str) -> bool:
    if not os.access(path, os.X_OK):
        return False
    with Path(path).open("rb") as file:
        start = file.read(4)
    return start.startswith((b"#!", b"\x7fELF"))


def _read_text(path: str, draft: Draft, settings: LoadSettings) -> None:
    source = read_source(path)
    ending = Path(path).suffix
    if ending in _YAML_ENDINGS:
        _read_yaml(yaml.load(source, vault=settings.vault, findings=draft.findings), path, draft)
        return
    readable = yaml.decrypted(source, settings.vault)
    content = None if ending else _tried_as_yaml(readable)
    if isinstance(content, dict):
        _read_yaml(content, path, draft)
    else:
        read_ini(readable, draft)


def _tried_as_yaml(source: Source) -> object:
    """Return the content of a file without ending if it is YAML; most such files are INI."""
    try:
        return yaml.load(source)
    except InputError:
        return None


def _read_yaml(content: object, path: str, draft: Draft) -> None:
    if content is None:
        draft.findings.warn(f"the inventory {shown(path)} is empty")
        return
    if not isinstance(content, dict):
        where = position_of(content) or Position(Source(shown(path)), 1, 1)
        draft.findings.error(f"an inventory must be a mapping of groups, not {kind_of(content)}", where)
        return
    if "plugin" in content:
        draft.findings.error(f"inventory plugin '{content['plugin']}' is not supported", position_of(content),
                             hint="use an executable that prints JSON")  # fmt: skip
        return
    read_groups(content, draft)


def _vars_files(
    folder: str, beside: str, names: dict[str, list[str]], settings: LoadSettings, findings: Findings
) -> Iterable[VarsFile]:
    for kind, wanted in names.items():
        home = Path(folder, kind)
        if not home.is_dir():
            continue
        present = set(os.listdir(home))  # noqa: PTH208 - names only
        for name in wanted:
            for path in _files_of(home, name, present):
                values = _values(path, settings, findings)
                if values:
                    yield VarsFile(kind.removesuffix("_vars"), name, beside, path, values)


def _files_of(home: Path, name: str, present: set[str]) -> list[str]:
    """Return the files of one host or group: the first that exists of a folder or file without, or with, an ending."""
    for ending in ("", *_YAML_ENDINGS):
        if name + ending not in present:
            continue
        place = home / (name + ending)
        if place.is_dir():
            return _inside(place)
        return [str(place)]
    return []


def _inside(folder: Path) -> list[str]:
    found: list[str] = []
    for place in sorted(folder.iterdir()):
        if place.name.startswith(".") or place.name.endswith("~"):
            continue
        if place.is_dir():
            found += _inside(place)
        elif place.suffix in ("", *_YAML_ENDINGS):
            found.append(str(place))
    return found


def _values(path: str, settings: LoadSettings, findings: Findings) -> dict[str, object]:
    try:
        content = settings.files.document(path, settings.vault, findings)
    except InputError as error:
        findings.extend(error.diagnostics)
        return {}
    if content is None:
        return {}
    if not isinstance(content, dict):
        where = position_of(content) or Position(Source(shown(path)), 1, 1)
        findings.error(f"a file of variables must be a mapping, not {kind_of(content)}", where)
        return {}
    return content
