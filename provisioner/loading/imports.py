"""Resolves static imports: ``import_tasks`` becomes a block, ``import_role`` a role in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, position_of
from provisioner.loading.files import is_file, shown
from provisioner.loading.graphing import read_checks, read_graphing
from provisioner.loading.keywords import Item, read_bool
from provisioner.loading.reading import Action, Reading, is_template
from provisioner.loading.roles import PARTS, load_role_at, read_parts
from provisioner.loading.tasks import make_task, place_of, read_list, read_nodes
from provisioner.model.keywords import Keywords
from provisioner.model.task import Block, Node, RoleUse

_LOOPS = ("loop", "until", "register", "async", "poll", "retries")
IMPORT_ROLE_KEYS = frozenset(PARTS) | {"name", "role", "public", "allow_duplicates", "rolespec_validate"}
"""Parameters of ``import_role``; ``include_role`` has ``apply`` besides."""


def read_import(written: dict[str, object], action: Action, keywords: Keywords, reading: Reading) -> Node | None:
    """Return what a static import brings in; None with errors recorded."""
    position = place_of(written, reading)
    if action.name == "import_playbook":
        reading.error("import_playbook stands at the top level of a playbook, not among tasks", action.position)
        return None
    if action.name == "include":
        reading.warn("'include' was removed from Ansible; it is still understood here", action.position,
                     hint="write import_tasks (read now) or include_tasks (read while running)")  # fmt: skip
        if _is_dynamic(written, action):
            return make_task(written, replace(action, name="include_tasks"), keywords, reading)
    looped = next((key for key in written if key in _LOOPS or key.startswith("with_")), None)
    if looped is not None:
        reading.error(f"'{looped}' cannot stand on {action.name}: it is read before anything runs", looped,
                      hint="use the include_ form, which is read while running")  # fmt: skip
        return None
    if action.name == "import_role":
        return _import_role(written, action, keywords, reading)
    return _import_tasks(written, action, keywords, position, reading)


def _is_dynamic(written: dict[str, object], action: Action) -> bool:
    looped = any(key in _LOOPS or key.startswith("with_") for key in written)
    return looped or is_template(action.args.get("file"))


def _import_tasks(
    written: dict[str, object], action: Action, keywords: Keywords, position: Position, reading: Reading
) -> Node | None:
    wrong = [key for key in action.args if key not in ("file", "_raw_params")]
    if wrong:
        reading.error(f"unknown parameter '{wrong[0]}' of {action.written}", position_of(wrong[0]) or action.position,
                      hint="use include_tasks, whose tasks are read while running" if wrong[0] == "apply" else "",
                      known_as=f"Invalid options for {action.written}: {', '.join(map(str, wrong))}")  # fmt: skip
        return None
    inner = reading.with_constants({k: v for layer in keywords.vars for k, v in layer.items()})
    name = inner.known_text(action.args.get("file"), f"the file of {action.written}")
    if name is None:
        return None
    path = find_tasks_file(name, inner)
    if path is None:
        reading.missing(f"{action.written}: file '{name}' does not exist", position_of(name) or action.position,
                        detail="looked for " + ", ".join(shown(p) for p in tasks_file_places(name, inner)))  # fmt: skip
        return None
    if path in reading.open_files:
        reading.error(f"'{name}' imports itself", action.position,
                      detail=" -> ".join(shown(p) for p in (*reading.open_files, path)))  # fmt: skip
        return None
    nodes = read_nodes(reading.document(path), inner.inside(path))
    return Block(
        nodes,
        position,
        name=str(written.get("name") or ""),
        keywords=keywords,
        graphing=read_graphing(written, "task", reading),
        verify=read_checks(written["verify"], position, reading) if "verify" in written else (),
        revert=read_list(written, "revert", reading),
    )


def tasks_file_places(name: str, reading: Reading) -> list[str]:
    """Return where a file of tasks is looked for: beside the including file, in the roles' folders, in the play's."""
    kind = "handlers" if reading.in_handlers else "tasks"
    if name.startswith(("/", "~")):
        return [reading.path(name)]
    folders = [reading.folder]
    for role in reading.role.chain() if reading.role else ():
        folders += [f"{role.path}/{kind}", f"{role.path}/tasks", role.path]
    folders += [f"{reading.basedir}/{kind}", reading.basedir]
    return list(dict.fromkeys(str(Path(replace(reading, folder=folder).path(name))) for folder in folders))


def find_tasks_file(name: str, reading: Reading) -> str | None:
    """Return the first existing one of these places."""
    return next((path for path in tasks_file_places(name, reading) if is_file(path)), None)


def _import_role(written: dict[str, object], action: Action, keywords: Keywords, reading: Reading) -> Node | None:
    for key in action.args:
        if key not in IMPORT_ROLE_KEYS:
            reading.error(f"unknown parameter '{key}' of {action.written}", position_of(key) or action.position,
                          hint=nearest(str(key), IMPORT_ROLE_KEYS))  # fmt: skip
    inner = reading.with_constants({k: v for layer in keywords.vars for k, v in layer.items()})
    name = inner.known_text(action.args.get("name", action.args.get("role")), f"the role of {action.written}")
    parts = read_parts(action.args, inner)
    if name is None or parts is None:
        return None
    role = load_role_at(name, parts, position_of(name) or action.position, inner)
    if role is None:
        return None

    def flag(key: str, otherwise: bool) -> bool:
        written = action.args.get(key, otherwise)
        known = inner.known_text(written, f"'{key}' of {action.written}") if is_template(written) else written
        return bool(read_bool(Item(key, known, action.name), reading))

    position = place_of(written, reading)
    role = replace(role, allow_duplicates=flag("allow_duplicates", True))
    return RoleUse(
        role if flag("rolespec_validate", True) else replace(role, argument_specs={}),
        position,
        is_included=True,
        keywords=keywords,
        public=flag("public", not reading.settings.private_role_vars),
        graphing=read_graphing(written, "task", reading),
        verify=read_checks(written["verify"], position, reading) if "verify" in written else (),
    )
