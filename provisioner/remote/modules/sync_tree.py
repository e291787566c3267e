"""Copy directories between two hosts with rsync, from one to the other and not through the controller.

Runs on the host that ``transfer_key`` made the key on. ``pull`` fetches. ``take`` says that from now on this host's
copy is the one that counts: nothing is fetched any more. ``push`` says so, too, and brings the other's copy in step.
``return`` pushes a last time and lets the other's copy count again; where nothing was taken it does nothing.
``connect`` only sees that the other host can be reached, ``compare`` fails where a pass would find anything to do.
"""

import fcntl
import os
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from .. import copying, tar_passes
from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System
from ..system.commands import Completed
from ..system.patterns import options as pattern_options
from ..transfers import Transfer, TransferParameters, Tree, hang_up, own_folder, transfer, trees_of

TRAITS = Traits(predictable="partly", reach="others", settles=False)
WAIT_S = (0.2, 2.0, 10.0, 30.0)
LAST_WORDS = 2000
LOOK_S = 0.1
DIRECTIONS = ("pull", "push", "return", "take", "connect", "compare")


class Params(TransferParameters):
    """Which transfer, its directories, which way, and how."""

    direction: str = optional("str", "Which way.", "pull", choices=DIRECTIONS)
    trees: List[Any] = required("list", "The directories, as ``transfer_key`` has them.", elements="dict", options=Tree)
    delete: bool = optional("bool", "Remove at the destination what the source does not have.", False)
    overwrite: bool = optional("bool", "Accept that a destination held something before the first pass.", False)
    moving: bool = optional("bool", "Files may vanish while they are copied; where not, that is a failure.", True)
    throttle: int = optional("bytes", "Not more than this a second: ``20M``.", 0)
    include: List[str] = optional(
        "list", "Patterns as rsync has them, taken although an exclude fits.", (), elements="str"
    )
    exclude: List[str] = optional("list", "Patterns as rsync has them of what is left alone.", (), elements="str")
    special: bool = optional("bool", "Copy devices, pipes and sockets, too.", False)
    one_file_system: bool = optional("bool", "Stay on the file system each directory is on.", False)
    folder_times: bool = optional("bool", "Copy when directories were changed, too.", True)
    compress: bool = optional("bool", "Compress on the way: for slow links.", False)
    checksum: bool = optional("bool", "Compare contents, not sizes and times: reads everything on both sides.", False)
    timeout: int = optional("int", "Seconds without a byte after which a connection counts as broken.", 60)
    wait: float = optional(
        "float", "Seconds to wait for a pass that still runs, left by a controller that was lost.", 3600
    )
    method: str = optional(
        "str", "``tar`` for a host without rsync: every pass reads everything.", "rsync", choices=("rsync", "tar")
    )
    attempts: int = optional("int", "How often a broken connection is made again; the copy goes on where it was.", 3)


class State(NamedTuple):
    """What is there: the key, the first pass's mark, the turn's mark, and what a pass would do (None: not asked)."""

    ready: bool
    begun: bool
    turned: bool
    occupied: List[str]
    foretold: Optional[copying.Done]


def inspect(params: Params, system: System) -> State:
    """Look for marks; ask rsync what it would do only where somebody wants to know before."""
    moved, trees = transfer(params), trees_of(params.trees)
    ready = system.files.exists(moved.file("ssh")) and system.files.exists(moved.file("key"))
    begun, turned = (system.files.exists(moved.file(mark)) for mark in ("begun", "turned"))
    occupied = [] if begun else [tree["to"] for tree in trees if _holds(system, tree["to"])]
    state = State(ready, begun, turned, occupied, None)
    if (
        not system.foretell
        or not ready
        or _refusal(params, state)
        or params.direction in ("connect", "compare", "take")
    ):
        return state
    if params.direction == "return" and not turned:
        return state
    return state._replace(foretold=_foretell(params, system, moved, trees))


def _holds(system: System, path: str) -> bool:
    return system.files.is_dir(path) and bool(system.files.listdir(path))


