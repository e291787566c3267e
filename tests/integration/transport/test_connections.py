"""The connection suite: what every connection type must do, on real hosts."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Lost
from provisioner.model.call import Request
from tests.integration.transport.conftest import MakeTarget
from tests.support.talk import PATIENCE_S, Talk

pytestmark = [pytest.mark.hosts, pytest.mark.parametrize("connection", ["ssh", "openssh", "local"])]


@pytest.fixture(autouse=True)
def talk_by_that_connection(connection: str, talk: Talk, target: MakeTarget) -> None:
    if connection == "local" and not Path("/usr/bin/python3").exists():
        pytest.fail("the local connection is tested with /usr/bin/python3, which is not here")
    talk.target = target(connection)


def test_ping_is_answered(talk: Talk) -> None:
    reply = talk.ask(Request("ping", {}))
    assert reply.result is not None, reply.error
    assert reply.result["ping"] == "pong"
    facts = talk.session().facts
    assert facts is not None
    assert facts.uid == 0
    assert facts.boot_id


def test_requests_sent_ahead_keep_their_order(talk: Talk) -> None:
    replies = talk.ask_all([Request("ping", {"data": str(number)}) for number in range(200)])
    assert [(reply.result or {})["ping"] for reply in replies] == [str(number) for number in range(200)]


def test_twenty_megabytes_go_there_and_come_back(talk: Talk, tmp_path: Path) -> None:
    source = tmp_path / "up"
    source.write_bytes(os.urandom(20 * 1024 * 1024))
    up = talk.ask(Request("probe", {}, body=source))
    assert (up.result or {})["sha1"] == hashlib.sha1(source.read_bytes()).hexdigest()
    down = talk.ask(Request("probe", {"attach": 20 * 1024 * 1024}, reply_path=tmp_path / "down"))
    assert down.error is None
    assert (tmp_path / "down").read_bytes() == b"0123456789abcdef" * (20 * 1024 * 64)


def test_three_megabytes_of_standard_error_do_not_stall(talk: Talk) -> None:
    assert talk.probe(err="x" * 3_000_000)["changed"] is True


def test_a_killed_worker_is_lost_mid_request_and_back_after_a_reset(talk: Talk) -> None:
    pid = talk.probe()["pid"]
    replies = talk.send([Request("probe", {"sleep": 30})])
    time.sleep(0.2)
    began = time.monotonic()
    assert (talk.raw(f"kill -9 {pid}").result or {})["rc"] == 0
    assert isinstance(replies.get(timeout=PATIENCE_S).error, Lost)
    assert time.monotonic() - began < 20
    talk.sessions.reset(talk.target.host)
    assert talk.probe()["pid"] != pid


def test_raw_tells_status_and_both_outputs(talk: Talk) -> None:
    reply = talk.raw("cat; echo wrong >&2; exit 9", stdin=b"in")
    assert dict(reply.result or {}) == {"rc": 9, "stdout": "in", "stderr": "wrong\n"}


def test_an_interpreter_that_is_not_there_is_told_with_what_there_is(
    talk: Talk, connection: str, target: MakeTarget
) -> None:
    wrong = target(connection, python="/usr/bin/python9") if connection != "local" else None
    if wrong is None:
        wrong = type(talk.target)("one", connection="local", python="/usr/bin/python9")
    error = talk.ask(Request("ping", {}), target=wrong).error
    assert "no Python 3.6 or newer" in str(error)
    assert "Python 3." in str(error)


def test_the_worker_is_gone_after_closing(talk: Talk, sources: object, target: MakeTarget) -> None:
    listing = "ls -d /tmp/provisioner-* 2>/dev/null | grep -v ask"
    before = str((talk.raw(listing).result or {})["stdout"])
    pid = talk.probe()["pid"]
    talk.sessions.close()
    fresh = Talk(sources, talk.target)  # type: ignore[arg-type] # the fixture gives sources
    deadline = time.monotonic() + 30
    while (gone := fresh.raw(f"kill -0 {pid}").result or {})["rc"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert gone["rc"] != 0
    left = str((fresh.raw(listing).result or {})["stdout"])
    fresh.sessions.close()
    assert talk.target.connection == "local" or left == before
