"""Moves a PostgreSQL server: a standby that takes over (``streaming``), or a dump (``dump``) for another major version.

Passwords never leave the host that uses them: the other side gets the verifier. The access that is made for the move is for
one role from one address, and is gone after ``finish``. After the switch logical replication brings what is written on the
new server back to the old one, which stays read-only for everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import Parameters, optional

LOSSLESS_BACK = True
BOTH = (OLD, NEW)
FOLDER = "/var/lib/provisioner/migration/{{ migration.id }}"
PEER = "hostvars[peer]"


class Params(Parameters):
    """Which servers, how the data comes over, how writes are stopped and what is compared."""

    method: str = optional("str", "How the data comes over.", "streaming", choices=("streaming", "dump"))
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
    login, about = _variable(name, "login"), _variable(name, "about")
    steps = [Step(NEW, {"name": f"{name}: the server's programs", "package": {"name": params.package}})]
    return [
        *(steps if params.package else []),
        _Data(name, params).step(
            NEW, "a password for reading the old server", "passfile", name=_copier(name), register=login
        ),
        _Data(name, params).step(
            OLD,
            "a password for following the new server",
            "passfile",
            name=_follower(name),
            register=login,
        ),
        _Data(name, params).step(OLD, "what the old server is", "cluster", strict=False, register=about),
        _fits(name, params),
        _let_in(name, params, OLD, roles=_roles(name, params), settings=_settings(params), restart=params.restart),
        _let_in(name, params, NEW),
    ]


def seed(name: str, params: Params) -> Sequence[Step]:
    """The first copy, proved; nothing is copied again where the new server follows already."""
    about = _variable(name, "about")
    return [
        _let_in(name, params, OLD, slot=True),
        _Data(name, params).step(OLD, "what the old server is", "cluster", strict=False, register=about),
        _fits(name, params),
        _Data(name, params).step(
            NEW, "a copy that follows", "replica", **_source(name, params), **_copying(name, params)
        ),
        _let_in(name, params, NEW),
        *delta(name, params),
    ]


def delta(name: str, params: Params) -> Sequence[Step]:
    """See that the new server follows, and how far behind it is."""
    place = _variable(name, "place")
    return [
        _Data(name, params).step(OLD, "where the old server is", "lag", register=place),
        _caught_up(name, params, "the new server has come there", place),
    ]


def freeze(name: str, params: Params) -> Sequence[Step]:
    """Nothing is written on the old server any more; connections stay."""
    frozen = _variable(name, "frozen")
    return [_Data(name, params).step(OLD, "read-only", "freeze", wait_s=params.wait_s, register=frozen)]


def final(name: str, params: Params) -> Sequence[Step]:
    """The new server has replayed the last write."""
    return [_caught_up(name, params, "it has the last write", _variable(name, "frozen"))]


def verify(name: str, params: Params) -> Sequence[Step]:
    """Same position and same next transaction on both; counts and checksums as configured, now and in the background."""
    frozen, place = _variable(name, "frozen"), _variable(name, "place")
    theirs = f"{PEER}.{frozen}.transactions"
    same = {
        "that": [f"{place}.transactions == {theirs} or not {place}.is_standby"],
        "fail_msg": f"the new server's next transaction is {{{{ {place}.transactions }}}}, the old one's {{{{ {theirs} }}}}",
        "success_msg": f"nothing is missing: the next transaction is number {{{{ {theirs} }}}} on both",
    }
    position = "{{ (%s if inventory_hostname in migration.hosts.old else %s.%s).position }}" % (frozen, PEER, frozen)
    later = {"do": "start", "check": params.afterwards, "file": _figures(name), "token": position}
    steps = [
        _Data(name, params).step(NEW, "where the new server is", "lag", register=place),
        Step(NEW, {"name": f"{name}: no transaction is missing", "assert": same}),
    ]
    if params.check != "positions":
        steps += _compared(name, params, params.check, f"{place}.is_standby")
    if params.afterwards != "none":
        steps.append(_Data(name, params).step(BOTH, "snapshots for the check", "digest", **later))
    return steps


def promote(name: str, params: Params) -> Sequence[Step]:
    """The new server takes writes, and keeps for the old one whatever is written from now on."""
    frozen = _variable(name, "frozen")
    return [
        _Data(name, params).step(NEW, "takes writes", "replica", name=_copier(name), state="primary"),
        _Data(name, params).step(NEW, "changes are kept for the old server", "flow", name=_follower(name)),
        _Data(name, params).step(OLD, "nobody has written meanwhile", "lag",
            transactions=f"{{{{ {frozen}.transactions }}}}",
        ),
    ]  # fmt: skip


def reverse(name: str, params: Params) -> Sequence[Step]:
    """The old server follows the new one; then the figures of the frozen moment are compared."""
    steps = [
        _let_in(name, params, NEW),
        _follows(name, params),
        _Data(name, params).step(OLD, "the old server keeps nothing for the new one", "access", **_no_slot(name)),
    ]
    if params.afterwards != "none":
        steps += _collected(name, params)
    return steps


def back(name: str, params: Params) -> Sequence[Step]:
    """What was written on the new server comes to the old one, sequences too; then the old one takes writes."""
    here, frozen, held = _variable(name, "flow"), _variable(name, "back"), _variable(name, "sequences")
    is_reversed = f"{here}.published | length > 0 and {PEER}.{here}.is_frozen"
    on_old = f"{PEER}.{here}.published | length > 0 and {here}.is_frozen"
    slots, position = f"{{{{ {here}.slots }}}}", f"{{{{ {frozen}.position }}}}"
    told = {"name": _follower(name), "state": "told", "register": here}
    return [
        _Data(name, params).step(BOTH, "what flows between the servers", "flow", **told),
        _follows(name, params, when=on_old),
        _Data(name, params).step(NEW, "the new server is read-only", "freeze", register=frozen, when=is_reversed),
        _Data(name, params).step(NEW, "the old server has everything", "lag",
            slots=slots, position=position, timeout_s=params.timeout_s, when=is_reversed,
        ),
        _Data(name, params).step(NEW, "where sequences are", "sequences", register=held, when=is_reversed),
        _Data(name, params).step(OLD, "sequences go on there", "sequences", values=f"{{{{ {PEER}.{held}.values_by_name }}}}", when=on_old),
        *_compared(name, params, "counts", is_reversed, sequences=False),
        _Data(name, params).step(OLD, "takes writes again", "freeze", state="thawed"),
        _Data(name, params).step(OLD, "nothing flows to it any more", "flow", name=_follower(name), state="absent"),
        _Data(name, params).step(NEW, "nothing is kept for the old server", "flow", name=_follower(name), state="absent"),
    ]  # fmt: skip


def finish(name: str, params: Params) -> Sequence[Step]:
    """Nothing flows any more, and the access is gone."""
    away = {"state": "absent", "remove_roles": [_copier(name), _follower(name)]}
    return [
        _Data(name, params).step(OLD, "follows no more", "flow", name=_follower(name), state="absent"),
        _Data(name, params).step(NEW, "keeps nothing any more", "flow", name=_follower(name), state="absent"),
        _Data(name, params).step(OLD, "no access any more", "access", name=_copier(name), **away),
        _Data(name, params).step(NEW, "no access any more", "access", name=_follower(name), **away),
        _Data(name, params).step(NEW, "a server of its own", "replica", name=_copier(name), state="alone"),
        _Data(name, params).step(NEW, "no password any more", "passfile", name=_copier(name), state="absent"),
        _Data(name, params).step(OLD, "no password any more", "passfile", name=_follower(name), state="absent"),
        Step(BOTH, {"name": f"{name}: no figures any more", "file": {"path": _figures(name), "state": "absent"}}),
    ]


def undo(name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the old host does alone to take writes again."""
    return [{"module": "postgresql_freeze", "params": {"state": "thawed", **_login(params, OLD)}}]


