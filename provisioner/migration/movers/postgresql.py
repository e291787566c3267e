"""Moves a PostgreSQL server: a standby that takes over, or a dump for another major version.

Passwords never leave the host that uses them: the other side gets the verifier. The access that is made for the move is
for one role from one address, and is gone after ``finish``. After the switch logical replication brings what is written
on the new server back to the old one, which stays read-only for everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.records import dataclass
from provisioner.remote.params import Parameters, optional

LOSSLESS_BACK = True
BOTH = (OLD, NEW)
URGENT_S = 2.0
"""So long the check in the background leaves the machines to what holds writes up."""
FOLDER = "/var/lib/provisioner/migration/{{ migration.id }}"
PEER = "hostvars[peer]"
CHECK_S = 60.0
"""How long figures of the background are waited for; what takes longer is asked for again later."""


class Params(Parameters):
    """Which servers, how the data comes over, how writes are stopped and what is compared."""

    method: str = optional(
        "str",
        "How the data comes over: ``streaming`` (same major version) or ``dump``.",
        "streaming",
        choices=("streaming", "dump"),
    )
    port: int = optional("int", "The old server's port.", 5432)
    new_port: int | None = optional("int", "The new server's port, where it is another.")
    system_user: str = optional("str", "The system user the servers run as.", "postgres")
    package: str = optional("str", "What to install on the new host; empty: nothing.", "postgresql")
    address: str | None = optional("str", "The old server's address as the new one reaches it; that of the inventory.")
    new_address: str | None = optional(
        "str", "The new server's address as the old one reaches it; that of the inventory."
    )
    listen: str = optional(
        "str", "Where the new server listens; the old one gets it added where it only listens locally.", "*"
    )
    restart: bool = optional(
        "bool", "Whether the old server may be restarted, ahead, for a setting that needs it.", False
    )
    throttle: str = optional("str", "Most bytes a second of the first copy: ``50M``.", "")
    replace: bool = optional("bool", "Whether databases that are on the new server already may be given up.", False)
    verify_copy: bool = optional("bool", "Whether every file of the first copy is checked against its manifest.", True)
    wait_s: float = optional(
        "float", "How long transactions under way may go on at the freeze; then they are ended.", 0.5
    )
    timeout_s: float = optional("float", "How long the last difference may take.", 30.0)
    check: str = optional(
        "str", "What is compared while writes are held.", "positions", choices=("positions", "counts", "full")
    )
    afterwards: str = optional(
        "str", "What is compared of the same moment, in the background.", "full", choices=("full", "counts", "none")
    )
    jobs: int = optional("int", "dump: how many tables at the same time.", 2)


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Passwords, roles, access, settings; what does not fit is said here."""
    data, login = _Data(name, params), _variable(name, "login")
    needed: dict[str, Any] = {"wal_level": "replica", "max_wal_senders": 4, "max_replication_slots": 4}
    needed["listen_addresses"] = params.listen
    return [
        *(
            [Step(NEW, {"name": f"{name}: the server's programs", "package": {"name": params.package}})]
            if params.package
            else []
        ),
        data.step(NEW, "a password for reading the old server", "passfile", name=data.copier, register=login),
        data.step(OLD, "a password for following the new server", "passfile", name=data.follower, register=login),
        *_fitting(data),
        data.let_in(OLD, roles=_roles(data), settings=needed, restart=params.restart),
        data.let_in(NEW, **_new_settings(data)),
    ]


def seed(name: str, params: Params) -> Sequence[Step]:
    """The first copy, proved; a server that follows already is left alone. A dump is tried out, and timed."""
    data = _Data(name, params)
    if params.method == "dump":
        return [*_fitting(data), *_dumped(data, "all of it, for a trial")]
    return [
        data.let_in(OLD, slot=True),
        *_fitting(data),
        data.step(NEW, "a copy that follows", "replica", **_source(data), **_copying(data)),
        data.let_in(NEW),
        *delta(name, params),
    ]


def delta(name: str, params: Params) -> Sequence[Step]:
    """See that the new server follows, and how far behind it is."""
    if params.method == "dump":
        return []
    data, place = _Data(name, params), _variable(name, "place")
    return [
        data.step(OLD, "where the old server is", "lag", register=place),
        _caught_up(data, "the new server has come there", place, ""),
    ]


