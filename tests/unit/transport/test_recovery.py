"""Contact that is lost is sought again, and every operation is done exactly once or said to be unknown."""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest

from provisioner.diagnostics.errors import Lost, Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.identity import Identity
from provisioner.transport.links import Limits
from tests.support.talk import PATIENCE_S, Talk, transport_threads


@pytest.fixture(name="identity")
def a_run() -> Identity:
    run = f"test-{uuid.uuid4().hex[:8]}"
    return Identity(run, run, "me@here", "a test", 1.0, reconnect_s=25.0, seal=b"s" * 32)


@pytest.fixture(name="talk")
def sessions_that_recover(sources: ModuleSources, here: Target, identity: Identity, tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(sources, here, Limits(close_s=3.0), identity)
    yield talk
    talk.sessions.close()
    assert transport_threads() == []


def probe(key: str, **params: object) -> Request:
    return Request("probe", params, op=key, chain="c", link=key)


def until_there(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.01)


def logs_of(identity: Identity) -> list[Path]:
    return list((Path.home() / ".provisioner").glob(f"{identity.record}-*"))


def counting(path: Path, before: float, after: float = 0.0) -> str:
    """Return a command line that leaves a trace each time it is run."""
    return f"echo run >> {path}; touch {path}.begun; sleep {before}; echo done; sleep {after}"


def shell(key: str, line: str) -> Request:
    return Request("shell", {"_raw_params": line}, op=key, chain="c", link=key)


def test_an_operation_under_way_when_the_pipe_breaks_is_heard_of_all_the_same(talk: Talk, tmp_path: Path) -> None:
    count = tmp_path / "count"
    replies = talk.send([shell("a", counting(count, 1.0)), shell("b", "echo b")])
    until_there(tmp_path / "count.begun")
    talk.session().cut()  # type: ignore[attr-defined]
    first, second = replies.get(timeout=PATIENCE_S), replies.get(timeout=PATIENCE_S)
    assert first.error is None, first.error
    assert first.result is not None
    assert first.result["stdout"] == "done"
    assert second.result is not None
    assert second.result["stdout"] == "b"
    assert count.read_text() == "run\n", "it was run once"
    assert any("connecting again" in text for text in talk.notices)


def test_a_worker_killed_in_the_middle_leaves_an_unknown_outcome_and_nothing_behind_it_is_run(
    talk: Talk, tmp_path: Path
) -> None:
    behind = tmp_path / "behind"
    talk.ask(Request("ping", {}))
    facts = talk.session().facts
    assert facts is not None
    replies = talk.send([shell("a", counting(tmp_path / "count", 30)), shell("b", f"touch {behind}")])
    until_there(tmp_path / "count.begun")
    os.kill(facts.pid, signal.SIGKILL)
    first, second = replies.get(timeout=PATIENCE_S), replies.get(timeout=PATIENCE_S)
    assert isinstance(first.error, Lost)
    assert "ended in the middle of it" in str(first.error)
    assert second.dropped
    assert not behind.exists()


def test_what_may_be_run_twice_is_run_again_after_its_worker_was_killed(talk: Talk, tmp_path: Path) -> None:
    talk.ask(Request("ping", {}))
    facts = talk.session().facts
    assert facts is not None
    wait = Request("wait_for", {"path": str(tmp_path / "comes"), "timeout": 20}, op="w")
    replies: Queue[Reply] = talk.send([wait])
    deadline = time.monotonic() + PATIENCE_S
    while not any('"op":"w"' in log.read_text() for log in logs_of(_identity(talk))):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(facts.pid, signal.SIGKILL)
    (tmp_path / "comes").touch()
    reply = replies.get(timeout=PATIENCE_S)
    assert reply.error is None, reply.error
    assert reply.result is not None
    assert not reply.result.get("failed")


def test_a_chain_that_a_failure_broke_stays_broken_for_the_next_worker(talk: Talk, tmp_path: Path) -> None:
    failed = talk.ask(shell("a", "exit 3"))
    assert failed.result is not None
    assert failed.result["rc"] == 3
    talk.session().cut()  # type: ignore[attr-defined]
    assert talk.ask(shell("b", f"touch {tmp_path / 'b'}")).dropped
    assert not (tmp_path / "b").exists()


def test_a_key_asked_again_is_answered_from_the_record(talk: Talk, tmp_path: Path) -> None:
    line = f"echo run >> {tmp_path / 'count'}; wc -l < {tmp_path / 'count'}"
    answers = talk.ask_all([shell("a", line), shell("a", line)])
    assert [reply.result["stdout"] for reply in answers if reply.result] == ["1", "1"]


def test_a_secret_result_is_not_written_on_the_host(talk: Talk, identity: Identity) -> None:
    request = Request("shell", {"_raw_params": "echo swordfish"}, op="a", secret=True)
    first = talk.ask(request)
    assert first.result is not None
    assert first.result["stdout"] == "swordfish"
    (log,) = logs_of(identity)
    assert "swordfish" not in log.read_text()
    again = talk.ask(request)
    assert again.result is not None
    assert again.result["stdout"] == "swordfish"


def test_a_secret_result_is_not_opened_for_another_controller(
    sources: ModuleSources, here: Target, identity: Identity
) -> None:
    request = Request("shell", {"_raw_params": "echo swordfish"}, op="a", secret=True)
    first = Talk(sources, here, Limits(close_s=3.0), identity)
    first.ask(request)
    other = Talk(sources, here, Limits(close_s=3.0), replace(identity, seal=b"another"))
    heard = other.ask(request)
    for talk in (first, other):
        talk.sessions.close()
    assert heard.result is not None
    assert heard.result["rc"] == 0
    assert "stdout" not in heard.result


def test_a_run_that_ends_well_leaves_no_record(sources: ModuleSources, here: Target, identity: Identity) -> None:
    talk = Talk(sources, here, Limits(close_s=3.0), identity)
    talk.ask(shell("a", "true"))
    assert logs_of(identity)
    talk.sessions.close()
    assert not logs_of(identity)


def test_contact_that_is_not_found_again_is_lost_for_what_was_out_and_out_of_reach_for_the_rest(
    sources: ModuleSources, here: Target, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Talk(sources, here, Limits(close_s=3.0), Identity(identity.run, identity.record, reconnect_s=1.0))
    replies = talk.send([shell("a", counting(tmp_path / "count", 3.0))])
    until_there(tmp_path / "count.begun")
    monkeypatch.setattr("provisioner.transport.bootstrap.script", _refuses)
    session = talk.session()
    session.cut()  # type: ignore[attr-defined]
    first = replies.get(timeout=PATIENCE_S)
    assert isinstance(first.error, Lost)
    assert "not found again in 1 s" in str(first.error)
    assert isinstance(talk.ask(shell("b", "true")).error, Unreachable)
    talk.sessions.close()


def _refuses(*_given: object, **_named: object) -> str:
    return "exit 9"


def _identity(talk: Talk) -> Identity:
    identity = talk.sessions._identity
    assert identity is not None
    return identity


def test_a_worker_that_another_took_the_record_from_ends_and_is_sought_again(
    sources: ModuleSources, here: Target, identity: Identity
) -> None:
    first, second = (Talk(sources, here, Limits(close_s=3.0), identity) for _ in range(2))
    assert first.ask(shell("a", "echo 1")).error is None
    assert second.ask(shell("b", "echo 2")).error is None
    taken_back = first.ask(shell("c", "echo 3"))
    for talk in (first, second):
        talk.sessions.close()
    assert taken_back.result is not None
    assert taken_back.result["stdout"] == "3"


def test_what_a_command_says_while_contact_is_lost_is_heard_afterwards_and_goes_on_live(
    talk: Talk, tmp_path: Path
) -> None:
    heard: list[tuple[float, str]] = []
    replies: Queue[Reply] = Queue()
    line = f"for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line-$n; touch {tmp_path}/line-$n; sleep 0.3; done"
    talk.session().submit(shell("a", line), replies.put, lambda _stream, text: heard.append((time.monotonic(), text)))
    until_there(tmp_path / "line-8")
    talk.session().cut()  # type: ignore[attr-defined]
    reply = replies.get(timeout=PATIENCE_S)
    assert reply.result is not None, reply.error
    text = "".join(each for _, each in heard)
    assert text.split() == [f"line-{n}" for n in range(1, len(text.split()) + 1)], "nothing twice, nothing left out"
    assert "line-12" in text
    assert len({round(at, 1) for at, each in heard if "line-1" in each}) > 1, "not all at the end"


def test_what_is_secret_is_not_kept_while_it_is_said(talk: Talk, tmp_path: Path, identity: Identity) -> None:
    line = f"echo swordfish; touch {tmp_path}/said; sleep 1.2; echo swordfish; sleep 0.3; echo end"
    replies = talk.send([replace(shell("a", line), secret=True)])
    until_there(tmp_path / "said")
    talk.session().cut()  # type: ignore[attr-defined]
    reply = replies.get(timeout=PATIENCE_S)
    assert reply.result is not None
    assert all(b"swordfish" not in path.read_bytes() for path in logs_of(identity))


def test_a_host_whose_python_is_gone_is_not_sought_until_the_time_is_over(
    sources: ModuleSources, identity: Identity, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    here = Target("here", connection="local", python=str(python))
    talk = Talk(sources, here, Limits(close_s=3.0), identity)
    try:
        assert talk.ask(probe("a")).result is not None
        python.unlink()
        began = time.monotonic()
        talk.session().cut()  # type: ignore[attr-defined]
        error = talk.ask(probe("b")).error
        assert "no Python 3.6 or newer" in str(error)
        assert time.monotonic() - began < identity.reconnect_s / 2
    finally:
        talk.sessions.close()
