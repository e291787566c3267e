"""PostgreSQL through psql: login, quoting, statements in, rows out. No driver is needed.

The password goes into a password file that only this user can read and that is gone when the program ends; statements
go through standard input. Rows come back with NUL between values, which no text of PostgreSQL can hold.
Text is quoted by ``text`` and names by ``name``, nowhere else.
"""

import os
import re
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..change import Failed
from ..params import Parameters, optional
from .commands import PLAIN, Completed
from .system import System

Row = Dict[str, Optional[str]]
NULL, END, MARK, ROWS = "\x02null\x02", "\x02end\x02\n", "\x02mark\x02", "\x02rows\x02"
ERROR = re.compile(r"(?:^psql:[^\n]*?:\d+: )?(?:ERROR|FATAL|PANIC): +(.*)", re.DOTALL | re.MULTILINE)
SSL_MODES = ("allow", "disable", "prefer", "require", "verify-ca", "verify-full")


class LoginParameters(Parameters):
    """How to reach the server."""

    login_user: str = optional("str", "Who logs in.", "postgres", aliases=("login",))
    login_password: str = optional("str", "The password.", "", no_log=True)
    login_host: str = optional("str", "The server's name; empty for the socket.", "", aliases=("host",))
    login_unix_socket: str = optional("str", "The folder of the server's socket.", "", aliases=("unix_socket",))
    login_port: int = optional("int", "The server's port.", 5432, aliases=("port",))
    ssl_mode: str = optional("str", "Whether the connection is encrypted.", "prefer", choices=SSL_MODES)
    ca_cert: Optional[str] = optional("str", "Who vouches for the server's certificate.", aliases=("ssl_rootcert",))
    ssl_cert: Optional[str] = optional("path", "The client's certificate.")
    ssl_key: Optional[str] = optional("path", "Its key.")
    connect_params: Dict[str, Any] = optional("dict", "More connection parameters of libpq.", {})
    session_role: Optional[str] = optional("str", "The role to work as, after the login.")
    trust_input: bool = optional("bool", "Accepted; names and values are always quoted.", True)


