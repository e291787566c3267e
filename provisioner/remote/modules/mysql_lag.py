"""Wait until a MariaDB replica has replayed a position (GTID), and tell how far behind it is."""

import time
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional
from ..system import System, mysql, mysql_server

TRAITS = Traits(predictable="no", reach="others", settles=False)


class Params(mysql_server.ServerParameters):
    """What is waited for."""

    position: str = optional("str", "The position to wait for; empty: only tell.", "")
    timeout_s: float = optional("float", "How long to wait.", 60.0)


class State(NamedTuple):
    """Where the server is, and whether it follows another."""

    position: str
    replayed: str
    is_replica: bool
    is_read_only: bool


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    client = mysql.Client(system, params)
    found, status = mysql_server.look(client, "gtid_binlog_pos", "gtid_slave_pos", "read_only")
    return State(found["gtid_binlog_pos"], found["gtid_slave_pos"], bool(status), found["read_only"] == "1")


def plan(params: Params, state: State) -> Change:
    """Waiting changes nothing."""
    result = dict(state._asdict())
    if not params.position or behind(state.position, params.position) <= 0:
        return Change(False, result=dict(result, behind=0, measured={"seconds": 0.0, "lag_s": 0.0}))
    if not state.is_replica:
        raise Failed("this server follows none, and is at %s, not at %s" % (state.position, params.position))
    return Change(None, result=result)


def behind(here: str, wanted: str) -> int:
    """Return how many transactions are missing here, over all domains."""
    missing = 0
    have = positions(here)
    for domain, number in positions(wanted).items():
        missing += max(0, number - have.get(domain, 0))
    return missing


def positions(text: str) -> Dict[str, int]:
    """Return the last transaction of each domain (``0-1-270,1-3-4``)."""
    parts = [each.strip().split("-") for each in text.split(",") if each.strip()]
    return {domain: int(number) for domain, _, number in parts}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Wait."""
    params, started = change.params, time.monotonic()
    client = mysql.Client(system, params)
    wait = "SELECT MASTER_GTID_WAIT(%s, %s) AS r" % (mysql.text(params.position), float(params.timeout_s))
    found = mysql_server.ask(client, wait)[0][0]["r"]
    seconds = round(time.monotonic() - started, 4)
    state = inspect(params, system)
    missing = behind(change.state.position, params.position)
    if found != "0":
        status = mysql_server.replica_status(client)
        said = status.get("Last_SQL_Error") or status.get("Last_IO_Error") or "it is slow"
        told = (state.replayed, params.position, seconds, said)
        raise Failed("at %s, not at %s yet after %.1f s: %s" % told, behind=behind(state.replayed, params.position))
    return dict(
        state._asdict(), changed=False, behind=0, measured={"seconds": seconds, "lag_s": seconds, "rows": missing}
    )


EXAMPLES = """
- name: The replica has everything up to there
  mysql_lag:
    position: "{{ frozen.position }}"
    login_unix_socket: /run/mysqld/mysqld.sock
"""
