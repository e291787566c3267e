"""Manage limits of users' sessions in limits.conf."""

import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required
from ..system import System

TRAITS = Traits()
ITEMS = (
    "core data fsize memlock nofile rss stack cpu nproc as maxlogins maxsyslogins priority locks sigpending msgqueue "
    "nice rtprio chroot"
).split()
ENDLESS = ("unlimited", "infinity", "-1")


class Params(Parameters):
    """One limit of one domain: a user, a @group, or * for all."""

    domain: str = required("str", "For whom.")
    limit_type: str = required("str", "Soft, hard, or - for both.", choices=("hard", "soft", "-"))
    limit_item: str = required("str", "What is limited.", choices=tuple(ITEMS))
    value: str = required("str", "The limit: a number, unlimited, infinity or -1.")
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)
    use_min: bool = optional("bool", "Keep the smaller of two limits.", False)
    use_max: bool = optional("bool", "Keep the greater of two limits.", False)
    dest: str = optional("str", "The file.", "/etc/security/limits.conf")
    comment: str = optional("str", "What stands behind a new limit.", "")


class State(NamedTuple):
    """The file's content; None where it is not there."""

    content: Optional[bytes]


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    return State(system.files.read_or_none(params.dest))


def plan(params: Params, state: State) -> Change:
    """Edit the text and compare."""
    if params.use_min and params.use_max:
        raise Failed("Cannot use use_min and use_max at the same time.")
    if params.limit_item not in ("chroot",) and not _is_value(params.value):
        raise Failed("Argument 'value' can be one of 'unlimited', 'infinity', '-1' or a number: %s" % params.value)
    before = (state.content or b"").decode("utf-8", "surrogateescape")
    after, line = _edited(params, before.splitlines(True))
    result = {"msg": line.rstrip("\n")}
    if after == before:
        return Change(False, result=result)
    content = after.encode("utf-8", "surrogateescape")
    return Change(True, content, result, text_diff(params.dest, state.content, content))


def _is_value(text: str) -> bool:
    return text in ENDLESS or re.match(r"^-?\d+$", text) is not None


def _edited(params: Params, lines: List[str]) -> Tuple[str, str]:
    edited: List[str] = []
    found = ""
    for line in lines:
        text, mark, remark = line.partition("#")
        words = text.split()
        if len(words) != 4 or words[:3] != [params.domain, params.limit_type, params.limit_item]:
            edited.append(line)
            continue
        if found:
            continue  # only the last would count: one line is enough
        value = _chosen(params, words[3])
        found = line if value == words[3] else _line(params, value, params.comment or (mark and remark.strip()))
        edited.append(found)
    if not found:
        if edited and not edited[-1].endswith("\n"):
            edited[-1] += "\n"
        found = _line(params, params.value, params.comment)
        end = next((at for at, line in enumerate(edited) if line.strip().lower() == "# end of file"), len(edited))
        edited.insert(end, found)
    return "".join(edited), found


def _chosen(params: Params, here: str) -> str:
    if not (params.use_min or params.use_max) or not _is_value(here):
        return params.value
    numbers = [float("inf") if each in ENDLESS else int(each) for each in (here, params.value)]
    keeps = numbers[0] <= numbers[1] if params.use_min else numbers[0] >= numbers[1]
    return here if keeps else params.value


def _line(params: Params, value: str, comment: str) -> str:
    words = [params.domain, params.limit_type, params.limit_item, value]
    return "\t".join([*words, "#" + comment] if comment else words) + "\n"


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file."""
    params = change.params
    result = {}
    if params.backup and change.state.content is not None:
        result["backup_file"] = system.files.backup(params.dest)
    system.files.makedirs(os.path.dirname(params.dest), 0o755)
    mode = None if change.state.content is not None else 0o644
    system.files.write(params.dest, change.todo, mode=mode)
    return result


EXAMPLES = """
- name: The database may open many files
  pam_limits:
    domain: postgres
    limit_type: "-"
    limit_item: nofile
    value: "65536"
"""
