"""Make a PostgreSQL server a physical standby of another one, or let a standby take over.

``standby`` copies the other server (pg_basebackup through a replication slot), proves the copy against its manifest and
starts it; a server that is its standby already is left alone, and one that was is taken back with pg_rewind where that
is possible. It never replaces a server that holds databases of its own unless ``replace`` is on. ``primary`` promotes;
``alone`` forgets the other server, and removes what was put aside here.
"""

import json
import os
import re
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql_wire
from ..system import postgresql_cluster as clusters
from ..system.postgresql import Refused, text
from ..system.postgresql_cluster import Cluster

TRAITS = Traits(locks=("postgresql",), reach="others")
PROGRESS = re.compile(r"(\d+)/(\d+) kB \((\d+)%\)")
KEPT_ALIVE = "keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=30000 connect_timeout=10"
AT_LEAST = {
    "max_connections setting": "max_connections",
    "max_worker_processes setting": "max_worker_processes",
    "max_wal_senders setting": "max_wal_senders",
    "max_prepared_xacts setting": "max_prepared_transactions",
    "max_locks_per_xact setting": "max_locks_per_transaction",
}
START_S = 300.0
TAKEN_OVER = (
    "this server has taken over, and the other takes no writes: go back first, or what was written here is lost"
)


class Params(postgresql_wire.LocalParameters):
    """What it is to be, and of whom."""

    name: str = required("str", "The slot's name, and that of the password file unless passfile is given.")
    state: str = optional("str", "What the server is.", "standby", choices=("standby", "primary", "alone"))
    host: Optional[str] = optional("str", "The other server's address; standby needs it.")
    source_port: int = optional("int", "The other server's port.", 5432)
    user: Optional[str] = optional("str", "The role to log in as there; standby needs it.")
    passfile: Optional[str] = optional("path", "The file with the password, see postgresql_passfile.")
    rate: str = optional("str", "Most bytes a second to copy, such as 50M; empty for no limit.", "")
    bytes: int = optional("int", "The size of the other server's data, to check the room here.", 0)
    settings: Dict[str, Any] = optional("dict", "Settings that the standby gets.", {})
    verify_copy: bool = optional("bool", "Whether every copied file is checked against the manifest.", True)
    replace: bool = optional("bool", "Whether a server with databases of its own may be replaced.", False)
    source_is_frozen: bool = optional(
        "bool", "The other server takes no writes: what is here counts, and stays.", False
    )
    timeout_s: float = optional("float", "How long to wait for a promotion.", 60.0)


class State(NamedTuple):
    """What the server is: ``standby``, ``primary`` or ``down``; whether it streams; whether it came from a copy."""

    what: str
    streams: bool
    seed: Dict[str, Any]
    own_databases: List[str]
    cluster: Optional[Cluster]
    follows: bool = False


