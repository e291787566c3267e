"""Make logical volumes of LVM, resize or remove them.

LVM's own programs do the work. Tested against their recorded answers, as the lab's hosts have no device mapper.
"""

import re
import shlex
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_one_of
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("lvm",))
UNITS = {"b": 1, "s": 512, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50, "e": 1 << 60}
SIZE = re.compile(r"^([+-]?)(\d+(?:\.\d+)?)(%(?:VG|PVS|FREE|ORIGIN)|[bskmgtpeBSKMGTPE]?)$")


class Params(Parameters):
    """The volume."""

    vg: str = required("str", "Its group.")
    lv: Optional[str] = optional("str", "Its name.")
    size: Optional[str] = optional(
        "str", "Its size: megabytes, or with a unit, or such as 50%FREE; + and - are relative."
    )
    opts: Optional[str] = optional("str", "More arguments for the program.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    active: bool = optional("bool", "Whether it can be used.", True)
    force: bool = optional("bool", "Shrink or remove it, whatever is on it.", False)
    snapshot: Optional[str] = optional("str", "The name of a snapshot of lv.")
    pvs: Optional[List[str]] = optional("list", "Devices it lies on.", elements="str")
    thinpool: Optional[str] = optional("str", "The pool it lies in.")
    shrink: bool = optional("bool", "Whether it may become smaller.", True)
    resizefs: bool = optional("bool", "Resize the file system on it, too.", False)
    rules = (required_one_of("lv", "thinpool"),)


class State(NamedTuple):
    """The group's sizes in bytes, and the volume's; None where there is none."""

    group: int
    free: int
    extent: int
    size: Optional[int]
    active: bool


def inspect(params: Params, system: System) -> State:
    """Ask vgs and lvs."""
    words = ["vgs", "--noheadings", "--nosuffix", "--units", "b", "--separator", ";"]
    group = _ask(system, [*words, "-o", "vg_size,vg_free,vg_extent_size", params.vg])
    if not group:
        if params.state == "absent":
            return State(0, 0, 1, None, False)
        raise Failed("Volume group %s does not exist." % params.vg)
    sizes = [int(cell) for cell in group[0]]
    listed = _ask(system, ["lvs", "-a", *words[1:], "-o", "lv_name,lv_size,lv_active", params.vg])
    wanted = params.snapshot or params.lv or params.thinpool or ""
    for line in listed:
        if line[0].strip("[]") == wanted:
            return State(sizes[0], sizes[1], sizes[2], int(line[1]), line[2] == "active")
    return State(sizes[0], sizes[1], sizes[2], None, False)


def _ask(system: System, words: List[str]) -> List[List[str]]:
    done = system.commands.run(words, env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable %s; install the package lvm2" % words[0])
    if done.rc != 0:
        return []
    return [[cell.strip() for cell in line.split(";")] for line in done.out.splitlines() if line.strip()]


def plan(params: Params, state: State) -> Change:
    """Compare sizes in whole extents."""
    name = params.snapshot or params.lv or params.thinpool or ""
    result: Dict[str, Any] = {"msg": ""}
    if params.state == "absent":
        if state.size is None:
            return Change(False, result=result)
        if not params.force:
            raise Failed("Sorry, no removal of logical volume %s without force=true." % name)
        todo = [["lvremove", "--force", "%s/%s" % (params.vg, name)]]
    elif state.size is None:
        todo = [_created(params, state, name)]
    else:
        todo = _resized(params, state, name)
    if not todo:
        result.update(vg=params.vg, lv=name, size=state.size)
        return Change(False, result=result)
    before = "" if state.size is None else "%d bytes\n" % state.size
    relative = bool(params.size and params.size[0] in "+-") or bool(params.size and "FREE" in params.size)
    return Change(
        True,
        todo,
        result,
        {"before": before, "after": "".join(" ".join(each) + "\n" for each in todo)},
        settles=not relative,
    )


def _bytes(params: Params, state: State) -> int:
    """Return the size asked for (or by which it grows), in whole extents."""
    match = SIZE.match(params.size or "")
    if not match:
        raise Failed("Bad size specification of '%s'" % params.size)
    number, unit = float(match.group(2)), match.group(3)
    if unit.startswith("%"):
        whole = {"%VG": state.group, "%PVS": state.group, "%FREE": state.free}.get(unit)
        if whole is None or number > 100:
            raise Failed("Bad size specification of '%s'" % params.size)
        return int(whole * number / 100 // state.extent) * state.extent
    size = number * UNITS[(unit or "m").lower()]
    return -int(-size // state.extent) * state.extent


def _how(size: str) -> List[str]:
    match = SIZE.match(size)
    if not match or (match.group(1) == "-" and "%" in size):
        raise Failed("Bad size specification of '%s'" % size)
    return ["-l" if "%" in size else "-L", size if "%" in size or match.group(3) else size + "m"]


def _created(params: Params, state: State, name: str) -> List[str]:
    if params.size is None and not params.snapshot and not params.thinpool:
        raise Failed("No size given.")
    if params.size and params.size[0] in "+-":
        raise Failed("Bad size specification of '%s' for a volume that is not there yet" % params.size)
    words = ["lvcreate", "--yes", *shlex.split(params.opts or "")]
    how = _how(params.size) if params.size else []
    if params.snapshot:
        return [*words, "-s", "-n", name, *how, "%s/%s" % (params.vg, params.lv)]
    if params.thinpool and params.lv:
        return [*words, "-n", name, "-V", *how[1:], "-T", "%s/%s" % (params.vg, params.thinpool)]
    if params.thinpool:
        return [*words, *how, "-T", "%s/%s" % (params.vg, params.thinpool)]
    return [*words, "-n", name, *how, params.vg, *(params.pvs or [])]


def _resized(params: Params, state: State, name: str) -> List[List[str]]:
    todo: List[List[str]] = []
    now = state.size or 0
    if params.size and not params.snapshot:
        todo += _sized(params, state, name, now)
    if params.active != state.active:
        todo.append(["lvchange", "-ay" if params.active else "-an", "%s/%s" % (params.vg, name)])
    return todo


def _sized(params: Params, state: State, name: str, now: int) -> List[List[str]]:
    size, asked = params.size or "", _bytes(params, state)
    if "%FREE" in size and size[0] not in "+-":
        asked += now
    target = {"+": now + asked, "-": now - asked}.get(size[0], asked)
    files = ["--resizefs"] if params.resizefs else []
    volume = "%s/%s" % (params.vg, name)
    if target > now:
        return [["lvextend", *files, "-L", "%db" % target, volume, *(params.pvs or [])]]
    if target == now or not params.shrink:
        return []
    if target <= 0:
        raise Failed("Sorry, shrinking of %s to 0 is not possible" % name)
    if not params.force:
        raise Failed("Sorry, no shrinking of %s without force=true" % name)
    return [["lvreduce", "--force", *files, "-L", "%db" % target, volume]]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run LVM's programs."""
    for number, words in enumerate(change.todo):
        done = system.commands.run(words, env=PLAIN)
        if done.rc != 0:
            raise Failed("%s failed: %s" % (words[0], done.err.strip()), rc=done.rc, err=done.err, changed=number > 0)
    return None


RETURNS = """
vg: The volume group.
lv: The logical volume.
size: Its size.
"""

EXAMPLES = """
- name: Room for the database
  lvol:
    vg: data
    lv: mysql
    size: 20g
"""
