"""Links that break, hosts that hang, many sessions at once."""

from __future__ import annotations

import time
from queue import Queue

import pytest

from provisioner.diagnostics.errors import Lost, Unreachable
from provisioner.lab.lab import Lab
from provisioner.model.call import Reply, Request
from tests.integration.transport.conftest import MakeTarget
from tests.support.talk import PATIENCE_S, Talk

pytestmark = pytest.mark.hosts
BOTH = pytest.mark.parametrize("connection", ["ssh", "openssh"])


@BOTH
def test_a_cut_cable_is_noticed_mid_request_and_a_reset_reconnects(
    connection: str, talk: Talk, target: MakeTarget, lab: Lab
) -> None:
    talk.target = target(connection, host="two", keepalive_s=1.0)
    talk.probe()
    replies = talk.send([Request("probe", {"sleep": 60})])
    lab.cut("two")
    try:
        began = time.monotonic()
        assert isinstance(replies.get(timeout=PATIENCE_S).error, Lost)
        assert time.monotonic() - began < 150
        assert isinstance(talk.ask(Request("ping", {})).error, Unreachable)
    finally:
        lab.heal("two")
    talk.sessions.reset("two")
    assert talk.probe()["changed"] is True


@BOTH
def test_closing_is_bounded_when_the_cable_is_cut(connection: str, talk: Talk, target: MakeTarget, lab: Lab) -> None:
    talk.target = target(connection, host="two")
    talk.probe()
    lab.cut("two")
    try:
        began = time.monotonic()
        talk.sessions.close()
        assert time.monotonic() - began < 150
    finally:
        lab.heal("two")


def test_a_login_under_way_is_given_up_at_once_when_closing(talk: Talk, target: MakeTarget, lab: Lab) -> None:
    lab.cut("two")
    try:
        replies = talk.send([Request("ping", {})], target=target(host="two", connect_timeout_s=60.0))
        time.sleep(0.3)
        began = time.monotonic()
        talk.sessions.close()
        assert time.monotonic() - began < 15
        assert isinstance(replies.get(timeout=10).error, Unreachable)
    finally:
        lab.heal("two")


def test_fifty_sessions_at_once_all_answer(talk: Talk, target: MakeTarget) -> None:
    replies: Queue[Reply] = Queue()
    for number in range(50):
        host = ("one", "two")[number % 2]
        way = target(host=host, python=f"/usr/bin{'/.' * (number // 2)}/python3")
        talk.session(target=way).submit(Request("ping", {}), replies.put)
    answers = [replies.get(timeout=PATIENCE_S) for _ in range(50)]
    assert [answer.error for answer in answers] == [None] * 50


def test_two_users_share_one_connection(talk: Talk, target: MakeTarget) -> None:
    talk.target = target(user="ops")
    assert talk.probe()["changed"] is True
    before = int(str((talk.raw("pgrep -cx sshd").result or {})["stdout"]))
    assert talk.raw("pgrep -cx sshd").error is None
    after = int(str((talk.raw("pgrep -cx sshd").result or {})["stdout"]))
    assert after == before
