"""Manage mount points, in fstab and in the kernel."""

import os
import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required, required_if
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("mount",))
STATES = ("absent", "absent_from_fstab", "ephemeral", "mounted", "present", "remounted", "unmounted")


class Params(Parameters):
    """One mount point."""

    path: str = required("path", "Where it is mounted.", aliases=("name",))
    src: Optional[str] = optional("path", "The device, or what the file system calls its source.")
    fstype: Optional[str] = optional("str", "The file system.")
    opts: Optional[str] = optional("str", "Mount options.")
    opts_no_log: bool = optional("bool", "Do not show the options.", False)
    dump: str = optional("str", "Whether dump keeps it.", "0")
    passno: str = optional("str", "When fsck checks it.", "0")
    state: str = required("str", "What is wanted.", choices=STATES)
    fstab: Optional[str] = optional("path", "The file.", "/etc/fstab")
    boot: bool = optional("bool", "Mount it when the host starts.", True)
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)
    rules = (
        required_if("state", "mounted", "src", "fstype"),
        required_if("state", "present", "src", "fstype"),
        required_if("state", "ephemeral", "src", "fstype"),
    )


class State(NamedTuple):
    """The file's content, what the kernel has mounted there (None: nothing), and whether the folder exists."""

    content: bytes
    source: Optional[str]
    is_dir: bool


class Steps(NamedTuple):
    """What to do, in this order."""

    fstab: Optional[bytes] = None
    mkdir: bool = False
    umount: bool = False
    remount: bool = False
    mount: bool = False
    rmdir: bool = False


