"""The web server that targets of ``get_url`` and ``uri`` ask things of, on the sandbox: ``web_server.py FOLDER``.

It stands in for the container that ansible-test starts: the same names, paths and kinds of answers, as far as the
targets use them. FOLDER has the certificates that ``certificates`` made. Run by the sandbox's own Python; standard
library only.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import ssl
import subprocess
import sys
import threading
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

NAMES = ("ansible.http.tests", "sni1.ansible.http.tests", "fail.ansible.http.tests", "self-signed.ansible.http.tests")
PLAIN, TLS, OTHER_TLS = 80, 443, 444
METHODS = {"/get": "GET", "/post": "POST", "/put": "PUT", "/patch": "PATCH", "/delete": "DELETE"}
TEXT = "text/html; charset=utf-8"
WHEN = "Mon, 01 Jan 2024 00:00:00 GMT"


def certificates(folder: Path) -> None:
    """Make two authorities, a certificate of each for this server, and one for a client."""
    for name, host in (("cacert", "ansible http tests"), ("ca2cert", "another authority")):
        _openssl(folder, f"req -x509 -newkey rsa:2048 -nodes -days 30 -keyout {name}.key -out {name}.pem", host)
    signed = (("server", "cacert", NAMES[:2]), ("other", "ca2cert", NAMES[3:]), ("client", "cacert", NAMES[:1]))
    for name, signer, hosts in signed:
        (folder / "names").write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts), encoding="ascii")
        _openssl(folder, f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr", hosts[0])
        signing = f"x509 -req -in {name}.csr -CA {signer}.pem -CAkey {signer}.key -CAcreateserial -days 30"
        _openssl(folder, f"{signing} -extfile names -out {name}.pem")


def _openssl(folder: Path, words: str, subject: str = "") -> None:
    more = ["-subj", f"/CN={subject}"] if subject else []
    subprocess.run(["openssl", *words.split(), *more], cwd=folder, check=True, capture_output=True)


class Handler(BaseHTTPRequestHandler):
    """Answers one request; a method for each first word of a path."""

    protocol_version = "HTTP/1.1"
    folder = Path()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def parse_request(self) -> bool:
        """Let every method be answered by ``_answer``."""
        is_good = super().parse_request()
        if is_good:
            setattr(self, f"do_{self.command}", self._respond)
        return is_good

    def _respond(self) -> None:
        self.parts = urlsplit(self.path)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host = self.headers.get("Host", "")
        if host == NAMES[2] and not isinstance(self.connection, ssl.SSLSocket):
            self.send(301, b"", {"Location": f"https://{host}{self.path}"})
            return
        words = [unquote(word) for word in self.parts.path.strip("/").split("/")]
        if self.command not in self._allowed():
            self.send(405, b"", {"Allow": ", ".join(self._allowed())})
        elif self.command == "OPTIONS":
            self.send(200, b"", {"Allow": ", ".join(self._allowed())})
        else:
            answer = getattr(self, "on_" + re.sub(r"\W", "_", words[0]), None) or self.on_nothing
            answer(*words[1:])

    def _allowed(self) -> tuple[str, ...]:
        if self.parts.path in METHODS:
            own = METHODS[self.parts.path]
            return ("GET", "HEAD", "OPTIONS") if own == "GET" else (own, "OPTIONS")
        if self.parts.path.startswith(("/anything", "/redirect-to", "/status", "/response-headers")):
            return ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
        return ("GET", "HEAD", "OPTIONS")

    def send(self, status: int, body: bytes = b"", headers: object = None) -> None:
        """Send an answer; ``headers`` may say a name more than once, as pairs."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or ())  # type: ignore[call-overload]
        self.send_response(status, HTTPStatus(status).phrase.upper())
        if not any(name.lower() == "content-type" for name, _ in pairs):
            pairs.append(("Content-Type", TEXT))
        for name, value in [*pairs, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def say(self, what: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Send JSON."""
        self.send(status, json.dumps(what).encode(), {"Content-Type": "application/json", **(headers or {})})

    def told(self) -> dict[str, object]:
        """Return what the request said."""
        form, files, text = self._body()
        try:
            told = json.loads(text) if text else None
        except ValueError:
            told = None
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        return {
            "args": _single(parse_qs(self.parts.query, keep_blank_values=True)),
            "data": text,
            "files": files,
            "form": form,
            "headers": {name.title(): value for name, value in self.headers.items()},
            "json": told,
            "method": self.command,
            "origin": self.client_address[0],
            "url": f"{scheme}://{self.headers.get('Host')}{self.path}",
        }

    def _body(self) -> tuple[dict[str, object], dict[str, str], str]:
        kind = self.headers.get_content_type()
        if kind == "application/x-www-form-urlencoded" and self.headers.get("Content-Type"):
            return _single(parse_qs(self.body.decode(), keep_blank_values=True)), {}, ""
        if kind == "multipart/form-data":
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            return *_parts(BytesParser().parsebytes(head + self.body)), ""
        return {}, {}, self.body.decode("utf-8", "replace")

    def on_nothing(self, *_: str) -> None:
        """Answer what is not known."""
        self.send(404, b"not found")

    def on_(self) -> None:
        """Show the first page, which has every name in it that is looked for."""
        self.send(200, f"<html>{' '.join(NAMES)} httpbin.org</html>".encode())

    def on_get(self) -> None:
        """Repeat what the request said."""
        told = self.told()
        self.say({key: told[key] for key in ("args", "headers", "origin", "url")})

    def on_post(self, *_: str) -> None:
        """Repeat all that the request said."""
        self.say(self.told())

    on_put = on_patch = on_delete = on_anything = on_post

    def on_headers(self) -> None:
        """Repeat the headers."""
        self.say({"headers": self.told()["headers"]})

    def on_user_agent(self) -> None:
        """Repeat who asks."""
        self.say({"user-agent": self.headers.get("User-Agent")})

    def on_status(self, code: str) -> None:
        """Answer with a status."""
        headers = {"Location": "/redirect/1"} if code in ("301", "302", "303", "307") else {}
        self.send(int(code), b"", headers)

    def on_redirect(self, count: str) -> None:
        """Send on, so many times."""
        self.send(302, b"", {"Location": f"/relative-redirect/{int(count) - 1}" if int(count) > 1 else "/get"})

    on_relative_redirect = on_redirect

    def on_redirect_to(self) -> None:
        """Send to the address in the query."""
        query = dict(parse_qsl(self.parts.query))
        self.send(int(query.get("status_code", 302)), b"", {"Location": query["url"]})

    def on_response_headers(self) -> None:
        """Answer with the headers of the query."""
        self.send(200, b"{}", parse_qsl(self.parts.query) or {"Content-Type": "application/json"})

    def on_base64(self, text: str) -> None:
        """Decode."""
        self.send(200, base64.urlsafe_b64decode(text))

    def on_gzip(self) -> None:
        """Answer packed."""
        body = gzip.compress(json.dumps({"gzipped": True, "method": self.command}).encode())
        self.send(200, body, {"Content-Encoding": "gzip", "Content-Type": "application/json"})

    def on_cache(self) -> None:
        """Answer that nothing is new to whoever has something."""
        if self.headers.get("If-Modified-Since") or self.headers.get("If-None-Match"):
            self.send(304)
        else:
            self.say(self.told(), headers={"Last-Modified": WHEN, "ETag": "one"})

    def on_bearer(self) -> None:
        """Want a token."""
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            self.say({"authenticated": True, "token": token})
        else:
            self.send(401, b"", {"WWW-Authenticate": "Bearer"})

    def on_basic_auth(self, user: str, password: str) -> None:
        """Want a password."""
        self._log_in(user, password, 401, {"WWW-Authenticate": 'Basic realm="Fake Realm"'})

    def on_hidden_basic_auth(self, user: str, password: str) -> None:
        """Want a password and do not say so."""
        self._log_in(user, password, 404, {})

    def _log_in(self, user: str, password: str, refused: int, headers: dict[str, str]) -> None:
        expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        if self.headers.get("Authorization") == expected:
            self.say({"authenticated": True, "user": user})
        else:
            self.send(refused, b"", headers)

    def on_digest_auth(self, qop: str, user: str, password: str) -> None:
        """Want the digest of a password."""
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get("Authorization", "")))
        one, two = (_md5(text) for text in (f"{user}:here:{password}", f"{self.command}:{self.path}"))
        middle = ":".join(given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        if given.get("response") == _md5(f"{one}:{middle}:{two}"):
            self.say({"authenticated": True, "user": user})
        else:
            asked = f'Digest realm="here", nonce="{_md5(user)}", qop="{qop}", opaque="a"'
            self.send(401, b"", {"WWW-Authenticate": asked})

    def on_ssl_client_verify(self) -> None:
        """Say whether a certificate was shown."""
        is_shown = isinstance(self.connection, ssl.SSLSocket) and self.connection.getpeercert()
        self.send(200, f"{NAMES[0]}:{'SUCCESS' if is_shown else 'NONE'}".encode())

    def on_cacert_pem(self) -> None:
        """Give a certificate or key away."""
        self.send(200, (self.folder / self.parts.path.strip("/")).read_bytes(), {"Content-Type": "text/plain"})

    on_ca2cert_pem = on_client_pem = on_client_key = on_cacert_pem


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _single(query: dict[str, list[str]]) -> dict[str, object]:
    return {name: values[0] if len(values) == 1 else values for name, values in query.items()}


def _parts(message: Message) -> tuple[dict[str, object], dict[str, str]]:
    form: dict[str, object] = {}
    files: dict[str, str] = {}
    for part in message.get_payload():
        content = part.get_payload(decode=False)  # type: ignore[union-attr]
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        is_file = part.get_filename() is not None  # type: ignore[union-attr]
        (files if is_file else form)[str(name)] = str(content)
    return form, files


def _serve(port: int, folder: Path, name: str = "") -> None:
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if name:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        context.load_verify_locations(folder / "cacert.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever).start()


def main(folder: Path) -> None:
    """Make certificates and serve until killed."""
    certificates(folder)
    Handler.folder = folder
    for port, name in ((PLAIN, ""), (TLS, "server"), (OTHER_TLS, "other")):
        _serve(port, folder, name)
    (folder / "ready").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