class Refused(Exception):
    """The server refused a statement or a login."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.message = message


class Answer(NamedTuple):
    """What one statement yielded: its columns and rows, and its tag (``INSERT 0 1``), empty for a plain SELECT."""

    columns: Tuple[str, ...]
    rows: List[List[Optional[str]]]
    tag: str


def text(value: str) -> str:
    """Return ``value`` as a string literal (standard_conforming_strings is switched on in every session)."""
    if "\0" in value:
        raise Failed("no text of PostgreSQL can hold a NUL character")
    return "'%s'" % value.replace("'", "''")


def name(value: str) -> str:
    """Return ``value`` as the name of a role, database, table or column."""
    if not value or "\0" in value:
        raise Failed("%r cannot be the name of anything in a database" % value)
    return '"%s"' % value.replace('"', '""')


def names(value: str) -> str:
    """Return a name with dots, such as schema.table, each part quoted; parts that are quoted already stay."""
    parts = re.findall(r'"(?:[^"]|"")*"|[^."]+', value)
    if not value or ".".join(parts) != value:
        raise Failed("%r cannot be the name of anything in a database" % value)
    return ".".join(part if part.startswith('"') else name(part) for part in parts)


class Client:
    """One way to one database; every call is a session of its own."""

    def __init__(self, system: System, params: LoginParameters, database: Optional[str] = None) -> None:
        self.system, self.params, self.database = system, params, database or "postgres"

    def rows(self, statement: str, *before: str) -> List[Row]:
        """Run a statement, after those ``before`` it; return the rows of the last one. Raises Refused."""
        answer = self.answers([*before, statement])[-1]
        return [dict(zip(answer.columns, row)) for row in answer.rows]

    def answers(self, statements: Sequence[str]) -> List[Answer]:
        """Run statements in one session, stopping at the first refused; return the answer of each."""
        script = ["\\set QUIET off"]
        for statement in ["SET standard_conforming_strings = on", *self._role(), *statements]:
            script += ["\\echo '%s'" % MARK, statement + "\n;"]
        words = ["--quiet", "--no-align", "--file=-", "--set=ON_ERROR_STOP=1", "--pset=title=" + ROWS]
        words += ["--pset=null=" + NULL, "--field-separator-zero", "--record-separator=" + END]
        done = self.run(words, "\n".join(script) + "\n")
        if done.rc != 0:
            raise Refused(refusal(done.err))
        return [_answer(part) for part in done.out.split(MARK + "\n")[2 + len(self._role()) :]]

    def _role(self) -> List[str]:
        return ["SET ROLE " + name(self.params.session_role)] if self.params.session_role else []

    def kinds(self, statement: str) -> List[str]:
        """Return the type of each column that a statement yields, without running it."""
        words = ["--quiet", "--no-align", "--tuples-only", "--file=-", "--set=ON_ERROR_STOP=1"]
        words += ["--field-separator-zero", "--record-separator=" + END]
        done = self.run(words, statement + "\n\\gdesc\n")
        return [line.partition("\0")[2].strip() for line in done.out.split(END) if "\0" in line] if done.rc == 0 else []

    def run(self, words: Sequence[str], script: str) -> Completed:
        """Run psql with a script on its standard input."""
        return self.program("psql", ["--no-psqlrc", *words], self.database, script.encode("utf-8", "surrogateescape"))

    def program(self, program: str, words: Sequence[str], database: str, stdin: Optional[bytes] = None) -> Completed:
        """Run a client program, logged in like this client; the name of the database is no argument of its own."""
        path = self.system.commands.which(program)
        if path is None:
            raise Failed("the client program %s is not on this host; install it, a driver is not needed" % program)
        handle, secrets = tempfile.mkstemp(prefix="login-", dir=self.system.tmp or None)
        try:
            os.fchmod(handle, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(_password_line(self.params.login_password).encode("utf-8", "surrogateescape"))
            env = dict(PLAIN, PGCLIENTENCODING="UTF8")
            connection = "--dbname=" + self.connection(database, secrets)
            argv = [path, "--no-password", connection, *words]
            return self.system.commands.run(
                argv, stdin=stdin, env=env, cwd="/"
            )  # who becomes another may not be let in here
        finally:
            os.unlink(secrets)

    def connection(self, database: str, secrets: str = "") -> str:
        """Return the connection string; it holds no password."""
        params = self.params
        parts: Dict[str, Any] = {"dbname": database, "user": params.login_user, "port": params.login_port}
        parts.update(
            sslmode=params.ssl_mode, sslrootcert=params.ca_cert, sslcert=params.ssl_cert, sslkey=params.ssl_key
        )
        parts["host"] = params.login_host if params.login_host not in ("", "localhost") else params.login_unix_socket
        if params.login_host == "localhost" and not params.login_unix_socket:
            parts["host"] = "localhost"
        parts.update({key: value for key, value in params.connect_params.items() if key != "password"})
        if params.login_password:
            parts["passfile"] = secrets
        return " ".join("%s=%s" % (key, _value(str(value))) for key, value in parts.items() if value not in (None, ""))

    def version(self) -> int:
        """Return the server's version as a number such as 150004."""
        return int(self.rows("SELECT current_setting('server_version_num') AS n")[0]["n"] or 0)


def connect(system: System, params: LoginParameters, database: Optional[str] = None) -> Client:
    """Return a client whose login works."""
    client = Client(system, params, database)
    try:
        client.rows("SELECT 1 AS n")
    except Refused as refused:
        raise Failed("unable to connect to database: %s" % refused.message) from None
    return client


def refusal(said: str) -> str:
    """Return the server's words without the program's name and the statement's line."""
    found = ERROR.search(said)
    return (found.group(1) if found else said).strip()


def _value(value: str) -> str:
    return "'%s'" % value.replace("\\", "\\\\").replace("'", "\\'")


def _password_line(password: str) -> str:
    return "*:*:*:*:%s\n" % password.replace("\\", "\\\\").replace(":", "\\:")


def _answer(part: str) -> Answer:
    """Read one answer: a title, then rows, then a footer such as (2 rows), then perhaps a tag; or only a tag."""
    if not part.startswith(ROWS + END):
        return Answer((), [], part.strip())
    records = part[len(ROWS + END) :].split(END)
    tag = records.pop().partition("\n")[2].strip()
    lines = [record.split("\0") for record in records]
    return Answer(tuple(lines[0]), [[None if value == NULL else value for value in line] for line in lines[1:]], tag)
