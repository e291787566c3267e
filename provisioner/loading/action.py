"""Finds a task's module and its parameters among the task's keys, in every style Ansible allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType

from provisioner import catalog
from provisioner.diagnostics.errors import InputError, nearest
from provisioner.diagnostics.position import Position, Text, position_of
from provisioner.loading.collections import Collections, Plugin
from provisioner.loading.files import absolute_path
from provisioner.loading.keywords import SHARED
from provisioner.loading.reading import Action, Reading, is_template, kind_of
from provisioner.loading.words import Unbalanced, split_pairs, without_continuations
from provisioner.model.task import RoleUse
from provisioner.records import dataclass
from provisioner.remote.params import Parameters, Problem

VARIABLE_PARAMS = "_variable_params"
"""The parameter that holds a template for a whole mapping of parameters (``copy: "{{ arguments }}"``)."""

RAW = frozenset({"command", "shell", "raw", "script", "win_command", "win_shell", "expect"})
"""Modules whose free form is a command line: only these modules' own options are taken out of it."""

STATIC = frozenset({"import_tasks", "import_role", "import_playbook", "include"})
"""Actions that are resolved while loading."""

USUAL_LIBRARIES = ("~/.ansible/plugins/modules", "/usr/share/ansible/plugins/modules")
"""Where a user's and a machine's own modules are if no setting says it."""

KINDS = ("modules", "action")
"""The folders of a collection that hold what a task can call."""

_BUILT_IN = ("ansible.builtin.", "ansible.legacy.")

TASK_WORDS = (*SHARED, "register", "loop", "notify", "until", "retries", "delay", "changed_when", "failed_when")
"""Keywords that a misspelt key of a task may have meant."""

FAIL_AT_RUN = frozenset({"add_host", "group_by", "set_fact"})
"""Actions that take any text as far as Ansible's loading goes: they fail when the task runs."""

INCLUDING = frozenset({"include_tasks", "import_tasks", "include"})

FREE_FORM = {
    **dict.fromkeys(RAW, "_raw_params"),
    **dict.fromkeys(INCLUDING, "file"),
    "include_vars": "file",
    "meta": "free_form",
}
"""The parameter a free form fills where the module does not say it itself."""

_RAW_OPTIONS = frozenset({"creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline",
                          "strip_empty_ends"})  # fmt: skip


def canonical(written: str) -> str:
    """Return our short name for a module, the written one where we have none."""
    plain = str(written)
    for prefix in _BUILT_IN:
        plain = plain.removeprefix(prefix)
    if plain in STATIC:
        return plain
    return catalog.short_name("action", written) or plain


def is_known(written: str, reading: Reading) -> bool:
    """Tell whether a module of that name exists somewhere: with us, in another collection, or beside the playbook."""
    name = canonical(written)
    if name in reading.settings.rejected_modules:
        return False
    if name in STATIC or catalog.exists_elsewhere(written) or catalog.short_name("action", written) is not None:
        return True
    if any(_in_library(folder, name) for folder in _libraries(reading)):
        return True
    return bool(reading.collections) and _in_collections(name, reading)


def _in_collections(name: str, reading: Reading) -> bool:
    """Tell whether a short name may be from a collection that the ``collections`` keyword names.

    One that is not installed here is believed to have it, unless the name is just a misspelt one of ours.
    """
    if _searched(name, reading) is not None:
        return True
    missing = [each for each in reading.collections if reading.installed.folder(each) is None]
    return bool(missing) and name.isidentifier() and not nearest(name, TASK_WORDS)


def _searched(name: str, reading: Reading) -> Plugin | None:
    """Return the module or action of that short name in the collections that are searched here."""
    for collection in reading.collections:
        for kind in KINDS:
            found = reading.installed.search(kind, name, (collection,))
            if found is not None:
                return found
    return None


def _meant(written: str, reading: Reading) -> Plugin | None:
    """Return what a name of an action means among the installed collections, None where it is not one of theirs."""
    if "." not in written:
        return _searched(written, reading) if reading.collections and written not in STATIC else None
    return meant(written, reading.installed)


def meant(written: str, installed: Collections) -> Plugin | None:
    """Return what the full name of an action means, redirects followed; None where it is of no collection."""
    if written.count(".") < 2 or written.startswith(_BUILT_IN):
        return None
    found = [installed.plugin(kind, written) for kind in KINDS]
    # where a module and an action are redirected, a task that is called so runs the action
    return (
        next((each for each in reversed(found) if each is not None and each.name != written), None)
        or found[0]
        or found[1]
    )


def resolved(written: str, reading: Reading, position: Position | None = None) -> str:
    """Return the name a task's action goes by: ours where we have it, else the full one, redirects followed."""
    if is_template(written):
        return canonical(written)
    try:
        found = _meant(str(written), reading)
    except InputError as error:
        for each in error.diagnostics:
            reading.error(each.summary, position, detail=each.detail, hint=each.hint)
        return canonical(written)
    for notice in found.notices if found else ():
        reading.warn(notice, position)
    return canonical(found.name if found else written)


