"""Moves directories with rsync, from host to host: first all, then what changed, again and again, and the rest at last.

The new host fetches, with a key that was made for that and can do nothing else on the old one. After the switch the
same connection brings what is written on the new host back to the old, so that going back loses nothing until
``finish``. Which copy counts is marked on the new host: once it has taken over, nothing is fetched any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provisioner.migration import bare_hosts
from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import Parameters, demand, optional, required
from provisioner.remote.transfers import Transfer, file_name

LOSSLESS_BACK = True
BOTH = (OLD, NEW)
FOLDER = "/var/lib/provisioner/migration/{{ migration.id }}"
MOVING = "{{ migration.phase != 'cutover' }}"
"""Whether the old host still writes: a rehearsal does not freeze it."""
COUNTS_WHEN = "migration.phase == 'cutover'"
"""Where a rehearsal takes over on the new host alone, its copy must not count: it is seeded again."""


class Params(Parameters):
    """Which directories, what of them, and how they are copied and compared."""

    paths: list[Any] = required(
        "list", "The directories: absolute paths, or ``path`` on the old and ``to`` on the new host.", elements="raw"
    )
    include: list[str] | None = optional("list", "Patterns of rsync, taken although an exclude fits.", elements="str")
    exclude: list[str] | None = optional("list", "Patterns of rsync of what stays behind.", elements="str")
    throttle: str | None = optional("str", "Not more than this a second until the freeze: ``20M``.")
    delete: bool = optional("bool", "Remove on the new host what the old one does not have; not while seeding.", True)
    overwrite: bool = optional("bool", "What the directories hold on the new host already may be replaced.", False)
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
    verify_percent: int = optional("int", "Compare the contents of so many of a hundred files.", 100)
    times: str = optional(
        "str", "How exactly times have to agree.", "nanoseconds", choices=("nanoseconds", "seconds", "ignored")
    )
    freeze: str = optional(
        "str",
        "``none``: the application's own freeze keeps writers away; ``read_only``: the directories refuse writes, too.",
        "none",
        choices=("none", "read_only"),
    )
    old_python: bool = optional("bool", "Whether the old host has Python; where not, sshd, sh and rsync do.", True)
    login: str = optional("str", "Who logs in on the old host; another than root needs sudo for rsync.", "root")
    address: str | None = optional("str", "The old host's address as the new one reaches it; that of the inventory.")
    port: int | None = optional("int", "The port of its SSH server; that of the inventory.")
    source: list[str] | None = optional(
        "list", "Addresses the new host comes from, where they are changed on the way.", elements="str"
    )
    method: str = optional(
        "str", "``tar`` where the old host has no rsync: every pass reads all of it.", "rsync", choices=("rsync", "tar")
    )
    key_type: str = optional(
        "str", "The key's kind; a very old server knows no ed25519.", "ed25519", choices=("ed25519", "ecdsa", "rsa")
    )
    ssh_options: dict[str, Any] | None = optional("dict", "More settings for ssh: algorithms of an old server.")
    install: bool = optional("bool", "Install rsync where it is missing.", True)

    def __init__(self, values: Mapping[str, Any], extra: Mapping[str, Any], given: Iterable[str] = ()) -> None:
        super().__init__(values, extra, given)
        demand(self.old_python or self.freeze == "none", "freezing directories needs Python on the old host")
        demand(self.method == "rsync" or not self.old_python, "'method: tar' goes with 'old_python: false'")
        for tree in self.paths:
            known = set(tree) <= {"path", "to"} and "path" in tree if isinstance(tree, Mapping) else bool(tree)
            demand(known, f"a path is a directory's name, or has 'path' and 'to'; {tree!r} is neither")


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Let the new host in on the old one for these directories, and open the connection."""
    set_ = _Set(name, params)
    address = params.address or "{{ peer_address }}"
    making = {"state": "made", "address": address, "key_type": params.key_type}
    trusting = {
        "state": "trusted",
        "address": address,
        "port": params.port or set_.peer("ansible_port | default(22)"),
        "user": params.login,
        "host_keys": set_.host_keys(),
        "ssh_options": params.ssh_options or {},
    }
    return [
        *set_.programs(),
        *([set_.frozen(OLD, "possible")] if params.freeze == "read_only" else []),
        set_.key("a key for this purpose alone", making, register=set_.variable("key")),
        set_.let_in(with_key=True),
        set_.key("the old host's own keys", trusting),
        set_.copy("the old host can be reached", "connect"),
    ]


