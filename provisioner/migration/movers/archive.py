"""Packs directories and dumps of the old host, keeps the archive on another, and proves there that it restores.

The archive is made on the old host, fetched by the host that keeps it (resumable, throttled), and unpacked there into a
scratch folder, where everything is compared with the list made of the original. It stays when the migration ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from provisioner.migration import bare_hosts
from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.packing import PLAIN
from provisioner.remote.params import Parameters, demand, optional, required
from provisioner.remote.transfers import Transfer, file_name

LOSSLESS_BACK = True
"""Nothing is ever written to an archive, so going back loses nothing of it."""
FOLDER = "/var/lib/provisioner/migration/{{ migration.id }}"
OLD_HOSTS = "{{ [peer] if inventory_hostname in migration.hosts.new else migration.hosts.old }}"
NOT_FETCHED = ["*.kept", "*.dropped", "*.dumps/", "*.part", "*.before", "*.after"]


class Params(Parameters):
    """What is packed, where it is kept, and how it gets there."""

    paths: list[str] = required("list", "The directories on the old host.", elements="path")
    dumps: list[Any] | None = optional(
        "list", "Commands whose output belongs into the archive: ``name`` and ``command`` each.", elements="dict"
    )
    on: str = optional("str", "The host role that keeps the archive.", NEW)
    to: str = optional("path", "The folder it is kept in.", "/var/backups/provisioner/{{ migration.name }}")
    include: list[str] | None = optional("list", "Patterns of rsync, taken although an exclude fits.", elements="str")
    exclude: list[str] | None = optional("list", "Patterns of rsync of what is left out.", elements="str")
    one_file_system: bool = optional("bool", "Leave out what is mounted below the directories.", False)
    compression: str = optional(
        "str", "``auto``: zstd where the old host has it, else gzip.", "auto", choices=("auto", "zstd", "gzip", "none")
    )
    throttle: str | None = optional("str", "Fetch not more than this a second: ``20M``.")
    keep_days: int = optional("int", "How long it is to be kept: noted beside it, nothing deletes it.", 90)
    old_python: bool = optional("bool", "Whether the old host has Python; where not, sh, tar, gzip and rsync do.", True)
    login: str = optional("str", "Who logs in on the old host; another than root needs sudo for rsync.", "root")
    address: str | None = optional("str", "The old host's address as the other reaches it; that of the inventory.")
    port: int | None = optional("int", "The port of its SSH server; that of the inventory.")
    source: list[str] | None = optional(
        "list", "Addresses the other host comes from, where they are changed on the way.", elements="str"
    )
    method: str = optional("str", "``tar`` where the old host has no rsync either.", "rsync", choices=("rsync", "tar"))
    key_type: str = optional(
        "str", "The key's kind; a very old server knows no ed25519.", "ed25519", choices=("ed25519", "ecdsa", "rsa")
    )
    ssh_options: dict[str, Any] | None = optional("dict", "More settings for ssh: algorithms of an old server.")
    install: bool = optional("bool", "Install rsync and zstd where they are missing.", True)

    def __init__(self, values: Mapping[str, Any], extra: Mapping[str, Any], given: Iterable[str] = ()) -> None:
        super().__init__(values, extra, given)
        demand(self.method == "rsync" or not self.old_python, "'method: tar' goes with 'old_python: false'")
        plain = not self.include and not any("/" in each for each in self.exclude or [])
        demand(
            self.old_python or plain, "without Python on the old host 'exclude' has names only, and 'include' nothing"
        )
        for each in self.dumps or []:
            demand(set(each) == {"name", "command"}, "a dump has 'name' and 'command', and nothing else")
            demand(bool(PLAIN.match(str(each["name"]))), f"'{each['name']}' is no name of a file")


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Let the host that keeps the archive fetch it."""
    set_ = _Set(name, params)
    key, access = set_.variable("key"), set_.variable("access")
    address = params.address or "{{ hostvars[item].ansible_host | default(item) }}"
    host_keys = f"{{{{ hostvars[item].{access}.host_keys }}}}"
    if not params.old_python:
        host_keys = bare_hosts.HOST_KEYS.format(f"hostvars[item].{access}")
    trusting = {
        "state": "trusted",
        "address": address,
        "port": params.port or "{{ hostvars[item].ansible_port | default(22) }}",
        "user": params.login,
        "host_keys": host_keys,
        "ssh_options": params.ssh_options or {},
    }
    made = {"state": "made", "address": address, "key_type": params.key_type}
    return [
        *set_.programs(),
        set_.kept("a key for this purpose alone", "transfer_key", made, register=key),
        set_.let_in(),
        set_.kept("the old host's own keys", "transfer_key", trusting),
        set_.kept("the old host can be reached", "sync_tree", set_.copying("connect")),
    ]