# ------------------------------------------------------------------------------------------------------- parts of steps


def _login(params: Params, role: object) -> dict[str, object]:
    old, new = params.port, params.new_port or params.port
    both = old if old == new else f"{{{{ {old} if inventory_hostname in migration.hosts.old else {new} }}}}"
    port = old if role == OLD else new if role == NEW else both
    words: dict[str, object] = {} if port == 5432 else {"login_port": port}
    return words if params.system_user == "postgres" else {**words, "system_user": params.system_user}


@dataclass(frozen=True, slots=True)
class _Data:
    """The data set that steps are made for."""

    name: str
    params: Params

    def step(
        self, on: str | Sequence[str], says: str, module: str, *, register: str = "", when: str = "", **words: object
    ) -> Step:
        """Return a task of one of our modules."""
        told = {**words, **_login(self.params, on)}
        task: dict[str, object] = {"name": f"{self.name}: {says}", f"postgresql_{module}": told}
        return Step(on, {**task, **({"register": register} if register else {}), **({"when": when} if when else {})})


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())[:40]


def _variable(name: str, says: str) -> str:
    return f"postgresql_{_plain(name)}_{says}"


def _copier(name: str) -> str:
    """Return the name of role, slot and password by which the new server copies the old one."""
    return f"pv_{_plain(name)}_copy"