def inspect(params: Params, system: System) -> State:
    """Read fstab and the kernel's table."""
    content = system.files.read_or_none(params.fstab or "/etc/fstab") or b""
    table = system.files.read_or_none("/proc/self/mountinfo") or b""
    source = None
    for line in table.decode("utf-8", "surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        fields, device = left.split(" "), right.split(" ")
        if len(fields) > 4 and _plain(fields[4]) == _path(params):
            source = _plain(device[1]) if len(device) > 1 else ""
    return State(content, source, system.files.is_dir(params.path))


def _path(params: Params) -> str:
    return params.path if params.path in ("none", "/") else params.path.rstrip("/")


def _escaped(text: str) -> str:
    return re.sub(r"[ \t\n\\]", lambda match: "\\%03o" % ord(match.group()), text)


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def plan(params: Params, state: State) -> Change:
    """Edit fstab's text and decide what to mount or unmount."""
    fields = _fields(params)
    before = state.content.decode("utf-8", "surrogateescape")
    after = before
    if params.state in ("present", "mounted"):
        after = _with(before, fields)
    elif params.state in ("absent", "absent_from_fstab"):
        after = _without(before, fields)
    content = after.encode("utf-8", "surrogateescape") if after != before else None
    steps = _steps(params, state, content)
    result: Dict[str, Any] = {"name": params.path, "boot": params.boot, "fstab": params.fstab, "backup_file": ""}
    given = {key: getattr(params, key) for key in ("src", "fstype", "dump", "passno")}
    result.update((key, value) for key, value in given.items() if value is not None)
    result["opts"] = fields[3]
    if params.opts_no_log:
        result.pop("opts", None)
    diff = None
    if content is not None and not params.opts_no_log:
        diff = text_diff(params.fstab or "", state.content, content)
    return Change(steps != Steps(), steps, result, diff, settles=params.state not in ("remounted", "ephemeral"))


def _fields(params: Params) -> List[str]:
    options = params.opts or "defaults"
    if not params.boot and "noauto" not in options.split(","):
        options += ",noauto"
    return [params.src or "", _path(params), params.fstype or "", options, params.dump, params.passno]


def _is_it(line: str, fields: List[str]) -> bool:
    """Tell whether a line is for the mount point; swap areas have none and are known by their source."""
    words = line.split()
    if len(words) < 4 or line.lstrip().startswith("#") or _plain(words[1]) != fields[1]:
        return False
    return fields[1] not in ("none", "swap") or not fields[0] or _plain(words[0]) == fields[0]


def _with(text: str, fields: List[str]) -> str:
    line = " ".join(_escaped(field) for field in fields) + "\n"
    lines: List[str] = []
    found = False
    for each in text.splitlines(True):
        if not _is_it(each, fields):
            lines.append(each)
        elif not found:
            found = True
            here = [_plain(word) for word in each.split("#")[0].split()]
            same = (here + ["0", "0"][len(here) - 4 :])[:6] == fields
            lines.append(each if same else line)
    if not found:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines.append(line)
    return "".join(lines)


def _without(text: str, fields: List[str]) -> str:
    return "".join(line for line in text.splitlines(True) if not _is_it(line, fields))


def _steps(params: Params, state: State, content: Optional[bytes]) -> Steps:
    is_mounted = state.source is not None
    if params.state == "mounted":
        return Steps(content, not state.is_dir, False, is_mounted and content is not None, not is_mounted)
    if params.state == "ephemeral":
        if is_mounted and state.source != params.src:
            raise Failed(
                "Ephemeral mount point is already mounted with a different source than the specified one. "
                "Failing in order to prevent an unwanted unmount or override operation. Try replacing this command "
                "with a 'state: unmounted' followed by a 'state: ephemeral', or use a different destination path.",
            )
        return Steps(None, not state.is_dir, False, is_mounted, not is_mounted)
    if params.state == "remounted":
        if not is_mounted:
            raise Failed("%s is not mounted, so it cannot be remounted" % params.path)
        return Steps(remount=True)
    if params.state == "unmounted":
        return Steps(umount=is_mounted)
    if params.state == "absent":
        gone = content is not None or is_mounted
        return Steps(content, umount=is_mounted, rmdir=gone and state.is_dir)
    return Steps(content)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do the steps; where a mount fails that fstab was changed for, fstab is put back."""
    params, state, steps = change.params, change.state, change.todo
    result: Dict[str, Any] = {}
    fstab = params.fstab or "/etc/fstab"
    if steps.fstab is not None and params.backup and system.files.is_file(fstab):
        result["backup_file"] = system.files.backup(fstab) or ""
    if params.state == "absent":  # the line goes last, as it tells that there is something to do
        _mounting(params, steps, system)
        if steps.rmdir:
            _rmdir(params.path, system)
    mode = None if system.files.exists(fstab) else 0o644
    if steps.fstab is not None:
        system.files.write(fstab, steps.fstab, mode=mode)
    if params.state == "absent":
        return result
    made = system.files.makedirs(params.path, 0o755) if steps.mkdir else []
    try:
        _mounting(params, steps, system)
    except Failed:
        if steps.fstab is not None:
            system.files.write(fstab, state.content)
        for folder in reversed(made):
            os.rmdir(system.files.real(folder))
        raise
    return result


def _mounting(params: Params, steps: Steps, system: System) -> None:
    mount = _mount_words(params)
    if steps.umount:
        _must(system, ["umount", params.path], "Error unmounting %s" % params.path)
    if steps.remount:
        extra = ["-o", "remount" + ("," + params.opts if params.opts and params.state != "mounted" else "")]
        if system.commands.run(["mount", *extra, *_table(params), params.path], env=PLAIN).rc != 0:
            _must(system, ["umount", params.path], "Error remounting %s" % params.path)
            _must(system, mount, "Error remounting %s" % params.path)
    if steps.mount:
        _must(system, mount, "Error mounting %s" % params.path)


def _table(params: Params) -> List[str]:
    return [] if params.fstab in (None, "/etc/fstab") else ["-T", params.fstab or ""]


def _mount_words(params: Params) -> List[str]:
    if params.state != "ephemeral":
        return ["mount", *_table(params), params.path]
    options = ["-o", params.opts] if params.opts else []
    return ["mount", "-t", params.fstype or "", *options, params.src or "", params.path]


def _must(system: System, words: List[str], failed: str) -> None:
    done = system.commands.run(words, env=PLAIN)
    if done.rc != 0:
        raise Failed("%s: %s" % (failed, (done.err or done.out).strip()), rc=done.rc)


def _rmdir(path: str, system: System) -> None:
    try:
        os.rmdir(system.files.real(path))
    except OSError as error:
        raise Failed("Error rmdir %s: %s" % (path, error.strerror), changed=True) from None


RETURNS = """
name: Where it is mounted.
src: What is mounted.
fstype: Kind of the file system.
opts: Options.
fstab: The table.
dump: The fifth field of the table.
passno: The sixth field of the table.
boot: Whether it is mounted at every start.
backup_file: Where the table was kept.
"""

EXAMPLES = """
- name: A file system in memory, now and at every start
  mount:
    path: /var/cache/app
    src: tmpfs
    fstype: tmpfs
    opts: size=64m,mode=0755
    state: mounted
- name: A folder seen at a second place
  mount:
    path: /srv/chroot/data
    src: /srv/data
    fstype: none
    opts: bind
    state: mounted
- name: Not mounted any more
  mount:
    path: /mnt/old
    state: absent
"""
