"""The load generator counts what happened, and its check finds what is missing."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LOAD = Path(__file__).parents[3] / "bench" / "load.py"


@pytest.fixture(scope="module")
def load() -> Iterator[ModuleType]:
    """The load generator as a module; it is a program beside the package, not part of it."""
    spec = importlib.util.spec_from_file_location("bench_load", LOAD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_load"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bench_load"]


class SmallSite(ThreadingHTTPServer):
    """A site of two dictionaries that refuses its first writes and breaks one page."""

    daemon_threads = True

    def __init__(self, refusals: int = 0, broken: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.refusals = refusals
        self.broken = broken
        self.items: dict[int, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Visit(BaseHTTPRequestHandler):
    """One request to the small site."""

    server: SmallSite

    def log_message(self, *args: object) -> None:
        """Stay quiet."""

    def give(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "X-Served-By": "small", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == self.server.broken:
            return self.give(500, b"")
        if path.startswith("/uploads/"):
            content = self.server.files.get(path.removeprefix("/uploads/"))
            return self.give(200, content) if content is not None else self.give(404, b"")
        if path.startswith("/items/"):
            item = self.server.items.get(int(path.removeprefix("/items/")))
            return self.give(200, json.dumps(item).encode()) if item else self.give(404, b"")
        return self.give(200, b"{}")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            if self.server.refusals > 0:
                self.server.refusals -= 1
                return self.give(503, b"", Retry_After="0")
            number = len(self.server.items) + 1
            item = {"id": number, "token": body["token"], "file": f"{number}.txt"}
            self.server.items[number] = item
            self.server.files[item["file"]] = body["body"].encode()
        return self.give(201, json.dumps(item).encode())


@pytest.fixture
def site() -> Iterator[SmallSite]:
    server = SmallSite(refusals=3)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def run(load: ModuleType, url: str, out: Path, *more: str) -> dict[str, Any]:
    arguments = [url, "--seconds", "0.8", "--writes-per-second", "20", "--readers", "1", "--out", str(out), *more]
    assert load.run(load.parse(arguments)) == 0
    result: dict[str, Any] = json.loads(out.read_text())
    return result


def test_refused_writes_are_counted_apart_and_tried_again_until_taken(
    load: ModuleType, site: SmallSite, tmp_path: Path
):
    result = run(load, site.url, tmp_path / "result.json")
    assert result["writes"]["refused_while_frozen"] == 3
    assert result["writes"]["failed"] == 0
    assert result["reads"]["failed"] == 0
    assert result["reads"]["served_by"] == {"small": result["reads"]["ok"]}
    acknowledged = {item["id"]: item["token"] for item in result["acknowledged"]}
    assert acknowledged == {number: item["token"] for number, item in site.items.items()}
    assert len(acknowledged) == result["writes"]["ok"] > 0


def test_errors_are_counted_by_status_and_page(load: ModuleType, site: SmallSite, tmp_path: Path):
    site.broken = "/healthz"
    result = run(load, site.url, tmp_path / "result.json")
    assert set(result["reads"]["failures"]) <= {"500 /healthz"}
    assert result["reads"]["failed"] == sum(result["reads"]["failures"].values())


def test_a_site_that_is_not_there_is_refused_and_has_one_long_gap(load: ModuleType, site: SmallSite, tmp_path: Path):
    result = run(load, "http://127.0.0.1:1/", tmp_path / "result.json")
    assert set(result["reads"]["failures"]) == {"refused"}
    assert result["reads"]["ok"] == 0
    assert result["reads"]["longest_gap"]["seconds"] >= 0.8
    assert result["acknowledged"] == []


def test_the_stop_file_ends_the_run_early(load: ModuleType, site: SmallSite, tmp_path: Path):
    stop = tmp_path / "stop"
    stop.touch()
    result = run(load, site.url, tmp_path / "result.json", "--stop-file", str(stop), "--seconds", "60")
    assert result["seconds"] < 5


def test_the_check_passes_when_everything_acknowledged_is_served(load: ModuleType, site: SmallSite, tmp_path: Path):
    run(load, site.url, tmp_path / "result.json")
    assert load.check(load.parse(["--check", site.url, str(tmp_path / "result.json")])) == 0


@pytest.mark.parametrize("damage", ["row", "file", "content"])
def test_the_check_fails_for_a_lost_row_a_lost_file_and_altered_content(
    load: ModuleType, site: SmallSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
):
    result = run(load, site.url, tmp_path / "result.json")
    victim = result["acknowledged"][0]
    assert victim["sha256"] == hashlib.sha256(site.files[victim["file"]]).hexdigest()
    if damage == "row":
        del site.items[victim["id"]]
    elif damage == "file":
        del site.files[victim["file"]]
    else:
        site.files[victim["file"]] = b"something else"
    assert load.check(load.parse(["--check", site.url, str(tmp_path / "result.json")])) == 1
    assert f"item {victim['id']}: " in capsys.readouterr().out
