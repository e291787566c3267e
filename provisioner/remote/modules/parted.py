"""Make, resize and remove partitions with parted, or list them.

A table of another kind than ``label`` is replaced, and all partitions with it. A partition that ends within 2 MiB of
where it shall (parted aligns) is not resized.
"""

import re
import shlex
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("parted",))
LABELS = ("aix", "amiga", "bsd", "dvh", "gpt", "loop", "mac", "msdos", "pc98", "sun")
UNITS = ("s", "B", "KB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB", "%", "cyl", "chs", "compact")
NAMED = ("gpt", "mac", "pc98")
NUMBER = re.compile(r"^([\d.]+)(.*)$")
LENGTH = re.compile(r"^(-?)([\d.]+)\s*([A-Za-z%]*)$")
FACTORS = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "tb": 1000**4}
FACTORS.update({"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40})
NEAR = 2 * 1024 * 1024


class Params(Parameters):
    """The device, and the partition."""

    device: str = required("str", "The device; a file will do.")
    number: Optional[int] = optional("int", "The partition; needed where one is made or removed.")
    state: str = optional("str", "Whether it is there; info only lists.", "info", choices=("absent", "present", "info"))
    label: str = optional("str", "The kind of table.", "msdos", choices=LABELS)
    part_type: str = optional("str", "The kind of partition.", "primary", choices=("extended", "logical", "primary"))
    part_start: str = optional("str", "Where it starts; a negative one counts from the end.", "0%")
    part_end: str = optional("str", "Where it ends.", "100%")
    fs_type: Optional[str] = optional("str", "The file system it is meant for, where it is new.")
    name: Optional[str] = optional("str", "Its name; not all kinds of table have names.")
    flags: Optional[List[str]] = optional("list", "Flags that are on; others are turned off.", elements="str")
    align: str = optional(
        "str", "How it is aligned.", "optimal", choices=("cylinder", "minimal", "none", "optimal", "undefined")
    )
    unit: str = optional("str", "In which unit sizes are told.", "KiB", choices=UNITS)
    resize: bool = optional("bool", "Move the end of one that is there to part_end.", False)


class State(NamedTuple):
    """What parted says: of the disk, of each partition, and their ends in bytes with the disk's size."""

    disk: Dict[str, Any]
    partitions: List[Dict[str, Any]]
    ends: Dict[int, float]
    size: float


def inspect(params: Params, system: System) -> State:
    """Ask parted, in bytes too where sizes are compared."""
    disk, partitions = _print(params, system, params.unit)
    if not (params.resize and params.state == "present"):
        return State(disk, partitions, {}, 0)
    whole, exact = _print(params, system, "B")
    return State(disk, partitions, {one["num"]: one["end"] for one in exact}, whole["size"])


def _print(params: Params, system: System, unit: str) -> Tuple[Dict[str, Any], List[Dict[str, Any]]]:
    program = system.commands.which("parted", "/sbin", "/usr/sbin")
    if program is None:
        raise Failed('Failed to find required executable "parted"; install the package parted')
    words = ["parted", "-s", "-m", params.device, "--", "unit", unit, "print"]
    done = system.commands.run(words, env=PLAIN)
    if done.rc != 0 and "unrecognised disk label" not in done.err:
        said = " ".join([program, *words[1:]])
        raise Failed(
            "Error while getting device information with parted script: '%s'" % said,
            rc=done.rc, out=done.out, err=done.err,
        )  # fmt: skip
    lines = [line.rstrip(";").split(":") for line in done.out.splitlines() if line.count(":") > 3]
    if not lines:
        raise Failed("Error while parsing information of %s" % params.device, out=done.out, err=done.err)
    return _disk(lines[0], unit), [_partition(line, unit) for line in lines[1:]]


def _disk(cells: List[str], unit: str) -> Dict[str, Any]:
    size, shown = _length(cells[1], unit)
    return {
        "dev": cells[0],
        "size": size,
        "unit": shown,
        "table": cells[5],
        "model": cells[6],
        "logical_block": int(cells[3]),
        "physical_block": int(cells[4]),
    }


def _partition(cells: List[str], unit: str) -> Dict[str, Any]:
    begin, shown = _length(cells[1], unit)
    end = _length(cells[2], unit)[0]
    found = {"num": int(cells[0]), "begin": begin, "end": end, "unit": shown}
    if unit != "chs":
        found["size"] = _length(cells[3], unit)[0]
        cells = cells[1:]
    found["fstype"], found["name"] = cells[3], cells[4]
    found["flags"] = [flag.strip() for flag in cells[5].rstrip(";").split(",") if flag.strip()]
    return found


def _length(text: str, unit: str) -> Tuple[Any, str]:
    match = NUMBER.match(text)
    if unit == "chs" or not match:
        return text, unit.lower()
    number = float(match.group(1))
    return (int(number) if match.group(2).lower() in ("b", "s", "cyl") else number), match.group(2).lower()


def plan(params: Params, state: State) -> Change:
    """Compare the partition with what is asked."""
    if params.state == "info":
        return Change(False, result=_result(state, "unit '%s' print" % params.unit))
    if params.number is None:
        raise Failed("state is %s but all of the following are missing: number" % params.state)
    if params.number < 1:
        raise Failed("The partition number must be greater then 0.")
    there = next((one for one in state.partitions if one["num"] == params.number), None)
    if params.state == "absent":
        words = ["rm", str(params.number)] if there is not None else []
    else:
        words = _present(params, state, there)
    script = " ".join(map(shlex.quote, words))
    if not words:
        return Change(False, result=_result(state, script))
    before = "".join(_line(one) for one in state.partitions)
    diff = {"before": before, "after": before + "parted %s %s\n" % (params.device, script)}
    return Change(True, words, _result(state, script), diff)


def _line(one: Dict[str, Any]) -> str:
    return "%(num)s %(begin)s %(end)s %(name)s" % one + " %s\n" % ",".join(one["flags"])


def _result(state: State, script: str) -> Dict[str, Any]:
    return {"disk": state.disk, "partitions": state.partitions, "script": script}


def _present(params: Params, state: State, there: Optional[Dict[str, Any]]) -> List[str]:
    unit, number = ["unit", params.unit], str(params.number)
    words: List[str] = []
    if state.disk["table"] != params.label:
        words += [*unit, "mklabel", params.label]
        there = None
    elif there is None:
        words += unit
    if there is None:
        words += ["mkpart", params.part_type, *([params.fs_type] if params.fs_type else [])]
        words += [params.part_start, params.part_end]
    elif params.resize and _must_move(params, state):
        words += ["resizepart", number, params.part_end]
    more = _named_and_flagged(params, there)
    return [*words, *unit, *more] if more else words


def _named_and_flagged(params: Params, there: Optional[Dict[str, Any]]) -> List[str]:
    number, more = str(params.number), []
    if params.name is not None and params.label in NAMED and params.name != (there or {"name": ""})["name"]:
        more += ["name", number, '"%s"' % params.name]
    if params.flags is not None:
        old = there["flags"] if there else []
        more += [word for flag in params.flags if flag not in old for word in ("set", number, flag, "on")]
        more += [word for flag in old if flag not in params.flags for word in ("set", number, flag, "off")]
    return more


def _must_move(params: Params, state: State) -> bool:
    match = LENGTH.match(params.part_end.strip())
    unit = (match.group(3) or params.unit).lower() if match else ""
    if not match or unit not in ("%", "s", *FACTORS):
        raise Failed("cannot resize to %s: give a size with a unit, or a percentage" % params.part_end)
    factor = state.size / 100 if unit == "%" else FACTORS.get(unit, state.disk["logical_block"])
    wanted = float(match.group(2)) * factor
    if match.group(1):
        wanted = state.size - wanted
    return abs(state.ends[params.number or 0] + 1 - wanted) > NEAR


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run parted and list again."""
    params = change.params
    align = [] if params.align == "undefined" else ["-a", params.align]
    done = system.commands.run(["parted", "-s", "-m", *align, params.device, "--", *change.todo], env=PLAIN)
    if done.rc != 0:
        raise Failed(
            "Error while running parted script: %s" % change.result["script"], rc=done.rc, out=done.out, err=done.err
        )
    disk, partitions = _print(params, system, params.unit)
    return {"disk": disk, "partitions": partitions}


RETURNS = """
disk: The disk: size, unit, table, sizes of sectors.
partitions: The partitions: number, begin, end, size, file system, name, flags.
script: The words parted was given.
"""

EXAMPLES = """
- name: One partition over the whole disk for LVM
  parted:
    device: /dev/vdb
    label: gpt
    name: data
    number: 1
    flags: [lvm]
    state: present
- name: What is on the disk
  parted:
    device: /dev/vdb
    unit: MiB
"""
