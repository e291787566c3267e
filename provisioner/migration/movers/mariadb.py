"""Moves a MariaDB server: a dump read on the new one, which then follows by the binary log until it takes over.

Passwords never leave the host that uses them: the other side gets the hash. After the switch the old server follows the
new one, read-only for the applications, so that going back loses nothing until ``finish``.
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
    """Which servers, how they are reached, and what is compared."""

    socket: str = optional("path", "The socket on both hosts; root logs in there.", "/run/mysqld/mysqld.sock")
    port: int = optional("int", "The port by which the servers reach each other.", 3306)
    unit: str = optional("str", "The server's systemd unit.", "mariadb")
    package: str = optional("str", "What to install on the new host; empty: nothing.", "mariadb-server")
    databases: list[str] = optional("list", "Which databases; else all but the server's own.", [], elements="str")
    address: str | None = optional("str", "The old server's address as the new one reaches it; that of the inventory.")
    new_address: str | None = optional(
        "str", "The new server's address as the old one reaches it; that of the inventory."
    )
    listen: str = optional("str", "Where the servers listen, so that they reach each other.", "0.0.0.0")  # noqa: S104
    restart: bool = optional(
        "bool", "Whether the old server may be restarted, ahead, for a setting that needs it.", False
    )
    replace: bool = optional("bool", "Whether databases that are on the new server already may be given up.", False)
    wait_s: float = optional(
        "float", "How long statements under way may go on at the freeze; then they are ended.", 1.0
    )
    timeout_s: float = optional("float", "How long the last difference may take.", 30.0)
    check: str = optional(
        "str", "What is compared while writes are held.", "positions", choices=("positions", "counts", "full")
    )


def prepare(name: str, params: Params) -> Sequence[Step]:
    """Passwords, accounts, binary logs; what does not fit is said here."""
    data, about = _Data(name, params), _variable(name, "about")
    own = {"mysql_passfile": {"path": data.passfile}, "register": _variable(name, "login")}
    mine, theirs = f"{about}.about.server_id | int", f"{PEER}.{about}.about.server_id | int"
    number = f"{{{{ ({theirs}) % 4294967294 + 1 if ({mine}) == ({theirs}) else ({mine}) }}}}"
    logs = {"log_bin": "ON", "log_slave_updates": "ON", "bind_address": params.listen}
    new = {**logs, "server_id": number}
    old = {**logs, "server_id": f"{{{{ [{mine}, 1] | max }}}}"}
    install = Step(NEW, {"name": f"{name}: the server's programs", "package": {"name": params.package}})
    return [
        *([install] if params.package else []),
        Step(BOTH, {"name": f"{name}: a password of its own", **own}),
        *_fitting(data),
        data.step(OLD, "the new server is let in", "access", **_accounts(data), settings=old, restart=params.restart),
        data.step(NEW, "the old server is let in", "access", name=data.plain, settings=new, restart=True),
    ]


def seed(name: str, params: Params) -> Sequence[Step]:
    """The first copy; a server that follows already is left alone."""
    data, about = _Data(name, params), f"{PEER}.{_variable(name, 'about')}.about"
    words = {"bytes": f"{{{{ {about}.bytes }}}}", "source_is_frozen": f"{{{{ {about}.read_only == '1' }}}}"}
    copying = {
        **data.source(data.copier, params.address),
        **words,
        "databases": params.databases,
        "replace": params.replace,
    }
    return [*_fitting(data), data.step(NEW, "a copy that follows", "replica", **copying), *delta(name, params)]


def delta(name: str, params: Params) -> Sequence[Step]:
    """See that the new server follows, and how far behind it is."""
    data, place = _Data(name, params), _variable(name, "place")
    return [
        data.step(OLD, "where the old server is", "lag", register=place),
        _caught_up(data, NEW, "the new server has come there", place),
    ]


def freeze(name: str, params: Params) -> Sequence[Step]:
    """Nothing is written on the old server any more."""
    frozen = _variable(name, "frozen")
    return [_Data(name, params).step(OLD, "read-only", "freeze", wait_s=params.wait_s, register=frozen)]


def final(name: str, params: Params) -> Sequence[Step]:
    """The new server has replayed the last write."""
    return [
        _caught_up(
            _Data(name, params), NEW, "it has the last write", _variable(name, "frozen"), _variable(name, "place")
        )
    ]


def verify(name: str, params: Params) -> Sequence[Step]:
    """Same position on both; counts and checksums as configured."""
    data, place = _Data(name, params), _variable(name, "place")
    theirs = f"{PEER}.{_variable(name, 'frozen')}.position"
    same = {
        "that": [f"{place}.position == {theirs} or not {place}.is_replica"],
        "fail_msg": f"the new server is at {{{{ {place}.position }}}}, the old one at {{{{ {theirs} }}}}",
        "success_msg": f"nothing is missing: both are at {{{{ {theirs} }}}}",
    }
    steps = [Step(NEW, {"name": f"{name}: no transaction is missing", "assert": same})]
    return steps if params.check == "positions" else [*steps, *_compared(data, params.check)]


def promote(name: str, params: Params) -> Sequence[Step]:
    """The new server takes writes."""
    data, frozen, late = _Data(name, params), _variable(name, "frozen"), _variable(name, "late")
    same = {
        "that": [f"{late}.position == {frozen}.position"],
        "fail_msg": f"somebody has written on the old server after the freeze: {{{{ {late}.position }}}}",
    }
    return [
        data.step(OLD, "where the old server is", "lag", register=late),
        Step(OLD, {"name": f"{name}: nobody has written meanwhile", "assert": same}),
        data.step(NEW, "takes writes", "replica", state="primary"),
    ]


def reverse(name: str, params: Params) -> Sequence[Step]:
    """The old server follows the new one, from where it was frozen."""
    data, here = _Data(name, params), _variable(name, "here")
    words = {**data.source(data.follower, params.new_address), "position": f"{{{{ {here}.position }}}}"}
    return [
        data.step(OLD, "where the old server was frozen", "lag", register=here),
        data.step(OLD, "the old server follows the new one", "replica", **words),
    ]


def back(name: str, params: Params) -> Sequence[Step]:
    """What was written on the new server comes to the old one; then that takes writes."""
    data, new, frozen = _Data(name, params), _variable(name, "new"), _variable(name, "back")
    here = _variable(name, "here")
    written = "migration.rollback_class | default('D') == 'D'"  # before that the new server is not needed
    took_over = f"{written} and not {new}.is_replica and {PEER}.{here}.is_read_only"
    theirs = f"({PEER}.{new} | default({{}})).is_replica | default(true)"
    on_old = f"{written} and not {theirs} and {here}.is_read_only"
    words = {**data.source(data.follower, params.new_address), "position": f"{{{{ {here}.position }}}}"}
    return [
        data.step(BOTH, "where the servers are", "lag", register=here, when=written),
        data.step(NEW, "whether the new server has taken over", "lag", register=new, when=written),
        data.step(OLD, "the old server follows the new one", "replica", when=on_old, **words),
        data.step(NEW, "the new server is read-only", "freeze", register=frozen, when=took_over, wait_s=params.wait_s),
        _caught_up(data, OLD, "the old server has everything", frozen, when=on_old),
        *_compared(data, "counts", f"({took_over}) if inventory_hostname in migration.hosts.new else ({on_old})"),
        data.step(OLD, "takes writes again", "replica", state="primary"),
    ]


def finish(name: str, params: Params) -> Sequence[Step]:
    """Nothing flows any more, and the access is gone."""
    data = _Data(name, params)
    away: dict[str, Any] = {"name": data.plain, "state": "absent", "remove_accounts": [data.copier, data.follower]}
    return [
        data.step(BOTH, "follows no more", "replica", state="alone"),
        data.step(BOTH, "no access any more", "access", **away),
        Step(
            BOTH,
            {"name": f"{name}: no password any more", "mysql_passfile": {"path": data.passfile, "state": "absent"}},
        ),
        Step(
            BOTH,
            {
                "name": f"{name}: no note any more",
                "file": {"path": f"{data.folder}/mysql-copy.json", "state": "absent"},
            },
        ),
    ]


def undo(_name: str, params: Params) -> Sequence[Mapping[str, object]]:
    """Return what the old host does alone to take writes again."""
    return [{"module": "mysql_replica", "params": {"state": "primary", "login_unix_socket": params.socket}}]


@dataclass(frozen=True, slots=True)
class _Data:
    """The data set that steps are made for."""

    name: str
    params: Params

    @property
    def plain(self) -> str:
        """Return the name in letters that accounts and files may have."""
        return _plain(self.name)

    @property
    def copier(self) -> str:
        """Return the account by which the new server copies and follows the old one."""
        return f"pv_{self.plain}_copy"

    @property
    def follower(self) -> str:
        """Return the account by which the old server follows the new one."""
        return f"pv_{self.plain}_back"

    @property
    def folder(self) -> str:
        """Return where notes and the password lie."""
        return f"{FOLDER}/{self.plain}.mariadb"

    @property
    def passfile(self) -> str:
        """Return where the host's own password lies."""
        return f"{self.folder}/password"

    def step(
        self, on: str | Sequence[str], says: str, module: str, *, register: str = "", when: str = "", **words: Any
    ) -> Step:
        """Return a task of one of our modules."""
        login = {"login_unix_socket": self.params.socket, "unit": self.params.unit}
        task: dict[str, Any] = {"name": f"{self.name}: {says}", f"mysql_{module}": {**words, **login}}
        return Step(on, {**task, **({"register": register} if register else {}), **({"when": when} if when else {})})

    def source(self, account: str, address: str | None) -> dict[str, Any]:
        """Return how the other server is reached."""
        told: dict[str, Any] = {"host": address or "{{ peer_address }}", "source_port": self.params.port}
        return {**told, "user": account, "passfile": self.passfile, "folder": self.folder}


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name.lower())[:40]


