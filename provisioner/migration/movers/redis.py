"""Moves a Redis server: the new one becomes a replica, and takes over; then the old one is its replica.

The servers need not listen on the network: a forwarder on each host lets the other one in, and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.records import dataclass
from provisioner.remote.params import Parameters, optional

LOSSLESS_BACK = True
BOTH = (OLD, NEW)
FOLDER = "/var/lib/provisioner/migration/{{ migration.id }}"
PEER = "hostvars[peer]"


class Params(Parameters):
    """Which servers, how they reach each other, and what is compared."""

    port: int = optional("int", "The servers' port on their own host.", 6379)
    forward_port: int = optional("int", "The port by which the other host comes in.", 16379)
    password: str | None = optional("str", "The servers' password, the same on both.", no_log=True)
    user: str | None = optional("str", "The user of that password; else the default user.")
    package: str = optional("str", "What to install on the new host; empty: nothing.", "redis-server")
    address: str | None = optional("str", "The old host's address as the new one reaches it; that of the inventory.")
    new_address: str | None = optional(
        "str", "The new host's address as the old one reaches it; that of the inventory."
    )
    replace: bool = optional("bool", "Whether keys that are on the new server already may be given up.", False)
    timeout_s: float = optional("float", "How long the last difference may take.", 30.0)
    copy_timeout_s: float = optional("float", "How long the first copy may take.", 3600.0)
    check: str = optional(
        "str", "What is compared while writes are held.", "counts", choices=("positions", "counts", "full")
    )


def prepare(name: str, params: Params) -> Sequence[Step]:
    """The other host is let in, on both."""
    data = _Data(name, params)
    install = Step(NEW, {"name": f"{name}: the server's programs", "package": {"name": params.package}})
    return [*([install] if params.package else []), data.let_in(OLD), data.let_in(NEW)]


def seed(name: str, params: Params) -> Sequence[Step]:
    """The first copy; a server that follows already is left alone."""
    data, here = _Data(name, params), _variable(name, "here")
    needed = f"{PEER}.{here}.bytes"
    room = {
        "that": [f"{here}_memory.stdout | int * 1024 > {needed} or {here}_new.is_replica"],
        "fail_msg": f"old holds {{{{ {needed} }}}} bytes; only {{{{ {here}_memory.stdout }}}} kB are free here",
    }
    free = {"argv": ["awk", "/^MemAvailable:/ {print $2}", "/proc/meminfo"]}
    words: dict[str, Any] = {"source_is_frozen": f"{{{{ {PEER}.{here}.is_frozen }}}}", "replace": params.replace}
    return [
        data.let_in(OLD),
        data.step(OLD, "what the old server holds", "lag", register=here),
        data.step(NEW, "what the new server is", "lag", register=f"{here}_new"),
        Step(
            NEW, {"name": f"{name}: free memory", "command": free, "register": f"{here}_memory", "changed_when": False}
        ),
        Step(NEW, {"name": f"{name}: there is room", "assert": room}),
        data.step(NEW, "a copy that follows", "replica", **data.source(params.address), **words),
        *delta(name, params),
    ]


def delta(name: str, params: Params) -> Sequence[Step]:
    """See that the new server follows, and how far behind it is."""
    data, place = _Data(name, params), _variable(name, "place")
    return [
        data.let_in(OLD),
        data.step(OLD, "where the old server is", "lag", register=place),
        _caught_up(data, NEW, "the new server has come there", place),
    ]


def freeze(name: str, params: Params) -> Sequence[Step]:
    """The old server refuses writes."""
    frozen = _variable(name, "frozen")
    return [_Data(name, params).step(OLD, "refuses writes", "freeze", register=frozen)]


def final(name: str, params: Params) -> Sequence[Step]:
    """The new server has the last write."""
    data = _Data(name, params)
    return [_caught_up(data, NEW, "it has the last write", _variable(name, "frozen"), register=_variable(name, "last"))]


def verify(name: str, params: Params) -> Sequence[Step]:
    """Same keys on both, as closely as configured; the position was compared before."""
    data, found = _Data(name, params), _variable(name, "found")
    sides = {"mine": f"{{{{ {found} }}}}", "theirs": f"{{{{ {PEER}.{found} }}}}"}
    if params.check == "positions":
        return []
    if params.check == "full":
        return [
            data.step(BOTH, "checksums of both sides", "digest", register=found),
            data.step(NEW, "checksums are the same", "digest", do="compare", **sides),
        ]
    return _counted(data)


def promote(name: str, params: Params) -> Sequence[Step]:
    """The new server takes writes."""
    data = _Data(name, params)
    return [
        data.step(NEW, "is nobody's replica", "replica", state="primary"),
        data.step(NEW, "takes writes", "freeze", state="thawed"),
    ]


def reverse(name: str, params: Params) -> Sequence[Step]:
    """The old server follows the new one."""
    data = _Data(name, params)
    following = {**data.source(params.new_address), "replace": True}
    return [data.let_in(NEW), data.step(OLD, "the old server follows the new one", "replica", **following)]


def back(name: str, params: Params) -> Sequence[Step]:
    """What was written on the new server is on the old one; then that takes writes."""
    data, here, frozen = _Data(name, params), _variable(name, "here"), _variable(name, "back")
    written = "migration.rollback_class | default('D') == 'D'"  # before that the new server is not needed
    took_over = f"{written} and not {here}.is_replica and {PEER}.{here}.is_frozen"
    theirs = f"({PEER}.{here} | default({{}})).is_replica | default(true)"
    on_old = f"{written} and not {theirs} and {here}.is_frozen"
    following = {**data.source(params.new_address), "replace": True}
    return [
        data.step(BOTH, "where the servers are", "lag", register=here, when=written),
        data.let_in(NEW, when=took_over),
        data.step(OLD, "the old server follows the new one", "replica", when=on_old, **following),
        data.step(NEW, "the new server refuses writes", "freeze", register=frozen, when=took_over),
        _caught_up(data, OLD, "the old server has everything", frozen, when=on_old),
        *_counted(data, when=f"({took_over}) if inventory_hostname in migration.hosts.new else ({on_old})"),
        data.step(OLD, "takes writes again", "replica", state="primary"),
        data.step(OLD, "refuses no writes any more", "freeze", state="thawed"),
    ]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Nothing flows any more, and the access is gone."""
    data = _Data(name, params)
    gone = {"note": data.forwarder, "state": "absent"}
    return [
        data.step(BOTH, "follows no more", "replica", state="primary"),
        Step(BOTH, {"name": f"{name}: nobody is let in any more", "port_forward": gone}),
        Step(NEW, {"name": f"{name}: no note any more", "file": {"path": data.note, "state": "absent"}}),
    ]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the old host does alone to take writes again."""
    data = _Data(name, params)
    return [{"module": "redis_freeze", "params": {"state": "thawed", **data.login, "note": data.settings}}]


@dataclass(frozen=True, slots=True)
class _Data:
    """The data set that steps are made for."""

    name: str
    params: Params

    @property
    def login(self) -> dict[str, Any]:
        """Return how the server of a host is reached on that host."""
        words = {"login_port": self.params.port, "login_user": self.params.user, "login_password": self.params.password}
        return {key: value for key, value in words.items() if value is not None}

    @property
    def note(self) -> str:
        """Return where it is written down that the keys are copies."""
        return f"{FOLDER}/{_plain(self.name)}.redis/copy.json"

    @property
    def forwarder(self) -> str:
        """Return where it is written down which process lets the other host in."""
        return f"{FOLDER}/{_plain(self.name)}.redis/forward.json"

    @property
    def settings(self) -> str:
        """Return where the settings before the freeze are kept: a path that a host alone knows, too."""
        return f"/var/lib/provisioner/redis-{self.params.port}-freeze.json"

    def step(
        self, on: str | Sequence[str], says: str, module: str, *, register: str = "", when: str = "", **words: Any
    ) -> Step:
        """Return a task of one of our modules."""
        extra = {"note": self.settings} if module == "freeze" else {}
        told = {**words, **extra, **self.login}
        task: dict[str, Any] = {"name": f"{self.name}: {says}", f"redis_{module}": told}
        return Step(on, {**task, **({"register": register} if register else {}), **({"when": when} if when else {})})

    def let_in(self, on: str, when: str = "") -> Step:
        """Return a task that lets the other host in."""
        address = (self.params.new_address if on == OLD else self.params.address) or "{{ peer_address }}"
        words = {
            "note": self.forwarder,
            "port": self.params.forward_port,
            "allow": [address],
            "to_port": self.params.port,
        }
        task = {"name": f"{self.name}: the other host is let in", "port_forward": words}
        return Step(on, {**task, **({"when": when} if when else {})})

    def source(self, address: str | None) -> dict[str, Any]:
        """Return how the other server is reached."""
        told: dict[str, Any] = {"host": address or "{{ peer_address }}", "source_port": self.params.forward_port}
        secret = {"source_user": self.params.user, "source_password": self.params.password}
        told |= {key: value for key, value in secret.items() if value is not None}
        return {**told, "note": self.note, "timeout_s": self.params.copy_timeout_s}


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name.lower())[:40]


def _variable(name: str, says: str) -> str:
    return f"redis_{_plain(name)}_{says}"


def _caught_up(data: _Data, on: str, says: str, place: str, *, register: str = "", when: str = "") -> Step:
    position = f"{{{{ {PEER}.{place}.position }}}}"
    limit = data.params.timeout_s
    return data.step(on, says, "lag", register=register, when=when, position=position, timeout_s=limit)


def _counted(data: _Data, when: str = "") -> list[Step]:
    """Compare how many keys there are by database, those that end by themselves left out."""
    found = _variable(data.name, "found")
    same = {
        "that": [f"{found}.keys_by_database == {PEER}.{found}.keys_by_database"],
        "fail_msg": f"{{{{ {found}.keys_by_database }}}} here, {{{{ {PEER}.{found}.keys_by_database }}}} on old",
        "success_msg": f"the same number of keys on both: {{{{ {found}.keys_by_database }}}}",
    }
    compared = {"name": f"{data.name}: counts are the same", "assert": same, **({"when": when} if when else {})}
    return [data.step(BOTH, "keys of both sides", "lag", register=found, when=when), Step(NEW, compared)]