def seed(name: str, params: Params) -> Sequence[Step]:
    """Pack, fetch, prove that it restores, and remove it where it was packed."""
    set_ = _Set(name, params)
    fetching = set_.copying("pull") | {"exclude": NOT_FETCHED, "folder_times": False}
    fetching |= {"throttle": params.throttle} if params.throttle else {}
    return [
        set_.packed(),
        set_.kept("fetch the archive", "sync_tree", fetching),
        set_.proven(),
        set_.dropped(),
    ]


def verify(name: str, params: Params) -> Sequence[Step]:
    """See that the archive was proven to restore; where it was not, prove it."""
    return [_Set(name, params).proven()]


def final(_name: str, _params: Params) -> Sequence[Step]:
    """Do nothing in the freeze: the archive is of before."""
    return []


def promote(_name: str, _params: Params) -> Sequence[Step]:
    """Do nothing: nobody writes to an archive."""
    return []


def back(_name: str, _params: Params) -> Sequence[Step]:
    """Do nothing: the archive stays, whichever server serves."""
    return []


def finish(name: str, params: Params) -> Sequence[Step]:
    """Take the access away; the archive stays."""
    set_ = _Set(name, params)
    return [set_.kept("no key any more", "transfer_key", {"state": "absent"}), *set_.shut_out()]