def _libraries(reading: Reading, kinds: tuple[str, ...] = ("library", "action_plugins")) -> tuple[str, ...]:
    roles = reading.role.chain() if reading.role else ()
    beside = [f"{folder}/{kind}" for folder in (reading.basedir, *(r.path for r in roles)) for kind in kinds]
    usual = tuple(absolute_path(each, reading.basedir) for each in USUAL_LIBRARIES)
    configured = reading.settings.action_plugins if "action_plugins" in kinds else ()
    return (*beside, *reading.libraries, *configured, *(reading.settings.library or usual))


def role_libraries(roles: Iterable[RoleUse]) -> tuple[str, ...]:
    """Return the folders in which the roles of a play bring modules; all its tasks may use them."""
    found: dict[str, None] = {}
    for use in roles:
        found.update(dict.fromkeys((*role_libraries(use.role.dependencies), f"{use.role.path}/library")))
    return tuple(found)


def is_overridden(written: str, reading: Reading) -> bool:
    """Tell whether the user has a module of that name, which then is the one that runs, whatever ours is."""
    name = written.removeprefix("ansible.legacy.")
    if "." in name or name in catalog.names("action"):
        return False
    return any(_in_library(folder, name) for folder in _libraries(reading, ("library",)))


def _in_library(folder: str, name: str) -> bool:
    place = Path(folder)
    return place.is_dir() and any(each.stem == name for each in place.rglob(f"{name}*"))


def params_of(name: str) -> type[Parameters] | None:
    """Return the declared parameters of an action or module of ours, None where there are none."""
    for kind in ("action", "module"):
        if name in catalog.names(kind):
            declared = _declared(catalog.load(kind, name))
            if declared is not None:
                return declared
    return None


def params_of_check(kind: str) -> str:
    """Return the parameter a check fills from a single value, or an empty string."""
    if kind not in catalog.names("check"):
        return ""
    declared = _declared(catalog.load("check", kind))
    return declared.free_form if declared is not None else ""


def check_problems(kind: str, args: Mapping[str, object], is_open: Callable[[object], bool]) -> list[Problem]:
    """Return what is wrong with the parameters of a check, as far as it can be known before templates are rendered."""
    declared = _declared(catalog.load("check", kind)) if kind in catalog.names("check") else None
    return declared.problems(args, is_open) if declared is not None else []


def _declared(module: ModuleType) -> type[Parameters] | None:
    declared = getattr(module, "Params", None)
    return declared if isinstance(declared, type) and issubclass(declared, Parameters) else None


def read_action(
    written: Mapping[str, object], candidates: list[str], position: Position, reading: Reading
) -> Action | None:
    """Return the action of a task; ``candidates`` are its keys that are no keywords. None with errors recorded."""
    styles = [key for key in ("action", "local_action") if key in written]
    names = [key for key in candidates if is_known(key, reading)]
    if len(names) + len(styles) > 1:
        both = [*styles, *names]
        reading.error(f"a task does one thing, this one has two actions: {both[0]} and {both[1]}", both[1],
                      hint="make two tasks of it",
                      known_as=f"conflicting action statements: {', '.join(both)}")  # fmt: skip
        return None
    args = written.get("args")
    if styles:
        return _from_keyword(styles[0], written[styles[0]], args, position, reading)
    if not names:
        return None
    return _make(names[0], written[names[0]], args, position_of(names[0]) or position, reading)


def _from_keyword(key: str, value: object, args: object, position: Position, reading: Reading) -> Action | None:
    """Read ``action: copy src=a``, ``action: {module: copy, src: a}`` and the same under ``local_action``."""
    where = position_of(value) or position
    rest: object
    if isinstance(value, dict):
        rest = {k: v for k, v in value.items() if k != "module"}
        name = value.get("module")
        if isinstance(name, str) and " " in name and not is_template(name):
            name, _, words = name.partition(" ")
            rest = {**split_pairs(words, lambda _key: True).pairs, **rest}
    elif isinstance(value, str):
        name, rest = _name_and_rest(value.strip())
        rest = Text(str(rest), where) if rest else None
    else:
        name = None
        rest = None
    if not isinstance(name, str) or not name:
        reading.error(f"'{key}' must name a module", where, hint="write 'module: name' or 'name key=value'")
        return None
    if not is_template(name) and not is_known(name, reading):
        _unknown_later(Text(name, where), reading)
    made = _make(Text(name, where), rest, args, where, reading)
    if made is None or key == "action":
        return made
    return Action(made.name, made.written, made.args, made.position, made.more_vars, is_local=True)


def _unknown_later(name: str, reading: Reading) -> None:
    """Record a module that exists nowhere, named under ``action``: Ansible looks there only when the task runs."""
    known = catalog.names("action") | catalog.names("module") | catalog.KNOWN_ELSEWHERE | STATIC
    reading.mistake(f"module '{name}' exists nowhere", name, hint=nearest(canonical(name), known),
                    known_as=f"The module {name} was not found in configured module paths")  # fmt: skip


