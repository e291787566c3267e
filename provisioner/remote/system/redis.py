"""Talking to a Redis server in its own protocol (RESP), over TCP, TLS or a Unix socket."""

import socket
import ssl
from typing import Any, List, Optional

from ..change import Failed
from ..params import Parameters, optional, required_together

TIMEOUT_S = 30


class LoginParameters(Parameters):
    """How to reach the server and who one is."""

    login_host: str = optional("str", "The server; a path is its Unix socket.", "localhost")
    login_port: int = optional("int", "Its port.", 6379)
    login_user: Optional[str] = optional("str", "The user; without one the default user.")
    login_password: Optional[str] = optional("str", "The password.", no_log=True)
    tls: bool = optional("bool", "Speak TLS.", False)
    validate_certs: bool = optional("bool", "Check the server's certificate.", True)
    ca_certs: Optional[str] = optional("str", "The authorities trusted; without it those of the host.")
    client_cert_file: Optional[str] = optional("str", "The client's certificate.")
    client_key_file: Optional[str] = optional("str", "Its private key.")
    rules = (required_together("client_cert_file", "client_key_file"),)


class Refused(Exception):
    """The server answers with an error."""


class Client:
    """One connection; made by ``connect``."""

    def __init__(self, link: Any) -> None:
        self._link = link
        self._answers = link.makefile("rb")

    def ask(self, *words: str) -> Any:
        """Send a command and return the answer: text, number, list or None; an error raises Refused."""
        raw = [word.encode("utf-8") for word in words]
        parts = [b"*%d\r\n" % len(raw)] + [b"$%d\r\n%s\r\n" % (len(each), each) for each in raw]
        self._link.sendall(b"".join(parts))
        return self._answer()

    def _answer(self) -> Any:
        line = self._answers.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the server hung up")
        kind, rest = line[:1], line[1:-2].decode("utf-8", "replace")
        if kind == b"-":
            raise Refused(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self._bulk(int(rest))
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))] if int(rest) >= 0 else None
        if kind == b"+":
            return rest
        raise OSError("the server does not speak RESP")

    def _bulk(self, size: int) -> Optional[str]:
        if size < 0:
            return None
        data = self._answers.read(size + 2)
        if len(data) < size + 2:
            raise OSError("the server hung up")
        return str(data[:-2].decode("utf-8", "replace"))

    def info(self, section: str) -> Any:
        """Return a section of INFO as a mapping."""
        lines = str(self.ask("INFO", section)).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._link.close()

    def __enter__(self) -> "Client":
        """Stay connected until the block ends."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Hang up."""
        self.close()


def connect(params: Any) -> Client:
    """Return a connection on which one has logged in; Failed says why there is none."""
    try:
        client = Client(_link(params))
    except (OSError, ValueError) as error:
        raise Failed("unable to connect to database: %s" % error) from None
    words: List[str] = [each for each in (params.login_user, params.login_password) if each is not None]
    try:
        if params.login_password is not None:
            client.ask("AUTH", *words)
        client.ask("PING")
    except (OSError, Refused, ValueError) as error:
        client.close()
        raise Failed("unable to connect to database: %s" % error) from None
    return client


def _link(params: Any) -> Any:
    if not params.login_host.startswith("/"):
        link: Any = socket.create_connection((params.login_host, params.login_port), TIMEOUT_S)
        return _wrapped(params, link) if params.tls else link
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(TIMEOUT_S)
    try:
        link.connect(params.login_host)
    except OSError:
        link.close()
        raise
    return link


def _wrapped(params: Any, link: Any) -> Any:
    try:
        context = ssl.create_default_context(cafile=params.ca_certs)
        if not params.validate_certs:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if params.client_cert_file:
            context.load_cert_chain(params.client_cert_file, params.client_key_file)
        return context.wrap_socket(link, server_hostname=params.login_host)
    except (OSError, ValueError):
        link.close()
        raise
