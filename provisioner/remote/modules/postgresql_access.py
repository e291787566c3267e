"""Let one other PostgreSQL server log in for replication: roles, one line of pg_hba.conf each, settings, a slot.

The line stands first in the file and lets the role in from one address only. A setting that counts only after a restart
is refused unless ``restart`` is on; what this module set, ``state: absent`` sets back.
"""

import json
import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System, postgresql_wire
from ..system.postgresql import Refused, Row, name, text
from ..system.postgresql_cluster import WRITTEN, give, home, of_session, service, write_private
from ..system.postgresql_wire import Session

TRAITS = Traits(locks=("postgresql",), reach="others")
MARK = "# provisioner "
REWIND = (
    "pg_catalog.pg_ls_dir(text, boolean, boolean)",
    "pg_catalog.pg_stat_file(text, boolean)",
    "pg_catalog.pg_read_binary_file(text)",
    "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)",
)


class Role(Parameters):
    """A role that may replicate."""

    name: str = required("str", "Its name.")
    verifier: str = required("str", "Its SCRAM verifier, see postgresql_passfile.")
    rewind: bool = optional("bool", "Whether it may read the files that pg_rewind needs.", False)
    superuser: bool = optional("bool", "Whether it may do everything: what pg_dump of all databases needs.", False)


class Params(postgresql_wire.LocalParameters):
    """Who may come, and what for."""

    name: str = required("str", "What it is for: marks the line, and names the slot.")
    state: str = optional(
        "str",
        "Whether access is there; ``without_slot`` only drops the slot.",
        "present",
        choices=("present", "absent", "without_slot"),
    )
    roles: List[Role] = optional("list", "Roles that are made. None on a standby.", [], elements="dict", options=Role)
    remove_roles: List[str] = optional("list", "Roles that go, with absent.", [], elements="str")
    allow: Optional[str] = optional("str", "The role that may log in from address.")
    address: Optional[str] = optional("str", "The other server's address or name.")
    settings: Dict[str, Any] = optional("dict", "Settings of the server that are needed, at least.", {})
    slot: bool = optional("bool", "Whether a physical replication slot of this name exists.", False)
    restart: bool = optional("bool", "Whether the server may be restarted for settings.", False)


class State(NamedTuple):
    """What is there."""

    roles: Dict[str, str]
    superusers: List[str]
    hba: str
    hba_text: str
    settings: Dict[str, Tuple[str, str]]
    pending: List[str]
    slots: List[str]
    in_recovery: bool
    written: Dict[str, str]
    ours: Dict[str, Optional[str]]


def inspect(params: Params, system: System) -> State:
    """Look at roles, file and settings."""
    with postgresql_wire.connect(params) as session:
        known = session.rows("SELECT rolname, rolpassword, rolsuper FROM pg_authid")
        hba = session.value("SHOW hba_file")
        found = session.rows("SELECT name, setting, context, pending_restart FROM pg_settings")
        slots = session.rows("SELECT slot_name AS name, '' AS setting FROM pg_replication_slots")
        in_recovery = session.value("SELECT pg_is_in_recovery()") == "t"
        written = session.rows(WRITTEN)
    with open(hba) as stream:
        content = stream.read()
    return State(
        roles={row["rolname"] or "": row["rolpassword"] or "" for row in known},
        superusers=[row["rolname"] or "" for row in known if row["rolsuper"] == "t"],
        hba=hba,
        hba_text=content,
        settings={row["name"] or "": (row["setting"] or "", row["context"] or "") for row in found},
        pending=[row["name"] or "" for row in found if row["pending_restart"] == "t"],
        slots=list(_by_name(slots)),
        in_recovery=in_recovery,
        written=_by_name(written),
        ours=_ours(params),
    )


def _by_name(rows: List[Row]) -> Dict[str, str]:
    return {row["name"] or "": row["setting"] or "" for row in rows}


def _ours(params: Params) -> Dict[str, Optional[str]]:
    try:
        with open(_note(params)) as stream:
            told: Dict[str, Optional[str]] = json.load(stream)
    except (OSError, ValueError):
        return {}
    return told


def _note(params: Params) -> str:
    return os.path.join(home(params), ".provisioner-%s-settings.json" % params.name)


def plan(params: Params, state: State) -> Change:
    """Compare."""
    wanted_hba = hba_with(params, state.hba_text)
    todo: Dict[str, Any] = {"hba": None, "settings": {}, "roles": [], "slot": "", "restart": False}
    has_slot = params.name in state.slots
    if params.state != "present":
        todo["slot"] = "drop" if has_slot else ""
    if params.state == "absent":
        todo["roles"] = [each for each in params.remove_roles if each in state.roles and not state.in_recovery]
        todo["settings"] = dict(state.ours)
    elif params.state == "present":
        todo.update(_wanted(params, state), slot="create" if params.slot and not has_slot else "")
    if params.state != "without_slot" and wanted_hba != state.hba_text:
        todo["hba"] = wanted_hba
    return Change(todo["hba"] is not None or any(todo.values()), todo, {"restarted": todo["restart"]})


def _wanted(params: Params, state: State) -> Dict[str, Any]:
    values = {key: enough(key, str(value), state.settings) for key, value in params.settings.items()}
    for key in set(params.settings) & set(state.pending):  # what counts now is not what a restart would bring
        values[key] = values[key] or str(params.settings[key])
    settings = {key: value for key, value in values.items() if value is not None}
    stop = sorted(set(_restarting(state, settings)) | (set(params.settings) & set(state.pending)))
    if stop and not params.restart:
        told = ", ".join("%s = %s" % (key, params.settings[key]) for key in stop)
        raise Failed("the server has to be restarted for %s: allow it with restart: true, or do it yourself" % told)
    roles = [
        each
        for each in params.roles
        if state.roles.get(each.name) != each.verifier or (each.name in state.superusers) != each.superuser
    ]
    return {"settings": settings, "roles": roles, "restart": bool(stop)}