def _variable(name: str, says: str) -> str:
    return f"mariadb_{_plain(name)}_{says}"


def _accounts(data: _Data) -> dict[str, Any]:
    """Return the accounts of both directions; both are made on the old server, and come over with the copy."""
    login, params = _variable(data.name, "login"), data.params
    copier = {
        "user": data.copier,
        "host": params.new_address or "{{ peer_address }}",
        "hash": f"{{{{ {PEER}.{login}.hash }}}}",
    }
    own = params.address or "{{ ansible_host | default(inventory_hostname) }}"
    follower = {"user": data.follower, "host": own, "hash": f"{{{{ {login}.hash }}}}"}
    return {"name": data.plain, "accounts": [copier, follower]}


def _fitting(data: _Data) -> list[Step]:
    about = _variable(data.name, "about")
    peer = f"{{{{ {PEER}.{about}.about }}}}"
    return [
        data.step(OLD, "what the old server is", "server", register=about),
        data.step(NEW, "the new server fits", "server", peer=peer, register=about),
    ]


def _caught_up(data: _Data, on: str, says: str, place: str, register: str = "", when: str = "") -> Step:
    position = f"{{{{ {PEER}.{place}.position }}}}"
    words = {"position": position, "timeout_s": data.params.timeout_s}
    return data.step(on, says, "lag", register=register, when=when, **words)


def _compared(data: _Data, check: str, when: str = "") -> list[Step]:
    """Count on both sides at the same time, and compare on the new one."""
    found = _variable(data.name, "found")
    sides = {"mine": f"{{{{ {found} }}}}", "theirs": f"{{{{ {PEER}.{found} }}}}"}
    look = {"check": check, "databases": data.params.databases}
    return [
        data.step(BOTH, f"{check} of both sides", "digest", register=found, when=when, **look),
        data.step(NEW, f"{check} are the same", "digest", do="compare", when=when, **sides),
    ]