def inspect(params: Params, system: System) -> State:
    """Ask the server, or read what was written down where it does not run."""
    try:
        session = postgresql_wire.attempt(params)
    except (OSError, Refused):
        cluster = clusters.remembered(params)
        return State("down", False, clusters.seed_of(cluster.data) if cluster else {}, [], cluster)
    with session:
        cluster = clusters.of_session(session)
        is_standby = session.value("SELECT pg_is_in_recovery()") == "t"
        asked = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming' AND slot_name = %s"
        streams = is_standby and session.value(asked % text(params.name)) == "1"
        listed = session.rows("SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
        own = [row["datname"] or "" for row in listed]
        follows = "primary_conninfo" in {row["name"] for row in session.rows(clusters.WRITTEN)}
    what = "standby" if is_standby else "primary"
    return State(what, streams, clusters.seed_of(cluster.data), own, cluster, follows)


def plan(params: Params, state: State) -> Change:
    """Decide whether to copy, to wait, to promote, or to do nothing."""
    if params.state == "primary":
        if state.what == "down":
            raise Failed("the server does not run")
        return Change(state.what == "standby", ["promote"], {"measured": {"seconds": 0.0}})
    if params.state == "alone":
        return Change(state.what == "primary" and (state.follows or bool(state.seed)), ["alone"])
    return _plan_standby(params, state)


def _plan_standby(params: Params, state: State) -> Change:
    if not params.host or not params.user:
        raise Failed("standby needs host and user of the server to copy")
    if state.what == "standby" and state.streams:
        return Change(False, result={"measured": {"seconds": 0.0, "bytes": 0}})
    is_ours = state.seed.get("name") == params.name
    if state.what == "primary" and is_ours and params.source_is_frozen:
        raise Failed(TAKEN_OVER)
    if state.what == "primary" and state.own_databases and not is_ours and not params.replace:
        told = ", ".join(state.own_databases)
        raise Failed("this server holds databases of its own (%s): replace: true gives them up" % told)
    if state.cluster is None:
        raise Failed("no PostgreSQL server runs here and none is known: install and start it once")
    if is_ours and state.what != "primary":
        return Change(True, ["start", "copy"])
    return Change(True, ["rewind", "copy"] if is_ours else ["copy"])


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Take the first way that leads there."""
    params, state, started = change.params, change.state, time.monotonic()
    if change.todo == ["promote"]:
        return _promote(params)
    if change.todo == ["alone"]:
        _forget(params, state.cluster)
        return None
    told: Dict[str, Any] = {}
    failed: Dict[str, str] = {}
    ways: Dict[str, Callable[..., Dict[str, Any]]] = {"start": _start_again, "rewind": _rewind, "copy": _copy}
    clusters.remember(params, state.cluster)
    for way in change.todo:
        try:
            told = dict(ways[way](params, state.cluster, system), way=way)
            break
        except Failed as why:
            if way == change.todo[-1]:
                raise
            failed[way] = why.msg
    seconds = time.monotonic() - started
    moved = told.pop("bytes", 0)
    figures = {"seconds": round(seconds, 3), "bytes": moved, "rate": round(moved / seconds) if seconds else 0}
    return dict(told, measured=figures, **({"tried": failed} if failed else {}))


def _promote(params: Params) -> Dict[str, Any]:
    started = time.monotonic()
    with postgresql_wire.connect(params) as session:
        session.answers("SELECT pg_promote(false)")
        while session.value("SELECT pg_is_in_recovery()") == "t":
            if time.monotonic() - started > params.timeout_s:
                raise Failed("the standby is not promoted after %.0f s" % params.timeout_s)
            time.sleep(0.003)
        position = session.value("SELECT pg_current_wal_lsn()")
    return {"position": position, "measured": {"seconds": round(time.monotonic() - started, 4)}}


def _forget(params: Params, cluster: Cluster) -> None:
    with postgresql_wire.connect(params) as session:
        for each in ("primary_conninfo", "primary_slot_name"):
            session.answers("ALTER SYSTEM RESET %s" % each)
        session.answers("SELECT pg_reload_conf()")
    clusters.remove(cluster.data + ".before")
    for path in (os.path.join(cluster.data, clusters.SEED), clusters.note_path(params)):
        if os.path.exists(path):
            os.unlink(path)


def _passfile(params: Params) -> str:
    return params.passfile or os.path.join(clusters.home(params), ".provisioner-%s.pgpass" % params.name)


def conninfo(params: Params, **more: str) -> str:
    """Return how to reach the other server; it holds no password."""
    parts = dict(
        host=params.host or "", port=str(params.source_port), user=params.user or "", passfile=_passfile(params), **more
    )
    words = ["%s='%s'" % (key, value.replace("\\", "\\\\").replace("'", "\\'")) for key, value in parts.items()]
    return " ".join([*words, KEPT_ALIVE])


def _copy(params: Params, cluster: Cluster, system: System) -> Dict[str, Any]:
    fresh = cluster.data + ".seed"
    if clusters.seed_of(fresh).get("name") != params.name:  # an unfinished copy cannot be gone on with
        clusters.remove(fresh)
        _check_room(params, cluster)
        _fetch(params, cluster, fresh, system)
    moved = clusters.size_of(fresh)
    clusters.service(system, cluster, "stop")
    if clusters.seed_of(cluster.data):
        clusters.remove(cluster.data)
    elif os.path.isdir(cluster.data):
        os.rename(cluster.data, _set_aside(cluster))
    os.rename(fresh, cluster.data)
    clusters.service(system, cluster, "start")
    _wait_for_stream(params)
    return {"bytes": moved}


def _set_aside(cluster: Cluster) -> str:
    """Return where what was here before is kept: it is never removed here."""
    path = cluster.data + ".before"
    return path if not os.path.isdir(path) else "%s.%d" % (path, int(time.time()))


def _check_room(params: Params, cluster: Cluster) -> None:
    folder = os.path.dirname(cluster.data)
    free, needed = clusters.free_bytes(folder), params.bytes * 11 // 10 + (64 << 20)
    if params.bytes and free < needed:
        told = (folder, free >> 20, needed >> 20)
        raise Failed("there is not enough room in %s: %d MiB free, %d MiB needed; nothing was copied" % told)


def _fetch(params: Params, cluster: Cluster, fresh: str, system: System) -> None:
    """Copy the other server into a folder, prove it, make it a standby, and mark it as whole at the very end."""
    argv = [os.path.join(cluster.programs, "pg_basebackup"), "--dbname=" + conninfo(params), "--pgdata=" + fresh]
    argv += ["--wal-method=stream", "--checkpoint=fast", "--slot=" + params.name, "--progress", "--no-password"]
    if params.rate:
        argv.append("--max-rate=" + params.rate)
    done = clusters.run(system, params, argv, hear=progress(system.emit))
    if done.rc != 0:
        clusters.remove(fresh)
        said = [line for line in done.err.replace("\r", "\n").splitlines() if "error" in line or "FATAL" in line]
        raise Failed("the copy broke off: %s" % ("; ".join(said) or done.err.strip()[-500:]), rc=done.rc)
    if params.verify_copy:
        done = clusters.run(system, params, [os.path.join(cluster.programs, "pg_verifybackup"), "--quiet", fresh])
        if done.rc != 0:
            clusters.remove(fresh)
            raise Failed("the copy is not what the manifest says: %s" % done.err.strip()[-500:], rc=done.rc)
    _configure(params, cluster, fresh, system)
    _mark(params, fresh)


def progress(emit: Callable[[str, str], None]) -> Callable[[str, bytes], None]:
    """Return a listener that tells once a second how far the copy is, with rate and time to go."""
    last = {"at": time.monotonic(), "start": time.monotonic()}

    def hear(_stream: str, data: bytes) -> None:
        found = PROGRESS.findall(data.decode("utf-8", "replace"))
        now = time.monotonic()
        if not found or now - last["at"] < 1.0:
            return
        last["at"] = now
        done, total = int(found[-1][0]) << 10, int(found[-1][1]) << 10
        rate = done / max(now - last["start"], 0.001)
        left = (total - done) / rate if rate else 0
        emit("stdout", "%d of %d MiB, %.1f MiB/s, %.0f s to go\n" % (done >> 20, total >> 20, rate / (1 << 20), left))

    return hear


def _configure(params: Params, cluster: Cluster, folder: str, system: System) -> None:
    done = clusters.run(system, params, [os.path.join(cluster.programs, "pg_controldata"), folder])
    told = dict(line.split(":", 1) for line in done.out.splitlines() if ":" in line)
    lines = ["", "# provisioner: standby of %s" % params.host, "hot_standby = 'on'"]
    lines += ["primary_conninfo = '%s'" % conninfo(params).replace("'", "''"), "primary_slot_name = '%s'" % params.name]
    settings: Dict[str, Any] = dict(params.settings)
    for label, setting in AT_LEAST.items():
        settings[setting] = max(int(told.get(label, "0").strip() or 0), int(settings.get(setting, 0)))
    lines += ["%s = '%s'" % (key, str(value).replace("'", "''")) for key, value in sorted(settings.items())]
    path = os.path.join(folder, "postgresql.auto.conf")
    with open(path) as stream:
        kept = [line for line in stream.read().splitlines() if line.partition("=")[0].strip() not in settings]
    gone = ["primary_", "hot_standby"]
    if any(line.startswith("default_transaction_read_only") for line in kept):
        gone += ["default_transaction_read_only", "autovacuum ="]  # it was frozen when it was copied or left
    kept = [line for line in kept if not line.startswith(tuple(gone))]
    clusters.write_private(params, path, "\n".join(kept + lines) + "\n")
    clusters.write_private(params, os.path.join(folder, "standby.signal"), "")


def _mark(params: Params, folder: str) -> None:
    told = {"name": params.name, "host": params.host, "at": time.time()}
    clusters.write_private(params, os.path.join(folder, clusters.SEED), json.dumps(told))


def _start_again(params: Params, cluster: Cluster, system: System) -> Dict[str, Any]:
    """Start the standby that is there, or look whether it only waits."""
    clusters.service(system, cluster, "start")
    _wait_for_stream(params, 20.0)
    return {"bytes": 0}


def _rewind(params: Params, cluster: Cluster, system: System) -> Dict[str, Any]:
    """Take a promoted copy back to where both were the same."""
    clusters.service(system, cluster, "stop")
    source = conninfo(params, dbname="postgres")
    argv = [os.path.join(cluster.programs, "pg_rewind"), "--target-pgdata=" + cluster.data, "--source-server=" + source]
    kept = os.path.join(os.path.dirname(cluster.hba), "postgresql.conf")
    if os.path.exists(kept) and not kept.startswith(cluster.data + "/"):
        argv.append("--config-file=" + kept)
    done = clusters.run(system, params, argv)
    if done.rc != 0:
        raise Failed("pg_rewind: %s" % done.err.strip()[-500:], rc=done.rc)
    _configure(params, cluster, cluster.data, system)
    _mark(params, cluster.data)
    clusters.service(system, cluster, "start")
    _wait_for_stream(params, 30.0)
    return {"bytes": 0}


def _wait_for_stream(params: Params, limit_s: float = START_S) -> None:
    deadline, said = time.monotonic() + limit_s, ""
    while time.monotonic() < deadline:
        try:
            with postgresql_wire.attempt(params) as session:
                rows = session.rows("SELECT status, slot_name FROM pg_stat_wal_receiver")
                if rows and rows[0]["status"] == "streaming" and rows[0]["slot_name"] == params.name:
                    return
                said = "it runs and does not stream"
        except (OSError, Refused) as error:
            said = str(error)
        time.sleep(0.1)
    raise Failed("the standby does not follow %s after %.0f s: %s; its log says why" % (params.host, limit_s, said))


EXAMPLES = """
- name: A standby of the first server
  postgresql_replica:
    name: shop
    host: 192.0.2.6
    user: shop_copy
    rate: 50M
- name: It takes over
  postgresql_replica:
    name: shop
    state: primary
"""