def _foretell(params: Params, system: System, moved: Transfer, trees: List[Dict[str, str]]) -> copying.Done:
    if params.method == "tar":
        incoming = params.direction in ("pull", "compare")
        outcomes = [tar_passes.fetch(params, system, moved, n, True) for n in range(len(trees))] if incoming else []
        return _together(outcomes)
    outcomes = []
    for number, tree in enumerate(trees):
        log = os.path.join(system.tmp or "/tmp", "rsync-%d-%d" % (os.getpid(), number))  # noqa: S108 only in tests
        try:
            argv = _rsync(params, moved, number, tree, [*copying.TRYING, log])
            said = _attempt(params, system, moved, argv, _unheard)
            outcomes.append(copying.done(said.splitlines()))
        finally:
            if os.path.exists(log):
                os.unlink(log)
    return _together(outcomes)


def plan(params: Params, state: State) -> Change:
    """Refuse what would destroy something; otherwise only running tells, unless it was asked before."""
    refusal = _refusal(params, state)
    if refusal:
        raise Failed(refusal)
    if params.direction in ("connect", "compare"):
        return Change(True, result={"changed": False})
    if params.direction == "take":
        return Change(not state.turned)
    if params.direction == "return" and not state.turned:
        return Change(False, result={"returned": False, "msg": "nothing was taken, so there is nothing to return"})
    if state.foretold is None:
        return Change(None if state.ready else True)
    turning = (params.direction == "push") != state.turned and params.direction != "pull"
    names = "".join(name + "\n" for name in state.foretold.names)
    return Change(state.foretold.changed or turning or not state.begun, diff={"before": "", "after": names})


