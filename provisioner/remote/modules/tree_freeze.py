"""Make directories refuse writes for a while, and take that back.

Each directory is mounted over itself, read-only, in one step that services with mount namespaces of their own see, too.
A file that a program has open for writing already can still be written to: so programs that do are looked for, waited
for, and named; while there is one, nothing is frozen. After a reboot nothing is frozen.
"""

import hashlib
import os
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System

TRAITS = Traits(locks=("mount",))
MARKS = "/run/provisioner"
ASIDE = ".aside"
LOOK_S = 0.05
ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR


class Params(Parameters):
    """Which directories, and whether they may be written to."""

    paths: List[str] = required("list", "The directories.", elements="path")
    state: str = required(
        "str",
        "``frozen``, ``thawed``, or ``possible``: fail where they could not be frozen.",
        choices=("frozen", "thawed", "possible"),
    )
    wait: float = optional("float", "How many seconds to wait for programs that have files open for writing.", 2.0)


class Place(NamedTuple):
    """One directory: how many mounts lie on it, how many there were before it was frozen (None: it is not).

    ``is_begun`` tells that the copy of the mount is still there from a freeze that did not come to its end.
    """

    path: str
    mounts: int
    before: Optional[int]
    below: List[str]
    is_begun: bool = False

    @property
    def is_frozen(self) -> bool:
        """Tell whether our mount lies on it."""
        return self.before is not None and self.mounts > self.before

    @property
    def is_marked(self) -> bool:
        """Tell whether it is noted as frozen, be it true or not."""
        return self.before is not None


class State(NamedTuple):
    """The directories as they are."""

    places: List[Place]


def inspect(params: Params, system: System) -> State:
    """Read the kernel's list of mounts and our notes."""
    mounted = _mounted(system)
    places = []
    for given in params.paths:
        path = system.files.resolve(given.rstrip("/") or "/")
        if "/" in (path, os.path.normpath(given)):
            raise Failed("the whole host cannot be frozen")
        note = system.files.read_or_none(_mark(path))
        below = sorted({each for each in mounted if each.startswith(path + "/")})
        is_begun = system.files.exists(_mark(path) + ASIDE)
        places.append(Place(path, mounted.count(path), int(note) if note else None, below, is_begun))
        if params.state != "thawed":
            _demand(system, path, below)
    return State(places)


def _demand(system: System, path: str, below: List[str]) -> None:
    if not system.files.is_dir(path):
        raise Failed("%s is no directory here" % path)
    if below:
        message = "%s cannot be frozen: %s is mounted below it and would be hidden; name each as a path of its own"
        raise Failed(message % (path, below[0]))


def _mounted(system: System) -> List[str]:
    text = (system.files.read_or_none("/proc/self/mountinfo") or b"").decode("utf-8", "surrogateescape")
    words = [line.split(" ") for line in text.splitlines()]
    return [re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), each[4]) for each in words if len(each) > 4]


def _mark(path: str) -> str:
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
    return "%s/frozen-%s" % (MARKS, digest[:16])