def _follower(name: str) -> str:
    """Return the name of role, password, publication and slots by which the old server follows the new one."""
    return f"pv_{_plain(name)}_back"


def _figures(name: str) -> str:
    return f"{FOLDER}/{_plain(name)}.figures.json"


def _roles(name: str, params: Params) -> list[dict[str, object]]:
    login = _variable(name, "login")
    copier = {"name": _copier(name), "verifier": f"{{{{ {PEER}.{login}.verifier }}}}", "rewind": True}
    return [copier, {"name": _follower(name), "verifier": f"{{{{ {login}.verifier }}}}"}]


def _settings(params: Params) -> dict[str, object]:
    needed = {"wal_level": "replica", "max_wal_senders": 4, "max_replication_slots": 4}
    return {**needed, "listen_addresses": params.listen}


def _let_in(name: str, params: Params, on: str, **words: object) -> Step:
    """Let the other side's role in from its address."""
    role = _copier(name) if on == OLD else _follower(name)
    address = (params.new_address if on == OLD else params.address) or "{{ peer_address }}"
    says = "the other server is let in" if "slot" not in words else "changes are kept for the new server"
    return _Data(name, params).step(
        on,
        says,
        "access",
        name=role if on == NEW else _copier(name),
        allow=role,
        address=address,
        **words,
    )


def _no_slot(name: str) -> dict[str, object]:
    return {"name": _copier(name), "state": "without_slot"}


def _fits(name: str, params: Params) -> Step:
    peer = f"{{{{ {PEER}.{_variable(name, 'about')}.about }}}}"
    return _Data(name, params).step(NEW, "the new server fits", "cluster", peer=peer, copies=params.method)


def _source(name: str, params: Params) -> dict[str, object]:
    host = params.address or "{{ peer_address }}"
    return {"name": _copier(name), "host": host, "source_port": params.port, "user": _copier(name)}


def _copying(name: str, params: Params) -> dict[str, object]:
    about = f"{PEER}.{_variable(name, 'about')}.about"
    slots = f"{{{{ [10, ({about}.databases | length) + 4] | max }}}}"
    settings = {"wal_level": "logical", "wal_log_hints": "on", "listen_addresses": params.listen}
    settings |= {"max_replication_slots": slots, "max_wal_senders": slots}
    return {
        "rate": params.throttle,
        "bytes": f"{{{{ {about}.bytes }}}}",
        "source_is_frozen": f"{{{{ {about}.is_frozen }}}}",
        "settings": settings,
        "verify_copy": params.verify_copy,
        "replace": params.replace,
    }


def _caught_up(name: str, params: Params, says: str, place: str) -> Step:
    position = f"{{{{ {PEER}.{place}.position }}}}"
    return _Data(name, params).step(NEW, says, "lag", position=position, timeout_s=params.timeout_s)


def _follows(name: str, params: Params, when: str = "") -> Step:
    host = params.new_address or "{{ peer_address }}"
    words = {"name": _follower(name), "state": "subscribed", "host": host, "user": _follower(name)}
    words["source_port"] = params.new_port or params.port
    return _Data(name, params).step(OLD, "the old server follows the new one", "flow", when=when, **words)


def _compared(name: str, params: Params, check: str, when: str, *, sequences: bool = True) -> list[Step]:
    """Count on both sides at the same time, and compare on the new one."""
    found = _variable(name, "found")
    sides = {"mine": f"{{{{ {found} }}}}", "theirs": f"{{{{ {PEER}.{found} }}}}"}
    return [
        _Data(name, params).step(
            BOTH, f"{check} of both sides", "digest", check=check, sequences=sequences, register=found
        ),
        _Data(name, params).step(NEW, f"{check} are the same", "digest", do="compare", when=when, **sides),
    ]


def _collected(name: str, params: Params) -> list[Step]:
    found = _variable(name, "checked")
    sides = {"mine": f"{{{{ {found} }}}}", "theirs": f"{{{{ {PEER}.{found} }}}}"}
    return [
        _Data(name, params).step(
            BOTH,
            "figures of the frozen moment",
            "digest",
            do="collect",
            file=_figures(name),
            register=found,
        ),
        _Data(name, params).step(NEW, "both sides were the same", "digest", do="compare", **sides),
    ]
