"""Pack directories, and what commands say, into one compressed archive with a list of contents; prove that it restores.

``made`` writes ``PATH.tar.zst`` (``.gz`` where zstd is missing), ``PATH.manifest`` and ``PATH.json``, which says what
it is, and its checksum. ``proven`` unpacks it into a scratch folder, compares everything with the list, notes that
in ``PATH.proven``. ``dropped`` removes the archive where it was made and keeps the note, so that it is not made again.
Files that change while they are packed are not part of the list, and counted.
"""

import json
import os
import shutil
import time
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from .. import packing
from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_if
from ..system import System
from ..system.manifests import Found, Kept, Reading, load, save, survey
from ..system.patterns import Patterns

TRAITS = Traits(settles=False, rerun=True)
DAY_S = 86400
SHOWN = 20


class Dump(Parameters):
    """A command whose output belongs into the archive."""

    name: str = required("str", "The file's name in the archive.")
    command: str = required("str", "A line for the shell; what it writes is kept.")


class Params(Parameters):
    """Which archive, what is in it, and what to see to."""

    path: str = required("path", "The archive's place and name, without an ending.")
    state: str = optional("str", "What to see to.", "made", choices=("made", "proven", "dropped"))
    paths: List[str] = optional("list", "``made``: the directories.", (), elements="path")
    dumps: List[Any] = optional("list", "``made``: the commands.", (), elements="dict", options=Dump)
    include: List[str] = optional(
        "list", "Patterns as rsync has them, taken although an exclude fits.", (), elements="str"
    )
    exclude: List[str] = optional("list", "Patterns as rsync has them of what is left out.", (), elements="str")
    one_file_system: bool = optional("bool", "Stay on the file system each directory is on.", False)
    compression: str = optional(
        "str", "``auto``: zstd where it is there, else gzip.", "auto", choices=("auto", "zstd", "gzip", "none")
    )
    stamp: str = optional("str", "Make it again where this differs from the last time: for what commands say.", "")
    keep_days: int = optional("int", "How long it is to be kept: noted, nothing deletes it.", 90)
    rules = (required_if("state", "made", "paths"),)


class State(NamedTuple):
    """The notes about it, whether the archive is there, and what is in the directories."""

    note: Dict[str, Any]
    proven: Dict[str, Any]
    is_there: bool
    found: Optional[Found]
    dropped: str


def inspect(params: Params, system: System) -> State:
    """Read the notes, and the directories where an archive of them is wanted."""
    note, proven = (_note(system, params.path + ending) for ending in (".json", ".proven"))
    there = bool(note) and system.files.exists(_archive(params, note))
    found = _survey(params, system, list(params.paths)) if params.state == "made" else None
    dropped = system.files.read_or_none(params.path + ".dropped") or b""
    return State(note, proven, there, found, dropped.decode("ascii", "replace").strip())


def _note(system: System, path: str) -> Dict[str, Any]:
    try:
        told = json.loads((system.files.read_or_none(path) or b"{}").decode("utf-8", "surrogateescape"))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _archive(params: Params, note: Dict[str, Any]) -> str:
    return params.path + str(note.get("ending", ".tar.gz"))


def _survey(params: Params, system: System, paths: List[str], kept: bool = True) -> Found:
    tops = [os.fsencode(system.files.real(path.rstrip("/"))) for path in paths]
    left_out = Patterns(params.include, params.exclude).leaves_out()
    reading = Reading(left_out, "changed" if kept else "all", one_file_system=params.one_file_system)
    try:
        return survey(tops, reading, Kept(system.files.real(params.path + ".kept") if kept else None))
    except OSError as error:
        where = os.fsdecode(error.filename) if error.filename else ""
        raise Failed("%s cannot be read: %s" % (where, error.strerror)) from None


def plan(params: Params, state: State) -> Change:
    """Compare the note with what is wanted."""
    if params.state == "dropped":
        return Change(state.is_there)
    if params.state == "proven":
        if not state.note:
            raise Failed("there is no archive %s here" % params.path)
        same = state.is_there and state.proven.get("sha256") == state.note.get("sha256")
        return Change(not same, result=dict(state.proven) if same else {})
    digest = state.found.digest.hexdigest() if state.found else ""
    is_made = state.is_there or (state.dropped and state.dropped == state.note.get("sha256"))
    same = bool(is_made) and state.note.get("digest") == digest and state.note.get("stamp") == params.stamp
    return Change(not same, result={"archive": _told(state.note)} if same else {})