def _refusal(params: Params, state: State) -> str:
    if params.direction == "pull" and state.turned:
        return (
            "the copy here is the one that counts since it was pushed: fetching would overwrite it; "
            "'direction: return' ends that"
        )
    if params.direction == "pull" and params.delete and state.occupied and not params.overwrite:
        return (
            "%s is not empty and nothing of it comes from this transfer: it would be replaced; empty it, "
            "or say 'overwrite: true'" % ", ".join(state.occupied)
        )
    return ""


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Copy, one directory after the other."""
    params, moved, trees = change.params, transfer(change.params), trees_of(change.params.trees)
    if not change.state.ready:
        raise Failed("there is no key for the transfer %s on this host: 'transfer_key' makes it" % params.name)
    own_folder(system, os.path.dirname(moved.socket))
    if params.direction == "connect":
        _connect(params, system, moved, trees)
        return None
    if params.direction == "compare":
        return _compare(params, _foretell(params, system, moved, trees))
    with _alone(system, moved, params.wait):
        _mark(params, system, moved)
        if params.direction == "take":
            return None
        began = time.monotonic()
        outcomes = [_copy(params, system, moved, number, tree) for number, tree in enumerate(trees)]
        told = _result(params, _together(outcomes), time.monotonic() - began)
        if params.direction == "return":
            system.files.remove(moved.file("turned"))
            told.update(changed=True, returned=True)
    return told


@contextmanager
def _alone(system: System, moved: Transfer, wait_s: float) -> Iterator[None]:
    """Be the only pass: one whose controller was lost goes on, and is waited for."""
    path = system.files.real(moved.file("lock"))
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        deadline = time.monotonic() + wait_s
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise Failed("another pass of the transfer %s is running on this host" % moved.name)
            time.sleep(LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _mark(params: Params, system: System, moved: Transfer) -> None:
    """Note what must be known after a crash, before anything is overwritten."""
    mark = {"pull": "begun", "push": "turned", "take": "turned"}.get(params.direction, "")
    if mark and not system.files.exists(moved.file(mark)):
        system.files.write(moved.file(mark), b"", mode=0o600)


def _connect(params: Params, system: System, moved: Transfer, trees: List[Dict[str, str]]) -> None:
    """Open the connection that later passes use, and see that each directory can be reached over it."""
    if params.method == "tar":
        tar_passes.connect(system, moved)
        return
    for number in range(len(trees)):
        words = moved.rsync("--list-only", "--no-r", "--dirs", "--timeout=%d" % params.timeout)
        _attempt(params, system, moved, [*words, moved.place(number) + "/."], _unheard)


def _compare(params: Params, found: copying.Done) -> Dict[str, Any]:
    if found.changed:
        message = "the hosts do not hold the same: %s" % "; ".join(found.names[:5])
        raise Failed(message, differences=found.names)
    total = {"files": found.numbers.get("total_files", 0), "bytes": found.numbers.get("total_bytes", 0)}
    told = "%d files, %d bytes, nothing differs" % (total["files"], total["bytes"])
    return {"changed": False, "total": total, "msg": told}


def _copy(params: Params, system: System, moved: Transfer, number: int, tree: Dict[str, str]) -> copying.Done:
    log = moved.file("log")
    system.files.remove(log)
    if params.direction == "pull":
        system.files.makedirs(tree["to"], 0o755)
    if params.method == "tar":
        act = tar_passes.fetch if params.direction == "pull" else tar_passes.send
        return act(params, system, moved, number, False)
    progress = copying.Progress(params.name, moved.file("progress"), system.emit)
    argv = _rsync(params, moved, number, tree, [*copying.DOING, log])
    _attempt(params, system, moved, argv, progress.hear)
    return copying.logged(log)


def _rsync(params: Params, moved: Transfer, number: int, tree: Dict[str, str], how: List[str]) -> List[str]:
    wishes = copying.Wishes(
        params.delete,
        params.throttle,
        params.special,
        params.one_file_system,
        params.compress,
        params.checksum,
        pattern_options(params.include, params.exclude),
        params.timeout,
        params.folder_times,
    )
    here, there = tree["to"].rstrip("/") + "/", moved.place(number) + "/"
    ends = [there, here] if params.direction in ("pull", "compare") else [here, there]
    return moved.rsync(*copying.options(wishes, how[-1]), *how[:-1], *ends)


def _unheard(_stream: str, _data: bytes) -> None:
    """Show no progress."""


def _run(system: System, argv: List[str], hear: Any) -> Completed:
    try:
        return system.commands.run(argv, hear=hear)
    except Failed as failed:
        if "rc" not in failed.values:
            raise
        return Completed(failed.values["rc"], "", failed.msg)  # it said too much to be kept: the log has it all


def _attempt(params: Params, system: System, moved: Transfer, argv: List[str], hear: Any) -> str:
    """Run rsync; a connection that breaks is made again, and what was copied by then is not copied again."""
    attempt = 1
    while True:
        done = _run(system, argv, hear)
        if done.rc == 0 or (done.rc == copying.VANISHED and params.moving):
            return done.out
        if done.rc not in copying.LINK_BROKE or attempt >= params.attempts:
            raise Failed(_why(done.rc, done.err), rc=done.rc, stderr=done.err[-LAST_WORDS:], cmd=argv)
        hang_up(system, moved)
        time.sleep(WAIT_S[min(attempt, len(WAIT_S)) - 1])
        attempt += 1


def _why(rc: int, errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip()]
    first = lines[0] if lines else "it said nothing"
    if rc == 127:
        return "rsync is not on this host"
    if rc in copying.LINK_BROKE:
        return "the other host could not be reached, or not for long enough: %s" % first
    if rc == copying.VANISHED:
        return "files vanished while they were copied: something still writes there: %s" % first
    return "rsync ended with %d: %s" % (rc, first)


def _together(outcomes: List[copying.Done]) -> copying.Done:
    numbers: Dict[str, int] = {}
    for outcome in outcomes:
        for name, value in outcome.numbers.items():
            numbers[name] = numbers.get(name, 0) + value
    names = [name for outcome in outcomes for name in outcome.names][:100]
    return copying.Done(any(o.changed for o in outcomes), sum(o.deleted for o in outcomes), numbers, names)


def _result(params: Params, outcome: copying.Done, seconds: float) -> Dict[str, Any]:
    """Return the figures; a rate only where bytes flowed long enough to tell."""
    moved_bytes = outcome.numbers.get("received" if params.direction == "pull" else "sent", 0)
    measured = {
        "seconds": round(seconds, 3),
        "files": outcome.numbers.get("files", 0),
        "bytes": moved_bytes,
        "rate": int(moved_bytes / seconds) if seconds > 0 else 0,
    }
    total = {"files": outcome.numbers.get("total_files", 0), "bytes": outcome.numbers.get("total_bytes", 0)}
    return {"changed": outcome.changed, "measured": measured, "deleted": outcome.deleted, "total": total}


RETURNS = """
measured: Seconds, files and bytes that were sent, and bytes a second.
deleted: How many entries were removed at the destination.
total: How many files the directories hold, and how large they are together.
returned: ``return``, whether there was something to return.
"""

EXAMPLES = """
- name: Fetch the uploads, not faster than 20 MB/s
  sync_tree:
    folder: /var/lib/provisioner/migration/shop
    name: uploads
    trees:
      - path: /srv/uploads
    throttle: 20M
"""