def freeze(name: str, params: Params) -> Sequence[Step]:
    """Nothing is written on the old server any more; connections stay."""
    frozen = _variable(name, "frozen")
    return [_Data(name, params).step(OLD, "read-only", "freeze", wait_s=params.wait_s, register=frozen)]


def final(name: str, params: Params) -> Sequence[Step]:
    """The new server has replayed the last write, or gets the dump."""
    data = _Data(name, params)
    if params.method == "dump":
        return _dumped(data, "all of it")
    return [_caught_up(data, "it has the last write", _variable(name, "frozen"), _variable(name, "place"))]


def verify(name: str, params: Params) -> Sequence[Step]:
    """Same position and same next transaction on both; counts and checksums as configured."""
    data, place = _Data(name, params), _variable(name, "place")
    if params.method == "dump":
        return _compared(data, "counts" if params.check == "positions" else params.check)
    theirs = f"{PEER}.{_variable(name, 'frozen')}.transactions"
    same = {
        "that": [f"{place}.transactions == {theirs} or not {place}.is_standby"],
        "fail_msg": f"the next transaction is {{{{ {place}.transactions }}}} here, {{{{ {theirs} }}}} on old",
        "success_msg": f"nothing is missing: the next transaction is number {{{{ {theirs} }}}} on both",
    }
    steps = [Step(NEW, {"name": f"{name}: no transaction is missing", "assert": same})]
    if params.check != "positions":
        steps += _compared(data, params.check, f"(hostvars[migration.hosts.new[0]].{place} | default({{}})).is_standby")
    return steps


def promote(name: str, params: Params) -> Sequence[Step]:
    """The new server takes writes, and keeps for the old one whatever is written from now on.

    Both sides then take a snapshot of this moment, of which the figures are made in the background.
    """
    data, frozen = _Data(name, params), _variable(name, "frozen")
    position = f"{{{{ ({frozen} if inventory_hostname in migration.hosts.old else {PEER}.{frozen}).position }}}}"
    later: dict[str, Any] = {"do": "start", "check": params.afterwards, "file": data.figures, "token": position}
    later["after_s"] = URGENT_S
    untouched = {"transactions": f"{{{{ {frozen}.transactions }}}}"}
    return [
        *([data.step(NEW, "is no standby", "replica", name=data.copier, state="primary")] if data.is_streaming else []),
        *([] if data.is_streaming else [data.step(NEW, "takes writes", "freeze", state="thawed")]),
        data.step(NEW, "changes are kept for the old server", "flow", name=data.follower),
        *([data.step(BOTH, "snapshots for the check", "digest", **later)] if params.afterwards != "none" else []),
        data.step(OLD, "nobody has written meanwhile", "lag", **untouched),
    ]


def reverse(name: str, params: Params) -> Sequence[Step]:
    """The old server follows the new one; then the figures of the frozen moment are compared."""
    data = _Data(name, params)
    gone = {"name": data.copier, "state": "without_slot"}
    return [
        data.let_in(NEW),
        _follows(data),
        data.step(OLD, "the old server keeps nothing for the new one", "access", **gone),
        *(_collected(data) if params.afterwards != "none" else []),
    ]


