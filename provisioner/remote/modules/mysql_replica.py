"""Make a MariaDB server follow another one from a dump, or let one that follows take over.

``replica`` dumps the other server's databases and accounts at one moment, reads them here and follows from there
(GTID); a server that follows already is left alone, and one that had taken over goes on where it was when the other
knows that place. With ``position`` nothing is copied: it follows from there. ``primary`` takes over, ``alone`` only
stops following.
"""

import os
import re
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, mysql, mysql_server, notes
from ..system.mysql import text
from ..system.mysql_server import ask, replica_status

TRAITS = Traits(locks=("mysql",), reach="others")
PLACE = re.compile(r"MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=(\d+)")
TABLE = re.compile(r"Retrieving table structure for table (\S+?)\.\.\.")
CONNECT_S = 30.0
TAKEN_OVER = (
    "this server has taken over, and the other takes no writes: go back first, or what was written here is lost"
)


class Params(mysql_server.ServerParameters):
    """What it is to be, and of whom."""

    state: str = optional("str", "What the server is.", "replica", choices=("replica", "primary", "alone"))
    host: Optional[str] = optional("str", "The other server's address.")
    source_port: int = optional("int", "The other server's port.", 3306)
    user: Optional[str] = optional("str", "The account to log in with there.")
    passfile: Optional[str] = optional("path", "The file with its password, see mysql_passfile.")
    folder: str = optional(
        "path", "Where the dump lies meanwhile, and a note of what was copied.", "/var/lib/provisioner"
    )
    databases: List[str] = optional("list", "Which to copy; else all but the server's own.", [], elements="str")
    position: str = optional("str", "Follow from there (GTID), without a copy.", "")
    replace: bool = optional("bool", "Whether databases that are here may be given up.", False)
    bytes: int = optional("int", "The size of the other server's data, to check the room here.", 0)
    source_is_frozen: bool = optional(
        "bool", "The other server takes no writes: what is here counts, and stays.", False
    )


class State(NamedTuple):
    """Whom it follows and whether that works; what it holds; whether that was copied from the other one."""

    follows: str
    is_running: bool
    databases: List[str]
    is_copy: bool
    is_read_only: bool


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = mysql.Client(system, params)
    found, status = mysql_server.look(client, "read_only")
    running = status.get("Slave_IO_Running") == "Yes" and status.get("Slave_SQL_Running") == "Yes"
    note = notes.note(_note(params))
    is_copy = bool(params.host) and note.get("host") == params.host
    databases = mysql_server.user_databases(client) if params.state == "replica" and not params.position else []
    return State(status.get("Master_Host", ""), running, databases, is_copy, found["read_only"] == "1")


def _note(params: Params) -> str:
    return os.path.join(params.folder, "mysql-copy.json")


def plan(params: Params, state: State) -> Change:
    """Decide whether to copy, to follow again, to take over, or to do nothing."""
    nothing = {"measured": {"seconds": 0.0, "bytes": 0}}
    if params.state == "primary":
        return Change(bool(state.follows) or state.is_read_only, ["primary"], nothing)
    if params.state == "alone":
        return Change(bool(state.follows), ["alone"], nothing)
    return _plan_following(params, state, nothing)


