"""Moves directories with rsync, from host to host: first all, then what changed, again and again, and the rest at last.

The new host fetches, with a key that was made for that and can do nothing else on the old one. After the switch the same
connection brings what is written on the new host back to the old, so that going back loses nothing until ``finish``.
Which copy counts is marked on the new host: once it has taken over, nothing is fetched any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import Parameters, optional, required

LOSSLESS_BACK = True
BOTH = (OLD, NEW)
FOLDER = "/var/lib/provisioner/migration/{{ migration.id }}"
PEER = "hostvars[peer]"


class Params(Parameters):
    """Which directories, what of them, and how they are copied and compared."""

    paths: list[Any] = required(
        "list", "The directories: absolute paths, or ``path`` on the old and ``to`` on the new host.", elements="raw"
    )
    include: list[str] | None = optional("list", "Patterns of rsync, taken although an exclude fits.", elements="str")
    exclude: list[str] | None = optional("list", "Patterns of rsync of what stays behind.", elements="str")
    throttle: str | None = optional("str", "Not more than this a second until the freeze: ``20M``.")
    delete: bool = optional("bool", "Remove on the new host what the old one does not have; not while seeding.", True)
    overwrite: bool = optional(
        "bool", "The directories may hold something on the new host already: it is replaced.", False
    )
    special: bool = optional("bool", "Move devices, pipes and sockets, too.", False)
    one_file_system: bool = optional("bool", "Leave out what is mounted below the directories.", False)
    compress: bool = optional("bool", "Compress on the way: for slow links.", False)
    checksum: bool = optional("bool", "Compare contents in the last pass, not only sizes and times: slow.", False)
    verify: str = optional(
        "str",
        "Which contents are compared: those that ``changed`` since they were last read, ``all``, or ``none``.",
        "changed",
        choices=("changed", "all", "none"),
    )
    verify_percent: int = optional(
        "int", "Compare the contents of so many of a hundred files; the rest by the list.", 100
    )
    times: str = optional(
        "str", "How exactly times have to agree.", "nanoseconds", choices=("nanoseconds", "seconds", "ignored")
    )
    freeze: str = optional(
        "str",
        "``none``: the application's own freeze keeps writers away; ``read_only``: the directories, too, refuse writes.",
        "none",
        choices=("none", "read_only"),
    )
    login: str = optional("str", "Who logs in on the old host; another than root needs sudo for rsync.", "root")
    address: str | None = optional("str", "The old host's address as the new one reaches it; that of the inventory.")
    port: int | None = optional("int", "The port of its SSH server; that of the inventory.")
    source: list[str] | None = optional(
        "list", "Addresses the new host comes from, where they are changed on the way.", elements="str"
    )
    ssh_options: dict[str, Any] | None = optional(
        "dict", "More settings for ssh: algorithms that only an old server has."
    )
    install: bool = optional("bool", "Install rsync where it is missing.", True)


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Let the new host in on the old one for these directories, and open the connection."""
    made, let_in = _variable(name, "key"), _variable(name, "access")
    source = params.source or ["{{ %s.%s.source_address }}" % (PEER, made)]
    making = {"state": "made", "address": params.address or "{{ peer_address }}"}
    trusting = {
        "state": "trusted",
        "address": params.address or "{{ peer_address }}",
        "port": params.port or "{{ %s.ansible_port | default(22) }}" % PEER,
        "user": params.login,
        "host_keys": "{{ %s.%s.host_keys }}" % (PEER, let_in),
        "ssh_options": params.ssh_options or {},
    }
    steps = [Step(BOTH, {"name": f"{name}: rsync", "package": {"name": "rsync", "state": "present"}})]
    return [
        *(steps if params.install else []),
        *([_frozen(name, params, OLD, "possible")] if params.freeze == "read_only" else []),
        Step(NEW, _task(name, "a key for this purpose alone", "transfer_key", making, register=made)),
        _let_in(name, params, source=source, register=let_in),
        Step(NEW, _task(name, "the old host's own keys", "transfer_key", trusting)),
        _copy(name, params, "the old host can be reached", "connect"),
    ]


def seed(name: str, params: Params) -> Sequence[Step]:
    """Copy everything a first time; an interrupted copy goes on where it was."""
    return [_copy(name, params, "first copy", "pull", throttle=params.throttle)]


def delta(name: str, params: Params) -> Sequence[Step]:
    """Copy what changed, and read it on both sides, so that little is left to be read in the freeze."""
    words = {"throttle": params.throttle, "delete": params.delete}
    return [_copy(name, params, "what changed since", "pull", **words), _count(name, params, "read what changed")]


def freeze(name: str, params: Params) -> Sequence[Step]:
    """Let nobody write on the old host, where that is wanted from us."""
    return [_frozen(name, params, OLD, "frozen")] if params.freeze == "read_only" else []


def final(name: str, params: Params) -> Sequence[Step]:
    """Copy the last difference, as fast as it goes."""
    words = {"delete": params.delete, "checksum": params.checksum, "moving": False}
    return [_copy(name, params, "the last difference", "pull", **words)]


