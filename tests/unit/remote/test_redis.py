"""The redis module against a stand-in that speaks RESP on a Unix socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import redis
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System


class StandIn:
    """Knows as much of Redis as the module asks for."""

    def __init__(self, path: Path) -> None:
        self.path, self.password = str(path), ""
        self.config = {"maxmemory": "0", "maxclients": "500"}
        self.master: tuple[str, str] | None = None
        self.heard: list[list[str]] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def replicates(self) -> tuple[str, str] | None:
        """Return the master's host and port, None where it is one itself."""
        return self.master

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with link, link.makefile("rb") as stream:
                while line := stream.readline():
                    words = [self._word(stream) for _ in range(int(line[1:]))]
                    self.heard.append(words)
                    link.sendall(self._answer(words))

    @staticmethod
    def _word(stream: Any) -> str:
        size = int(stream.readline()[1:])
        return str(stream.read(size + 2)[:-2].decode())

    def _answer(self, words: list[str]) -> bytes:
        match words:
            case ["AUTH", *rest]:
                return b"+OK\r\n" if rest[-1] == self.password else b"-WRONGPASS invalid\r\n"
            case ["CONFIG", "GET", name]:
                return _listing([name, self.config[name]] if name in self.config else [])
            case ["CONFIG", "SET", name, value] if value.isdigit():
                self.config[name] = value
            case ["CONFIG", "SET", *_]:
                return b"-ERR argument couldn't be parsed into an integer\r\n"
            case ["REPLICAOF", host, port]:
                self.master = None if host == "NO" else (host, port)
            case ["INFO", _]:
                lines = ["# Replication", "role:slave" if self.master else "role:master"]
                if self.master:
                    lines += [f"master_host:{self.master[0]}", f"master_port:{self.master[1]}"]
                return _bulk("\r\n".join(lines))
        return b"+OK\r\n"


def _bulk(text: str) -> bytes:
    return f"${len(text)}\r\n{text}\r\n".encode()


def _listing(texts: list[str]) -> bytes:
    return f"*{len(texts)}\r\n".encode() + b"".join(map(_bulk, texts))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in that ends with the test."""
    found = StandIn(tmp_path / "redis.sock")
    yield found
    found.stop()


def run(server: StandIn, *, check: bool = False, **params: Any) -> dict[str, Any]:
    """Return the module's result."""
    return run_module(redis, {"login_host": server.path, **params}, Mode(check, diff=True), System())


def test_a_size_is_set_once_and_compared_in_bytes(server: StandIn) -> None:
    """100mb is what the server calls 104857600; the second run finds it so."""
    first = run(server, command="config", name="maxmemory", value="100MB")
    assert first["changed"]
    assert first["value"] == "104857600"
    assert first["diff"] == {"before": "maxmemory 0\n", "after": "maxmemory 104857600\n"}
    assert server.config["maxmemory"] == "104857600"
    assert not run(server, command="config", name="maxmemory", value="100mb")["changed"]


def test_check_mode_sets_nothing(server: StandIn) -> None:
    """It foretells, and only asks."""
    assert run(server, check=True, command="config", name="maxclients", value="400")["changed"]
    assert run(server, check=True, command="flush")["changed"]
    assert run(server, check=True, command="replica", master_host="h", master_port=1)["changed"]
    assert {words[0] for words in server.heard} <= {"PING", "CONFIG", "INFO"}
    assert server.config["maxclients"] == "500"


def test_a_server_becomes_a_replica_and_a_master_again(server: StandIn) -> None:
    """Each is done once."""
    params: dict[str, Any] = {"command": "replica", "master_host": "10.0.0.9", "master_port": 6377}
    assert run(server, **params)["changed"]
    assert server.replicates() == ("10.0.0.9", "6377")
    assert not run(server, **params)["changed"]
    assert run(server, command="slave", slave_mode="master")["changed"]
    assert server.replicates() is None
    assert not run(server, command="replica", replica_mode="master")["changed"]


def test_one_database_or_all_are_flushed(server: StandIn) -> None:
    """That always changes."""
    assert run(server, command="flush", flush_mode="db", db=3)["db"] == 3
    assert server.heard[-2:] == [["SELECT", "3"], ["FLUSHDB"]]
    assert run(server, command="flush")["flushed"]
    assert server.heard[-1] == ["FLUSHALL"]


def test_what_the_server_refuses_is_said(server: StandIn) -> None:
    """A directive that is none, a value that is none."""
    unknown = run(server, command="config", name="nope", value="1")
    assert unknown["failed"]
    assert "nope is not a directive" in unknown["msg"]
    refused = run(server, command="config", name="maxclients", value="x")
    assert refused["msg"] == "unable to write config: ERR argument couldn't be parsed into an integer"


def test_one_logs_in_and_a_wrong_password_is_said_without_it(server: StandIn) -> None:
    """The password is not in the message."""
    server.password = "open"
    wrong = run(server, command="flush", login_password="sesame")
    assert wrong["msg"] == "unable to connect to database: WRONGPASS invalid"
    assert run(server, command="flush", login_user="me", login_password="open")["changed"]
    assert ["AUTH", "me", "open"] in server.heard