def _told(note: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in note.items() if name not in ("digest", "stamp")}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Pack, prove, or drop."""
    params = change.params
    if params.state == "dropped":
        system.files.write(params.path + ".dropped", change.state.note["sha256"].encode() + b"\n", mode=0o600)
        system.files.remove(params.path + ".dumps")
        system.files.remove(_archive(params, change.state.note))
        return None
    began = time.monotonic()
    told = _make(change, system) if params.state == "made" else _prove(change, system)
    seconds = time.monotonic() - began
    size = int(told.get("bytes", 0))
    measured = {"seconds": round(seconds, 3), "files": told.get("files", 0), "bytes": size}
    measured["rate"] = int(size / seconds) if seconds else 0
    return {"archive": _told(told), "measured": measured}


def _make(change: Change, system: System) -> Dict[str, Any]:
    params = change.params
    for made in system.files.makedirs(os.path.dirname(params.path), 0o700):
        system.files.chmod(made, 0o700)
    paths = list(params.paths)
    before = change.state.found
    if params.dumps:
        paths.append(packing.dump(system, params.path + ".dumps", params.dumps))
        before = _survey(params, system, paths)
    program, ending = packing.compressor(system, params.compression)
    names = [packing.member(record, paths) for record in before.records]
    size, sha256 = packing.pack(system, params.path + ending, names, program)
    after = _survey(params, system, paths, kept=False)
    stable, moving = _stable(before, after)
    save(system.files.real(params.path + ".manifest"), stable)
    save(system.files.real(params.path + ".kept"), after.records)
    now = time.time()
    note: Dict[str, Any] = {
        "ending": ending,
        "made": packing.moment(now),
        "host": os.uname().nodename,
        "paths": paths,
        "files": before.counts["files"],
        "bytes": before.counts["bytes"],
        "size": size,
        "sha256": sha256,
        "moving": moving,
        "left_special": before.left_special,
        "keep_until": packing.moment(now + params.keep_days * DAY_S),
        "digest": change.state.found.digest.hexdigest(),
        "stamp": params.stamp,
    }
    _write(system, params.path + ".json", note)
    return note


def _stable(before: Found, after: Found) -> Tuple[List[bytes], int]:
    """Return the records that were the same before and after, and how many were not."""
    later = {record.split(b" ", 2)[2] for record in after.records}
    stable = [record for record in before.records if record.split(b" ", 2)[2] in later]
    return stable, len(before.records) - len(stable)


def _prove(change: Change, system: System) -> Dict[str, Any]:
    params, note = change.params, change.state.note
    if not change.state.is_there:
        raise Failed("the archive %s is not here" % _archive(params, note))
    path = _archive(params, note)
    sha256 = system.files.checksum(path, "sha256")
    if sha256 != note.get("sha256"):
        raise Failed("%s is damaged: its checksum is %s, not %s" % (path, sha256, note.get("sha256")))
    scratch = params.path + ".proof"
    system.files.remove(scratch)
    system.files.makedirs(scratch, 0o700)
    try:
        _demand_room(system, scratch, int(note.get("bytes", 0)))
        packing.unpack(system, path, scratch)
        compared = _compare(params, system, scratch, note)
    finally:
        shutil.rmtree(system.files.real(scratch), ignore_errors=True)
    told = {
        "sha256": sha256,
        "proven": packing.moment(time.time()),
        "compared": compared,
        "files": note.get("files", 0),
    }
    told["bytes"] = note.get("bytes", 0)
    _write(system, params.path + ".proven", told)
    return told


def _demand_room(system: System, folder: str, size: int) -> None:
    room = os.statvfs(system.files.real(folder))
    free = room.f_bavail * room.f_frsize
    if free < size:
        raise Failed("the archive cannot be unpacked to prove it: that needs %d bytes, %d are free" % (size, free))


def _compare(params: Params, system: System, scratch: str, note: Dict[str, Any]) -> int:
    """Compare what was unpacked with the list; return how many names were."""
    if note.get("sums"):
        wrong, number = packing.wrong_sums(system, params.path + ".sums", scratch)
    else:
        tops = [scratch + path for path in note.get("paths", [])]
        unpacked: Set[bytes] = {r.split(b" ", 2)[2] for r in _survey(params, system, tops, kept=False).records}
        listed = list(load(system.files.real(params.path + ".manifest")))
        wrong = [os.fsdecode(path) for path, record in listed if record not in unpacked]
        number = len(listed)
    if wrong:
        message = "the archive does not restore what was packed: %d of %d names differ, the first is %r"
        raise Failed(message % (len(wrong), number, wrong[0]), differences=wrong[:SHOWN])
    if not number:
        raise Failed("the list of the archive %s is empty: there is nothing to compare" % params.path)
    return number


def _write(system: System, path: str, note: Dict[str, Any]) -> None:
    system.files.write(path, json.dumps(note, indent=1, sort_keys=True).encode() + b"\n", mode=0o600)


RETURNS = """
archive: What is known of it: when it was made, of what, size, checksum, until when it is to be kept.
measured: Seconds, files, bytes, and bytes a second.
compared: How many entries were compared with their sources.
sha256: Checksum of the archive.
"""

EXAMPLES = """
- name: Pack the web site and its database
  tree_archive:
    path: /var/backups/site
    paths: [/srv/www, /etc/nginx]
    dumps:
      - name: shop.sql
        command: mysqldump --single-transaction shop
- name: It restores
  tree_archive:
    path: /var/backups/site
    state: proven
"""
