"""Asking web servers from the host: credentials, redirects, certificates, proxies, sockets."""

import base64
import gzip
import http.client
import io
import netrc
import os
import re
import shutil
import socket
import ssl
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from typing import IO, Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..change import Failed
from ..params import FileParameters, optional, required

PART = 256 * 1024
PRIVATE_HEADERS = ("Authorization", "Cookie", "Proxy-authorization")


class UrlParameters(FileParameters):
    """What every module takes that asks a web server."""

    url: str = required("str", "The address: http, https or ftp.")
    url_username: Optional[str] = optional("str", "User to log in as.", aliases=("username", "user"))
    url_password: Optional[str] = optional("str", "The user's password.", aliases=("password",), no_log=True)
    force_basic_auth: bool = optional("bool", "Whether to send the password without being asked.", False)
    validate_certs: bool = optional("bool", "Whether the server's certificate must be valid.", True)
    ca_path: Optional[str] = optional("path", "Certificates to trust.")
    client_cert: Optional[str] = optional("path", "Certificate to show.")
    client_key: Optional[str] = optional("path", "Key of that certificate.")
    ciphers: Optional[List[str]] = optional("list", "TLS ciphers to allow.", elements="str")
    use_proxy: bool = optional("bool", "Whether to use the proxy the environment names.", True)
    use_netrc: bool = optional("bool", "Whether to take credentials from ~/.netrc.", True)
    use_gssapi: bool = optional("bool", "Kerberos; not supported.", False)
    http_agent: str = optional("str", "What to call ourselves.", "ansible-httpget")
    force: bool = optional("bool", "Whether to ask for the content even if it seems unchanged.", False)
    unredirected_headers: Optional[List[str]] = optional(
        "list", "Headers not to send where the server points elsewhere.", elements="str"
    )
    decompress: bool = optional("bool", "Whether to unpack gzip content.", True)
    headers: Optional[Dict[str, Any]] = optional("dict", "Headers to send.")


class Question(NamedTuple):
    """What to ask beside the parameters. ``redirects`` is all, none, safe (only without a body) or urllib2."""

    method: str = "GET"
    body: Optional[bytes] = None
    headers: Mapping[str, str] = {}
    redirects: str = "all"
    timeout_s: float = 10
    socket_path: Optional[str] = None


class Answer:
    """A server's answer, or with status -1 the reason why there is none."""

    def __init__(
        self, status: int, url: str, msg: str, headers: Any = None, stream: Optional[IO[bytes]] = None
    ) -> None:
        self.status, self.url, self.msg = status, url, msg
        self.headers = headers if headers is not None else {}
        self.stream: IO[bytes] = stream if stream is not None else io.BytesIO(b"")


def ask(params: UrlParameters, question: Question) -> Answer:
    """Ask; an error status or no answer at all is returned, not raised."""
    if params.use_gssapi:
        raise Failed("use_gssapi is not supported; use url_username and url_password, or a proxy that logs in")
    url, credentials = _credentials(params)
    request = urllib.request.Request(url, question.body, method=question.method.upper())  # noqa: S310 - checked below
    if request.type not in ("http", "https", "ftp", "file"):
        raise Failed("the URL must begin with http, https, ftp or file: %s" % params.url)
    hidden = [name.lower() for name in params.unredirected_headers or ()]
    sent = {"User-agent": params.http_agent, "Cache-control": "no-cache"} if params.force else {}
    sent.update({"User-agent": params.http_agent}, **question.headers)
    sent.update({name: str(value) for name, value in (params.headers or {}).items()})
    if credentials and params.force_basic_auth:
        token = base64.b64encode(("%s:%s" % credentials).encode("utf-8")).decode("ascii")
        sent = {name: value for name, value in sent.items() if name.lower() != "authorization"}
        sent["Authorization"] = "Basic " + token
    for name, value in sent.items():
        add = request.add_unredirected_header if name.lower() in hidden else request.add_header
        add(name, value)
    return _open(_opener(params, question, url, credentials), request, question, params)


def _open(opener: Any, request: urllib.request.Request, question: Question, params: UrlParameters) -> Answer:
    try:
        response = opener.open(request, timeout=question.timeout_s)
    except urllib.error.HTTPError as error:
        return _refusal(error, request)
    except urllib.error.URLError as error:
        return Answer(-1, request.full_url, "Request failed: %s" % error)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(-1, request.full_url, "Connection failure: %s" % error)
    status = response.status if getattr(response, "status", None) else 200
    msg = "OK (%s bytes)" % response.headers.get("Content-Length", "unknown")
    stream = response
    if params.decompress and response.headers.get("Content-Encoding", "").lower() == "gzip":
        stream = gzip.GzipFile(fileobj=response)
    return Answer(status, response.geturl(), msg, response.headers, stream)


def _refusal(error: urllib.error.HTTPError, request: urllib.request.Request) -> Answer:
    """Return an error status with its text; urllib's own, for a password refused again and again, has none."""
    if getattr(error, "fp", None) is None:
        return Answer(error.code, request.full_url, str(error), error.headers)
    with error:
        text = error.read()
    body = io.BytesIO(text if isinstance(text, bytes) else b"")
    return Answer(error.code, error.geturl() or request.full_url, str(error), error.headers, body)


