"""Talking to a Docker engine through its HTTP API, on its Unix socket or over TCP, by the standard library alone."""

import base64
import http.client
import json
import os
import socket
import ssl
from typing import IO, Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union
from urllib.parse import quote, urlencode

from ..change import Failed
from ..params import Parameters, boolean, optional

NEWEST = (1, 47)
"""The newest version of the API whose answers are known here; newer engines speak it, too."""
OLDEST = (1, 25)
SOCKET = "unix:///var/run/docker.sock"


class EngineParameters(Parameters):
    """How to reach the engine."""

    docker_host: str = optional(
        "str", "The engine: unix:///path or tcp://host:port (DOCKER_HOST).", SOCKET, aliases=("docker_url",)
    )
    api_version: str = optional(
        "str", "The API's version; auto agrees on one (DOCKER_API_VERSION).", "auto", aliases=("docker_api_version",)
    )
    timeout: int = optional("int", "Seconds to wait for an answer (DOCKER_TIMEOUT).", 60)
    tls: bool = optional("bool", "Speak TLS without checking who answers (DOCKER_TLS).", False)
    validate_certs: bool = optional(
        "bool", "Speak TLS and check the engine's certificate (DOCKER_TLS_VERIFY).", False, aliases=("tls_verify",)
    )
    tls_hostname: Optional[str] = optional("str", "The name its certificate must have (DOCKER_TLS_HOSTNAME).")
    ca_path: Optional[str] = optional(
        "path", "The authorities trusted (DOCKER_CERT_PATH/ca.pem).", aliases=("ca_cert", "tls_ca_cert", "cacert_path")
    )
    client_cert: Optional[str] = optional(
        "path", "The client's certificate (DOCKER_CERT_PATH/cert.pem).", aliases=("tls_client_cert", "cert_path")
    )
    client_key: Optional[str] = optional(
        "path", "Its private key (DOCKER_CERT_PATH/key.pem).", aliases=("tls_client_key", "key_path")
    )
    debug: bool = optional("bool", "Accepted; errors are always told in full.", False)
    beyond = frozenset(["use_ssh_client"])