def back(name: str, params: Params) -> Sequence[Step]:
    """What was written on the new server comes to the old one, sequences too; then the old one takes writes."""
    data, here = _Data(name, params), _variable(name, "flow")
    frozen, held = _variable(name, "back"), _variable(name, "sequences")
    written = "migration.rollback_class | default('D') == 'D'"  # before that the new server is not needed
    on_new = f"{written} and {here}.published | length > 0 and {PEER}.{here}.is_frozen"
    theirs = f"({PEER}.{here} | default({{}})).published | default([])"
    on_old = f"{written} and {theirs} | length > 0 and {here}.is_frozen"
    wait = {"slots": f"{{{{ {here}.slots }}}}", "position": f"{{{{ {frozen}.position }}}}"}
    values = f"{{{{ {PEER}.{held}.values_by_name }}}}"
    return [
        data.step(
            BOTH,
            "what flows between the servers",
            "flow",
            name=data.follower,
            state="told",
            register=here,
            when=written,
        ),
        _follows(data, when=on_old),
        data.step(NEW, "the new server is read-only", "freeze", register=frozen, when=on_new, wait_s=params.wait_s),
        data.step(NEW, "the old server has everything", "lag", timeout_s=params.timeout_s, when=on_new, **wait),
        data.step(NEW, "where sequences are", "sequences", register=held, when=on_new),
        data.step(OLD, "sequences go on there", "sequences", values=values, when=on_old),
        *_compared(data, "counts", f"({on_new}) or ({on_old})", sequences=False),
        data.step(OLD, "takes writes again", "freeze", state="thawed"),
        data.step(OLD, "nothing flows to it any more", "flow", name=data.follower, state="absent"),
        data.step(NEW, "nothing is kept for it", "flow", name=data.follower, state="absent", when=written),
    ]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Nothing flows any more, and the access is gone."""
    data = _Data(name, params)
    away: dict[str, Any] = {"state": "absent", "remove_roles": [data.copier, data.follower]}
    return [
        *(data.step(on, "nothing flows any more", "flow", name=data.follower, state="absent") for on in BOTH),
        data.step(OLD, "no access any more", "access", name=data.copier, **away),
        data.step(NEW, "no access any more", "access", name=data.follower, **away),
        data.step(NEW, "a server of its own", "replica", name=data.copier, state="alone"),
        data.step(NEW, "no password any more", "passfile", name=data.copier, state="absent"),
        data.step(OLD, "no password any more", "passfile", name=data.follower, state="absent"),
        Step(BOTH, {"name": f"{name}: no figures any more", "file": {"path": data.figures, "state": "absent"}}),
    ]


def undo(_name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the old host does alone to take writes again."""
    return [{"module": "postgresql_freeze", "params": {"state": "thawed", **_login(params, OLD)}}]


@dataclass(frozen=True, slots=True)
class _Data:
    """The data set that steps are made for."""

    name: str
    params: Params

    @property
    def copier(self) -> str:
        """Return the name of role, slot and password by which the new server copies the old one."""
        return f"pv_{_plain(self.name)}_copy"

    @property
    def follower(self) -> str:
        """Return the name of role, password, publication and slots by which the old server follows the new one."""
        return f"pv_{_plain(self.name)}_back"

    @property
    def figures(self) -> str:
        """Return where the background leaves its figures."""
        return f"{FOLDER}/{_plain(self.name)}.figures.json"

    @property
    def is_streaming(self) -> bool:
        """Tell whether the new server starts as a standby."""
        return self.params.method == "streaming"

    def step(
        self, on: str | Sequence[str], says: str, module: str, *, register: str = "", when: str = "", **words: Any
    ) -> Step:
        """Return a task of one of our modules."""
        told = {**words, **_login(self.params, on)}
        task: dict[str, Any] = {"name": f"{self.name}: {says}", f"postgresql_{module}": told}
        return Step(on, {**task, **({"register": register} if register else {}), **({"when": when} if when else {})})

    def let_in(self, on: str, **words: Any) -> Step:
        """Return a task that lets the other side's role in from its address."""
        role = self.copier if on == OLD else self.follower
        address = (self.params.new_address if on == OLD else self.params.address) or "{{ peer_address }}"
        says = "changes are kept for the new server" if "slot" in words else "the other server is let in"
        return self.step(on, says, "access", name=role, allow=role, address=address, **words)


def _login(params: Params, on: object) -> dict[str, Any]:
    old, new = params.port, params.new_port or params.port
    both = old if old == new else f"{{{{ {old} if inventory_hostname in migration.hosts.old else {new} }}}}"
    port = old if on == OLD else new if on == NEW else both
    words: dict[str, Any] = {} if port == 5432 else {"login_port": port}
    return words if params.system_user == "postgres" else {**words, "system_user": params.system_user}


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name.lower())[:40]


def _variable(name: str, says: str) -> str:
    return f"postgresql_{_plain(name)}_{says}"


