"""Create, drop, rename, dump or restore databases of a PostgreSQL server.

psql, pg_dump and pg_restore do the work; no driver is needed on the host. A dump takes its place when it is complete.
"""

import bz2
import gzip
import lzma
import os
import shlex
import shutil
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, postgresql
from ..system.postgresql import name, text

TRAITS = Traits(predictable="partly", locks=("postgresql",))
PACKERS: Dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
FORMATS = {".tar": "--format=t", ".pgc": "--format=c", ".dir": "--format=d"}
QUERY = """
SELECT d.oid, pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding,
  d.datcollate AS lc_collate, d.datctype AS lc_ctype, d.datconnlimit AS conn_limit, t.spcname AS tablespace,
  shobj_description(d.oid, 'pg_database') AS comment, pg_char_to_encoding(%s) AS wanted, d.encoding AS number
FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = %s"""


class Params(postgresql.LoginParameters):
    """The database and what is done with it."""

    name: str = required("str", "Its name.", aliases=("db",))
    state: str = optional(
        "str", "What there shall be.", "present", choices=("absent", "dump", "present", "rename", "restore")
    )
    owner: str = optional("str", "The role that owns it.", "")
    template: str = optional("str", "The template of a new database.", "")
    encoding: str = optional("str", "The encoding of a new database; it cannot be changed later.", "")
    lc_collate: str = optional("str", "How a new database sorts; it cannot be changed later.", "")
    lc_ctype: str = optional("str", "How a new database classifies letters; it cannot be changed later.", "")
    icu_locale: str = optional("str", "The ICU locale of a new database.", "")
    locale_provider: str = optional("str", "The locale provider of a new database.", "")
    conn_limit: str = optional("str", "How many connections it may have; -1 for no limit.", "")
    tablespace: str = optional("path", "The tablespace it lies in.", "")
    comment: Optional[str] = optional("str", "The comment on it.")
    target: str = optional(
        "path", "The file of a dump; .gz, .bz2, .xz, .tar, .pgc, .dir tell its form; the new name for rename.", ""
    )
    target_opts: str = optional("str", "More arguments for the dump or restore program.", "")
    dump_extra_args: Optional[str] = optional("str", "More arguments for the dump program.")
    maintenance_db: str = optional("str", "The database to connect to.", "postgres")
    force: bool = optional("bool", "Drop it though there are connections.", False)


class State(NamedTuple):
    """The database as it is, None where there is none; and whether the other name is taken."""

    row: Optional[Dict[str, Optional[str]]]
    is_taken: bool
    version: int


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    if params.state in ("dump", "restore") and not params.target:
        raise Failed("target: which file? (state is %s)" % params.state)
    if params.state == "restore" and not system.files.exists(params.target):
        raise Failed("target %s does not exist on the host" % params.target)
    client = postgresql.connect(system, params, params.maintenance_db)
    try:
        rows = client.rows(QUERY % (text(params.encoding), text(params.name)))
        taken = client.rows("SELECT 1 AS n FROM pg_database WHERE datname = " + text(params.target))
    except postgresql.Refused as refused:
        raise Failed("Database query failed: %s" % refused.message) from None
    return State(rows[0] if rows else None, bool(taken), client.version())


def plan(params: Params, state: State) -> Change:
    """Compare; a dump and a restore always change."""
    if params.state in ("dump", "restore"):
        if params.state == "dump" and state.row is None:
            raise Failed("Cannot dump database %s: it does not exist" % params.name)
        return Change(True, [], {"db": params.name}, settles=False)
    todo = _PLANS[params.state](params, state)
    result = {"db": params.name, "executed_commands": todo}
    if not todo:
        return Change(False, result=result)
    before = "" if state.row is None else params.name + "\n"
    return Change(True, todo, result, {"before": before, "after": "".join(each + "\n" for each in todo)})


def _absent(params: Params, state: State) -> List[str]:
    if state.row is None:
        return []
    force = " WITH (FORCE)" if params.force and state.version >= 130000 else ""
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    first = [ends % text(params.name)] if params.force and not force else []
    return [*first, "DROP DATABASE %s%s" % (name(params.name), force)]


def _rename(params: Params, state: State) -> List[str]:
    if not params.target:
        raise Failed("target: what shall %s be called?" % params.name)
    if params.target == params.name:
        raise Failed('the "name/db" option and the "target" option cannot be the same')
    if state.row is None and state.is_taken:
        return []
    if state.row is None or state.is_taken:
        both = "both" if state.row is not None else "neither"
        raise Failed("cannot rename %s to %s: %s of them exist" % (params.name, params.target, both))
    return ["ALTER DATABASE %s RENAME TO %s" % (name(params.name), name(params.target))]


def _present(params: Params, state: State) -> List[str]:
    database = name(params.name)
    if state.row is None:
        return [_create(params), *_comment(params, None)]
    row = state.row
    for key, now in (("lc_collate", row["lc_collate"]), ("lc_ctype", row["lc_ctype"])):
        asked = getattr(params, key)
        if asked and asked != now:
            raise Failed("Changing %s is not supported. Current %s: %s" % (key.upper(), key.upper(), now))
    if params.encoding and row["wanted"] != row["number"]:
        raise Failed("Changing database encoding is not supported. Current encoding: %s" % row["encoding"])
    todo = []
    if params.owner and params.owner != row["owner"]:
        todo.append("ALTER DATABASE %s OWNER TO %s" % (database, name(params.owner)))
    if params.conn_limit and params.conn_limit != row["conn_limit"]:
        todo.append("ALTER DATABASE %s CONNECTION LIMIT %s" % (database, _limit(params)))
    if params.tablespace and params.tablespace != row["tablespace"]:
        todo.append("ALTER DATABASE %s SET TABLESPACE %s" % (database, name(params.tablespace)))
    return todo + _comment(params, row["comment"])


