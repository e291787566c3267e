"""Sessions with a real worker on this machine: order, chains, bodies, output, death, reset, closing."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Queue

import pytest

from provisioner.diagnostics.errors import Lost, Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.links import Limits
from provisioner.transport.process_pipe import ProcessPipe
from provisioner.transport.sessions import Sessions
from tests.support.talk import PATIENCE_S, Talk, transport_threads

PYENV = Path("~/.pyenv/versions").expanduser()
INTERPRETERS = sorted(str(path) for path in PYENV.glob("3.*/bin/python"))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes() -> bytes:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout


def wait_until(condition: object, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def result_of(reply: Reply) -> dict[str, object]:
    assert reply.error is None, reply.error
    return dict(reply.result or {})


def test_a_worker_answers_and_says_what_it_is(talk: Talk) -> None:
    assert result_of(talk.ask(Request("ping", {})))["ping"] == "pong"
    facts = talk.session().facts
    assert facts is not None
    assert facts.uid == os.geteuid()
    assert facts.python[:2] >= (3, 6)
    assert facts.started_s > 0


def test_the_same_target_and_user_share_one_session(talk: Talk) -> None:
    assert talk.session() is talk.session()


def test_a_hundred_requests_sent_ahead_are_answered_in_order(talk: Talk) -> None:
    replies = talk.ask_all([Request("ping", {"data": str(number)}) for number in range(100)])
    assert [result_of(reply)["ping"] for reply in replies] == [str(number) for number in range(100)]


def test_a_failure_drops_the_rest_of_its_chain_and_nothing_else(talk: Talk) -> None:
    replies = talk.ask_all(
        [
            Request("ping", {"data": "crash"}, chain="c", link="1"),
            Request("ping", {}, chain="c", link="2"),
            Request("ping", {}, chain="other", link="2"),
            Request("ping", {}, chain="c", link="1"),
        ]
    )
    assert [reply.dropped for reply in replies] == [False, True, False, False]


def test_a_traceback_from_the_worker_shows_the_failing_line(talk: Talk) -> None:
    exception = str(result_of(talk.ask(Request("ping", {"data": "crash"})))["exception"])
    assert 'File "provisioner_remote/modules/ping.py"' in exception
    assert 'raise Exception("boom")' in exception


def test_an_unknown_module_is_a_failed_result_in_its_turn(talk: Talk) -> None:
    replies = talk.ask_all([Request("ping", {}), Request("no_such_module", {}), Request("ping", {})])
    assert [bool(result_of(reply).get("failed")) for reply in replies] == [False, True, False]
    assert "no_such_module" in str(result_of(replies[1])["msg"])


def test_parameters_that_are_no_json_fail_their_own_request_only(talk: Talk) -> None:
    replies = talk.ask_all([Request("ping", {"data": {(1, 2): 3}}), Request("ping", {})])
    assert "cannot be sent" in str(result_of(replies[0])["msg"])
    assert result_of(replies[1])["ping"] == "pong"


def test_what_a_module_prints_never_comes_between_frames(talk: Talk) -> None:
    for _ in range(3):
        assert talk.probe(out="noise\n" * 1000)["changed"] is True


def test_a_module_reads_nothing_from_the_protocols_input(talk: Talk) -> None:
    assert talk.probe()["stdin"] == ""


def test_standard_error_without_end_does_not_stall_the_worker(talk: Talk) -> None:
    assert talk.probe(err="x" * 3_000_000)["changed"] is True


def test_the_environment_of_a_request_is_its_own(talk: Talk) -> None:
    replies = talk.ask_all([Request("probe", {}, environment={"PROBE_WORD": "w"}), Request("probe", {})])
    assert [result_of(reply)["word"] for reply in replies] == ["w", ""]


def test_a_request_runs_in_the_folder_it_names_and_where_the_worker_may_go(talk: Talk, tmp_path: Path) -> None:
    asked = [Request("probe", {}, cwd=str(tmp_path)), Request("probe", {}, cwd=str(tmp_path / "none"))]
    assert [result_of(reply)["cwd"] for reply in talk.ask_all(asked)] == [str(tmp_path), str(tmp_path)]


def test_output_streams_while_the_module_runs(talk: Talk) -> None:
    heard: list[tuple[str, str]] = []
    replies: Queue[Reply] = Queue()
    talk.session().submit(Request("probe", {"emit": ["a", "b"]}), replies.put, lambda *part: heard.append(part))
    replies.get(timeout=PATIENCE_S)
    assert heard == [("stdout", "a"), ("stdout", "b")]


def test_bodies_travel_from_memory_and_from_a_file(talk: Talk, tmp_path: Path) -> None:
    large = os.urandom(20 * 1024 * 1024 + 3)
    source = tmp_path / "large"
    source.write_bytes(large)
    replies = talk.ask_all([Request("probe", {}, body=b"small"), Request("probe", {}, body=source)])
    assert result_of(replies[0])["sha1"] == hashlib.sha1(b"small").hexdigest()
    assert result_of(replies[1])["sha1"] == hashlib.sha1(large).hexdigest()


def test_a_body_file_that_is_not_there_fails_only_its_request(talk: Talk, tmp_path: Path) -> None:
    replies = talk.ask_all([Request("probe", {}, body=tmp_path / "none"), Request("ping", {})])
    assert "cannot be read on the controller" in str(result_of(replies[0])["msg"])
    assert result_of(replies[1])["ping"] == "pong"


def test_a_reply_body_comes_in_memory(talk: Talk) -> None:
    reply = talk.ask(Request("probe", {"attach": 1600}))
    assert reply.body == b"0123456789abcdef" * 100


def test_a_reply_body_goes_to_a_private_file(talk: Talk, tmp_path: Path) -> None:
    path = tmp_path / "fetched"
    size = 20 * 1024 * 1024
    reply = talk.ask(Request("probe", {"attach": size}, reply_path=path))
    assert reply.body == b""
    assert path.stat().st_size == size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_reply_body_that_cannot_be_stored_is_a_failed_result_and_the_session_lives(
    talk: Talk, tmp_path: Path
) -> None:
    reply = talk.ask(Request("probe", {"attach": 1024 * 1024}, reply_path=tmp_path / "no" / "file"))
    assert "cannot be written on the controller" in str(result_of(reply)["msg"])
    assert result_of(talk.ask(Request("ping", {})))["ping"] == "pong"


def test_a_killed_worker_loses_what_was_written_and_later_requests_are_unreachable(talk: Talk) -> None:
    pid = int(talk.probe()["pid"])
    replies = talk.send([Request("probe", {"sleep": 20}), Request("ping", {})])
    time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    errors = [replies.get(timeout=PATIENCE_S).error for _ in range(2)]
    assert all(isinstance(error, Lost) for error in errors)
    assert "signal 9" in str(errors[0])
    later = talk.ask(Request("ping", {})).error
    assert isinstance(later, Unreachable)


def test_a_reset_starts_a_new_worker(talk: Talk) -> None:
    before = talk.probe()["pid"]
    talk.sessions.reset("here")
    assert talk.probe()["pid"] != before


def test_a_reset_helps_after_a_worker_died(talk: Talk) -> None:
    os.kill(int(talk.probe()["pid"]), signal.SIGKILL)
    wait_until(lambda: talk.ask(Request("ping", {})).error, "the death was not noticed")
    talk.sessions.reset("here")
    assert result_of(talk.ask(Request("ping", {})))["ping"] == "pong"


def test_the_idle_worker_of_one_user_can_be_ended_alone(talk: Talk, tmp_path: Path) -> None:
    program = tmp_path / "sudo"
    program.write_text('#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n')
    program.chmod(0o755)
    ann, bob = (Become(name, exe=str(program)) for name in ("ann", "bob"))
    before = [talk.probe(become)["pid"] for become in (None, ann, bob)]
    talk.sessions.reset("here", "ann")
    wait_until(lambda: not Path(f"/proc/{before[1]}/cwd").exists(), "the worker of ann is still there")
    after = [talk.probe(become)["pid"] for become in (None, ann, bob)]
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] != before[1]


def test_a_busy_worker_is_not_ended_for_its_user(talk: Talk, tmp_path: Path) -> None:
    program = tmp_path / "sudo"
    program.write_text('#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n')
    program.chmod(0o755)
    ann = Become("ann", exe=str(program))
    replies = talk.send([Request("probe", {"sleep": 0.5})], ann)
    talk.sessions.reset("here", "ann")
    assert replies.get(timeout=30).error is None


def test_a_reset_of_another_host_changes_nothing(talk: Talk) -> None:
    before = talk.probe()["pid"]
    talk.sessions.reset("elsewhere")
    assert talk.probe()["pid"] == before


def test_closing_ends_a_busy_worker_and_answers_everything(sources: ModuleSources, here: Target) -> None:
    talk = Talk(sources, here, Limits(close_s=4.0))
    pid = int(talk.probe()["pid"])
    replies = talk.send([Request("probe", {"sleep": 60}), Request("ping", {})])
    time.sleep(0.1)
    began = time.monotonic()
    talk.sessions.close()
    assert time.monotonic() - began < 9
    assert [type(replies.get(timeout=1).error) for _ in range(2)] == [Lost, Lost]
    wait_until(lambda: not is_running(pid), "the worker ended")
    assert transport_threads() == []


def test_closing_while_connecting_is_quick_and_answers(sources: ModuleSources, here: Target) -> None:
    talk = Talk(sources, here)
    replies = talk.send([Request("ping", {})])
    talk.sessions.close()
    reply = replies.get(timeout=1)
    assert reply.result or isinstance(reply.error, Unreachable)
    assert transport_threads() == []


def test_after_closing_requests_are_refused(sources: ModuleSources, here: Target) -> None:
    talk = Talk(sources, here)
    session = talk.session()
    talk.sessions.close()
    replies: Queue[Reply] = Queue()
    session.submit(Request("ping", {}), replies.put)
    assert isinstance(replies.get(timeout=1).error, Unreachable)
    with pytest.raises(Unreachable, match="run is over"):
        talk.session(target=Target("new", connection="local"))


def test_the_worker_finishes_its_request_but_not_its_queue_when_the_controller_is_gone(
    sources: ModuleSources, here: Target, tmp_path: Path
) -> None:
    talk = Talk(sources, here, Limits(close_s=5.0))
    talk.probe()
    talk.send([Request("probe", {"sleep": 0.5, "touch": str(tmp_path / "current")})])
    talk.send([Request("probe", {"touch": str(tmp_path / "queued")})])
    time.sleep(0.1)
    talk.sessions.close()
    assert [path.name for path in tmp_path.iterdir()] == ["current"]


ABRUPT = """
import os, sys
from queue import Queue
from provisioner.model.call import Request
from provisioner.model.target import Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.sessions import Sessions
session = Sessions(ModuleSources()).session(Target("here", connection="local", python=sys.executable))
replies = Queue()
session.submit(Request("ping", {}), replies.put)
replies.get()
print(session.facts.pid, flush=True)
os._exit(1)
"""


def test_a_controller_that_dies_leaves_no_worker_behind() -> None:
    done = subprocess.run([sys.executable, "-c", ABRUPT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    wait_until(lambda: not is_running(int(done.stdout)), "the worker stayed")


@pytest.mark.parametrize("python", INTERPRETERS)
def test_every_interpreter_from_3_6_on_serves(python: str, talk: Talk) -> None:
    target = Target("here", connection="local", python=python)
    replies = talk.ask_all([Request("ping", {}), Request("probe", {"attach": 32}, body=b"x")], target=target)
    assert result_of(replies[0])["ping"] == "pong"
    assert len(replies[1].body) == 32


def test_there_are_old_interpreters_to_test_with() -> None:
    assert INTERPRETERS, f"no interpreter lies below {PYENV}"


def test_no_usable_python_is_told_with_what_there_is(talk: Talk, tmp_path: Path) -> None:
    old = tmp_path / "python2"
    old.write_text('#!/bin/sh\ncase $1 in -V) echo "Python 2.7.18" >&2;; *) exit 2;; esac\n')
    old.chmod(0o755)
    error = talk.ask(Request("ping", {}), target=Target("here", connection="local", python=str(old))).error
    assert isinstance(error, Unreachable)
    assert "no Python 3.6 or newer" in str(error)
    assert "Python 2.7.18" in str(error)
    assert "ansible_python_interpreter" in str(error)


def test_a_python_path_that_a_shell_would_take_apart_is_refused(talk: Talk) -> None:
    error = talk.ask(Request("ping", {}), target=Target("here", connection="local", python="p$(id)")).error
    assert "no path of an interpreter" in str(error)


def test_an_unknown_connection_type_names_those_there_are(talk: Talk) -> None:
    error = talk.ask(Request("ping", {}), target=Target("here", connection="pigeon")).error
    assert isinstance(error, Unreachable)
    assert "pigeon" in str(error)
    assert "openssh" in str(error)


def test_an_unknown_become_method_names_those_there_are(talk: Talk) -> None:
    error = talk.ask(Request("ping", {}), Become(method="magic")).error
    assert "sudo, su, doas" in str(error)


def test_raw_runs_without_a_worker_in_order(talk: Talk) -> None:
    replies: Queue[Reply] = Queue()
    for number in range(3):
        talk.sessions.raw(talk.target, None, f"echo {number}; echo e >&2; exit {number}", replies.put)
    results = [result_of(replies.get(timeout=PATIENCE_S)) for _ in range(3)]
    assert results == [{"rc": n, "stdout": f"{n}\n", "stderr": "e\n"} for n in range(3)]


def test_raw_gives_standard_input_and_streams_output(talk: Talk) -> None:
    heard: list[str] = []
    replies: Queue[Reply] = Queue()
    talk.sessions.raw(talk.target, None, "cat", replies.put, lambda _stream, text: heard.append(text), b"given")
    assert result_of(replies.get(timeout=PATIENCE_S))["stdout"] == "given"
    assert heard == ["given"]


def test_closing_ends_a_raw_command(sources: ModuleSources, here: Target) -> None:
    sessions = Sessions(sources, Limits(close_s=4.0))
    replies: Queue[Reply] = Queue()
    sessions.raw(here, None, "sleep 61.25", replies.put)
    wait_until(lambda: b"sleep 61.25" in processes(), "did not start")
    sessions.close()
    assert isinstance(replies.get(timeout=1).error, Lost)
    assert b"sleep 61.25" not in processes()
    assert [name for name in threading.enumerate() if name.name.startswith("raw")] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_of_ours_leaves_nobody_waiting(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(self: ProcessPipe) -> None:
        self.close()
        raise EOFError("not foreseen")

    monkeypatch.setattr(ProcessPipe, "finish", defective)
    reply = talk.ask(Request("probe", {"sleep": 0.01}))
    assert reply.result is not None
    talk.session().cut()
    assert isinstance(talk.ask(Request("probe", {})).error, (Lost, Unreachable))
    assert isinstance(talk.ask(Request("probe", {})).error, Unreachable)