def _name_and_rest(text: str) -> tuple[str, str]:
    """Split ``copy src=a``; the name may hold templates with blanks in them."""
    end = re.match(r"(?:\{\{.*?\}\}|\S)*", text, re.DOTALL)
    name = end.group() if end else text
    return name, text[len(name) :].strip()


def unknown_module(name: str, reading: Reading) -> None:
    """Record a module that exists nowhere."""
    known = catalog.names("action") | catalog.names("module") | catalog.KNOWN_ELSEWHERE | STATIC
    reading.error(f"module '{name}' exists nowhere", name, hint=nearest(canonical(name), known),
                  known_as=f"couldn't resolve module/action '{name}'. This often indicates a misspelling, missing "
                  "collection, or incorrect module path.")  # fmt: skip


def _make(written: str, value: object, extra: object, position: Position, reading: Reading) -> Action | None:
    name = resolved(written, reading, position)
    args: dict[str, object] = {}
    if isinstance(extra, dict):
        args.update(extra)
    elif isinstance(extra, str) and is_template(extra):
        args[VARIABLE_PARAMS] = extra
    elif extra is not None:
        reading.error(f"'args' of a task must be a mapping, not {kind_of(extra)}", position_of(extra) or position)
    more: dict[str, object] = {}
    if isinstance(value, dict):
        args.update(value)
    elif isinstance(value, str):
        found = _from_text(name, value, reading)
        if found is None:
            return None
        if name in INCLUDING:
            more = {key: found.pop(key) for key in list(found) if key not in ("file", "apply")}
        args.update(found)
    elif isinstance(value, list) or (value is not None and not _free_form(name)):
        reading.error(f"parameters of '{written}' must be a mapping, not {kind_of(value)}", position)
        return None
    elif value is not None:
        args[_free_form(name)] = value
    return Action(name, str(written), _named(args, position), position, more)


def _named(args: dict[str, object], position: Position) -> dict[str, object]:
    """Return parameters whose names are text; YAML may hold other keys, and no parameter is called so."""
    if all(isinstance(key, str) for key in args):
        return args
    return {key if isinstance(key, str) else Text(str(key), position): each for key, each in args.items()}


def _free_form(name: str) -> str:
    declared = params_of(name)
    if declared is not None:
        return declared.free_form or FREE_FORM.get(name, "")
    return FREE_FORM.get(name.rpartition(".")[2], "" if name in STATIC else "_raw_params")


def _from_text(name: str, text: str, reading: Reading) -> dict[str, object] | None:
    """Return the parameters of a one-line style; None with an error recorded."""
    where = position_of(text)
    free = _free_form(name)
    if not free and is_template(text) and text.strip().startswith("{{"):
        spaced = text.strip()
        if spaced.endswith("}}") and spaced.count("{{") == 1:
            return {VARIABLE_PARAMS: text}
    try:
        split = split_pairs(text, _pair_test(name))
    except Unbalanced as error:
        if name in RAW:
            return {free: text}
        reading.error(f"the parameters of '{name}' cannot be split: {error}", where)
        return None
    rest = _command_line(split.rest, text) if name.rpartition(".")[2] in RAW else split.rest
    args: dict[str, object] = {Text(k, where): Text(v, where) for k, v in split.pairs.items()}
    if split.rest and not free:
        return _unwanted(name, split.rest, args, where, reading)
    if split.rest:
        # a free form without pairs keeps the very string, and with it being marked unsafe
        args[free] = Text(rest, where) if split.pairs or rest != text else text
    return args


def _command_line(rest: str, text: str) -> str:
    """Return what is run of a free form: continued lines joined, the newline at its end kept."""
    return without_continuations(rest) + ("\n" if rest and text.endswith("\n") else "")


def _unwanted(
    name: str, text: str, args: dict[str, object], where: Position | None, reading: Reading
) -> dict[str, object] | None:
    """Record that a module takes no text; return its parameters where Ansible only finds that when the task runs."""
    is_for_the_run = is_template(text) or name in FAIL_AT_RUN
    tell = reading.mistake if is_for_the_run else reading.error
    tell(f"'{name}' takes parameters, not the text '{text}'", where,
         hint="write them as a mapping: 'name: value', one a line",
         known_as=f"invalid or malformed argument: '{text}'")  # fmt: skip
    return args if is_for_the_run else None


def _pair_test(name: str) -> PairTest:
    if name.rpartition(".")[2] not in RAW:
        return PairTest(None)
    declared = params_of(name)
    if declared is None:
        return PairTest(_RAW_OPTIONS)
    return PairTest(frozenset(declared.names()) & (_RAW_OPTIONS | {"cmd"}) | _RAW_OPTIONS)


@dataclass(frozen=True, slots=True)
class PairTest:
    """Says which ``name=value`` words are parameters; None means all."""

    allowed: frozenset[str] | None

    def __call__(self, name: str) -> bool:
        """Tell whether ``name`` is one."""
        return self.allowed is None or name in self.allowed
