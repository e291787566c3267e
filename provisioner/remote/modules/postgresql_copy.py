"""Copy all databases of another PostgreSQL server here with its dump, roles included; for another major version.

Databases of the same name are replaced; those that this module did not bring only with ``replace``. The dump is made by
the programs of this host, several tables at a time, and lies on this host until it has been read.
"""

import json
import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql_wire
from ..system import postgresql_cluster as clusters
from ..system.postgresql import Refused, name, text

TRAITS = Traits(predictable="partly", locks=("postgresql",), reach="others", settles=False)
ALIVE = "keepalives_idle=10 keepalives_interval=5 keepalives_count=3 connect_timeout=10"
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
THERE_ALREADY = re.compile(r"ERROR:\s+role .* already exists")


class Params(postgresql_wire.LocalParameters):
    """From where, and how fast."""

    name: str = required("str", "Names the password file, see postgresql_passfile.")
    host: str = required("str", "The other server's address.")
    source_port: int = optional("int", "The other server's port.", 5432)
    user: str = required("str", "The role to log in as there; a superuser.")
    jobs: int = optional("int", "How many tables at the same time.", 2)
    databases: List[str] = optional("list", "Which; else all.", [], elements="str")
    replace: bool = optional("bool", "Whether databases that were here before may be replaced.", False)
    original = "community.postgresql.postgresql_copy"  # another thing of the same name: one table to or from a file
    beyond = frozenset(
        ["ca_cert", "column", "columns", "connect_params", "copy_from", "copy_to", "db", "destination", "dst", "from",
         "login", "login_db", "login_host", "options", "program", "session_role", "source", "src", "ssl_cert",
         "ssl_key", "ssl_mode", "ssl_rootcert", "to", "trust_input", "unix_socket"]
    )  # fmt: skip


class State(NamedTuple):
    """What is here, what was brought by this module, and where the server lives."""

    databases: List[str]
    brought: List[str]
    cluster: clusters.Cluster


def inspect(params: Params, system: System) -> State:
    """Ask the server here."""
    with postgresql_wire.connect(params) as session:
        names = [row["datname"] or "" for row in session.rows(DATABASES)]
        return State(names, _brought(params), clusters.of_session(session))


def _note(params: Params) -> str:
    return os.path.join(clusters.home(params), ".provisioner-%s-brought.json" % params.name)


def _brought(params: Params) -> List[str]:
    try:
        with open(_note(params)) as stream:
            told: List[str] = json.load(stream)
    except (OSError, ValueError):
        return []
    return told


def plan(params: Params, state: State) -> Change:
    """It is always copied: what is there can only be known by reading it all."""
    return Change(True)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Roles first, then one database after the other."""
    params, started = change.params, time.monotonic()
    names = params.databases or _asked(params, change.state, system)
    own = sorted((set(names) & set(change.state.databases)) - set(change.state.brought) - {"postgres"})
    if own and not params.replace:
        raise Failed("databases of that name are here already (%s): replace: true gives them up" % ", ".join(own))
    clusters.write_private(params, _note(params), json.dumps(sorted(set(change.state.brought) | set(names))))
    folder = os.path.join(clusters.home(params), ".provisioner-%s-dump" % params.name)
    clusters.remove(folder)
    os.mkdir(folder, 0o700)
    clusters.give(params, folder)
    moved = 0
    try:
        _roles(params, change.state, folder, system)
        for each in names:
            system.emit("stdout", "%s\n" % each)
            moved += _database(params, change.state, os.path.join(folder, "data"), each, system)
    finally:
        clusters.remove(folder)
    with postgresql_wire.connect(params) as session:
        session.answers("CHECKPOINT")
    seconds = time.monotonic() - started
    figures = {"seconds": round(seconds, 3), "bytes": moved, "rate": round(moved / seconds)}
    return {"databases": names, "measured": figures}


def _program(params: Params, state: State, program: str, database: str, words: List[str]) -> List[str]:
    passfile = os.path.join(clusters.home(params), ".provisioner-%s.pgpass" % params.name)
    parts = {"host": params.host, "port": str(params.source_port), "user": params.user, "dbname": database}
    parts["passfile"] = passfile
    told = ["%s='%s'" % (key, value.replace("\\", "\\\\").replace("'", "\\'")) for key, value in parts.items()]
    return [
        os.path.join(state.cluster.programs, program),
        "--no-password",
        "--dbname=" + " ".join([*told, ALIVE]),
        *words,
    ]


def _here(params: Params, state: State, program: str, words: List[str]) -> List[str]:
    login = ["--port=%d" % params.login_port, "--username=" + params.login_user, "--no-password"]
    if params.login_unix_socket:
        login.append("--host=" + params.login_unix_socket)
    writable = "PGOPTIONS=-c default_transaction_read_only=off"  # this server may be frozen since it was gone back from
    return ["env", writable, os.path.join(state.cluster.programs, program), *login, *words]


def _run(params: Params, system: System, argv: List[str]) -> str:
    done = clusters.run(system, params, argv)
    if done.rc != 0:
        raise Failed(
            "%s: %s" % (os.path.basename(argv[2] if argv[0] == "env" else argv[0]), done.err.strip()[-1000:]),
            rc=done.rc,
        )
    return done.out


def _asked(params: Params, state: State, system: System) -> List[str]:
    words = ["--no-psqlrc", "--tuples-only", "--no-align", "--command=" + DATABASES]
    return _run(params, system, _program(params, state, "psql", "postgres", words)).splitlines()


def _roles(params: Params, state: State, folder: str, system: System) -> None:
    """Bring roles with their password hashes; those made for the move stay where they are."""
    path = os.path.join(folder, "roles.sql")
    words = ["--globals-only", "--no-tablespaces", "--file=" + path]
    _run(params, system, _program(params, state, "pg_dumpall", "postgres", words))
    with open(path) as stream:
        script = "".join(line for line in stream if not re.search(r"\bpv_\w+_(copy|back)\b", line))
    clusters.write_private(params, path, script)
    done = clusters.run(system, params, _here(params, state, "psql", ["--no-psqlrc", "--quiet", "--file=" + path]))
    wrong = [line for line in done.err.splitlines() if "ERROR:" in line and not THERE_ALREADY.search(line)]
    if wrong or done.rc != 0:
        raise Failed("roles: %s" % ("; ".join(wrong[:5]) or done.err.strip()[-1000:]))


def _database(params: Params, state: State, folder: str, database: str, system: System) -> int:
    clusters.remove(folder)
    words = ["--format=directory", "--jobs=%d" % params.jobs, "--compress=1", "--file=" + folder]
    _run(params, system, _program(params, state, "pg_dump", database, words))
    size = clusters.size_of(folder)
    if database == "postgres":
        how = ["--clean", "--if-exists", "--dbname=postgres"]
    else:
        _drop(params, database)
        how = ["--create", "--dbname=postgres"]
    words = [*how, "--jobs=%d" % params.jobs, "--exit-on-error", folder]
    _run(params, system, _here(params, state, "pg_restore", words))
    with postgresql_wire.connect(params, database) as session:
        session.wait_without_limit()
        session.answers("ANALYZE")
    return size


def _drop(params: Params, database: str) -> None:
    with postgresql_wire.connect(params) as session:
        try:
            session.answers(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s" % text(database)
            )
            session.answers("DROP DATABASE IF EXISTS %s" % name(database))
        except Refused as refused:
            raise Failed("%s: %s" % (database, refused.message)) from None


EXAMPLES = """
- name: All databases of the old server
  postgresql_copy:
    name: shop
    host: 192.0.2.6
    user: shop_copy
    jobs: 4
"""
