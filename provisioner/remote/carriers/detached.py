"""Starts a request as a job of its own, which the worker, the link and the controller may leave: ``async``.

The job's state is a file in the user's ``~/.ansible_async`` with the content Ansible gives it, so that either can ask
for it. Three processes: the worker starts a keeper, which starts the job, ends it when its time is over, and writes.
"""

import json
import os
import random
import signal
import time
import traceback
from typing import Any, Callable, Dict, Mapping

Run = Callable[[], Dict[str, Any]]
LOOK_S = 0.05


def start(how: Mapping[str, Any], run: Run, worker: Any) -> Dict[str, Any]:
    """Start the job and return what Ansible tells of one that has begun."""
    folder = os.path.expandvars(os.path.expanduser(how.get("dir") or "~/.ansible_async"))
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        reading, writing = os.pipe()
        middle = os.fork()
    except OSError as error:
        return {"failed": True, "changed": False, "msg": "the job could not be started: %s" % error, "finished": 1}
    if not middle:
        _leave(how, folder, run, worker, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read().decode()
    os.waitpid(middle, 0)
    if not told.startswith("j"):
        return {"failed": True, "changed": False, "msg": told or "the job ended before it began", "finished": 1}
    return {"started": 1, "finished": 0, "changed": True, "failed": 0, "ansible_job_id": told,
            "results_file": os.path.join(folder, told)}  # fmt: skip


def _leave(how: Mapping[str, Any], folder: str, run: Run, worker: Any, writing: int) -> None:
    """Be the process between worker and keeper: end at once, so that the keeper belongs to nobody."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _keep(how, folder, run, worker, writing)
    finally:
        os._exit(1)


def _keep(how: Mapping[str, Any], folder: str, run: Run, worker: Any, writing: int) -> None:
    """Be the keeper: write that the job has begun, start it, wait for its end or for its time, write how it ended."""
    for name in ("SIGHUP", "SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    number = "j%d.%d" % (random.SystemRandom().randrange(10**12), os.getpid())
    path = os.path.join(folder, number)
    result: Dict[str, Any]
    try:
        _close_others(writing)
        worker.abandon()
        store(path, {"started": 1, "finished": 0, "ansible_job_id": number})
        reading, job_writes = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(writing)
            os.close(reading)
            _work(run, worker, job_writes)
    except OSError as error:
        os.write(writing, ("the job could not be started: %s" % error).encode())
        return
    os.close(job_writes)
    os.write(writing, number.encode())
    os.close(writing)
    result = _awaited(pid, reading, float(how.get("limit") or 0))
    result.setdefault("ansible_job_id", number)
    store(path, result)
    os._exit(0)


def _close_others(kept: int) -> None:
    """Close what was open in the worker, so that neither its link nor its helpers are held open from here."""
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else map(str, range(1024)):
        if int(name) > 2 and int(name) != kept:
            try:
                os.close(int(name))
            except OSError:
                continue  # the folder's own descriptor, or none


def _work(run: Run, worker: Any, job_writes: int) -> None:
    """Be the job."""
    try:
        os.setsid()
        result = run()
    except BaseException:  # noqa: BLE001 - the border of the job's process
        result = {"failed": True, "changed": False, "msg": "the job broke down", "exception": traceback.format_exc()}
    finally:
        worker.scratch.remove()
    with os.fdopen(job_writes, "wb") as stream:
        stream.write(json.dumps(result, default=str).encode("utf-8", "surrogatepass"))
    os._exit(0)


def _awaited(pid: int, reading: int, limit_s: float) -> Dict[str, Any]:
    """Return the job's result; where its time is over it is killed with everything it has started."""
    deadline = time.monotonic() + limit_s if limit_s else None
    os.set_blocking(reading, False)
    parts = []
    while True:
        part = _part(reading)
        if part:
            parts.append(part)
        elif part == b"":
            break
        elif deadline is not None and time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return {"failed": True, "finished": 1, "msg": "Timeout exceeded", "child_pid": pid}
        else:
            time.sleep(LOOK_S)
    status = os.waitpid(pid, 0)[1]
    try:
        result: Dict[str, Any] = json.loads(b"".join(parts).decode("utf-8", "surrogatepass"))
    except ValueError:
        return {"failed": True, "msg": "the job ended without a result (status %d)" % status}
    result.pop("_secrets", None)
    return result


def _part(reading: int) -> Any:
    """Return what the job has written, empty at its end, None where there is nothing yet."""
    try:
        return os.read(reading, 65536)
    except BlockingIOError:
        return None


def store(path: str, content: Mapping[str, Any]) -> None:
    """Write a job's state: the old one or the new one is there, never half of one."""
    beside = path + ".tmp"
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(content, stream)
    os.replace(beside, path)
