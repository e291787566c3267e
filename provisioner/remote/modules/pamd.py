"""Edit the rules of a service in PAM's configuration."""

import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required, required_if
from ..system import System

TRAITS = Traits()
RULE = re.compile(r"^(-?(?:auth|account|session|password))\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*?)\s*$")
ARGUMENT = re.compile(r"\[(?:[^\]\\]|\\.)*\]|[^\s\[]\S*")
KINDS = ("account", "-account", "auth", "-auth", "password", "-password", "session", "-session")


class Params(Parameters):
    """The rule, and what is done with it."""

    name: str = required("str", "The service: a file below path.")
    type: str = required("str", "The rule's type.", choices=KINDS)
    control: str = required("str", "The rule's control.")
    module_path: str = required("str", "The rule's module.")
    new_type: Optional[str] = optional("str", "Another type.", choices=KINDS)
    new_control: Optional[str] = optional("str", "Another control.")
    new_module_path: Optional[str] = optional("str", "Another module.")
    module_arguments: Optional[List[str]] = optional("list", "Arguments of the module.", elements="str")
    state: str = optional(
        "str",
        "What is done.",
        "updated",
        choices=("absent", "after", "args_absent", "args_present", "before", "updated"),
    )
    path: str = optional("path", "The folder.", "/etc/pam.d")
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)
    rules = (
        required_if("state", "args_present", "module_arguments"),
        required_if("state", "args_absent", "module_arguments"),
        required_if("state", "before", "new_control", "new_type", "new_module_path"),
        required_if("state", "after", "new_control", "new_type", "new_module_path"),
    )


class Rule(NamedTuple):
    """One rule."""

    type: str
    control: str
    path: str
    arguments: List[str]

    def line(self) -> str:
        """Return it as the file holds it."""
        return " ".join(["%-10s" % self.type, self.control, self.path, *self.arguments])


class State(NamedTuple):
    """The service's file."""

    file: str
    content: bytes


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    file = "%s/%s" % (params.path.rstrip("/"), params.name)
    content = system.files.read_or_none(file)
    if content is None:
        raise Failed("Unable to open/read PAM module file %s" % file)
    return State(file, content)


def read(line: str) -> Optional[Rule]:
    """Return the rule on a line, None where there is none."""
    match = RULE.match(line)
    if not match or line.lstrip().startswith("#"):
        return None
    return Rule(match.group(1), _plain(match.group(2)), match.group(3), ARGUMENT.findall(match.group(4)))


def _plain(control: str) -> str:
    return "[%s]" % " ".join(control.strip("[]").split()) if control.startswith("[") else control


def plan(params: Params, state: State) -> Change:
    """Edit the lines in memory."""
    lines = state.content.decode("utf-8", "surrogateescape").splitlines()
    found = [number for number, line in enumerate(lines) if _fits(params, read(line))]
    count = _EDITS[params.state](params, lines, found)
    after = ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape") if count else state.content
    result = {"change_count": count, "action": params.state, "dest": state.file, "backupdest": ""}
    if not count:
        return Change(False, result=result)
    return Change(True, after, result, text_diff(state.file, state.content, after), settles=params.new_type is None)


def _fits(params: Params, rule: Optional[Rule]) -> bool:
    wanted = (params.type, _plain(params.control), params.module_path)
    return rule is not None and (rule.type, rule.control, rule.path) == wanted


def _new(params: Params) -> Rule:
    arguments = ARGUMENT.findall(" ".join(params.module_arguments or []))
    return Rule(params.new_type or "", _plain(params.new_control or ""), params.new_module_path or "", arguments)


def _beside(step: int) -> Callable[[Params, List[str], List[int]], int]:
    """Return the edit that puts the new rule before (-1) or after (1) each rule that fits."""

    def edit(params: Params, lines: List[str], found: List[int]) -> int:
        count = 0
        for number in reversed(found):
            place = number + step
            while 0 <= place < len(lines) and read(lines[place]) is None:
                place += step
            near = read(lines[place]) if 0 <= place < len(lines) else None
            wanted = _new(params)
            if near is not None and near[:3] == wanted[:3]:
                if params.module_arguments is None or near.arguments == wanted.arguments:
                    continue
                lines[place] = wanted.line()
            else:
                lines.insert(number if step < 0 else number + 1, wanted.line())
            count += 1
        return count

    return edit


def _absent(params: Params, lines: List[str], found: List[int]) -> int:
    for number in reversed(found):
        del lines[number]
    return len(found)


def _updated(params: Params, lines: List[str], found: List[int]) -> int:
    count = 0
    for number in found:
        rule = read(lines[number])
        if rule is None:
            continue
        control = _plain(params.new_control) if params.new_control else rule.control
        arguments = rule.arguments
        if params.module_arguments is not None:
            arguments = ARGUMENT.findall(" ".join(params.module_arguments))
        wanted = Rule(params.new_type or rule.type, control, params.new_module_path or rule.path, arguments)
        if wanted != rule:
            lines[number] = wanted.line()
            count += 1
    return count


def _arguments(params: Params, lines: List[str], found: List[int]) -> int:
    given = ARGUMENT.findall(" ".join(params.module_arguments or []))
    count = 0
    for number in found:
        rule = read(lines[number])
        if rule is None:
            continue
        if params.state == "args_absent":
            kept = [each for each in rule.arguments if each not in given]
        else:
            kept = _merged(rule.arguments, given)
        if kept != rule.arguments:
            lines[number] = rule._replace(arguments=kept).line()
            count += 1
    return count


def _merged(there: List[str], given: List[str]) -> List[str]:
    """Return the arguments with the given ones; key=value replaces another value of that key."""
    kept = list(there)
    for each in given:
        key, equals, _ = each.partition("=")
        same = [number for number, old in enumerate(kept) if equals and old.partition("=")[:2] == (key, equals)]
        if same:
            kept[same[0]] = each
        elif each not in kept:
            kept.append(each)
    return kept


_EDITS: Dict[str, Callable[[Params, List[str], List[int]], int]] = {
    "absent": _absent,
    "after": _beside(1),
    "args_absent": _arguments,
    "args_present": _arguments,
    "before": _beside(-1),
    "updated": _updated,
}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file."""
    found = {}
    if change.params.backup:
        found["backupdest"] = system.files.backup(change.state.file)
    system.files.write(change.state.file, change.todo)
    return found


RETURNS = """
change_count: How many rules changed.
action: What was asked for.
dest: The file.
backupdest: Where the file replaced was kept.
state: What the path is: file.
size: The file's size in bytes.
mode: The file's permissions in octal.
owner: Name of the file's owner.
group: Name of the file's group.
uid: Number of the file's owner.
gid: Number of the file's group.
"""

EXAMPLES = """
- name: Lock out who guesses
  pamd:
    name: common-auth
    type: auth
    control: "[success=1 default=ignore]"
    module_path: pam_unix.so
    module_arguments: [nullok]
    state: args_absent
"""