class _Set:
    """One archive: makes its tasks. Each old host has an archive of its own, named after it."""

    def __init__(self, name: str, params: Params) -> None:
        self.name, self.params, self.file = name, params, file_name(name)
        self.moved = Transfer(FOLDER, f"{self.file}-{{{{ inventory_hostname }}}}")
        self.base = f"{self.moved.file('spool')}/{self.moved.name}"
        self.trees = [{"path": f"{FOLDER}/{self.file}-{{{{ item }}}}.spool", "to": params.to}]

    def variable(self, says: str) -> str:
        plain = "".join(letter if letter.isalnum() else "_" for letter in self.name)
        return f"archive_{plain}_{says}"

    def programs(self) -> list[Step]:
        names = ["rsync", *(["zstd"] if self.params.compression in ("auto", "zstd") else [])]
        title = f"{self.name}: programs"
        package = {"name": title, "package": {"name": names, "state": "present"}}
        both = [OLD, self.params.on]
        if not self.params.old_python:
            script = bare_hosts.needs((self.params.method, "tar", "gzip", "sha256sum"))
            looking = {"name": f"{title} are there", "raw": script, "changed_when": False}
            return [Step(OLD, looking), *([Step(self.params.on, package)] if self.params.install else [])]
        return [Step(both, package)] if self.params.install else []

    def kept(self, says: str, module: str, words: Mapping[str, object], **more: object) -> Step:
        """Return a task of the host that keeps the archive: once for each old host it keeps one of."""
        named = {"folder": FOLDER, "name": f"{self.file}-{{{{ item }}}}", **words}
        return Step(self.params.on, {"name": f"{self.name}: {says}", module: named, "loop": OLD_HOSTS, **more})

    def copying(self, direction: str) -> dict[str, object]:
        """Return how the archive is fetched."""
        return {"direction": direction, "trees": self.trees, "method": self.params.method}

    def proven(self) -> Step:
        words: dict[str, object] = {"path": f"{self.params.to}/{self.file}-{{{{ item }}}}", "state": "proven"}
        words |= {"one_file_system": True} if self.params.one_file_system else {}
        task = {"name": f"{self.name}: the archive restores", "tree_archive": words, "loop": OLD_HOSTS}
        return Step(self.params.on, task)

    def let_in(self) -> Step:
        keeper = "(peer if '%s' == 'new' else migration.hosts['%s'][0])" % ((self.params.on,) * 2)
        made = f"(hostvars[{keeper}].{self.variable('key')}.results | selectattr('item', 'equalto', inventory_hostname)"
        told = f"{{{{ {made} | first).%s }}}}"
        key, source = told % "public_key", self.params.source or [told % "source_address"]
        says, access = "the archive may be fetched", self.variable("access")
        spool = {"path": self.moved.file("spool")}
        if not self.params.old_python:
            script = f"umask 077\nmkdir -p {FOLDER}/{self.file}-{{{{ inventory_hostname }}}}.spool\n"
            variables = {"archive_key": key, "archive_source": source}
            key, source = "{{ archive_key }}", ["{{ archive_source | join(',') }}".replace("'", '"')]
            use = bare_hosts.Use(self.moved, [spool], self.params.login, method=self.params.method)
            script += bare_hosts.let_in(use, key, source)
            return self._raw(says, script, access, variables)
        words: dict[str, object] = {"folder": FOLDER, "name": self.moved.name, "state": "authorized"}
        words |= {"user": self.params.login}
        words |= {"public_key": key, "source": source, "trees": [spool], "make": True}
        return Step(OLD, {"name": f"{self.name}: {says}", "transfer_key": words, "register": access})

    def packed(self) -> Step:
        params = self.params
        if not params.old_python:
            script = bare_hosts.pack(
                self.base, params.paths, params.dumps or [], params.exclude or [], params.keep_days
            )
            return self._raw("pack", script, self.variable("said"))
        words: dict[str, object] = {"path": self.base, "paths": params.paths, "dumps": params.dumps or []}
        words |= {"compression": params.compression, "keep_days": params.keep_days}
        words |= {
            key: getattr(params, key) for key in ("include", "exclude", "one_file_system") if getattr(params, key)
        }
        return Step(OLD, {"name": f"{self.name}: pack", "tree_archive": words})

    def dropped(self) -> Step:
        if not self.params.old_python:
            return self._raw("not kept on the old host", bare_hosts.drop(self.base), self.variable("said"))
        words = {"path": self.base, "state": "dropped"}
        return Step(OLD, {"name": f"{self.name}: not kept on the old host", "tree_archive": words})

    def shut_out(self) -> list[Step]:
        spool = self.moved.file("spool")
        if not self.params.old_python:
            script = bare_hosts.take_away(self.moved, self.params.login) + f"\nrm -rf '{spool}'\n"
            return [self._raw("no access any more", script, self.variable("said"))]
        words = {"folder": FOLDER, "name": self.moved.name, "state": "absent", "user": self.params.login}
        return [
            Step(OLD, {"name": f"{self.name}: no access any more", "transfer_key": words}),
            Step(OLD, {"name": f"{self.name}: nothing left over", "file": {"path": spool, "state": "absent"}}),
        ]

    def _raw(
        self, says: str, script: str, register: str, variables: Mapping[str, object] = MappingProxyType({})
    ) -> Step:
        title, changed = f"{self.name}: {says}", bare_hosts.CHANGED.format(register)
        task = {"name": title, "raw": script, "register": register, "changed_when": changed, "vars": dict(variables)}
        return Step(OLD, task)