def hba_with(params: Params, text_before: str) -> str:
    """Return the file with our line first, or without it."""
    tail = "%s%s\n" % (MARK, params.name)
    lines = [line for line in text_before.splitlines(True) if not line.endswith(tail)]
    if params.state == "absent" or not params.allow or not params.address:
        return "".join(lines)
    address = params.address
    if ":" in address:
        address += "/128"
    elif address.replace(".", "").isdigit():
        address += "/32"
    ours = ["host %s %s %s scram-sha-256 %s" % (d, name(params.allow), address, tail) for d in ("replication", "all")]
    return "".join(ours + lines)


def enough(key: str, wanted: str, settings: Dict[str, Tuple[str, str]]) -> Optional[str]:
    """Return what a setting has to become, None where it is enough already."""
    if key not in settings:
        raise Failed("the server has no setting %s" % key)
    now = settings[key][0]
    if key == "wal_level":
        order = ["minimal", "replica", "logical"]
        return wanted if order.index(now) < order.index(wanted) else None
    if key == "listen_addresses":
        listed = [each.strip() for each in now.split(",") if each.strip()]
        if "*" in listed or "0.0.0.0" in listed or wanted in listed:  # noqa: S104 - read, not bound
            return None
        return "*" if wanted == "*" else ", ".join([*listed, wanted])
    if now.isdigit() and wanted.isdigit():
        return wanted if int(now) < int(wanted) else None
    return wanted if now != wanted else None


def _restarting(state: State, settings: Dict[str, Any]) -> List[str]:
    return [key for key in settings if state.settings[key][1] == "postmaster"]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make it so."""
    params, todo, state = change.params, change.todo, change.state
    try:
        with postgresql_wire.connect(params) as session:
            cluster = of_session(session)
            _set(params, session, state, todo)
            _roles(params, session, state, todo)
            _slot(params, session, todo["slot"])
            if todo["hba"] is not None:
                _write_hba(params, state, todo["hba"])
            session.answers("SELECT pg_reload_conf()")
    except Refused as refused:
        raise Failed(refused.message) from None
    if todo.get("restart"):
        service(system, cluster, "restart")
        _wait(params)
    return None


def _set(params: Params, session: Session, state: State, todo: Dict[str, Any]) -> None:
    """Set or set back, remembering first what is ours."""
    if params.state == "present" and todo["settings"]:
        ours = dict(state.ours)
        for key in todo["settings"]:
            ours.setdefault(key, state.written.get(key))
        write_private(params, _note(params), json.dumps(ours))
    for key, value in todo["settings"].items():
        if value is None:
            session.answers("ALTER SYSTEM RESET %s" % name(key))
        else:
            words = ", ".join(text(part.strip()) for part in value.split(","))
            session.answers("ALTER SYSTEM SET %s = %s" % (name(key), words))
    if params.state == "absent" and os.path.exists(_note(params)):
        os.unlink(_note(params))


def _roles(params: Params, session: Session, state: State, todo: Dict[str, Any]) -> None:
    for role in todo["roles"]:
        if params.state == "absent":
            session.answers("DROP OWNED BY %s" % name(role))
            session.answers("DROP ROLE %s" % name(role))
            continue
        verb = "ALTER" if role.name in state.roles else "CREATE"
        rights = "SUPERUSER" if role.superuser else "NOSUPERUSER"
        words = (verb, name(role.name), rights, text(role.verifier))
        session.answers("%s ROLE %s LOGIN REPLICATION %s PASSWORD %s" % words)
        given = "GRANT EXECUTE ON FUNCTION %s TO %s" if role.rewind else "REVOKE EXECUTE ON FUNCTION %s FROM %s"
        for each in REWIND:
            session.answers(given % (each, name(role.name)))


def _slot(params: Params, session: Session, what: str) -> None:
    if what == "create":
        session.answers("SELECT pg_create_physical_replication_slot(%s, true)" % text(params.name))
    elif what == "drop":
        ended = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s AND active"
        for _ in range(20):
            session.answers(ended % text(params.name))
            try:
                session.answers("SELECT pg_drop_replication_slot(%s)" % text(params.name))
            except Refused as refused:
                if "is active" not in refused.message:
                    raise
                time.sleep(0.1)
            else:
                return
        raise Failed("the slot %s is in use and cannot be dropped: stop the standby that uses it" % params.name)


def _write_hba(params: Params, state: State, content: str) -> None:
    kept = os.stat(state.hba)
    beside = state.hba + ".provisioner"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, kept.st_mode & 0o777)
    with os.fdopen(handle, "w") as stream:
        stream.write(content)
        give(params, handle)
    os.rename(beside, state.hba)


def _wait(params: Params) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            postgresql_wire.attempt(params).close()
        except (OSError, Refused) as error:
            if time.monotonic() > deadline:
                raise Failed("the server does not come back after its restart: %s" % error) from None
            time.sleep(0.1)
        else:
            return


EXAMPLES = """
- name: The new server may copy this one
  postgresql_access:
    name: shop
    allow: shop_copy
    address: 192.0.2.7
    roles:
      - name: shop_copy
        verifier: "{{ login.verifier }}"
    settings:
      listen_addresses: "*"
    slot: true
"""
