"""MySQL and MariaDB through their own client program: login, quoting, statements in, rows out. No driver is needed.

The password goes into an option file that only this user can read and that is gone when the program ends; statements
go through its standard input. Text is quoted by ``text`` and names by ``name``, nowhere else.
"""

import html
import os
import re
import tempfile
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ..change import Failed
from ..params import Parameters, optional
from .commands import PLAIN, Completed
from .streams import Hearer
from .system import System

Row = Dict[str, Optional[str]]
KEEP_BACKSLASHES = "SET SESSION sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_BACKSLASH_ESCAPES', '')"
ROW = re.compile(r"^  <row>\n(.*?)^  </row>$", re.DOTALL | re.MULTILINE)
FIELD = re.compile(r'^\t<field name="([^"]*)"(?: xsi:nil="true" />|>(.*?)</field>)$', re.DOTALL | re.MULTILINE)
RESULT = re.compile(r"^<resultset statement=.*?^</resultset>$", re.DOTALL | re.MULTILINE)
ERROR = re.compile(r"ERROR (\d+) \((\w+)\)(?: at line \d+)?: (.*)", re.DOTALL)
ENTRY = re.compile(r"^\s*([A-Za-z][\w-]*)\s*(?:=\s*(.*?))?\s*$")
ESCAPES = {"\0": "\\0", "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z"}
OPTION_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class LoginParameters(Parameters):
    """How to reach the server."""

    login_user: Optional[str] = optional("str", "Who logs in; else what config_file says, else the system's user.")
    login_password: Optional[str] = optional("str", "The password.", no_log=True)
    login_host: str = optional("str", "The server's name or address; localhost is reached over TCP, too.", "localhost")
    login_port: int = optional("int", "The server's port.", 3306)
    login_unix_socket: Optional[str] = optional("str", "The server's socket, instead of host and port.")
    config_file: str = optional("path", "An option file whose section client says what is not given.", "~/.my.cnf")
    connect_timeout: int = optional("int", "Seconds to wait for the server.", 30)
    client_cert: Optional[str] = optional("path", "The client's certificate.", aliases=("ssl_cert",))
    client_key: Optional[str] = optional("path", "Its key.", aliases=("ssl_key",))
    ca_cert: Optional[str] = optional("path", "Who vouches for the server's certificate.", aliases=("ssl_ca",))
    check_hostname: Optional[bool] = optional("bool", "Whether the certificate must be for the host's name.")


class Refused(Exception):
    """The server refused a statement or a login; ``number`` is its own error number, 0 where there is none."""

    def __init__(self, number: int, message: str) -> None:
        Exception.__init__(self, message)
        self.number, self.message = number, message


def text(value: str) -> str:
    """Return ``value`` as a string literal."""
    return "'%s'" % "".join(ESCAPES.get(letter, letter) for letter in value)


def name(value: str) -> str:
    """Return ``value`` as the name of a database, table or column."""
    if not value or "\0" in value:
        raise Failed("%r cannot be the name of anything in a database" % value)
    return "`%s`" % value.replace("`", "``")


def account(user: str, host: str) -> str:
    """Return the account ``user``@``host`` as statements write it."""
    return "%s@%s" % (text(user), text(host))


class Client:
    """One way to one server; every call of ``rows`` is a session of its own."""

    def __init__(self, system: System, params: LoginParameters, user: Optional[str] = None) -> None:
        self.system, self.params = system, params
        self.settings = settings(system, params)
        if user is not None:
            self.settings.update(user=user, password="")

    def rows(self, *statements: str, database: Optional[str] = None) -> List[List[Row]]:
        """Run statements; return the rows of each one that yields a set of rows. Raises Refused."""
        return [rows_of(block) for block in RESULT.findall(self._run(["--xml"], statements, database).out)]

    def kinds(self, statement: str, database: Optional[str] = None) -> List[str]:
        """Return the type of each column that a statement which only reads yields."""
        done = self._run(["--table", "--column-type-info"], [statement], database)
        return re.findall(r"^Type: +(\w+)$", done.out, re.MULTILINE)

    def _run(self, words: List[str], statements: Sequence[str], database: Optional[str]) -> Completed:
        delimiter = "$$"
        while any(delimiter in statement for statement in statements):
            delimiter += "$"
        script = "".join("%s\n%s\n" % (each, delimiter) for each in (KEEP_BACKSLASHES, *statements))
        more = [*words, "--binary-mode", "--delimiter=" + delimiter, "--default-character-set=utf8mb4"]
        if database is not None:
            more.append("--database=" + database)
        done = self.program(("mariadb", "mysql"), more, stdin=script.encode("utf-8", "surrogateescape"))
        if done.rc != 0:
            raise _refusal(done.err)
        return done

    def program(
        self, names: Sequence[str], words: Sequence[str], stdin: Optional[bytes] = None, hear: Optional[Hearer] = None
    ) -> Completed:
        """Run the first of these client programs that is there, logged in like this client."""
        path = next((found for found in map(self.system.commands.which, names) if found), None)
        if path is None:
            raise Failed("the client program %s is not on this host; install it, a driver is not needed" % names[-1])
        handle, options = tempfile.mkstemp(prefix="login-", suffix=".cnf", dir=self.system.tmp or None)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(option_file(self.settings).encode("utf-8", "surrogateescape"))
            argv = [path, "--defaults-file=" + options, *words]
            return self.system.commands.run(argv, stdin=stdin, env=PLAIN, hear=hear)
        finally:
            os.unlink(options)

    def connector(self) -> Tuple[str, str]:
        """Return name and version of the client program."""
        said = self.program(("mariadb", "mysql"), ["--version"]).out
        known = [re.search(pattern, said) for pattern in (r"Distrib ([^\s,]+)", r"from ([^\s,]+)", r"Ver ([^\s,]+)")]
        return os.path.basename(said.split(" ")[0]), next((match.group(1) for match in known if match), "")

    def version(self) -> Tuple[bool, Tuple[int, ...], str]:
        """Return whether it is MariaDB, the version as numbers, and as text."""
        said = self.rows("SELECT VERSION() AS version")[0][0]["version"] or ""
        numbers = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)", said)
        return "mariadb" in said.lower(), tuple(map(int, numbers.groups())) if numbers else (0,), said


