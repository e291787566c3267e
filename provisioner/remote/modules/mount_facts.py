"""Gather mounts from the tables there are: those in use, those configured, and what the mount program says."""

import fnmatch
import os
import re
import threading
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed
from ..facts.mounts import sizes_of, unescaped, uuids
from ..params import Parameters, optional
from ..system import System
from ..system.commands import PLAIN

DYNAMIC = ("/etc/mtab", "/proc/mounts", "/etc/mnttab")
STATIC = ("/etc/fstab", "/etc/vfstab", "/etc/filesystems")
SAID = re.compile(r"^(?P<device>\S+) on (?P<mount>\S+)(?: type (?P<fstype>\S+))? \((?P<options>.*)\)$")


class Params(Parameters):
    """Patterns are those of a shell."""

    devices: Optional[List[str]] = optional("list", "Patterns for devices to list.", elements="str")
    fstypes: Optional[List[str]] = optional("list", "Patterns for kinds of file system to list.", elements="str")
    sources: Optional[List[str]] = optional(
        "list", "Files, or all (the default), dynamic, static, mount.", elements="str"
    )
    mount_binary: Any = optional("raw", "The program that lists mounts where no file does; null for none.", "mount")
    timeout: Optional[float] = optional("float", "Seconds to wait for each file system's sizes.")
    on_timeout: str = optional("str", "What to do when one takes longer.", "error", choices=("error", "warn", "ignore"))
    include_aggregate_mounts: Optional[bool] = optional(
        "bool", "Whether to list every mount, also those hidden by another at the same place."
    )


class State(NamedTuple):
    """All mounts in the order found, and what went wrong with some."""

    mounts: List[Dict[str, Any]]
    warnings: List[str]


Line = Tuple[str, str, Dict[str, Any]]


def inspect(params: Params, system: System) -> State:
    """Read the tables and ask each file system for its sizes."""
    if params.timeout is not None and params.timeout <= 0:
        raise Failed("argument 'timeout' must be a positive number or null")
    if params.mount_binary is not None and not isinstance(params.mount_binary, str):
        raise Failed("argument 'mount_binary' must be a string or null, not %r" % (params.mount_binary,))
    warnings: List[str] = []
    names = uuids(system)
    found = []
    for source, line, fields in _lines(params, system):
        if not _matches(params.devices, fields["device"]) or not _matches(params.fstypes, fields["fstype"] or ""):
            continue
        each = dict(fields, ansible_context={"source": source, "source_data": line})
        each["uuid"] = names.get(os.path.realpath(fields["device"]))
        each.update(_sizes(params, fields["mount"], warnings))
        found.append(each)
    return State(found, warnings)


def _matches(patterns: Optional[List[str]], text: str) -> bool:
    return patterns is None or any(fnmatch.fnmatch(text, pattern) for pattern in patterns)


def _lines(params: Params, system: System) -> Iterator[Line]:
    seen = set()
    for source in params.sources if params.sources is not None else ["all"]:
        for path in _files(source, params):
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield from _table(path, system)
        is_needed = source in ("all", "dynamic") and not any(system.files.is_file(path) for path in DYNAMIC)
        if params.mount_binary and (is_needed or source in ("mount", params.mount_binary)) and "mount" not in seen:
            seen.add("mount")
            yield from _told(params, system)


def _files(source: str, params: Params) -> Tuple[str, ...]:
    groups = {"all": DYNAMIC + STATIC, "dynamic": DYNAMIC, "static": STATIC}
    if source in ("mount", params.mount_binary):
        return ()
    return groups.get(source, (source,))


def _table(path: str, system: System) -> Iterator[Line]:
    content = (system.files.read_or_none(path) or b"").decode("utf-8", "surrogateescape")
    if path == "/etc/filesystems":
        return  # on Linux a list of kinds, not of mounts
    for line in content.splitlines():
        words = [unescaped(word) for word in line.split()]
        if len(words) < 4 or line.lstrip().startswith("#"):
            continue
        numbers = [int(word) if word.isdigit() else 0 for word in [*words[4:6], "0", "0"][:2]]
        fields = dict(zip(("device", "mount", "fstype", "options"), words))
        yield path, line, dict(fields, dump=numbers[0], passno=numbers[1])


def _told(params: Params, system: System) -> Iterator[Line]:
    done = system.commands.run([params.mount_binary], env=PLAIN, timeout_s=params.timeout)
    if done.rc != 0:
        raise Failed("Failed to execute %s: %s" % (params.mount_binary, (done.err or done.out).strip()), rc=done.rc)
    for line in done.out.splitlines():
        match = SAID.match(line)
        if match:
            yield params.mount_binary, line, dict(match.groupdict(), dump=0, passno=0)


def _sizes(params: Params, mount: str, warnings: List[str]) -> Dict[str, Any]:
    """Ask in a thread of its own: a server that is gone never answers."""
    if params.timeout is None:
        return sizes_of(mount)
    answer: Dict[str, Any] = {}
    asking = threading.Thread(target=lambda: answer.update(sizes_of(mount)))
    asking.daemon = True
    asking.start()
    asking.join(params.timeout)
    if asking.is_alive():
        text = "Timed out getting mount size for mount %s after %g seconds" % (mount, params.timeout)
        if params.on_timeout == "error":
            raise Failed(text)
        warnings.extend([text] if params.on_timeout == "warn" else [])
        return {}
    return answer


def plan(params: Params, state: State) -> Change:
    """Nothing ever changes."""
    points: Dict[str, Dict[str, Any]] = {}
    hidden = []
    for each in state.mounts:
        if each["mount"] in points:
            hidden.append(each["mount"])
        points.setdefault(each["mount"], each)
    warnings = list(state.warnings)
    if hidden and params.include_aggregate_mounts is None:
        text = "several mounts at one place (%s): include_aggregate_mounts lists all, or false keeps this warning away"
        warnings.append(text % ", ".join(sorted(set(hidden))))
    every = state.mounts if params.include_aggregate_mounts else []
    result: Dict[str, Any] = {"ansible_facts": {"mount_points": points, "aggregate_mounts": every}}
    if warnings:
        result["warnings"] = warnings
    return Change(False, result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
ansible_facts: mount_points, the mounts by place, and aggregate_mounts, all mounts where asked for.
"""

EXAMPLES = """
- name: Remote file systems
  mount_facts:
    devices: "[!/]*"
- name: What is configured
  mount_facts:
    sources: [static]
"""
