"""Make a MariaDB server read-only for every account without special rights, and let it be written again.

No restart; it stays so after a restart. Transactions that have written and not committed, and statements that run
longer than ``wait_s``, are ended with their connections. ``position`` is where the last write ended (GTID).
"""

import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, mysql, mysql_server, notes

TRAITS = Traits(locks=("mysql",), reach="others")
FROZEN = {"read_only": "ON"}
UNDER_WAY = """SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id NOT IN (0, CONNECTION_ID())"""
WRITTEN = UNDER_WAY + " AND trx_rows_modified > 0"
"""Transactions that could not be committed any more."""


class Params(mysql_server.ServerParameters):
    """Frozen or not."""

    state: str = optional("str", "What the server is.", "frozen", choices=("frozen", "thawed"))
    wait_s: float = optional("float", "How long statements under way may go on.", 1.0)


class State(NamedTuple):
    """Whether it is read-only, says so in its file, whom it follows, and where it is."""

    is_read_only: bool
    is_written: bool
    position: str


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    found = mysql_server.variables(mysql.Client(system, params), "read_only", "gtid_binlog_pos")
    written = bool(notes.read(mysql_server.settings_path("frozen")))
    return State(found["read_only"] == "1", written, found["gtid_binlog_pos"])


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if params.state == "thawed":
        return Change(state.is_read_only or state.is_written, result={"measured": {"seconds": 0.0}})
    result = {"position": state.position, "ended": [], "measured": {"seconds": 0.0}}
    return Change(not (state.is_read_only and state.is_written), result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Tell the server, and see that it holds."""
    params, started = change.params, time.monotonic()
    client, path = mysql.Client(system, params), mysql_server.settings_path("frozen")
    if params.state == "thawed":
        notes.write(path, "")
        mysql_server.ask(client, "SET GLOBAL read_only = OFF")
        return {"measured": {"seconds": round(time.monotonic() - started, 4)}}
    notes.write(path, mysql_server.settings_text(FROZEN))
    ended, position = _stop_writes(client, params.wait_s)
    return {"position": position, "ended": ended, "measured": {"seconds": round(time.monotonic() - started, 4)}}


def _stop_writes(client: mysql.Client, wait_s: float) -> Tuple[List[str], str]:
    """Set it read-only, and say where the last write ended; who keeps the server from it is ended, and returned."""
    ended: List[str] = []
    limit = "SET SESSION lock_wait_timeout = %d" % max(1, round(wait_s))
    for _ in range(5):
        try:
            found = client.rows(
                limit, "SET GLOBAL read_only = ON", WRITTEN, "SELECT @@GLOBAL.gtid_binlog_pos AS position"
            )
        except mysql.Refused as refused:
            if refused.number != 1205:
                raise Failed(refused.message) from None
            left = client.rows(UNDER_WAY)
            ended += _end(client, left[0] if left else [])
        else:
            ended += _end(client, found[0] if len(found) > 1 else [])
            return ended, found[-1][0]["position"] or ""
    raise Failed("the server cannot be made read-only: statements do not end")


def _end(client: mysql.Client, rows: List[mysql.Row]) -> List[str]:
    """End connections and return their numbers."""
    for row in rows:
        try:
            client.rows("KILL %d" % int(row["id"] or 0))
        except mysql.Refused as refused:
            if refused.number != 1094:  # it has ended by itself
                raise Failed(refused.message) from None
    return [row["id"] or "" for row in rows]


EXAMPLES = """
- name: Nothing is written any more
  mysql_freeze:
    login_unix_socket: /run/mysqld/mysqld.sock
  register: frozen
"""
