"""Create or drop databases on a MySQL or MariaDB server, dump them to a file, or run a file of statements.

The server's own client programs do the work; no driver is needed on the host. A dump is written beside its target and
takes its place when it is complete.
"""

import bz2
import gzip
import lzma
import os
import shlex
import shutil
import tempfile
from typing import IO, Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, mysql

TRAITS = Traits(predictable="partly", locks=("mysql",), settles=False)
PACKERS: Dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
COPIED = 1024 * 1024


class Params(mysql.LoginParameters):
    """The databases and what is done with them."""

    name: List[str] = required(
        "list", "The databases; all stands for every one (dump, import).", elements="str", aliases=("db",)
    )
    state: str = optional("str", "What there shall be.", "present", choices=("absent", "dump", "import", "present"))
    encoding: str = optional("str", "The character set of a new database.", "")
    collation: str = optional("str", "The collation of a new database.", "")
    target: str = optional("path", "The file of a dump; .gz, .bz2 and .xz are packed.", "")
    single_transaction: bool = optional("bool", "Dump in one transaction.", False)
    quick: bool = optional("bool", "Dump row by row.", True)
    ignore_tables: List[str] = optional("list", "Tables left out of a dump, as db.table.", (), elements="str")
    hex_blob: bool = optional("bool", "Dump binary columns in hexadecimal.", False)
    force: bool = optional("bool", "Go on after an error in a dump or import.", False)
    master_data: int = optional("int", "Put the place in the binary log into the dump.", 0, choices=(0, 1, 2))
    skip_lock_tables: bool = optional("bool", "Do not lock the tables while dumping.", False)
    dump_extra_args: Optional[str] = optional("str", "More arguments for the dump program.")
    use_shell: bool = optional("bool", "Accepted; no shell is needed.", False)
    pipefail: bool = optional("bool", "Accepted; a dump that fails is never packed.", False)
    unsafe_login_password: bool = optional("bool", "Accepted; the password is in no command line.", False)
    restrict_config_file: bool = optional("bool", "Accepted; no other option file is read.", False)
    config_overrides_defaults: bool = optional("bool", "Accepted; see config_file.", False)
    check_implicit_admin: bool = optional("bool", "Try to log in as root without a password first.", False)
    chdir: Optional[str] = optional("path", "The folder that programs are started in.")
    sql_log_bin: bool = optional("bool", "Whether the statements go into the binary log.", True)


class State(NamedTuple):
    """Which of the databases are there, and whether the target is."""

    present: Tuple[str, ...]
    has_target: bool


def inspect(params: Params, system: System) -> State:
    """Ask the server."""
    _check(params)
    client = mysql.connect(system, params, params.check_implicit_admin)
    found = client.rows("SHOW DATABASES")
    there = {value for row in (found[0] if found else []) for value in row.values()}
    lower = {str(each).lower() for each in there} if _ignores_case(client) else set()
    present = tuple(each for each in params.name if each in there or each.lower() in lower)
    return State(present, bool(params.target) and system.files.is_file(params.target))


def _ignores_case(client: mysql.Client) -> bool:
    return client.rows("SELECT @@lower_case_table_names AS n")[0][0]["n"] != "0"


def _check(params: Params) -> None:
    names = [each.strip() for each in params.name]
    if not names or not all(names):
        raise Failed("name: which databases?")
    if params.state in ("dump", "import") and not params.target:
        raise Failed("with state=%s target is required" % params.state)
    if names == ["all"] and params.state not in ("dump", "import"):
        raise Failed("name=all is only supported for state=dump and state=import")
    if params.state == "import" and len(names) > 1:
        raise Failed("state=import takes one database, or all")


def plan(params: Params, state: State) -> Change:
    """Compare; a dump and an import always change."""
    result: Dict[str, Any] = {"db": " ".join(params.name), "db_list": list(params.name), "executed_commands": []}
    every = params.name == ["all"]
    missing = [each for each in params.name if each not in state.present]
    if params.state == "present":
        return _made([_create(params, each) for each in missing], missing, [], result)
    if params.state == "absent":
        there = [each for each in params.name if each in state.present]
        return _made(["DROP DATABASE " + mysql.name(each) for each in there], [], there, result)
    if params.state == "dump" and missing and not every:
        raise Failed("Cannot dump database(s) %s - not found" % ", ".join(repr(each) for each in missing))
    if params.state == "import" and not state.has_target:
        raise Failed("target %s does not exist on the host" % params.target)
    creates = params.state == "import" and missing and not every
    return Change(True, [_create(params, missing[0])] if creates else [], result)


def _made(statements: List[str], new: List[str], gone: List[str], result: Dict[str, Any]) -> Change:
    if not statements:
        return Change(False, result=result)
    result["executed_commands"] = statements
    diff = {"before": "".join(each + "\n" for each in gone), "after": "".join(each + "\n" for each in new)}
    return Change(True, statements, result, diff)


