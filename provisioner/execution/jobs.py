"""``async``: a task as a job of its own on its host, and waiting for it with ``poll``."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Call, Need, Polled, ResetConnection, Result, Sleep, Steps, Together
from provisioner.execution.task_run import ActionCall
from provisioner.records import dataclass

FOLDER = "~/.ansible_async"
FIRST_LOOK_S = 0.05
"""When a job is first looked at; each later look takes twice as long, up to ``poll``: short jobs end soon."""
GRACE_S = 2
LONGEST_S = 86_400
SLOWEST_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """How long a job may take, how often to look at it (0: not at all), and where its state file is."""

    limit_s: int
    poll_s: float
    folder: str


def asked(call: ActionCall) -> Job | None:
    """Return the job a task is to be; None where it is none."""
    task = call.run.task
    limit = _number(call, task.async_s, "async")
    if limit <= 0:
        return None
    return Job(int(limit), _number(call, task.poll_s, "poll"), _folder(call))


def _folder(call: ActionCall) -> str:
    found = call.scope.find("ansible_async_dir")
    return FOLDER if found is None else str(call.renderer.variable("ansible_async_dir", call.scope))


def _number(call: ActionCall, written: object, keyword: str) -> float:
    value = call.renderer.render(written, call.scope)
    try:
        return float(str(value or 0))
    except ValueError:
        where = call.run.operation.position
        raise InputError.at(where, f"'{keyword}' is a number of seconds, not '{value}'") from None


def run(call: ActionCall, made: Call, job: Job) -> Steps:
    """Start the job; where it is polled, wait for its end and return its result."""
    grace = GRACE_S if job.poll_s > 0 else 0  # who waits is to say that time is over, not the job's keeper
    detach = {"limit": job.limit_s + grace, "dir": job.folder}
    started = result_of((yield replace(made, request=replace(made.request, detach=detach), last=job.poll_s <= 0)))
    if job.poll_s <= 0 or started.get("failed"):
        return started
    number = str(started.get("ansible_job_id", ""))
    result, told = yield from _awaited(call, number, job)
    if result is None:
        yield Polled(number, "FAILED", told)
        message = f"async task did not complete within the requested time - {job.limit_s}s"
        return {"failed": True, "changed": False, "msg": message, "async_result": told}
    yield Polled(number, "FAILED" if result.get("failed") else "OK", result)
    yield _look(call, number, job, mode="cleanup")
    return result


def _awaited(call: ActionCall, number: str, job: Job) -> Generator[Need, Any, tuple[Result | None, Result]]:
    """Look at the job until it has ended or its time is over; a lost contact is made again: the job goes on."""
    waited, told_at, step = 0.0, job.poll_s, min(FIRST_LOOK_S, job.poll_s)
    state: Result = {"ansible_job_id": number, "started": 1, "finished": 0}
    while waited < job.limit_s:
        yield Sleep(step)
        waited += step
        reply = yield _look(call, number, job)
        if reply.error is not None:
            yield ResetConnection(call.resolved.route.target.host)
        else:
            state = result_of(reply)
            if state.get("finished") == 1:
                return state, state
        if waited >= told_at:
            yield Polled(number, "POLL", state)
            told_at += job.poll_s
        step = max(min(step * 2, told_at - waited, job.limit_s - waited), FIRST_LOOK_S)
    return None, state


def side_by_side(call: ActionCall, made: Mapping[str, Call], limit_s: int = 0) -> Steps:
    """Run calls of modules at the same time, each as a job; return what came of each under its name.

    What is not at its end within ``limit_s`` has failed; 0 is no limit.
    """
    job = Job(limit_s or LONGEST_S, SLOWEST_LOOK_S, _folder(call))
    detach = {"limit": job.limit_s + GRACE_S, "dir": job.folder}
    begun = [replace(each, request=replace(each.request, detach=detach, stop_chain=False)) for each in made.values()]
    started = [result_of(reply) for reply in (yield Together(tuple(begun)))]
    ended = {name: result for name, result in zip(made, started, strict=True) if "ansible_job_id" not in result}
    running = {name: str(result["ansible_job_id"]) for name, result in zip(made, started, strict=True)
               if name not in ended}  # fmt: skip
    waited, step = 0.0, FIRST_LOOK_S
    while running:
        yield Sleep(step)
        waited += step
        for name, number in list(running.items()):
            state = result_of((yield _look(call, number, job)))
            if state.get("finished") == 1:
                yield _look(call, number, job, mode="cleanup")
            elif waited >= job.limit_s:
                state = {"failed": True, "changed": False, "msg": "Timeout exceeded", "ansible_job_id": number}
            else:
                continue
            ended[name] = state
            del running[name]
        step = max(FIRST_LOOK_S, min(step * 2, SLOWEST_LOOK_S, job.limit_s - waited))
    return {name: ended[name] for name in made}


def _look(call: ActionCall, number: str, job: Job, mode: str = "status") -> Call:
    params = {"jid": number, "mode": mode, "_async_dir": job.folder}
    made = call.remote("async_status", params, last=False)
    return replace(made, request=replace(made.request, check=False, stop_chain=False, environment={}))