def plan(params: Params, state: State) -> Change:
    """Say which directories are to be frozen or thawed."""
    if params.state == "frozen":
        todo = [place for place in state.places if not place.is_frozen or place.is_begun]
    elif params.state == "thawed":
        todo = [place for place in state.places if place.is_marked or place.is_begun]
    else:
        todo = []
    return Change(bool(todo), todo)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Freeze or thaw them; where one cannot be frozen, none stays frozen."""
    if change.params.state == "thawed":
        _thaw(change.todo, system)
        return None
    frozen: List[Place] = []
    try:
        for place in change.todo:
            _clear(place, system)
            frozen.append(place if place.is_frozen else place._replace(before=place.mounts))
            if not place.is_frozen:
                _freeze(place, system)
        _await_writers([place.path for place in change.state.places], change.params.wait)
    except Failed:
        _thaw(frozen, system)
        raise
    for place in change.todo:
        _clear(place, system)
    return None


def _freeze(place: Place, system: System) -> None:
    """Make a read-only copy of the mount aside, then lay that over the directory: it is read-only from the first."""
    if not system.files.is_dir(MARKS):
        system.files.makedirs(MARKS, 0o700)
    system.files.write(_mark(place.path), b"%d" % place.mounts, mode=0o600)
    aside = _mark(place.path) + ASIDE
    system.files.makedirs(aside, 0o700)  # there until nobody writes any more: it tells that more is to be done
    _run(system, "mount", "--bind", "--make-private", place.path, aside)
    try:
        _run(system, "mount", "-o", "remount,bind,ro", aside)
        _run(system, "mount", "--bind", aside, place.path)
    finally:
        _run(system, "umount", aside)


def _clear(place: Place, system: System) -> None:
    """Take the copy of the mount away, with what a run that was killed left mounted there."""
    aside = _mark(place.path) + ASIDE
    for _ in range(_mounted(system).count(aside)):
        _run(system, "umount", aside)
    if system.files.is_dir(aside):
        os.rmdir(system.files.real(aside))


def _thaw(places: List[Place], system: System) -> None:
    for place in places:
        _clear(place, system)
        extra = _mounted(system).count(place.path) - (place.before or 0)
        for _ in range(extra):
            _run(
                system, "umount", "-l", place.path
            )  # lazily: who still reads there does not keep it from being written
        system.files.remove(_mark(place.path))


def _run(system: System, *argv: str) -> None:
    done = system.commands.run(list(argv))
    if done.rc != 0:
        raise Failed("%s: %s" % (" ".join(argv), (done.err or done.out).strip()), rc=done.rc)


def _await_writers(paths: List[str], wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        found = writers(paths)
        if not found:
            return
        if time.monotonic() >= deadline:
            break
        time.sleep(LOOK_S)
    named = ", ".join(
        "%s (process %d) has %s open" % (each["program"], each["pid"], each["path"]) for each in found[:3]
    )
    raise Failed("not frozen, as programs still write there: %s; stop them first" % named, writers=found[:20])


def writers(paths: List[str]) -> List[Dict[str, Any]]:
    """Return the programs that can write to files below ``paths``: open for writing, or mapped so."""
    starts = tuple(path + "/" for path in paths)
    found: List[Dict[str, Any]] = []
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            names = os.listdir("/proc/%s/fd" % pid)
        except OSError:
            continue  # it has ended
        for name in names:
            path = _open_for_writing(pid, name, starts)
            if path:
                found.append({"pid": int(pid), "program": _program(pid), "path": path})
        found += [{"pid": int(pid), "program": _program(pid), "path": path} for path in _mapped(pid, starts)]
    return found


def _open_for_writing(pid: str, name: str, starts: Any) -> str:
    try:
        path = os.readlink("/proc/%s/fd/%s" % (pid, name))
        if not path.startswith(starts):
            return ""
        with open("/proc/%s/fdinfo/%s" % (pid, name)) as stream:
            flags = re.search(r"^flags:\s+([0-7]+)", stream.read(), re.MULTILINE)
    except OSError:
        return ""
    return path if flags and int(flags.group(1), 8) & ACCESS != os.O_RDONLY else ""


def _mapped(pid: str, starts: Any) -> List[str]:
    """Return files that are mapped shared and writable, which lasts when they are closed."""
    try:
        with open("/proc/%s/maps" % pid, errors="surrogateescape") as stream:
            lines = [line.rstrip("\n").split(None, 5) for line in stream if " rw-s " in line]
    except OSError:
        return []
    return [words[5] for words in lines if len(words) == 6 and words[5].startswith(starts)]


def _program(pid: str) -> str:
    try:
        with open("/proc/%s/comm" % pid) as stream:
            return stream.read().strip()
    except OSError:
        return "?"


RETURNS = """
writers: Where it failed for them, the programs that have files open for writing.
"""

EXAMPLES = """
- name: Nobody writes to the uploads
  tree_freeze:
    paths: [/srv/uploads]
    state: frozen
- name: The uploads may be written to again
  tree_freeze:
    paths: [/srv/uploads]
    state: thawed
"""