def abandon(name: str, params: Params) -> Sequence[Step]:  # noqa: ARG001 - every verb takes the same arguments
    """Let the new host's copy not count any more: it took over, and was given up before anybody wrote to it."""
    mark = {"path": f"{FOLDER}/{name}.turned", "state": "absent"}
    return [Step(NEW, {"name": f"{name}: the new host's copy does not count", "file": mark})]


def seed(name: str, params: Params) -> Sequence[Step]:
    """Copy everything a first time; an interrupted copy goes on where it was."""
    return [_Set(name, params).copy("first copy", "pull", throttle=params.throttle)]


def delta(name: str, params: Params) -> Sequence[Step]:
    """Copy what changed, and read it on both sides, so that little is left to be read in the freeze."""
    set_ = _Set(name, params)
    copy = set_.copy("what changed since", "pull", throttle=params.throttle, delete=params.delete)
    return [copy, *([set_.count("read what changed")] if params.old_python else [])]


def freeze(name: str, params: Params) -> Sequence[Step]:
    """Let nobody write on the old host, where that is wanted from us."""
    return [_Set(name, params).frozen(OLD, "frozen")] if params.freeze == "read_only" else []


def final(name: str, params: Params) -> Sequence[Step]:
    """Copy the last difference, as fast as it goes."""
    set_ = _Set(name, params)
    words: dict[str, Any] = {"delete": params.delete, "checksum": params.checksum, "moving": MOVING}
    words |= {"timeout": 10, "attempts": 2, "wait": 10}
    return [set_.copy("the last difference", "pull", **words)]


def verify(name: str, params: Params) -> Sequence[Step]:
    """Count and sum up both sides; name what differs, and fail."""
    set_ = _Set(name, params)
    if not params.old_python:
        return [set_.copy("both hosts hold the same", "compare", delete=True, checksum=params.verify != "none")]
    found = set_.variable("found")
    same = [f"{found}.{each} == hostvars[peer].{found}.{each}" for each in ("files", "links", "bytes", "digest")]
    sums = f"{{{{ {found}.files }}}} files, {{{{ {found}.bytes }}}} bytes, checksum {{{{ {found}.digest[:16] }}}}"
    comparing = {
        "that": same,
        "fail_msg": "the two hosts do not hold the same",
        "success_msg": f"{sums} on both hosts",
    }
    where = {"folder": FOLDER, "name": set_.moved.name, "trees": set_.trees}
    return [
        set_.count("count and sum up", register=found),
        Step(NEW, {"name": f"{name}: what differs", "tree_difference": where, "when": f"not ({same[-1]})"}),
        Step(NEW, {"name": f"{name}: both hosts hold the same", "assert": comparing}),
    ]


def promote(name: str, params: Params) -> Sequence[Step]:
    """Let the new host's copy be the one that counts; not in a rehearsal that touches the new host alone."""
    return [_Set(name, params).copy("the new host's copy counts", "take", when=COUNTS_WHEN)]


def reverse(name: str, params: Params) -> Sequence[Step]:
    """Bring what is written on the new host back to the old."""
    set_ = _Set(name, params)
    pushing = set_.copy("bring the old host in step", "push", delete=params.delete)
    return [*set_.thawed(OLD), set_.let_in(writable=True), pushing]


def back(name: str, params: Params) -> Sequence[Step]:
    """Bring the last difference back to the old host, if the new one's copy counts; let it be written to again."""
    set_ = _Set(name, params)
    return [
        *set_.thawed(OLD),
        *([set_.frozen(NEW, "frozen")] if params.freeze == "read_only" else []),
        set_.let_in(writable=True),
        set_.copy("bring the last difference back", "return", delete=params.delete),
        *set_.thawed(NEW),
        set_.let_in(),
    ]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Take the access away, and everything that was kept for it."""
    set_ = _Set(name, params)
    return [set_.key("no key any more", {"state": "absent"}), set_.shut_out()]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the old host does alone to take writes again."""
    frozen = params.freeze == "read_only"
    return [{"module": "tree_freeze", "params": _Set(name, params).freezing(OLD, "thawed")}] if frozen else []