class Refused(Exception):
    """The engine answers with an error."""

    def __init__(self, status: int, message: str) -> None:
        Exception.__init__(self, message)
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        http.client.HTTPConnection.__init__(self, "localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _NamedHTTPSConnection(http.client.HTTPSConnection):
    """HTTPS to a server whose certificate has another name than the address."""

    def __init__(self, host: str, port: Optional[int], timeout_s: float, name: Tuple[str, Any]) -> None:
        http.client.HTTPSConnection.__init__(self, host, port, timeout=timeout_s, context=name[1])
        self._expected, self._tls = name

    def connect(self) -> None:
        """Connect and shake hands for the expected name."""
        raw = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(raw, server_hostname=self._expected)


Body = Union[None, Mapping[str, Any], bytes, IO[bytes]]


class Engine:
    """One engine; made by ``connect``. Each question is a connection of its own."""

    def __init__(self, params: EngineParameters) -> None:
        self._params = params
        self._timeout_s: Optional[float] = _setting(params, "timeout", "DOCKER_TIMEOUT", int)
        self.host = str(_setting(params, "docker_host", "DOCKER_HOST", str))
        self.prefix = ""
        self.about: Dict[str, Any] = {}
        self.warnings: List[str] = []

    def agree(self) -> None:
        """Choose the version of the API that both sides speak."""
        wanted = str(_setting(self._params, "api_version", "DOCKER_API_VERSION", str)).strip()
        self.about = self.ask("GET", "/version")
        newest = _version(str(self.about.get("ApiVersion", "")))
        if newest < OLDEST:
            raise Failed("Docker API version is %s. Minimum version required is %s." % (_said(newest), _said(OLDEST)))
        chosen = newest if wanted != "auto" else max(min(newest, NEWEST), _version(self.about.get("MinAPIVersion", "")))
        self.prefix = "/v" + (_said(chosen) if wanted == "auto" else wanted)

    @property
    def version(self) -> Tuple[int, ...]:
        """Return the version of the API that is spoken."""
        return _version(self.prefix[2:])

    def ask(self, method: str, path: str, query: Optional[Mapping[str, Any]] = None, body: Body = None) -> Any:
        """Return the answer's data; Refused where the engine says no."""
        with self.open(method, path, query, body) as answer:
            data = answer.read()
        text = data.decode("utf-8", "replace").strip()
        return json.loads(text) if text.startswith(("{", "[")) else None

    def look(self, path: str) -> Optional[Dict[str, Any]]:
        """Return what is at ``path``, None where there is nothing of that name."""
        try:
            found: Dict[str, Any] = self.ask("GET", path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return found

    def lines(
        self, path: str, query: Mapping[str, Any], body: Body = None, auth: str = "", timeout_s: Optional[float] = None
    ) -> Iterator[Dict[str, Any]]:
        """Yield what the engine tells while it pulls, builds, loads or pushes; what it calls an error is one."""
        self._timeout_s = timeout_s or self._timeout_s
        with self.open("POST", path, query, body, auth) as answer:
            for raw in answer:
                if raw.strip():
                    told: Dict[str, Any] = json.loads(raw.decode("utf-8", "replace"))
                    if "error" in told:
                        detail = told.get("errorDetail") or {}
                        raise Refused(int(detail.get("code") or 500), str(detail.get("message") or told["error"]))
                    yield told

    def open(
        self, method: str, path: str, query: Optional[Mapping[str, Any]] = None, body: Body = None, auth: str = ""
    ) -> Any:
        """Return the answer as a stream, which the caller closes."""
        headers = {"Content-Type": "application/json"} if isinstance(body, dict) else {}
        if body is not None and not isinstance(body, dict):
            headers["Content-Type"] = "application/x-tar"
        if auth:
            headers["X-Registry-Auth"] = auth
        address = self.prefix + path + ("?" + urlencode(_plain(query)) if query else "")
        link = self._link()
        try:
            link.request(method, address, _sent(body), headers)
            answer = link.getresponse()
        except (OSError, http.client.HTTPException) as error:
            link.close()
            raise Failed("Error connecting to the engine at %s: %s" % (self.host, error or "no answer")) from None
        return _Answer(link, answer).checked()

    def _link(self) -> http.client.HTTPConnection:
        kind, _, place = self.host.partition("://")
        if kind in ("unix", "http+unix") or not place:
            return _UnixConnection("/" + (place or kind).lstrip("/"), float(self._timeout_s or 60))
        if kind not in ("tcp", "http", "https"):
            raise Failed("docker_host: %s is reached neither by a Unix socket nor by TCP" % self.host)
        host, _, port = place.rstrip("/").partition(":")
        secure = _secure(self._params)
        if secure is None and kind != "https":
            return http.client.HTTPConnection(host, int(port or 2375), timeout=self._timeout_s)
        name = _setting(self._params, "tls_hostname", "DOCKER_TLS_HOSTNAME", str) or host
        context = secure or ssl.create_default_context()
        return _NamedHTTPSConnection(host, int(port or 2376), float(self._timeout_s or 60), (str(name), context))


class _Answer:
    """An answer and the connection it comes over, closed together."""

    def __init__(self, link: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self._link, self._answer = link, answer
        self.read, self.status = answer.read, answer.status

    def checked(self) -> "_Answer":
        """Return the answer itself; Refused where it is an error."""
        if self.status < 400:
            return self
        with self:
            text = self._answer.read().decode("utf-8", "replace").strip()
        try:
            text = str(json.loads(text)["message"])
        except (ValueError, LookupError, TypeError):
            pass
        raise Refused(self.status, text or self._answer.reason)

    def __iter__(self) -> Iterator[bytes]:
        """Yield lines."""
        return iter(self._answer)

    def __enter__(self) -> "_Answer":
        """Read until the block ends."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Hang up."""
        self._answer.close()
        self._link.close()


def connect(params: EngineParameters) -> Engine:
    """Return an engine that answers; Failed says why there is none."""
    engine = Engine(params)
    engine.agree()
    return engine


def _sent(body: Body) -> Any:
    return json.dumps(body).encode() if isinstance(body, dict) else body


def _setting(params: EngineParameters, name: str, variable: str, kind: Any) -> Any:
    value = os.environ.get(variable, "")
    if name in params.given or not value:
        return getattr(params, name)
    try:
        return kind(value)
    except ValueError:
        raise Failed("%s: %s is not what it should be" % (variable, value)) from None


def _secure(params: EngineParameters) -> Optional[ssl.SSLContext]:
    checks = _setting(params, "validate_certs", "DOCKER_TLS_VERIFY", boolean)
    if not checks and not _setting(params, "tls", "DOCKER_TLS", boolean):
        return None
    folder = os.environ.get("DOCKER_CERT_PATH", "")
    files = [
        getattr(params, name) or (os.path.join(folder, file) if folder else None)
        for name, file in (("ca_path", "ca.pem"), ("client_cert", "cert.pem"), ("client_key", "key.pem"))
    ]
    try:
        context = ssl.create_default_context(cafile=files[0] if checks else None)
        if not checks:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if files[1]:
            context.load_cert_chain(files[1], files[2])
    except (OSError, ValueError) as error:
        raise Failed("the certificates for the engine cannot be used: %s" % error) from None
    return context


def _version(text: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _said(version: Tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def _plain(query: Mapping[str, Any]) -> Dict[str, str]:
    """Return a query as the engine reads it; what is None is left out."""
    plain = {}
    for key, value in query.items():
        if isinstance(value, (dict, list)):
            plain[key] = json.dumps(value)
        elif value is not None:
            plain[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return plain


def named(name: str) -> str:
    """Return a name as part of a path."""
    return quote(name, safe="/:@")


def authority(repository: str) -> str:
    """Return what tells a registry who asks, from the client's configuration; empty where nothing is known of it."""
    registry = registry_of(repository)
    path = os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"), "config.json")
    try:
        with open(path, encoding="utf-8") as stream:
            known = json.load(stream).get("auths") or {}
    except (OSError, ValueError, AttributeError):
        return ""
    for place, login in known.items():
        if _host(place) == registry and isinstance(login, dict) and login.get("auth"):
            user, _, password = base64.b64decode(login["auth"]).decode("utf-8", "replace").partition(":")
            said = {"username": user, "password": password.rstrip("\0"), "serveraddress": place}
            return base64.urlsafe_b64encode(json.dumps(said).encode()).decode("ascii")
    return ""


def registry_of(repository: str) -> str:
    """Return the registry a repository lies in."""
    first, slash, _ = repository.partition("/")
    is_registry = slash and ("." in first or ":" in first or first == "localhost")
    return first if is_registry else "docker.io"


def _host(place: str) -> str:
    host = place.partition("://")[2] or place
    host = host.partition("/")[0]
    return "docker.io" if host in ("index.docker.io", "registry-1.docker.io") else host


def split_name(name: str, tag: str = "latest") -> Tuple[str, str]:
    """Return repository and tag (or digest) of an image's name."""
    repository, at, digest = name.partition("@")
    if at:
        return repository, digest
    head, colon, last = name.rpartition(":")
    if colon and "/" not in last:
        return head, last
    return name, tag


def joined(repository: str, tag: str) -> str:
    """Return an image's full name."""
    return "%s%s%s" % (repository, "@" if tag.startswith("sha256:") else ":", tag) if tag else repository


def is_id(name: str) -> bool:
    """Tell whether a name is an image's number and not a name."""
    plain = name[7:] if name.startswith("sha256:") else name
    return (name.startswith("sha256:") or len(plain) == 64) and all(letter in "0123456789abcdef" for letter in plain)


def pull(engine: Engine, name: str, platform: Optional[str] = None) -> None:
    """Pull an image; Failed says why it could not be had."""
    repository, tag = split_name(name)
    query = {"fromImage": repository, "tag": tag, "platform": platform}
    try:
        for _ in engine.lines("/images/create", query, auth=authority(repository)):
            pass
    except Refused as refused:
        raise Failed("Error pulling image %s - %s" % (joined(repository, tag), refused)) from None
