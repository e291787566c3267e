"""Set options of interfaces in a file as /etc/network/interfaces, or read it.

Of several stanzas with the interface's name (and family, where given) the last is meant. The options ``method`` and
``address_family`` stand in the stanza's first line and are changed there.
"""

import io
import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, text_diff
from ..params import FileParameters, optional
from ..system import System, attributes
from ..system.placing import Placing, place

MANY = ("pre-up", "up", "down", "post-up")
OTHERS = ("iface", "mapping", "auto", "source", "source-directory", "no-auto-down", "no-scripts", "rename", "template")


class Params(FileParameters):
    """Without an option the file is only read."""

    dest: str = optional("path", "The file.", "/etc/network/interfaces")
    iface: Optional[str] = optional("str", "The interface.")
    address_family: Optional[str] = optional("str", "Which stanza of the interface: inet or inet6.")
    option: Optional[str] = optional("str", "The option.")
    value: Optional[str] = optional("str", "Its value; without it all values go where state is absent.")
    state: str = optional("str", "Whether it is there.", "present", choices=("present", "absent"))
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)


class State(NamedTuple):
    """The file's content and attributes."""

    content: bytes
    want: attributes.Wanted
    now: Optional[attributes.Current]
    info: Dict[str, Any]


class Stanza(NamedTuple):
    """One ``iface``: its words, the number of its line and of the first line behind it."""

    name: str
    family: str
    method: str
    start: int
    end: int


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    system.files.look(params.dest)
    content = system.files.read_or_none(params.dest)
    if content is None:
        raise Failed("%s is not there" % params.dest)
    want = attributes.wanted(params)
    now = attributes.current(system, params.dest, want)
    return State(content, want, now, attributes.info(system, params.dest))


def plan(params: Params, state: State) -> Change:
    """Change the lines of the stanza and compare."""
    lines = state.content.decode("utf-8", "surrogateescape").splitlines(True)
    if params.option is not None:
        if params.iface is None:
            raise Failed("missing parameter(s) required by 'option': iface")
        if params.state == "present" and params.value is None:
            raise Failed("Value must be set if option is defined and state is 'present'")
    if params.iface is not None:
        stanza = _wanted_stanza(params, lines)
        if params.option is not None:
            body = lines[stanza.start : stanza.end]
            lines[stanza.start : stanza.end] = _edited(params, body)
    after = "".join(lines).encode("utf-8", "surrogateescape")
    result = {"dest": params.dest, "ifaces": _ifaces(lines)}
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    edited = after != state.content
    if not edited and not delta.changed:
        return Change(False, result=dict(result, **state.info))
    diff = [text_diff(params.dest, state.content, after)] if edited else []
    if delta.changed:
        diff.append({"before": delta.before, "after": delta.after})
    return Change(True, after if edited else None, result, diff)


def _words(line: str) -> List[str]:
    text = line.strip()
    return [] if text.startswith("#") else text.split(None, 1)


def _stanzas(lines: List[str]) -> List[Stanza]:
    found: List[Stanza] = []
    for number, line in enumerate(lines):
        words = _words(line)
        if not words or (words[0] not in OTHERS and not words[0].startswith("allow-")):
            continue
        if found and found[-1].end == len(lines):
            found[-1] = found[-1]._replace(end=number)
        if words[0] == "iface" and len(words) > 1:
            name, family, method = [*words[1].split(), "", "", ""][:3]
            found.append(Stanza(name, family, method, number, len(lines)))
    return found


def _wanted_stanza(params: Params, lines: List[str]) -> Stanza:
    family = params.address_family
    found = [one for one in _stanzas(lines) if one.name == params.iface and family in (None, one.family)]
    if not found:
        raise Failed("Error: interface %s not found" % params.iface)
    return found[-1]


def _ifaces(lines: List[str]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for stanza in _stanzas(lines):
        options: Dict[str, Any] = {name: [] for name in MANY}
        for line in lines[stanza.start + 1 : stanza.end]:
            words = _words(line)
            if words and words[0] in MANY:
                options[words[0]].append(words[1] if len(words) > 1 else "")
            elif words:
                options[words[0]] = words[1] if len(words) > 1 else ""
        options.update(address_family=stanza.family, method=stanza.method)
        found[stanza.name] = options
    return found


def _edited(params: Params, body: List[str]) -> List[str]:
    option, value = params.option or "", params.value
    if option in ("method", "address_family"):
        return [_headed(params, body[0]), *body[1:]]
    at = [number for number, line in enumerate(body) if number and _words(line)[:1] == [option]]
    same = [number for number in at if _words(body[number])[1:] == [value]]
    many = option in MANY
    if params.state == "absent":
        return _without(body, same if many and value is not None else at)
    if not (same if many else at):
        return _added(body, at, option, value or "")
    return body if at[-1] in same or many else _changed(body, at[-1], value or "")


def _without(body: List[str], gone: List[int]) -> List[str]:
    return [line for number, line in enumerate(body) if number not in gone]


def _changed(body: List[str], at: int, value: str) -> List[str]:
    return [*body[:at], _with_value(body[at], value), *body[at + 1 :]]


def _with_value(line: str, value: str) -> str:
    match = re.match(r"^\s*\S+\s*", line.rstrip("\r\n"))
    start = match.group(0) if match else ""
    return (start if start[-1:].isspace() else start + " ") + value + "\n"


def _headed(params: Params, line: str) -> str:
    if params.state == "absent" or not params.value:
        raise Failed("Can't delete %s option" % params.option)
    parts = re.split(r"(\s+)", line.rstrip())
    place_of = 6 if params.option == "method" else 4
    first = 1 if parts[0] == "" else 0
    while len(parts) <= place_of + first * 2:
        parts += [" ", ""]
    parts[place_of + first * 2] = params.value
    return "".join(parts) + "\n"


def _added(body: List[str], at: List[int], option: str, value: str) -> List[str]:
    """Return the lines with one more, behind the last of the same option or behind the last option."""
    last = at[-1] if at else max(number for number, line in enumerate(body) if _words(line))
    indent = re.match(r"^\s*", body[last]).group(0) if last else "    "  # type: ignore[union-attr]
    new = list(body)
    if not new[last].endswith("\n"):
        new[last] += "\n"
    new.insert(last + 1, "%s%s %s\n" % (indent, option, value))
    return new


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file and set its attributes."""
    params, state = change.params, change.state
    result: Dict[str, Any] = {}
    if change.todo is not None:
        how = Placing(params.backup, None, params.unsafe_writes)
        done = place(system, params.dest, io.BytesIO(change.todo), state.want, how)
        if "backup_file" in done:
            result["backup_file"] = done["backup_file"]
    attributes.settle(system, params.dest, state.want)
    return dict(result, **attributes.info(system, params.dest))


RETURNS = """
dest: The file.
ifaces: Each interface with its options, as they are after the change.
state: What the path is: file.
size: The file's size in bytes.
mode: The file's permissions in octal.
owner: Name of the file's owner.
group: Name of the file's group.
uid: Number of the file's owner.
gid: Number of the file's group.
"""

EXAMPLES = """
- name: Jumbo frames
  interfaces_file:
    dest: /etc/network/interfaces.d/eth1.cfg
    iface: eth1
    option: mtu
    value: "9000"
- name: A route when the interface comes up
  interfaces_file:
    iface: eth0
    option: up
    value: ip route add 192.0.2.0/24 via 198.51.100.1
"""
