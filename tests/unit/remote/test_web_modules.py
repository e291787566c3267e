"""get_url, uri and wait_for against a small server of our own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import get_url, unarchive, uri, wait_for
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.worker import Worker
from tests.modules.tree import snapshot

HELLO = b"hello\n"
SHA256 = hashlib.sha256(HELLO).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, dict(self.headers)))  # type: ignore[attr-defined]
        path = self.path.partition("?")[0]
        if path == "/hello.txt":
            fresh = self.headers.get("If-Modified-Since")
            self.answer(304) if fresh and self.server.unchanged else self.answer(200, self.server.content)  # type: ignore[attr-defined]
        elif path == "/SHA256SUMS":
            self.answer(200, f"{'0' * 64}  other.txt\n{SHA256} *hello.txt\n".encode())
        elif path == "/named":
            self.answer(200, HELLO, Content_Disposition='attachment; filename="../given.txt"')
        elif path == "/json":
            self.answer(200, b'{"k": [1, 2]}', Content_Type="application/json", Set_Cookie="a=b; Path=/")
        elif path == "/gzip":
            self.answer(200, gzip.compress(HELLO), Content_Encoding="gzip")
        elif path == "/twice":
            self.send_response(200)
            for value in ("a=1", "b=2"):
                self.send_header("Set-Cookie", value)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/moved":
            self.answer(302, Location="/hello.txt")
        elif path == "/away":
            self.answer(308, Location=f"http://localhost:{self.server.server_address[1]}/echo")
        elif path == "/secret":
            self.secret()
        elif path == "/echo":
            self.echo()
        else:
            self.answer(404, b"nothing here")

    def do_HEAD(self) -> None:
        if self.path == "/unheaded":
            self.answer(405)
        else:
            self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def secret(self) -> None:
        expected = "Basic " + base64.b64encode(b"me:pass word").decode()
        if self.headers.get("Authorization") == expected:
            self.answer(200, HELLO)
        else:
            self.answer(401, b"who?", WWW_Authenticate='Basic realm="x"')

    def echo(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        told = {"method": self.command, "body": body, "headers": {k.lower(): v for k, v in self.headers.items()}}
        self.answer(200, json.dumps(told).encode(), Content_Type="application/json")


@pytest.fixture(name="server")
def _server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.content, server.unchanged = [], HELLO, True
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def run(module: Any, tmp: Path, *, check: bool = False, **params: Any) -> dict[str, Any]:
    scratch = tmp / "scratch"
    scratch.mkdir(exist_ok=True)
    system = System(root=str(tmp), tmp=str(scratch))
    result = run_module(module, params, Mode(check, diff=True), system)
    assert not check or not result.get("failed") or module is uri
    return result


def test_a_download_is_made_once(server: Any, tmp_path: Path) -> None:
    params = {"url": server.url + "/hello.txt", "dest": "/f", "mode": "0640"}
    first = run(get_url, tmp_path, **params)
    assert first["changed"], first
    assert (first["status_code"], first["msg"], first["size"], first["mode"]) == (200, "OK (6 bytes)", 6, "0640")
    assert first["checksum_src"] == hashlib.sha1(HELLO).hexdigest()
    second = run(get_url, tmp_path, **params)
    assert (second["changed"], second["status_code"]) == (False, 304)


@pytest.mark.parametrize("there", [None, b"other"])
@pytest.mark.parametrize(
    "params",
    [
        {"dest": "/f"},
        {"dest": "/opt"},
        {"dest": "/f", "mode": "0600"},
        {"dest": "/f", "force": True},
        {"dest": "/f", "checksum": f"sha256:{SHA256}"},
        {"dest": "/f", "checksum": f"sha256:{SHA256}", "backup": True},
    ],
)
def test_check_mode_writes_nothing_and_foretells_the_download_that_the_next_run_finds_done(
    server: Any, tmp_path: Path, params: dict[str, Any], there: bytes | None
) -> None:
    server.unchanged = False
    (tmp_path / "scratch").mkdir()
    (tmp_path / "opt").mkdir()
    for name in ("f", "opt/hello.txt") if there else ():
        (tmp_path / name).write_bytes(there or b"")
    params = {**params, "url": server.url + "/hello.txt"}

    def files() -> dict[str, Any]:
        return {name: seen for name, seen in snapshot(tmp_path).items() if not name.startswith("scratch")}

    before = files()
    foretold = run(get_url, tmp_path, check=True, **params)
    assert files() == before
    done = run(get_url, tmp_path, **params)
    assert (foretold["changed"], foretold["diff"]) == (True, done["diff"])
    after = files()
    assert (run(get_url, tmp_path, **params)["changed"], files()) == (False, after)


def packed(**members: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def test_an_archive_is_unpacked_from_an_address_and_unchanged_where_its_members_are_there(
    server: Any, tmp_path: Path
) -> None:
    (tmp_path / "opt").mkdir()
    server.content = packed(bin="program", readme="text")
    params = {"src": server.url + "/hello.txt", "dest": "/opt", "remote_src": True}
    foretold = run(unarchive, tmp_path, check=True, **params)
    assert (foretold["changed"], list((tmp_path / "opt").iterdir())) == (True, [])
    first = run(unarchive, tmp_path, **params)
    assert (first["changed"], first["src"], first["handler"]) == (True, params["src"], "TgzArchive")
    assert foretold["diff"] == first["diff"]
    assert (tmp_path / "opt/bin").read_text() == "program"
    assert len(server.seen) == 2, "one download a run: what was applied is looked at with what came"
    assert run(unarchive, tmp_path, **params)["changed"] is False
    server.content = packed(bin="newer", readme="text")
    assert run(unarchive, tmp_path, **params)["diff"]["after"]["changed"] == ["/opt/bin"]


def test_an_archive_whose_address_is_wrong_or_that_creates_makes_needless_is_not_unpacked(
    server: Any, tmp_path: Path
) -> None:
    (tmp_path / "opt").mkdir()
    params = {"src": server.url + "/nowhere.tgz", "dest": "/opt", "remote_src": True}
    failed = run(unarchive, tmp_path, **params)
    assert (failed["failed"], failed["changed"]) == (True, False)
    assert "/nowhere.tgz" in failed["msg"]
    assert "404" in failed["msg"]
    (tmp_path / "opt/made").write_text("")
    server.seen.clear()
    assert run(unarchive, tmp_path, **params, creates="/opt/made")["changed"] is False
    assert server.seen == []


def test_what_a_module_downloaded_is_removed_with_the_request_that_needed_it(server: Any, tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    server.content = packed(bin="program")
    outbound = io.BytesIO()
    worker = Worker(io.BytesIO(), outbound, {})
    arguments = {"src": server.url + "/hello.txt", "dest": str(tmp_path / "opt"), "remote_src": True}
    worker._answer({"id": 1, "module": "unarchive", "params": arguments}, None)
    scratch = Path(worker.scratch.path())
    left = list(scratch.iterdir())
    worker.scratch.remove()
    assert b'"changed": true' in outbound.getvalue().replace(b'"changed":true', b'"changed": true')
    assert left == []


def test_a_changed_file_is_downloaded_again_and_an_equal_one_is_not(server: Any, tmp_path: Path) -> None:
    params = {"url": server.url + "/hello.txt", "dest": "/f", "backup": True}
    run(get_url, tmp_path, **params)
    server.unchanged = False
    assert run(get_url, tmp_path, **params)["changed"] is False
    server.content = b"other"
    assert run(get_url, tmp_path, check=True, **params)["changed"] is True
    assert (tmp_path / "f").read_bytes() == HELLO
    result = run(get_url, tmp_path, **params)
    assert result["changed"]
    assert (tmp_path / result["backup_file"].lstrip("/")).read_bytes() == HELLO
    assert (tmp_path / "f").read_bytes() == b"other"


def test_force_asks_again_and_still_tells_what_changed(server: Any, tmp_path: Path) -> None:
    params = {"url": server.url + "/hello.txt", "dest": "/f", "force": True}
    assert run(get_url, tmp_path, **params)["changed"] is True
    assert run(get_url, tmp_path, **params)["changed"] is False
    assert "If-Modified-Since" not in server.seen[-1][2]


def test_only_the_mode_changes(server: Any, tmp_path: Path) -> None:
    url = server.url + "/hello.txt"
    run(get_url, tmp_path, url=url, dest="/f", mode="0640")
    result = run(get_url, tmp_path, url=url, dest="/f", mode="0600")
    assert (result["changed"], result["mode"]) == (True, "0600")


@pytest.mark.parametrize("checksum", ["sha256:" + SHA256, "sha256: {url}/SHA256SUMS"])
def test_a_checksum_is_kept_and_saves_the_question(server: Any, tmp_path: Path, checksum: str) -> None:
    params = {"url": server.url + "/hello.txt", "dest": "/f", "checksum": checksum.format(url=server.url)}
    assert run(get_url, tmp_path, **params)["changed"]
    server.seen.clear()
    assert run(get_url, tmp_path, **params)["changed"] is False
    assert [path for _, path, _ in server.seen if path == "/hello.txt"] == []


def test_content_with_another_checksum_never_arrives(server: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    result = run(get_url, tmp_path, url=server.url + "/hello.txt", dest="/f", checksum="md5:" + "0" * 32)
    assert result["failed"]
    assert "did not match " + "0" * 32 in result["msg"]
    assert (tmp_path / "f").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["f", "scratch"]


def test_a_folder_takes_the_servers_name_for_the_file_but_no_path(server: Any, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    assert run(get_url, tmp_path, url=server.url + "/named", dest="/d")["dest"] == "/d/given.txt"
    assert run(get_url, tmp_path, url=server.url + "/hello.txt?x=1", dest="/d/")["dest"] == "/d/hello.txt"
    assert run(get_url, tmp_path, url=server.url + "/hello.txt?x=1", dest="/d/")["changed"] is False
    assert os.listdir(tmp_path / "scratch") == []


def test_a_missing_page_fails_with_its_status(server: Any, tmp_path: Path) -> None:
    result = run(get_url, tmp_path, url=server.url + "/none", dest="/f")
    assert (result["failed"], result["status_code"], result["msg"]) == (True, 404, "Request failed")


def test_check_mode_asks_whether_a_new_file_can_be_had_and_takes_nothing(server: Any, tmp_path: Path) -> None:
    said = run(get_url, tmp_path, check=True, url=server.url + "/hello.txt", dest="/f")
    assert (said["changed"], said["msg"], said["status_code"]) == (True, "OK (6 bytes)", 200)
    assert [method for method, _, _ in server.seen] == ["HEAD"]
    assert not (tmp_path / "f").exists()


def test_check_mode_expects_the_best_of_a_server_that_only_answers_who_takes(server: Any, tmp_path: Path) -> None:
    assert run(get_url, tmp_path, check=True, url=server.url + "/unheaded", dest="/f")["changed"]


@pytest.mark.parametrize("force", [True, False])
def test_a_password_is_sent_at_once_or_when_asked(server: Any, tmp_path: Path, force: bool) -> None:
    params = {"url_username": "me", "url_password": "pass word", "force_basic_auth": force}
    result = run(get_url, tmp_path, url=server.url + "/secret", dest="/f", **params)
    assert result["changed"], result
    assert len(server.seen) == (1 if force else 2)
    assert result["_secrets"] == ["pass word"]


def test_a_password_in_the_url_works_and_is_not_part_of_the_question(server: Any, tmp_path: Path) -> None:
    url = server.url.replace("http://", "http://me:pass%20word@") + "/secret"
    assert run(uri, tmp_path, url=url, return_content=True)["content"] == "hello\n"


def test_compressed_answers_are_unpacked(server: Any, tmp_path: Path) -> None:
    run(get_url, tmp_path, url=server.url + "/gzip", dest="/f")
    assert (tmp_path / "f").read_bytes() == HELLO


def test_an_answer_becomes_values(server: Any, tmp_path: Path) -> None:
    result = run(uri, tmp_path, url=server.url + "/json", return_content=True)
    assert (result["status"], result["changed"], result["redirected"]) == (200, False, False)
    assert (result["json"], result["content"]) == ({"k": [1, 2]}, '{"k": [1, 2]}')
    assert (result["content_type"], result["cookies"], result["cookies_string"]) == (
        "application/json",
        {"a": "b"},
        "a=b",
    )


@pytest.mark.parametrize(
    ("body_format", "body", "sent", "kind"),
    [
        ("json", {"a": 1}, '{"a": 1}', "application/json"),
        ("json", '{"a": 1}', '{"a": 1}', "application/json"),
        ("form-urlencoded", {"a": ["1", "2"], "b": "x y"}, "a=1&a=2&b=x+y", "application/x-www-form-urlencoded"),
        ("form-urlencoded", [["a", 1]], "a=1", "application/x-www-form-urlencoded"),
        ("raw", "text", "text", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_is_written_as_asked(
    server: Any, tmp_path: Path, body_format: str, body: object, sent: str, kind: str
) -> None:
    echoed = run(uri, tmp_path, url=server.url + "/echo", method="post", body=body, body_format=body_format)["json"]
    assert (echoed["method"], echoed["body"], echoed["headers"]["content-type"]) == ("POST", sent, kind)


def test_a_form_with_a_file(server: Any, tmp_path: Path) -> None:
    body = {"name": "x", "file": {"filename": "a.txt", "content": "data", "mime_type": "text/x-y"}}
    echoed = run(uri, tmp_path, url=server.url + "/echo", method="POST", body=body, body_format="form-multipart")[
        "json"
    ]
    assert echoed["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert 'name="file"; filename="a.txt"\r\nContent-Type: text/x-y\r\n\r\ndata\r\n' in echoed["body"]


def test_a_status_not_wanted_fails_with_the_text(server: Any, tmp_path: Path) -> None:
    result = run(uri, tmp_path, url=server.url + "/none")
    assert result["failed"]
    assert result["msg"].startswith("Status code was 404 and not [200]: HTTP Error 404")
    assert (result["status"], result["content"]) == (404, "nothing here")
    assert not run(uri, tmp_path, url=server.url + "/none", status_code=[200, 404]).get("failed")


def test_pointers_elsewhere_are_followed_as_asked(server: Any, tmp_path: Path) -> None:
    followed = run(uri, tmp_path, url=server.url + "/moved", return_content=True)
    assert (followed["redirected"], followed["content"]) == (True, "hello\n")
    assert run(uri, tmp_path, url=server.url + "/moved", follow_redirects="none", status_code=302)["status"] == 302
    assert run(uri, tmp_path, url=server.url + "/moved", method="POST", status_code=302)["status"] == 302


def test_secrets_do_not_follow_to_another_host_but_the_body_does(server: Any, tmp_path: Path) -> None:
    headers = {"Authorization": "Bearer t", "X-Other": "y"}
    params = {"method": "PUT", "body": "b", "follow_redirects": "all", "headers": headers}
    echoed = run(uri, tmp_path, url=server.url + "/away", **params)["json"]
    assert (echoed["method"], echoed["body"], echoed["headers"]["x-other"]) == ("PUT", "b", "y")
    assert "authorization" not in echoed["headers"]


def test_an_answer_is_written_once(server: Any, tmp_path: Path) -> None:
    params = {"url": server.url + "/hello.txt", "dest": "/f", "mode": "0600"}
    first = run(uri, tmp_path, **params)
    assert (first["changed"], first["path"], first["mode"]) == (True, "/f", "0600")
    assert run(uri, tmp_path, **params)["changed"] is False


def test_nothing_is_asked_in_check_mode(server: Any, tmp_path: Path) -> None:
    assert run(uri, tmp_path, check=True, url=server.url + "/echo", method="POST")["skipped"]
    assert server.seen == []


def test_an_open_port_is_seen(server: Any, tmp_path: Path) -> None:
    port = server.server_address[1]
    assert run(wait_for, tmp_path, port=port, timeout=2)["state"] == "started"
    result = run(wait_for, tmp_path, port=port, state="stopped", timeout=0)
    assert result["msg"] == f"Timeout when waiting for 127.0.0.1:{port} to stop."
    assert run(wait_for, tmp_path, timeout=0)["elapsed"] == 0


def test_a_header_given_twice_is_one_value_and_a_location_is_a_whole_address(server: Any, tmp_path: Path) -> None:
    said = run(uri, tmp_path, url=server.url + "/twice")
    assert (said["set_cookie"], said["cookies_string"]) == ("a=1, b=2", "a=1; b=2")
    moved = run(uri, tmp_path, url=server.url + "/moved", follow_redirects="none", status_code=302)
    assert moved["location"] == server.url + "/hello.txt"


def test_the_password_is_in_nothing_a_server_repeats(server: Any, tmp_path: Path) -> None:
    asked = {"url": server.url + "/echo", "method": "POST", "body": "my sesame", "headers": {"x-sesame": "1"}}
    said = run(uri, tmp_path, url_username="me", url_password="sesame", return_content=True, **asked)
    assert (said["json"]["body"], said["json"]["headers"]["x-********"]) == ("my ********", "1")
    assert "sesame" not in said["content"]


def test_what_is_there_is_asked_for_only_if_newer(server: Any, tmp_path: Path) -> None:
    asked = {"url": server.url + "/hello.txt", "dest": "/f"}
    assert run(uri, tmp_path, **asked)["changed"]
    assert [run(uri, tmp_path, **asked)[key] for key in ("changed", "status")] == [False, 304]
    assert (tmp_path / "f").read_bytes() == HELLO
    assert run(uri, tmp_path, force=True, **asked)["status"] == 200


def test_netrc_gives_the_password_before_a_header_does(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text('machine 127.0.0.1\nlogin me\npassword "pass word"\n')
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    asked = {"url": server.url + "/secret", "headers": {"Authorization": "Bearer x"}}
    assert run(uri, tmp_path, **asked)["status"] == 200
    assert run(uri, tmp_path, use_netrc=False, **asked)["status"] == 401


@pytest.mark.parametrize(("body", "problem"), [
    (["foo", {"bar": "baz"}], "form_urlencoded: too many values to unpack"),
    ([["foo"]], "form_urlencoded: not enough values to unpack"),
    ("text", ""),
])  # fmt: skip
def test_a_form_that_is_none_is_refused(server: Any, tmp_path: Path, body: Any, problem: str) -> None:
    said = run(uri, tmp_path, url=server.url + "/echo", method="POST", body_format="form-urlencoded", body=body)
    assert bool(said.get("failed")) == bool(problem)
    assert problem in said["msg"]