class _Set:
    """One data set: makes its tasks."""

    def __init__(self, name: str, params: Params) -> None:
        self.name, self.params = name, params
        self.moved = Transfer(FOLDER, file_name(name))
        self.trees = [dict(each) if isinstance(each, Mapping) else {"path": each} for each in params.paths]

    def variable(self, says: str) -> str:
        plain = "".join(letter if letter.isalnum() else "_" for letter in self.name)
        return f"files_{plain}_{says}"

    @staticmethod
    def peer(says: str) -> str:
        return f"{{{{ hostvars[peer].{says} }}}}"

    def paths(self, role: str) -> list[object]:
        return [each["path"] if role == OLD else each.get("to", each["path"]) for each in self.trees]

    def programs(self) -> list[Step]:
        title = f"{self.name}: rsync"
        package = {"name": title, "package": {"name": "rsync", "state": "present"}}
        if not self.params.old_python:
            needed = bare_hosts.needs((self.params.method,))
            looking = {"name": f"{self.name}: {self.params.method} is there", "raw": needed, "changed_when": False}
            return [Step(OLD, looking), *([Step(NEW, package)] if self.params.install else [])]
        return [Step(BOTH, package)] if self.params.install else []

    def key(self, says: str, words: Mapping[str, object], **more: object) -> Step:
        return Step(NEW, self._task(says, "transfer_key", words, more))

    def host_keys(self) -> str:
        variable = self.variable("access")
        if self.params.old_python:
            return self.peer(f"{variable}.host_keys")
        return bare_hosts.HOST_KEYS.format(f"hostvars[peer].{variable}")

    def let_in(self, *, writable: bool = False, with_key: bool = False) -> Step:
        says = "directories may be written to" if writable else "directories may be read"
        key = self.peer(f"{self.variable('key')}.public_key")
        source = self.params.source or [self.peer(f"{self.variable('key')}.source_address")]
        register = {"register": self.variable("access")} if with_key else {}
        if not self.params.old_python:
            key = key if with_key else ""
            trees = [{"path": str(each)} for each in self.paths(OLD)]
            use = bare_hosts.Use(self.moved, trees, self.params.login, writable, self.params.method)
            script = bare_hosts.let_in(use, key, source)
            return self._raw(says, script, **register)
        words: dict[str, object] = {"state": "authorized", "user": self.params.login}
        words |= {"trees": self.trees, "writable": writable}
        words |= {"public_key": key, "source": source} if with_key else {}
        return Step(OLD, self._task(says, "transfer_key", words, register))

    def shut_out(self) -> Step:
        says = "no access any more"
        if not self.params.old_python:
            return self._raw(says, bare_hosts.take_away(self.moved, self.params.login))
        return Step(OLD, self._task(says, "transfer_key", {"state": "absent", "user": self.params.login}, {}))

    def copy(self, says: str, direction: str, when: str = "", **more: Any) -> Step:
        words: dict[str, object] = {"direction": direction, "trees": self.trees, **self._chosen()}
        words |= {key: True for key in ("compress", "overwrite") if getattr(self.params, key)}
        words |= {"method": "tar"} if self.params.method == "tar" else {}
        words |= {key: value for key, value in more.items() if value is not None}
        return Step(NEW, self._task(says, "sync_tree", words, {"when": when} if when else {}))

    def count(self, says: str, **more: object) -> Step:
        both = zip(self.paths(OLD), self.paths(NEW), strict=True)
        side = "{{ 'old' if inventory_hostname in migration.hosts.old else 'new' }}"
        words = {
            "paths": "{{ files_trees | map(attribute=files_side) | list }}",
            "content": self.params.verify,
            "percent": self.params.verify_percent,
            "times": self.params.times,
            "manifest": self.moved.file("lists/manifest"),
            **self._chosen(),
        }
        variables = {"files_trees": [{OLD: old, NEW: new} for old, new in both], "files_side": side}
        return Step(BOTH, {"name": f"{self.name}: {says}", "tree_digest": words, "vars": variables, **more})

    def freezing(self, role: str, state: str) -> dict[str, object]:
        return {"paths": self.paths(role), "state": state}

    def frozen(self, role: str, state: str) -> Step:
        says = {"frozen": "nobody writes", "thawed": "may be written to again", "possible": "can be frozen"}[state]
        return Step(role, {"name": f"{self.name}: {says}", "tree_freeze": self.freezing(role, state)})

    def thawed(self, role: str) -> list[Step]:
        return [self.frozen(role, "thawed")] if self.params.freeze == "read_only" else []

    def _chosen(self) -> dict[str, object]:
        given = {"include": self.params.include, "exclude": self.params.exclude}
        words: dict[str, object] = {key: value for key, value in given.items() if value}
        return words | {key: True for key in ("special", "one_file_system") if getattr(self.params, key)}

    def _task(
        self, says: str, module: str, words: Mapping[str, object], more: Mapping[str, object]
    ) -> dict[str, object]:
        return {"name": f"{self.name}: {says}", module: {"folder": FOLDER, "name": self.moved.name, **words}, **more}

    def _raw(self, says: str, script: str, **more: object) -> Step:
        told = str(more.get("register") or self.variable("said"))
        changed = bare_hosts.CHANGED.format(told)
        return Step(OLD, {"name": f"{self.name}: {says}", "raw": script, "register": told, "changed_when": changed})