def fetch(params: UrlParameters, folder: str) -> str:
    """Download into a file of a private folder and return its path; no answer, or one without content, is a failure."""
    answer = ask(params, Question())
    if answer.status not in (-1, 200) and not params.url.startswith(("ftp:", "file:")):
        answer.msg = "Request failed with status %s: %s" % (answer.status, answer.msg)
        answer.status = -1
    if answer.status == -1:
        raise Failed("Failure downloading %s, %s" % (params.url, answer.msg))
    descriptor, path = tempfile.mkstemp(prefix="download-", dir=folder or None)
    try:
        with os.fdopen(descriptor, "wb") as stream, answer.stream:
            shutil.copyfileobj(answer.stream, stream, PART)
    except BaseException:
        os.unlink(path)
        raise
    return path


def name_of(answer: Answer) -> str:
    """Return the file's name as the server gives it, else from the URL; never with a folder in it."""
    disposition = answer.headers.get("Content-Disposition", "") or ""
    match = re.search(r'filename="?([^";]+)"?', disposition)
    name = match.group(1) if match else urllib.parse.unquote(urllib.parse.urlsplit(answer.url).path)
    name = os.path.basename(name.strip().rstrip("/"))
    return name if name not in ("", ".", "..") else "index.html"


def _credentials(params: UrlParameters) -> Tuple[str, Optional[Tuple[str, str]]]:
    """Return the URL without user and password, and those."""
    parts = urllib.parse.urlsplit(params.url)
    user, password, host = params.url_username, params.url_password, parts.hostname or ""
    if parts.username and not user:
        user, password = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
    url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    if not user and params.use_netrc:
        try:
            found = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
        except (OSError, netrc.NetrcParseError):
            found = None
        if found:
            user, password = found[0], found[2]
            params.force_basic_auth = True
    return url, (user, password or "") if user else None


def _opener(params: UrlParameters, question: Question, url: str, credentials: Optional[Tuple[str, str]]) -> Any:
    handlers: List[Any] = [_Redirects(question.redirects)]
    if not params.use_proxy:
        handlers.append(urllib.request.ProxyHandler({}))
    socket_path = question.socket_path
    handlers.append(_SocketHandler(socket_path, params) if socket_path else _Https(params))
    if credentials:
        book = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        book.add_password(None, url, *credentials)
        handlers += [urllib.request.HTTPBasicAuthHandler(book), urllib.request.HTTPDigestAuthHandler(book)]
    return urllib.request.build_opener(*handlers)


def _context(params: UrlParameters) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=params.ca_path)
        if not params.validate_certs:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if params.client_cert:
            context.load_cert_chain(params.client_cert, params.client_key)
        if params.ciphers:
            context.set_ciphers(":".join(params.ciphers))
    except (OSError, ssl.SSLError) as error:
        raise Failed("cannot set up TLS (ca_path, client_cert, client_key, ciphers): %s" % error) from error
    return context


class _Https(urllib.request.HTTPSHandler):
    """Sets TLS up, which reads all certificates there are, only where it is spoken."""

    def __init__(self, params: UrlParameters) -> None:
        urllib.request.HTTPHandler.__init__(self)
        self.params = params

    def https_open(self, req: Any) -> Any:
        """Open with the certificates asked for."""
        return self.do_open(http.client.HTTPSConnection, req, context=_context(self.params))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows the server's pointers as asked; secrets do not follow to another host."""

    def __init__(self, which: str) -> None:
        self.which = which

    def redirect_request(  # noqa: PLR0913 - urllib's signature
        self,
        req: Any,
        fp: Any,
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> Any:
        method = req.get_method()
        if self.which == "urllib2":
            return urllib.request.HTTPRedirectHandler.redirect_request(self, req, fp, code, msg, headers, newurl)
        if self.which == "none" or (self.which == "safe" and method not in ("GET", "HEAD")):
            return None
        keeps = code in (307, 308) or method == "HEAD"
        kept = dict(req.headers)
        if not keeps:
            kept = {name: value for name, value in kept.items() if not name.lower().startswith("content-")}
        if urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            kept = {name: value for name, value in kept.items() if name.capitalize() not in PRIVATE_HEADERS}
        return urllib.request.Request(  # noqa: S310 - the handlers allow web addresses only
            newurl.replace(" ", "%20"),
            data=req.data if keeps else None,
            headers=kept,
            origin_req_host=req.origin_req_host,
            unverifiable=True,
            method=method if keeps else "GET",
        )

    def http_error_308(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:  # noqa: ARG002
        """Treat it like 307, which older Pythons do not do by themselves."""
        if self.which == "urllib2":
            return None if sys.version_info < (3, 11) else self.http_error_302(req, fp, code, msg, headers)
        return self.http_error_302(req, fp, 307, msg, headers)


class _SocketHandler(_Https, urllib.request.HTTPHandler):
    """Speaks HTTP over a Unix socket, with or without TLS."""

    def __init__(self, path: str, params: UrlParameters) -> None:
        _Https.__init__(self, params)
        self.path = path

    def http_open(self, req: Any) -> Any:
        """Open without TLS."""
        return self.do_open(self._connection(http.client.HTTPConnection, None), req)

    def https_open(self, req: Any) -> Any:
        """Open with TLS, and the name of the URL."""
        return self.do_open(self._connection(http.client.HTTPConnection, _context(self.params)), req)

    def _connection(self, base: Any, context: Optional[ssl.SSLContext]) -> Any:
        path = self.path

        class Connection(base):  # type: ignore[misc]
            def connect(self) -> None:
                self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                if isinstance(self.timeout, (int, float)):
                    self.sock.settimeout(self.timeout)
                self.sock.connect(path)
                if context is not None:
                    self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

        return Connection
