"""async and poll: started, looked at, given up; what is sent and what is told."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.diagnostics.errors import InputError, Lost
from provisioner.model import event
from tests.support.theatre import Theatre

STARTED = {"started": 1, "finished": 0, "changed": True, "failed": 0, "ansible_job_id": "j1.2", "results_file": "/r"}
GOING = {"started": 1, "finished": 0, "ansible_job_id": "j1.2", "changed": False}
ENDED = {"started": 1, "finished": 1, "ansible_job_id": "j1.2", "changed": True, "stdout": "done", "rc": 0}


def play(tasks: str) -> str:
    return f"- hosts: h1\n  gather_facts: false\n  tasks:\n{tasks}"


def job(*looks: Any) -> Any:
    """Answer the start of a job, then these in turn, the last one for ever."""
    left = list(looks)

    def answer(_host: str, request: Any) -> Any:
        if request.module != "async_status":
            return STARTED if request.detach else {"changed": True}
        if request.params.get("mode") == "cleanup":
            return {"changed": False}
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def test_a_job_that_nobody_waits_for_is_started_and_its_number_registered(theatre: Theatre) -> None:
    theatre.script = job(ENDED)
    theatre.run(
        play("  - {name: a, command: x, async: 30, poll: 0, register: r}\n  - debug: {msg: '{{ r.ansible_job_id }}'}\n")
    )
    assert theatre.said() == ["j1.2"]
    ((_, request),) = theatre.sessions.ran
    assert request.detach == {"limit": 30, "dir": "~/.ansible_async"}


def test_a_job_that_is_waited_for_gives_its_own_result_and_is_cleaned_up(theatre: Theatre) -> None:
    theatre.script = job(GOING, GOING, ENDED)
    theatre.run(play("  - {name: a, command: x, async: 30, poll: 2}\n"))
    assert theatre.result("a")["stdout"] == "done"
    modes = [request.params.get("mode") for _, request in theatre.sessions.ran]
    assert modes == [None, "status", "status", "status", "cleanup"]
    told = [each.text for each in theatre.recorder.of(event.Noted) if each.severity == "job"]
    assert told == ["ASYNC OK on h1: jid=j1.2"]


def test_looking_is_told_once_in_an_interval(theatre: Theatre) -> None:
    theatre.script = job(*[GOING] * 10, {**ENDED, "failed": True})
    theatre.run(play("  - {name: a, command: x, async: 90, poll: 1, ignore_errors: true}\n"))
    told = [each.text for each in theatre.recorder.of(event.Noted) if each.severity == "job"]
    assert told[0] == "ASYNC POLL on h1: jid=j1.2 started=1 finished=0"
    assert told[-1] == "ASYNC FAILED on h1: jid=j1.2"
    assert len(told) < 9


def test_a_job_that_takes_too_long_fails_with_what_was_last_known(theatre: Theatre) -> None:
    theatre.script = job(GOING)
    theatre.run(play("  - {name: a, command: x, async: 3, poll: 1, register: r, ignore_errors: true}\n"))
    result = theatre.result("a")
    assert result["msg"] == "async task did not complete within the requested time - 3s"
    assert result["async_result"]["finished"] == 0


def test_a_lost_contact_does_not_end_the_waiting(theatre: Theatre) -> None:
    theatre.script = job(Lost("contact was lost"), ENDED)
    theatre.run(play("  - {name: a, command: x, async: 30, poll: 2}\n"))
    assert theatre.on("h1") == ["a changed"]
    assert theatre.sessions.resets == ["h1"]


def test_items_of_a_loop_are_jobs_of_their_own(theatre: Theatre) -> None:
    theatre.script = job(ENDED)
    theatre.run(play("  - {name: a, command: '{{ item }}', async: 30, poll: 0, loop: [x, y]}\n"))
    assert [request.detach is not None for _, request in theatre.sessions.ran] == [True, True]


def test_the_folder_of_state_files_is_a_variable(theatre: Theatre) -> None:
    theatre.script = job(ENDED)
    tasks = "  - {name: a, command: x, async: 9, poll: 1, vars: {ansible_async_dir: /var/jobs}}\n"
    theatre.run(play(tasks + "  - {name: b, async_status: {jid: j1.2}, vars: {ansible_async_dir: /var/jobs}}\n"))
    sent = [request for _, request in theatre.sessions.ran]
    assert sent[0].detach["dir"] == "/var/jobs"
    assert {request.params["_async_dir"] for request in sent[1:]} == {"/var/jobs"}


def test_looking_is_never_in_check_mode_but_the_job_is(theatre: Theatre) -> None:
    theatre.script = job(ENDED)
    theatre.run(play("  - {name: a, command: x, async: 9, poll: 1}\n"), check=True)
    assert [request.check for _, request in theatre.sessions.ran] == [True, False, False]


def test_what_works_from_the_controller_cannot_be_a_job(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, copy: {content: x, dest: /x}, async: 9, poll: 0, ignore_errors: true}\n"))
    assert theatre.result("a")["msg"] == "This action (copy) does not support async."


@pytest.mark.parametrize("kind", ["include_tasks: x.yml", "include_role: {name: r}"])
def test_an_include_cannot_be_a_job(theatre: Theatre, kind: str) -> None:
    with pytest.raises(InputError, match="async"):
        theatre.run(play(f"  - {{{kind}, async: 9}}\n"), {"x.yml": "[]", "roles/r/tasks/main.yml": "[]"})


def test_a_limit_that_is_no_number_fails_the_task(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: x, async: '{{ w }}', vars: {w: soon}, ignore_errors: true}\n"))
    assert "'async' is a number of seconds, not 'soon'" in theatre.result("a")["msg"]