def _roles(data: _Data) -> list[dict[str, Any]]:
    login = _variable(data.name, "login")
    copier: dict[str, Any] = {"name": data.copier, "verifier": f"{{{{ {PEER}.{login}.verifier }}}}"}
    copier["rewind"] = data.is_streaming
    if not data.is_streaming:
        copier["superuser"] = True
    return [copier, {"name": data.follower, "verifier": f"{{{{ {login}.verifier }}}}"}]


def _new_settings(data: _Data) -> dict[str, Any]:
    """Return what a new server that gets a dump needs for the way back: it may be restarted, nobody uses it yet."""
    if data.is_streaming:
        return {}
    role = {"name": data.follower, "verifier": f"{{{{ {PEER}.{_variable(data.name, 'login')}.verifier }}}}"}
    needed = {"wal_level": "logical", "listen_addresses": data.params.listen, "max_replication_slots": 10}
    return {"roles": [role], "settings": needed, "restart": True}


def _fitting(data: _Data) -> list[Step]:
    about = _variable(data.name, "about")
    peer = f"{{{{ {PEER}.{about}.about }}}}"
    return [
        data.step(OLD, "what the old server is", "cluster", register=about),
        data.step(NEW, "the new server fits", "cluster", peer=peer, copies=data.params.method),
    ]


def _source(data: _Data) -> dict[str, Any]:
    host = data.params.address or "{{ peer_address }}"
    return {"name": data.copier, "host": host, "source_port": data.params.port, "user": data.copier}


def _copying(data: _Data) -> dict[str, Any]:
    about = f"{PEER}.{_variable(data.name, 'about')}.about"
    slots = f"{{{{ [10, ({about}.databases | length) + 4] | max }}}}"
    settings = {"wal_level": "logical", "wal_log_hints": "on", "wal_keep_size": "512MB"}
    settings |= {"listen_addresses": data.params.listen, "max_replication_slots": slots, "max_wal_senders": slots}
    return {
        "rate": data.params.throttle,
        "bytes": f"{{{{ {about}.bytes }}}}",
        "source_is_frozen": f"{{{{ {about}.is_frozen }}}}",
        "settings": settings,
        "verify_copy": data.params.verify_copy,
        "replace": data.params.replace,
    }


def _caught_up(data: _Data, says: str, place: str, register: str) -> Step:
    position = f"{{{{ {PEER}.{place}.position }}}}"
    return data.step(NEW, says, "lag", position=position, timeout_s=data.params.timeout_s, register=register)


def _dumped(data: _Data, says: str) -> list[Step]:
    return [
        data.step(NEW, "nothing is kept for the old server yet", "flow", name=data.follower, state="absent"),
        data.step(NEW, says, "copy", **_source(data), jobs=data.params.jobs, replace=data.params.replace),
    ]


def _follows(data: _Data, when: str = "") -> Step:
    words: dict[str, Any] = {"name": data.follower, "state": "subscribed", "user": data.follower}
    words["host"] = data.params.new_address or "{{ peer_address }}"
    words["source_port"] = data.params.new_port or data.params.port
    return data.step(OLD, "the old server follows the new one", "flow", when=when, **words)


def _compared(data: _Data, check: str, when: str = "", *, sequences: bool = True) -> list[Step]:
    """Count on both sides at the same time, and compare on the new one."""
    found = _variable(data.name, "found")
    words: dict[str, Any] = {"check": check, "sequences": sequences, "register": found, "when": when}
    return [
        data.step(BOTH, f"{check} of both sides", "digest", **words),
        data.step(NEW, f"{check} are the same", "digest", do="compare", when=when, **_sides(found)),
    ]


def _collected(data: _Data) -> list[Step]:
    """Compare the figures of the frozen moment as soon as there are any; this is asked again while it is observed."""
    found = _variable(data.name, "checked")
    both = f"{found}.tables is defined and {PEER}.{found}.tables is defined"
    wait: dict[str, Any] = {"do": "collect", "file": data.figures, "timeout_s": CHECK_S}
    return [
        data.step(BOTH, "figures of that moment", "digest", register=found, **wait),
        data.step(NEW, "both sides were the same", "digest", do="compare", when=both, **_sides(found)),
    ]


def _sides(found: str) -> dict[str, Any]:
    return {"mine": f"{{{{ {found} }}}}", "theirs": f"{{{{ {PEER}.{found} }}}}", "ahead": True}
