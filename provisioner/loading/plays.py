"""Reads plays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from provisioner.diagnostics.errors import nearest
from provisioner.diagnostics.position import Position, Text, position_of
from provisioner.loading.action import role_libraries
from provisioner.loading.graphing import GRAPHING_KEYS, PLAY_ONLY, read_checks, read_graphing
from provisioner.loading.keywords import (
    NOT_ON_PLAY,
    SHARED,
    Item,
    duration,
    read_bool,
    read_int,
    read_keywords,
    read_text,
    read_texts,
    read_vars,
    wrong_type,
)
from provisioner.loading.reading import Reading, is_template, kind_of
from provisioner.loading.roles import read_role_use
from provisioner.loading.tasks import place_of, read_list
from provisioner.loading.windowing import read_window
from provisioner.model.play import Play, Prompt
from provisioner.model.task import Block, RoleUse, Task

PLAY_KEYS = (
    (SHARED - NOT_ON_PLAY)
    | GRAPHING_KEYS
    | PLAY_ONLY
    | {"name", "hosts", "user", "gather_facts", "gather_subset", "gather_timeout", "fact_path", "vars_files",
       "vars_prompt", "roles", "tasks", "pre_tasks", "post_tasks", "handlers", "serial", "strategy", "order",
       "max_fail_percentage", "force_handlers", "max_time"}
)  # fmt: skip
"""Every key of a play."""

STRATEGIES = ("linear", "free", "host_pinned", "graph")
ORDERS = ("inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle")
_PROMPT_KEYS = frozenset({"name", "prompt", "default", "private", "confirm", "encrypt", "salt", "salt_size", "unsafe"})


def read_play(written: dict[str, object], reading: Reading) -> Play | None:
    """Return a play; None with errors recorded where it has no hosts."""
    position = place_of(written, reading)
    _check_keys(written, reading)
    hosts = _hosts(written, position, reading)
    shared = {key: value for key, value in written.items() if key not in NOT_ON_PLAY and key != "vars"}
    if "user" in written and "remote_user" in written:
        reading.error("'user' and 'remote_user' of a play mean the same: give one", _key(written, "user"),
                      known_as="both 'user' and 'remote_user' are set for this play. The use of 'user' is deprecated, "
                      "and should be removed")  # fmt: skip
    if "user" in written:
        shared.setdefault("remote_user", written["user"])
    values = read_vars(Item(_key(written, "vars"), written.get("vars"), "play"), reading)
    collections = read_texts(Item("collections", written.get("collections"), "play"), reading)
    inner = reading.with_constants(values).with_collections(collections)
    roles = _roles(written.get("roles"), _key(written, "roles"), inner)
    inner = replace(inner, libraries=role_libraries(roles))
    handlers = read_list(written, "handlers", replace(inner, in_handlers=True))
    play = Play(
        _text(written, "name", reading) or _title(hosts),
        hosts,
        position,
        reading.basedir,
        pre_tasks=read_list(written, "pre_tasks", inner),
        roles=roles,
        tasks=read_list(written, "tasks", inner),
        post_tasks=read_list(written, "post_tasks", inner),
        handlers=tuple(node for node in handlers if isinstance(node, (Task, Block))),
        keywords=read_keywords(shared, "play", reading),
        vars=values,
        vars_files=_vars_files(written.get("vars_files"), reading),
        vars_prompt=_prompts(written.get("vars_prompt"), reading),
    )
    return replace(play, **_settings(written, position, reading)) if hosts is not None else None  # type: ignore[arg-type]


def _settings(written: dict[str, object], position: Position, reading: Reading) -> dict[str, object]:
    """Return the play's own keywords besides its lists."""

    def item(key: str) -> Item:
        return Item(_key(written, key), written[key], "play")

    found: dict[str, object] = {}
    for key in ("gather_facts", "force_handlers"):
        if key in written:
            found[key] = read_bool(item(key), reading)
    for key in ("gather_subset", "fact_path", "max_fail_percentage"):
        if written.get(key) is not None:
            found[key] = written[key]
    if "gather_timeout" in written:
        found["gather_timeout"] = read_int(item("gather_timeout"), reading)
    found["max_time_s"] = duration(written.get("max_time"), 0.0, reading)
    found["serial"] = _serial(written.get("serial"), _key(written, "serial"), reading)
    found["strategy"] = _strategy(written, reading)
    found["order"] = _choice(written, "order", ORDERS, reading)
    found["graphing"] = read_graphing(written, "play", reading)
    if "verify" in written:
        found["verify"] = read_checks(written["verify"], position, reading)
    if "window" in written:
        found["window"] = read_window(_key(written, "window"), written["window"], reading)
    return found


def _strategy(written: dict[str, object], reading: Reading) -> str:
    """Return the strategy; ``debug`` is left to the graph, which says what there is instead."""
    value = written.get("strategy")
    plain = value
    if isinstance(value, str) and value.startswith(("ansible.builtin.", "ansible.legacy.")):
        plain = Text(value.split(".", 2)[2], position_of(value))
    if plain == "debug":
        return "debug"
    return _choice({**written, "strategy": plain}, "strategy", STRATEGIES, reading) or reading.settings.strategy