def _plan_following(params: Params, state: State, nothing: Dict[str, Any]) -> Change:
    if not params.host or not params.user or not params.passfile:
        raise Failed("replica needs host, user and passfile of the server to follow")
    if state.follows == params.host and state.is_running:
        return Change(False, result=nothing)
    if params.position:
        return Change(True, ["start"] if state.follows == params.host else ["follow"])
    if state.follows == params.host:
        return Change(True, ["start", "copy"])
    if state.is_copy and params.source_is_frozen:
        raise Failed(TAKEN_OVER)
    if state.databases and not state.is_copy and not params.replace:
        told = ", ".join(state.databases)
        raise Failed("this server holds databases of its own (%s): replace: true gives them up" % told)
    return Change(True, ["rejoin", "copy"] if state.is_copy else ["copy"])


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Take the first way that leads there."""
    params, started = change.params, time.monotonic()
    client = mysql.Client(system, params)
    ways: Dict[str, Callable[..., int]] = {
        "start": _start, "follow": _follow, "rejoin": _rejoin, "copy": _copy, "primary": _promote, "alone": _stop,
    }  # fmt: skip
    tried: Dict[str, str] = {}
    moved = 0
    for way in change.todo:
        try:
            moved = ways[way](params, client, system)
            break
        except Failed as why:
            if way == change.todo[-1]:
                raise
            tried[way] = why.msg
    seconds = time.monotonic() - started
    figures = {"seconds": round(seconds, 4), "bytes": moved, "rate": round(moved / seconds) if seconds else 0}
    return {"way": way, "tried": tried, "measured": figures}


def _promote(params: Params, client: mysql.Client, _system: System) -> int:
    notes.write(mysql_server.settings_path("frozen"), "")
    ask(client, "STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = OFF")
    return 0


def _stop(params: Params, client: mysql.Client, _system: System) -> int:
    ask(client, "STOP SLAVE", "RESET SLAVE ALL")
    return 0


def _start(params: Params, client: mysql.Client, _system: System) -> int:
    ask(client, "STOP SLAVE", "START SLAVE")
    _wait(client)
    return 0


def _follow(params: Params, client: mysql.Client, _system: System) -> int:
    _attach(params, client, params.position)
    return 0


def _rejoin(params: Params, client: mysql.Client, _system: System) -> int:
    """Follow from where this server is; the other one says whether it knows that place."""
    notes.write(mysql_server.settings_path("frozen"), mysql_server.settings_text({"read_only": "ON"}))
    ask(client, "SET GLOBAL read_only = ON")
    try:
        _attach(params, client, mysql_server.variables(client, "gtid_current_pos")["gtid_current_pos"])
    except Failed:
        ask(client, "STOP SLAVE", "RESET SLAVE ALL")
        raise
    return 0


def _attach(params: Params, client: mysql.Client, position: str) -> None:
    password = notes.read(params.passfile or "").strip()
    told = (text(params.host or ""), params.source_port, text(params.user or ""), text(password))
    ask(
        client,
        "STOP SLAVE",
        "SET GLOBAL gtid_slave_pos = %s" % text(position),
        "CHANGE MASTER TO MASTER_HOST = %s, MASTER_PORT = %d, MASTER_USER = %s, MASTER_PASSWORD = %s, "
        "MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 3, MASTER_HEARTBEAT_PERIOD = 5" % told,
        "START SLAVE",
    )
    _wait(client)


def _wait(client: mysql.Client) -> None:
    deadline = time.monotonic() + CONNECT_S
    steady = 0
    while steady < 2:
        status = replica_status(client)
        said = status.get("Last_IO_Error") or status.get("Last_SQL_Error")
        if said and "1236" in (status.get("Last_IO_Errno", ""), status.get("Last_SQL_Errno", "")):
            raise Failed("the other server does not know this place: %s" % said)
        if status.get("Slave_IO_Running") == "Yes" and status.get("Slave_SQL_Running") == "Yes":
            steady += 1
        elif time.monotonic() > deadline:
            raise Failed("this server does not follow the other one: %s" % (said or "no connection"))
        time.sleep(0.1)


def _copy(params: Params, client: mysql.Client, system: System) -> int:
    _check_room(params, client)
    password = notes.read(params.passfile or "").strip()
    login = {"login_user": params.user, "login_password": password, "login_host": params.host, "config_file": ""}
    source = mysql.connect(system, mysql.LoginParameters.parse(dict(login, login_port=params.source_port)))
    names = mysql_server.user_databases(source, params.databases)
    if not names:
        raise Failed("the other server has no database")
    path = os.path.join(params.folder, "mysql-dump.sql")
    notes.write(path, "-- being made\n", 0o600)
    try:
        _dump(source, names, path, system)
        size = os.stat(path).st_size
        place = _place(source, path)
        _read_in(params, client, path)
    finally:
        os.unlink(path)
    notes.write_note(_note(params), {"host": params.host})
    _attach(params, client, place)
    return size


def _check_room(params: Params, client: mysql.Client) -> None:
    for folder, needed in (
        (params.folder, params.bytes),
        (mysql_server.variables(client, "datadir")["datadir"], params.bytes),
    ):
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o700)
        found = os.statvfs(folder)
        free = found.f_bavail * found.f_frsize
        if needed and free < needed * 5 // 2:
            told = (folder, free >> 20, needed * 5 // 2 >> 20)
            raise Failed("there is not enough room in %s: %d MiB free, %d MiB needed; nothing was copied" % told)


def _dump(source: mysql.Client, names: List[str], path: str, system: System) -> None:
    words = ["--single-transaction", "--gtid", "--master-data=2", "--routines", "--triggers", "--events", "--hex-blob"]
    words += ["--add-drop-database", "--quick", "--verbose", "--result-file=" + path]

    def hear(stream: str, data: bytes) -> None:
        for table in TABLE.findall(data.decode("utf-8", "replace")):
            system.emit("stdout", "%s\n" % table)

    done = source.program(("mariadb-dump", "mysqldump"), [*words, "--databases", *names], hear=hear)
    if done.rc != 0:
        raise Failed("the dump broke off: %s" % _said(done.err), rc=done.rc)
    done = source.program(
        ("mariadb-dump", "mysqldump"), ["--system=users", "--insert-ignore", "--result-file=" + path + ".users"]
    )
    if done.rc != 0:
        raise Failed("accounts cannot be read: %s" % _said(done.err), rc=done.rc)


def _said(err: str) -> str:
    lines = [line for line in err.splitlines() if line and not line.startswith("--")]
    return "; ".join(lines)[-500:]


def _place(source: mysql.Client, path: str) -> str:
    """Return the position (GTID) of the dump, from the place in the binary log that it tells."""
    with open(path, errors="replace") as stream:
        for _ in range(200):
            found = PLACE.search(stream.readline())
            if found:
                asked = "SELECT BINLOG_GTID_POS(%s, %s) AS p" % (text(found.group(1)), found.group(2))
                return ask(source, asked)[0][0]["p"] or ""
    raise Failed("the dump does not say where it was made: is the binary log of the other server on?")


def _read_in(params: Params, client: mysql.Client, path: str) -> None:
    """Give up what is here, and read the dump; none of it goes into the binary log."""
    ask(client, "STOP SLAVE", "RESET SLAVE ALL")
    gone = ["DROP DATABASE %s" % mysql.name(each) for each in mysql_server.user_databases(client)]
    ask(client, "SET SESSION sql_log_bin = 0", *gone, "RESET MASTER")
    notes.write(mysql_server.settings_path("frozen"), mysql_server.settings_text({"read_only": "ON"}))
    ask(client, "SET GLOBAL read_only = ON")
    try:
        for each in (path, path + ".users"):  # a dump may forbid the client to read another file after it
            script = "SET SESSION sql_log_bin = 0;\nsource %s\n" % each
            done = client.program(("mariadb", "mysql"), ["--batch"], stdin=script.encode())
            if done.rc != 0:
                raise Failed("the dump cannot be read here: %s" % done.err.strip()[-500:], rc=done.rc)
    finally:
        os.unlink(path + ".users")
    ask(client, "FLUSH PRIVILEGES")


EXAMPLES = """
- name: Follow the first server
  mysql_replica:
    host: 192.0.2.6
    user: shop_copy
    passfile: /var/lib/provisioner/shop.password
    login_unix_socket: /run/mysqld/mysqld.sock
- name: Take over
  mysql_replica:
    state: primary
    login_unix_socket: /run/mysqld/mysqld.sock
"""
