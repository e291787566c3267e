"""A session with a PostgreSQL server in its own protocol: many short questions a second, without a program for each.

Root reaches the server's socket as the server's own system user, as ``su postgres -c psql`` does: a child takes that
user's number, connects and hands the connection over. Every session may write, whatever the server's default says.
"""

import array
import base64
import hashlib
import hmac
import os
import pwd
import socket
import struct
from typing import IO, Any, Dict, Iterator, List, Optional, Tuple

from ..change import Failed
from ..params import Parameters, optional
from .postgresql import Answer, Refused, Row

SOCKET_FOLDERS = ("/run/postgresql", "/var/run/postgresql", "/tmp")  # noqa: S108 - where servers listen by default
TIMEOUT_S = 20.0
OPTIONS = "-c default_transaction_read_only=off -c standard_conforming_strings=on -c statement_timeout=0"
PROTOCOL = 196608
OK, PASSWORD, MD5, SASL, SASL_GO_ON, SASL_END = 0, 3, 5, 10, 11, 12


class LocalParameters(Parameters):
    """How to reach the server of this host."""

    login_user: str = optional("str", "Who logs in: a role that is a superuser.", "postgres")
    login_password: str = optional("str", "The password, where its system user is not enough.", "", no_log=True)
    login_unix_socket: str = optional("path", "The folder of the server's socket; else the usual ones.", "")
    login_port: int = optional("int", "The server's port.", 5432, aliases=("port",))
    system_user: str = optional("str", "The system user that the server runs as.", "postgres")


class Session:
    """One connection; made by ``connect``."""

    def __init__(self, link: Any) -> None:
        self._link = link
        self._stream: IO[bytes] = link.makefile("rb")
        self.pid = 0

    def start(self, params: LocalParameters, database: str) -> None:
        """Log in; raises Refused."""
        words = {"user": params.login_user, "database": database, "client_encoding": "UTF8", "options": OPTIONS}
        words["application_name"] = "provisioner"
        pairs = b"".join(part.encode("utf-8") + b"\0" for pair in words.items() for part in pair)
        body = struct.pack("!i", PROTOCOL) + pairs + b"\0"
        self._link.sendall(struct.pack("!i", len(body) + 4) + body)
        proof = Scram(params.login_password)
        for kind, data in self._messages():
            if kind == b"R":
                self._prove(struct.unpack("!i", data[:4])[0], data[4:], params, proof)
            elif kind == b"K":
                self.pid = struct.unpack("!i", data[:4])[0]
            elif kind == b"E":
                raise Refused(_words(data).get("M", "the server refused the login"))
            elif kind == b"Z":
                return

    def _prove(self, kind: int, data: bytes, params: LocalParameters, proof: "Scram") -> None:
        if kind == PASSWORD:
            self._send(b"p", params.login_password.encode("utf-8") + b"\0")
        elif kind == MD5:
            inner = hashlib.md5((params.login_password + params.login_user).encode("utf-8"))  # noqa: S324 - the protocol
            outer = hashlib.md5(inner.hexdigest().encode() + data)  # noqa: S324 - the protocol
            self._send(b"p", b"md5" + outer.hexdigest().encode() + b"\0")
        elif kind == SASL:
            first = proof.first()
            self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first)) + first)
        elif kind == SASL_GO_ON:
            self._send(b"p", proof.final(data))
        elif kind not in (OK, SASL_END):
            raise Refused("the server wants a kind of login that is not known here (%d)" % kind)

    def _send(self, kind: bytes, body: bytes) -> None:
        self._link.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _messages(self) -> Iterator[Tuple[bytes, bytes]]:
        while True:
            head = self._stream.read(5)
            if len(head) < 5:
                raise Refused("the server closed the connection")
            size = struct.unpack("!i", head[1:])[0] - 4
            data = self._stream.read(size)
            if len(data) < size:
                raise Refused("the server closed the connection")
            yield head[:1], data

    def answers(self, statements: str) -> List[Answer]:
        """Run statements, one transaction unless they say otherwise; return the answer of each. Raises Refused."""
        self._send(b"Q", statements.encode("utf-8", "surrogateescape") + b"\0")
        found: List[Answer] = []
        columns: Tuple[str, ...] = ()
        rows: List[List[Optional[str]]] = []
        wrong: Dict[str, str] = {}
        for kind, data in self._messages():
            if kind == b"T":
                columns, rows = _columns(data), []
            elif kind == b"D":
                rows.append(_row(data))
            elif kind == b"C":
                found.append(Answer(columns, rows, data[:-1].decode("utf-8")))
                columns, rows = (), []
            elif kind == b"E":
                wrong = _words(data)
                if wrong.get("S") == "FATAL":
                    break
            elif kind == b"Z":
                break
        if wrong:
            raise Refused(wrong.get("M", "refused") + ("; " + wrong["D"] if "D" in wrong else ""))
        return found

    def rows(self, statements: str) -> List[Row]:
        """Run statements and return the rows of the last one."""
        answer = self.answers(statements)[-1]
        return [dict(zip(answer.columns, row)) for row in answer.rows]

    def row(self, statements: str) -> Row:
        """Run statements and return the only row of the last one."""
        return self.rows(statements)[0]

    def value(self, statements: str) -> str:
        """Run statements and return the last one's first value, empty for NULL or no row."""
        found = self.answers(statements)[-1].rows
        return (found[0][0] or "") if found else ""

    def wait_without_limit(self) -> None:
        """Let the next questions take as long as they need."""
        self._link.settimeout(None)

    def close(self) -> None:
        """Hang up."""
        try:
            self._send(b"X", b"")
        except OSError:
            pass  # it is gone already
        self._stream.close()
        self._link.close()

    def __enter__(self) -> "Session":
        """Stay connected until the block ends."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Hang up."""
        self.close()