def _check_keys(written: dict[str, object], reading: Reading) -> None:
    for key in written:
        if key in PLAY_KEYS:
            continue
        if key == "when":
            reading.error("a play has no 'when'", key, hint="put it on the tasks or roles, or on import_playbook")
        elif key == "include":
            reading.error("'include' of a playbook was removed", key, hint="write import_playbook")
        else:
            reading.unknown_key(key, "play", PLAY_KEYS)


def _hosts(written: dict[str, object], position: Position, reading: Reading) -> object:
    hosts = written.get("hosts")
    if "hosts" not in written:
        reading.error("a play must say its hosts", position, hint="write 'hosts: all' or another pattern")
        return None
    names = hosts if isinstance(hosts, list) else [hosts]
    if not names or any(isinstance(each, (dict, list, bool)) or each in (None, "") for each in names):
        reading.error(f"'hosts' of a play must be a pattern or a list of patterns, not {kind_of(hosts)}",
                      position_of(hosts) or _key_position(written, "hosts") or position,
                      known_as="Hosts list cannot be empty. Please check your playbook")  # fmt: skip
        return None
    if isinstance(hosts, list):
        return [each if isinstance(each, str) else str(each) for each in hosts]
    return hosts if isinstance(hosts, str) else str(hosts)


def _key(written: Mapping[str, object], name: str) -> str:
    """Return the key as it was written, which knows its place."""
    return next((each for each in written if each == name), name)


def _key_position(written: Mapping[str, object], key: str) -> Position | None:
    return next((position_of(each) for each in written if each == key), None)


def _title(hosts: object) -> str:
    return ",".join(map(str, hosts)) if isinstance(hosts, list) else str(hosts or "")


def _text(written: Mapping[str, object], key: str, reading: Reading) -> str:
    value = read_text(Item(key, written.get(key), "play"), reading)
    return value if isinstance(value, str) else ""


def _choice(written: Mapping[str, object], key: str, known: tuple[str, ...], reading: Reading) -> str | None:
    value = _text(written, key, reading)
    if not value or is_template(value):
        return value or None
    plain = value.removeprefix("ansible.builtin.")
    if plain in known:
        return str(plain)
    if key == "strategy" and plain == "debug":
        return "linear"
    if key == "strategy" and plain.rpartition(".")[2].startswith("mitogen_"):
        faster = plain.rpartition(".")[2].removeprefix("mitogen_")
        return faster if faster in known else "linear"
    reading.error(f"'{key}' of a play cannot be '{value}'", value, hint=nearest(value, known) or ", ".join(known))
    return None


def _serial(value: object, key: str, reading: Reading) -> tuple[object, ...]:
    sizes = value if isinstance(value, list) else [] if value is None else [value]
    for each in sizes:
        good = isinstance(each, (int, float)) and not isinstance(each, bool)
        if isinstance(each, str):
            good = is_template(each) or each.strip().removesuffix("%").replace(".", "", 1).isdigit()
        if not good:
            wrong_type(Item(key, each, "play"), "a number or a percentage", reading)
    return tuple(sizes)


def _roles(value: object, key: str, reading: Reading) -> tuple[RoleUse, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        reading.error(f"'{key}' of a play must be a list, not {kind_of(value)}", Item(key, value, "play").at,
                      known_as="A malformed role declaration was encountered.")  # fmt: skip
        return ()
    return tuple(use for each in value if (use := read_role_use(each, reading)) is not None)


def _vars_files(value: object, reading: Reading) -> tuple[object, ...]:
    files = value if isinstance(value, list) else [] if value is None else [value]
    for each in files:
        names = each if isinstance(each, list) else [each]
        for name in names:
            if not isinstance(name, str):
                wrong_type(Item("vars_files", name, "play"), "a list of paths", reading)
    return tuple(files)


def _prompts(value: object, reading: Reading) -> tuple[Prompt, ...]:
    if isinstance(value, dict) and "name" in value:
        value = [value]
    if isinstance(value, dict):
        return tuple(Prompt(str(name), str(text or name)) for name, text in value.items())
    if value is not None and not isinstance(value, list):
        wrong_type(Item("vars_prompt", value, "play"), "a list", reading)
        return ()
    prompts = []
    for each in value or []:
        if not isinstance(each, dict) or not isinstance(each.get("name"), str):
            reading.error("an entry of 'vars_prompt' needs a name", each,
                          known_as="Invalid vars_prompt data structure, missing 'name' key")  # fmt: skip
            continue
        for key in each:
            if key not in _PROMPT_KEYS:
                reading.unknown_key(key, "vars_prompt", _PROMPT_KEYS)
        prompts.append(_prompt(each, reading))
    return tuple(prompts)


def _prompt(written: Mapping[str, object], reading: Reading) -> Prompt:
    def flag(key: str, default: bool) -> bool:
        return bool(read_bool(Item(key, written.get(key, default), "vars_prompt"), reading))

    def text(key: str) -> str | None:
        value = written.get(key)
        return None if value is None else Text(str(value), position_of(value))

    size = read_int(Item("salt_size", written.get("salt_size"), "vars_prompt"), reading)
    return Prompt(
        str(written["name"]),
        text("prompt") or "",
        written.get("default"),
        flag("private", default=True),
        flag("confirm", default=False),
        text("encrypt"),
        text("salt"),
        size if isinstance(size, int) else None,
        flag("unsafe", default=False),
    )