def _limit(params: Params) -> int:
    try:
        return int(params.conn_limit)
    except ValueError:
        raise Failed("conn_limit: '%s' is not a number" % params.conn_limit) from None


def _create(params: Params) -> str:
    words = ["CREATE DATABASE " + name(params.name)]
    named = (("OWNER", params.owner), ("TEMPLATE", params.template), ("TABLESPACE", params.tablespace))
    words += ["%s %s" % (word, name(value)) for word, value in named if value]
    quoted = (
        ("ENCODING", params.encoding),
        ("LC_COLLATE", params.lc_collate),
        ("LC_CTYPE", params.lc_ctype),
        ("LOCALE_PROVIDER", params.locale_provider),
        ("ICU_LOCALE", params.icu_locale),
    )
    words += ["%s %s" % (word, text(value)) for word, value in quoted if value]
    if params.conn_limit:
        words.append("CONNECTION LIMIT %d" % _limit(params))
    return " ".join(words)


def _comment(params: Params, now: Optional[str]) -> List[str]:
    if params.comment is None or (params.comment or None) == now:
        return []
    return ["COMMENT ON DATABASE %s IS %s" % (name(params.name), text(params.comment))]


_PLANS = {"absent": _absent, "rename": _rename, "present": _present}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements, or the dump or restore program."""
    params = change.params
    client = postgresql.connect(system, params, params.maintenance_db)
    if params.state == "dump":
        return _dump(params, client, system)
    if params.state == "restore":
        return _restore(params, client, system)
    try:
        client.answers(change.todo)
    except postgresql.Refused as refused:
        raise Failed("Database query failed: %s" % refused.message) from None
    return None


def _dump(params: Params, client: postgresql.Client, system: System) -> Dict[str, Any]:
    suffix = os.path.splitext(params.target)[1]
    words = [FORMATS[suffix]] if suffix in FORMATS else []
    words += shlex.split(params.target_opts) + shlex.split(params.dump_extra_args or "")
    folder = os.path.dirname(system.files.real(params.target)) or "."
    work = tempfile.mkdtemp(prefix=".prov-", dir=folder)
    raw = os.path.join(work, "dump")
    try:
        done = client.program("pg_dump", [*words, "--file=" + raw], params.name)
        if done.rc != 0:
            raise Failed(done.err.strip() or "the dump failed", rc=done.rc, stdout=done.out, stderr=done.err)
        if suffix == ".dir":
            system.files.remove(params.target)
            os.rename(raw, system.files.real(params.target))
        else:
            _place(raw, params.target, system)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _ended(done, ["pg_dump", params.name, *words], params)


def _place(raw: str, target: str, system: System) -> None:
    opener = PACKERS.get(os.path.splitext(target)[1])
    with open(raw, "rb") as source, system.files.replacing(target) as stream:
        if opener is None:
            shutil.copyfileobj(source, stream)
        else:
            with opener(stream, "wb") as packed:
                shutil.copyfileobj(source, packed)


def _ended(done: Any, words: List[str], params: Params) -> Dict[str, Any]:
    shown = " ".join(shlex.quote(word) for word in words)
    sign = ">" if params.state == "dump" else "<"
    said = {"rc": done.rc, "stderr": done.err, "stderr_lines": done.err.splitlines(), "msg": done.out}
    return dict(said, cmd=shown, executed_commands=["%s %s %s" % (shown, sign, params.target)])


def _restore(params: Params, client: postgresql.Client, system: System) -> Dict[str, Any]:
    suffix = os.path.splitext(params.target)[1]
    real = system.files.real(params.target)
    opts = shlex.split(params.target_opts)
    if suffix in FORMATS:
        done = client.program("pg_restore", [*opts, real], params.name)
        shown = ["pg_restore", params.name, *opts]
    else:
        plain = _unpacked(real, system)
        try:
            done = client.program(
                "psql", ["--no-psqlrc", "--quiet", "--output=/dev/null", *opts, "--file=" + plain], params.name
            )
        finally:
            if plain != real:
                os.unlink(plain)
        shown = ["psql", params.name, *opts]
    if done.rc != 0:
        raise Failed(
            done.err.strip() or "the restore failed", rc=done.rc, stdout=done.out, stderr=done.err, changed=True
        )
    return _ended(done, shown, params)


def _unpacked(real: str, system: System) -> str:
    opener = PACKERS.get(os.path.splitext(real)[1])
    if opener is None:
        return real
    handle, plain = tempfile.mkstemp(prefix="restore-", dir=system.tmp or None)
    with opener(real, "rb") as source, os.fdopen(handle, "wb") as stream:
        shutil.copyfileobj(source, stream)
    return plain


RETURNS = """
db: The database.
executed_commands: The statements or commands that were run.
"""

EXAMPLES = """
- name: The shop's database
  postgresql_db:
    name: shop
    owner: shop
    encoding: UTF-8
  become: true
  become_user: postgres
- name: Dump it
  postgresql_db:
    name: shop
    state: dump
    target: /var/backups/shop.sql.gz
  become: true
  become_user: postgres
"""