def connect(params: LocalParameters, database: str = "postgres") -> Session:
    """Return a session that is logged in; Failed says why there is none."""
    try:
        return attempt(params, database)
    except (OSError, Refused) as error:
        said = error.message if isinstance(error, Refused) else str(error)
        raise Failed("unable to connect to database %s: %s" % (database, said)) from None


def attempt(params: LocalParameters, database: str = "postgres") -> Session:
    """Return a session that is logged in; raises OSError or Refused."""
    session = Session(_link(_socket_path(params), params.system_user))
    try:
        session.start(params, database)
    except (OSError, Refused):
        session.close()
        raise
    return session


def _socket_path(params: LocalParameters) -> str:
    folders = [params.login_unix_socket] if params.login_unix_socket else SOCKET_FOLDERS
    paths = [os.path.join(folder, ".s.PGSQL.%d" % params.login_port) for folder in folders]
    return next((path for path in paths if os.path.exists(path)), paths[0])


def _link(path: str, user: str) -> Any:
    if os.geteuid() != 0:
        return _connected(path)
    try:
        number = pwd.getpwnam(user).pw_uid
    except KeyError:
        raise OSError("there is no system user %s" % user) from None
    ours, childs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    child = os.fork()
    if not child:
        _hand_over(childs, path, number)
    childs.close()
    with ours:
        said, extra, _, _ = ours.recvmsg(4096, socket.CMSG_SPACE(struct.calcsize("i")))
    os.waitpid(child, 0)
    if not extra:
        raise OSError(said.decode("utf-8", "replace"))
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=array.array("i", extra[0][2])[0])
    link.settimeout(TIMEOUT_S)
    return link


def _hand_over(to: Any, path: str, number: int) -> None:
    """Be the child: connect as that user, send the connection to the parent, end."""
    try:
        os.seteuid(number)
        link = _connected(path)
        to.sendmsg([b"ok"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [link.fileno()]))])
    except OSError as error:
        to.send(("%s: %s" % (path, error.strerror or error)).encode("utf-8"))
    finally:
        os._exit(0)


def _connected(path: str) -> Any:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(TIMEOUT_S)
    try:
        link.connect(path)
    except OSError:
        link.close()
        raise
    return link


def _columns(data: bytes) -> Tuple[str, ...]:
    names, at = [], 2
    for _ in range(struct.unpack("!h", data[:2])[0]):
        end = data.index(b"\0", at)
        names.append(data[at:end].decode("utf-8", "surrogateescape"))
        at = end + 19
    return tuple(names)


def _row(data: bytes) -> List[Optional[str]]:
    values: List[Optional[str]] = []
    at = 2
    for _ in range(struct.unpack("!h", data[:2])[0]):
        size = struct.unpack("!i", data[at : at + 4])[0]
        at += 4
        values.append(None if size < 0 else data[at : at + size].decode("utf-8", "surrogateescape"))
        at += max(size, 0)
    return values


def _words(data: bytes) -> Dict[str, str]:
    parts = data.rstrip(b"\0").split(b"\0")
    return {part[:1].decode("latin-1"): part[1:].decode("utf-8", "replace") for part in parts if part}


class Scram:
    """The client's side of SCRAM-SHA-256 without channel binding; the server's proof is checked by nobody here."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.bare = "n=,r=" + base64.b64encode(os.urandom(18)).decode()

    def first(self) -> bytes:
        """Return the first message."""
        return ("n,," + self.bare).encode()

    def final(self, challenge: bytes) -> bytes:
        """Return the answer to the server's challenge."""
        told = dict(part.split("=", 1) for part in challenge.decode().split(","))
        salted = salted_password(self.password, base64.b64decode(told["s"]), int(told["i"]))
        client_key = hmac.new(salted, b"Client Key", hashlib.sha256).digest()
        without = "c=biws,r=" + told["r"]
        message = ",".join([self.bare, challenge.decode(), without]).encode()
        sign = hmac.new(hashlib.sha256(client_key).digest(), message, hashlib.sha256).digest()
        proof = bytes(a ^ b for a, b in zip(client_key, sign))
        return (without + ",p=" + base64.b64encode(proof).decode()).encode()


def salted_password(password: str, salt: bytes, rounds: int) -> bytes:
    """Return what both sides of SCRAM make keys of."""
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8"), salt, rounds)


def verifier(password: str, salt: bytes, rounds: int = 4096) -> str:
    """Return what the server keeps instead of the password; who has it cannot log in with it."""
    salted = salted_password(password, salt, rounds)
    stored = hashlib.sha256(hmac.new(salted, b"Client Key", hashlib.sha256).digest()).digest()
    server = hmac.new(salted, b"Server Key", hashlib.sha256).digest()
    words = [base64.b64encode(each).decode() for each in (salt, stored, server)]
    return "SCRAM-SHA-256$%d:%s$%s:%s" % (rounds, words[0], words[1], words[2])