def _create(params: Params, database: str) -> str:
    statement = "CREATE DATABASE " + mysql.name(database)
    if params.encoding:
        statement += " CHARACTER SET " + mysql.text(params.encoding)
    if params.collation:
        statement += " COLLATE " + mysql.text(params.collation)
    return statement


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the statements, the dump program, or the client on the file."""
    params = change.params
    client = mysql.connect(system, params, params.check_implicit_admin)
    if params.state == "dump":
        return _dump(params, client, system)
    if params.state == "import":
        _run(client, params, change.todo)
        return _import(params, client, system, change.todo)
    _run(client, params, change.todo)
    return None


def _run(client: mysql.Client, params: Params, statements: List[str]) -> None:
    first = [] if params.sql_log_bin else ["SET SESSION sql_log_bin = 0"]
    try:
        client.rows(*first, *statements)
    except mysql.Refused as refused:
        what = "deleting" if params.state == "absent" else "creating"
        raise Failed("error %s database: %s" % (what, refused.message), changed=True) from None


def _dump(params: Params, client: mysql.Client, system: System) -> Dict[str, Any]:
    real = system.files.real(params.target)
    handle, raw = tempfile.mkstemp(prefix=".prov-", dir=os.path.dirname(real) or ".")
    os.close(handle)
    try:
        words = [*_dump_words(params), "--result-file=" + raw]
        done = client.program(("mariadb-dump", "mysqldump"), words)
        if done.rc != 0:
            raise Failed(done.err.strip() or "the dump failed", rc=done.rc)
        opener = PACKERS.get(os.path.splitext(params.target)[1])
        with open(raw, "rb") as source, system.files.replacing(params.target) as stream:
            _copy(source, opener(stream, "wb") if opener else stream, closes=opener is not None)
    finally:
        os.unlink(raw)
    shown = " ".join(shlex.quote(word) for word in ["mysqldump", *_dump_words(params)])
    return {"msg": done.out, "executed_commands": ["%s > %s" % (shown, params.target)]}


def _copy(source: IO[bytes], target: IO[bytes], closes: bool) -> None:
    shutil.copyfileobj(source, target, COPIED)
    if closes:
        target.close()


def _dump_words(params: Params) -> List[str]:
    words = ["--databases", *params.name] if len(params.name) > 1 else list(params.name)
    if params.name == ["all"]:
        words = ["--all-databases"]
    flags = (
        (params.force, "--force"),
        (params.quick, "--quick"),
        (params.skip_lock_tables, "--skip-lock-tables"),
        (params.single_transaction, "--single-transaction=true"),
        (params.hex_blob, "--hex-blob"),
        (params.master_data, "--master-data=%d" % params.master_data),
    )
    options = [word for wanted, word in flags if wanted]
    options += ["--ignore-table=" + each for each in params.ignore_tables]
    return [*options, *shlex.split(params.dump_extra_args or ""), *words]


def _import(params: Params, client: mysql.Client, system: System, made: List[str]) -> Dict[str, Any]:
    real = system.files.real(params.target)
    opener = PACKERS.get(os.path.splitext(params.target)[1])
    plain = real
    if opener:
        handle, plain = tempfile.mkstemp(prefix="import-", dir=system.tmp or None)
        with opener(real, "rb") as source, os.fdopen(handle, "wb") as stream:
            shutil.copyfileobj(source, stream, COPIED)
    words = ["--force"] if params.force else []
    words += [] if params.name == ["all"] else ["--one-database", params.name[0]]
    first = "" if params.sql_log_bin else "SET SESSION sql_log_bin = 0;\n"
    try:
        script = first + "source %s\n" % plain
        done = client.program(("mariadb", "mysql"), ["--batch", *words], stdin=script.encode())
    finally:
        if opener:
            os.unlink(plain)
    if done.rc != 0:
        raise Failed(done.err.strip() or "the import failed", rc=done.rc, changed=True)
    shown = " ".join(shlex.quote(word) for word in ["mysql", *words])
    return {"msg": done.out, "executed_commands": [*made, "%s < %s" % (shown, params.target)]}


RETURNS = """
db: The names, joined by spaces.
db_list: The names.
executed_commands: The commands or statements that were run, without passwords.
"""

EXAMPLES = """
- name: The shop's database
  mysql_db:
    name: shop
    encoding: utf8mb4
    login_unix_socket: /run/mysqld/mysqld.sock
- name: Dump it before the upgrade
  mysql_db:
    name: shop
    state: dump
    target: /var/backups/shop.sql.gz
    single_transaction: true
    login_unix_socket: /run/mysqld/mysqld.sock
"""
