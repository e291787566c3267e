"""Make volume groups of LVM, give them devices or take some away, or remove them.

LVM's own programs do the work. Tested against their recorded answers, as the lab's hosts have no device mapper.
"""

import shlex
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("lvm",))


class Params(Parameters):
    """The volume group."""

    vg: str = required("str", "Its name.")
    pvs: Optional[List[str]] = optional("list", "Its devices.", elements="str")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present", "active", "inactive"))
    pesize: str = optional("str", "The size of an extent.", "4")
    pv_options: str = optional("str", "More arguments for pvcreate.", "")
    vg_options: str = optional("str", "More arguments for vgcreate.", "")
    pvresize: bool = optional("bool", "Let devices that grew be used as a whole.", False)
    remove_extra_pvs: bool = optional("bool", "Take away devices that are not named.", True)
    force: bool = optional("bool", "Remove it with its volumes.", False)
    reset_vg_uuid: bool = optional("bool", "Not supported.", False)
    reset_pv_uuid: bool = optional("bool", "Not supported.", False)


class State(NamedTuple):
    """The group (None: not there) with its devices, volumes and whether they are active; devices of other groups."""

    exists: bool
    devices: Tuple[str, ...]
    volumes: int
    active: int
    others: Dict[str, str]
    grown: Tuple[str, ...]


def inspect(params: Params, system: System) -> State:
    """Ask vgs, pvs and lvs."""
    groups = _lines(system, ["vgs", "--noheadings", "-o", "vg_name,lv_count"])
    volumes = {line[0]: int(line[1]) for line in groups if len(line) > 1}
    devices: List[str] = []
    others: Dict[str, str] = {}
    grown = []
    for line in _lines(
        system, ["pvs", "--noheadings", "--units", "b", "--nosuffix", "-o", "pv_name,vg_name,dev_size,pv_size,pe_start"]
    ):
        if line[1] == params.vg:
            devices.append(line[0])
            if len(line) > 4 and int(line[2]) - int(line[3]) - int(line[4]) > 4 * 1024 * 1024:
                grown.append(line[0])
        elif line[1]:
            others[line[0]] = line[1]
    active = 0
    if params.state in ("active", "inactive"):
        listed = (
            _lines(system, ["lvs", "--noheadings", "-o", "lv_name,lv_active", params.vg])
            if params.vg in volumes
            else []
        )
        active = sum(1 for line in listed if len(line) > 1 and line[1] == "active")
    return State(params.vg in volumes, tuple(devices), volumes.get(params.vg, 0), active, others, tuple(grown))


def _lines(system: System, words: List[str]) -> List[List[str]]:
    done = system.commands.run([words[0], "--separator", ";", *words[1:]], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable %s; install the package lvm2" % words[0])
    if done.rc != 0:
        raise Failed("Failed executing %s command." % words[0], rc=done.rc, err=done.err)
    return [[cell.strip() for cell in line.split(";")] for line in done.out.splitlines() if line.strip()]


def plan(params: Params, state: State) -> Change:
    """Compare devices."""
    if params.reset_vg_uuid or params.reset_pv_uuid:
        raise Failed("reset_vg_uuid and reset_pv_uuid are not supported")
    todo = _removed(params, state) if params.state == "absent" else _present(params, state)
    if not todo:
        return Change(False)
    before = "".join(each + "\n" for each in state.devices)
    return Change(True, todo, None, {"before": before, "after": "".join(" ".join(each) + "\n" for each in todo)})


def _removed(params: Params, state: State) -> List[List[str]]:
    if not state.exists:
        return []
    if state.volumes and not params.force:
        raise Failed("Refuse to remove non-empty volume group %s without force=true" % params.vg)
    return [["vgremove", "--force", params.vg]]


def _present(params: Params, state: State) -> List[List[str]]:
    if params.pvs is None:
        if not state.exists:
            raise Failed("No physical volumes given.")
        return _switched(params, state)
    wanted = params.pvs
    taken = [each for each in wanted if each in state.others]
    if taken:
        raise Failed("Device %s is already in %s volume group." % (taken[0], state.others[taken[0]]))
    options = shlex.split(params.pv_options)
    new = [each for each in wanted if each not in state.devices]
    todo = [["pvcreate", *options, "-f", each] for each in new]
    if not state.exists:
        return [*todo, ["vgcreate", *shlex.split(params.vg_options), "-s", params.pesize, params.vg, *wanted]]
    if new:
        todo.append(["vgextend", params.vg, *new])
    extra = [each for each in state.devices if each not in wanted]
    if extra and params.remove_extra_pvs:
        todo.append(["vgreduce", "--force", params.vg, *extra])
    if params.pvresize:
        todo += [["pvresize", each] for each in state.grown if each in wanted]
    return todo + _switched(params, state)


def _switched(params: Params, state: State) -> List[List[str]]:
    if params.state == "active" and state.active < state.volumes:
        return [["vgchange", "--activate", "y", params.vg]]
    if params.state == "inactive" and state.active:
        return [["vgchange", "--activate", "n", params.vg]]
    return []


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run LVM's programs."""
    for number, words in enumerate(change.todo):
        done = system.commands.run(words, env=PLAIN)
        if done.rc != 0:
            raise Failed(
                "%s failed: %s" % (" ".join(words), done.err.strip()), rc=done.rc, err=done.err, changed=number > 0
            )
    return None


EXAMPLES = """
- name: A group for the data
  lvg:
    vg: data
    pvs: [/dev/vdb, /dev/vdc]
"""