def verify(name: str, params: Params) -> Sequence[Step]:
    """Count and sum up both sides; name what differs, and fail."""
    found = _variable(name, "found")
    theirs = "%s.%s" % (PEER, found)
    differ = f"{found}.digest != {theirs}.digest"
    said = "{{ %(f)s.files }} files, {{ %(f)s.bytes }} bytes, checksum {{ %(f)s.digest[:16] }} on both hosts"
    comparing = {
        "that": [f"{found}.{each} == {theirs}.{each}" for each in ("files", "directories", "links", "bytes", "digest")],
        "fail_msg": "the two hosts do not hold the same",
        "success_msg": said % {"f": found},
    }
    where = {"folder": FOLDER, "name": name, "trees": _trees(params)}
    return [
        _count(name, params, "count and sum up", register=found),
        Step(NEW, {"name": f"{name}: what differs", "tree_difference": where, "when": differ}),
        Step(NEW, {"name": f"{name}: both hosts hold the same", "assert": comparing}),
    ]


def promote(name: str, params: Params) -> Sequence[Step]:
    """Let the new host's copy be the one that counts; not in a rehearsal that touches the new host alone."""
    return [_copy(name, params, "the new host's copy counts", "take", when="migration.phase == 'cutover'")]


def reverse(name: str, params: Params) -> Sequence[Step]:
    """Bring what is written on the new host back to the old."""
    return [
        *_thawed(name, params, OLD),
        _let_in(name, params, writable=True),
        _copy(name, params, "bring the old host in step", "push", delete=params.delete),
    ]


def back(name: str, params: Params) -> Sequence[Step]:
    """Bring the last difference back to the old host, if the new one's copy counts; let it be written to again."""
    freezing = [_frozen(name, params, NEW, "frozen")] if params.freeze == "read_only" else []
    return [
        *_thawed(name, params, OLD),
        *freezing,
        _let_in(name, params, writable=True),
        _copy(name, params, "bring the last difference back", "return", delete=params.delete),
        *_thawed(name, params, NEW),
        _let_in(name, params),
    ]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Take the access away, and everything that was kept for it."""
    away = {"folder": FOLDER, "name": name, "state": "absent"}
    return [
        Step(NEW, {"name": f"{name}: no key any more", "transfer_key": away}),
        Step(OLD, {"name": f"{name}: no access any more", "transfer_key": {**away, "user": params.login}}),
    ]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the old host does alone to take writes again."""
    return [_freezing(params, OLD, "thawed")] if params.freeze == "read_only" else []


def _task(name: str, says: str, module: str, words: Mapping[str, object], **more: object) -> dict[str, object]:
    return {"name": f"{name}: {says}", module: {"folder": FOLDER, "name": name, **words}, **more}


def _variable(name: str, says: str) -> str:
    plain = "".join(letter if letter.isalnum() else "_" for letter in name)
    return f"files_{plain}_{says}"


def _trees(params: Params) -> list[dict[str, object]]:
    return [dict(each) if isinstance(each, Mapping) else {"path": each} for each in params.paths]


def _paths(params: Params, role: str) -> list[object]:
    trees = _trees(params)
    return [each["path"] if role == OLD else each.get("to", each["path"]) for each in trees]


def _chosen(params: Params) -> dict[str, object]:
    given = {"include": params.include, "exclude": params.exclude}
    words: dict[str, object] = {key: value for key, value in given.items() if value}
    return words | {key: True for key in ("special", "one_file_system") if getattr(params, key)}


def _copy(name: str, params: Params, says: str, direction: str, when: str = "", **more: object) -> Step:
    words: dict[str, object] = {"direction": direction, "trees": _trees(params), **_chosen(params)}
    words |= {key: True for key in ("compress", "overwrite") if getattr(params, key)}
    words |= {key: value for key, value in more.items() if value is not None}
    return Step(NEW, _task(name, says, "sync_tree", words, **({"when": when} if when else {})))


def _count(name: str, params: Params, says: str, **more: object) -> Step:
    paths = [{"old": old, "new": new} for old, new in zip(_paths(params, OLD), _paths(params, NEW), strict=True)]
    side = "{{ 'old' if inventory_hostname in migration.hosts.old else 'new' }}"
    words = {
        "paths": "{{ files_trees | map(attribute=files_side) | list }}",
        "content": params.verify,
        "percent": params.verify_percent,
        "times": params.times,
        "manifest": f"{FOLDER}/{name}.lists/manifest",
        **_chosen(params),
    }
    variables = {"files_trees": paths, "files_side": side}
    return Step(BOTH, {"name": f"{name}: {says}", "tree_digest": words, "vars": variables, **more})


def _let_in(
    name: str, params: Params, source: Sequence[str] = (), register: str = "", *, writable: bool = False
) -> Step:
    words: dict[str, object] = {
        "state": "authorized",
        "user": params.login,
        "trees": _trees(params),
        "writable": writable,
    }
    if source:
        words |= {"public_key": "{{ %s.%s.public_key }}" % (PEER, _variable(name, "key")), "source": list(source)}
    says = "directories may be written to" if writable else "directories may be read"
    return Step(OLD, _task(name, says, "transfer_key", words, **({"register": register} if register else {})))


def _freezing(params: Params, role: str, state: str) -> Mapping[str, object]:
    return {"module": "tree_freeze", "params": {"paths": _paths(params, role), "state": state}}


def _frozen(name: str, params: Params, role: str, state: str) -> Step:
    says = {"frozen": "nobody writes", "thawed": "may be written to again", "possible": "can be frozen"}[state]
    return Step(role, {"name": f"{name}: {says}", "tree_freeze": _freezing(params, role, state)["params"]})


def _thawed(name: str, params: Params, role: str) -> list[Step]:
    return [_frozen(name, params, role, "thawed")] if params.freeze == "read_only" else []