def _refusal(said: str) -> Refused:
    """Return the error without the statement that the client repeats: passwords stand in it."""
    found = ERROR.search(said)
    if not found:
        return Refused(0, said.strip())
    return Refused(int(found.group(1)), '(%s, "%s")' % (found.group(1), found.group(3).strip()))


def connect(system: System, params: LoginParameters, implicit_admin: bool = False) -> Client:
    """Return a client whose login works; ``implicit_admin`` tries root without a password first."""
    if implicit_admin:
        try:
            client = Client(system, params, "root")
            client.rows("SELECT 1")
        except Refused:
            pass  # as asked: try that first, then what was given
        else:
            return client
    client = Client(system, params)
    try:
        client.rows("SELECT 1")
    except Refused as refused:
        hint = (
            "" if params.login_unix_socket else "; an account that logs in by its system user needs login_unix_socket"
        )
        raise Failed(
            "unable to connect to database, check login_user and login_password are correct or %s has the "
            "credentials%s. Exception message: %s" % (params.config_file, hint, refused.message)
        ) from None
    return client


def settings(system: System, params: LoginParameters) -> Dict[str, str]:
    """Return the client's options: what was given, then section client of the option file."""
    config = os.path.expanduser(params.config_file or "")
    content = (system.files.read_or_none(config) if config else None) or b""
    found = dict(_entries(content.decode("utf-8", "surrogateescape")))
    kept: Dict[str, str] = {
        key: found[key] for key in ("user", "password", "socket", "ssl-ca", "ssl-cert", "ssl-key") if key in found
    }
    given = {
        "user": params.login_user,
        "password": params.login_password,
        "socket": params.login_unix_socket,
        "ssl-ca": params.ca_cert,
        "ssl-cert": params.client_cert,
        "ssl-key": params.client_key,
        "connect-timeout": str(params.connect_timeout),
    }
    kept.update({key: value for key, value in given.items() if value is not None})
    if params.check_hostname:
        kept["ssl-verify-server-cert"] = "1"
    if "socket" in kept:
        kept["protocol"] = "socket"
    else:
        kept.update(host=params.login_host, port=str(params.login_port), protocol="tcp")
    return kept


def _entries(content: str) -> Iterator[Tuple[str, str]]:
    section = ""
    for line in content.splitlines():
        if line.lstrip().startswith("["):
            section = line.strip(" \t[]")
        found = ENTRY.match(line)
        if section == "client" and found:
            value = found.group(2) or ""
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            yield found.group(1).lower().replace("_", "-"), value


def option_file(options: Dict[str, str]) -> str:
    """Return an option file with these settings."""
    timeout = options.get("connect-timeout", "30")
    lines = ["[mysql]", "connect-timeout=" + timeout, "[client]"]  # the programs that dump have no such option
    for key, value in sorted(options.items()):
        if key != "connect-timeout":
            lines.append('%s="%s"' % (key, "".join(OPTION_ESCAPES.get(letter, letter) for letter in value)))
    return "\n".join(lines) + "\n"


def rows_of(block: str) -> List[Row]:
    """Return the rows of one set as the client prints it with --xml; None stands for NULL."""
    return [{html.unescape(key): value for key, value in _fields(row)} for row in ROW.findall(block)]


def _fields(row: str) -> Iterator[Tuple[str, Optional[str]]]:
    for found in FIELD.finditer(row):
        value = found.group(2)
        yield found.group(1), None if value is None else html.unescape(value)
