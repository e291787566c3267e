"""Have locales compiled, or taken away."""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN
from ..system.reading import lines, text

TRAITS = Traits(locks=("locales",))
LINE = re.compile(r"^(?P<off>#\s*)?(?P<name>[A-Za-z]\S*) (?P<charset>\S+)\s*$")
LIST, SUPPORTED, UBUNTU = "/etc/locale.gen", "/usr/share/i18n/SUPPORTED", "/var/lib/locales/supported.d/local"


class Params(Parameters):
    """Locales as they are spelled in locale.gen, such as de_DE.UTF-8."""

    name: List[str] = required("list", "The locales.", elements="str")
    state: str = optional("str", "Whether they shall be there.", "present", choices=("absent", "present"))


class State(NamedTuple):
    """The file's text, the locales the host has (in comparable spelling), and those it could have."""

    content: str
    have: List[str]
    possible: Dict[str, str]
    path: str


def inspect(params: Params, system: System) -> State:
    """Read the lists and ask which locales there are."""
    path = LIST if system.files.exists(LIST) or not system.files.exists(UBUNTU) else UBUNTU
    content = (system.files.read_or_none(path) or b"").decode("utf-8", "surrogateescape")
    possible = {}
    for line in [*lines(system, SUPPORTED), *content.splitlines()]:
        match = LINE.match(line.strip())
        if match:
            possible[_comparable(match.group("name"))] = "%s %s" % (match.group("name"), match.group("charset"))
    done = system.commands.run(["locale", "-a"], env=PLAIN)
    if done.rc != 0:
        raise Failed("locale -a failed: " + (done.err or done.out).strip(), rc=done.rc)
    return State(content, [_comparable(line.strip()) for line in done.out.splitlines()], possible, path)


def _comparable(name: str) -> str:
    """Return a name with its character set spelled as ``locale -a`` spells it."""
    head, dot, tail = name.partition(".")
    charset, at, modifier = tail.partition("@")
    return head + dot + re.sub(r"[^a-z0-9]", "", charset.lower()) + at + modifier


def plan(params: Params, state: State) -> Change:
    """Compare."""
    present = params.state == "present"
    unknown = [name for name in params.name if _comparable(name) not in {*state.possible, *state.have}]
    if unknown:
        raise Failed("The locales you've entered are not available on your system: %s" % ", ".join(unknown))
    todo = [name for name in params.name if (_comparable(name) in state.have) != present]
    result = {"mechanism": "glibc" if state.path == LIST else "ubuntu_legacy", "name": params.name}
    if not todo:
        return Change(False, result=result)
    content = _edited(state, [_comparable(name) for name in todo], present)
    diff = {
        "before": state.content,
        "after": content,
        "before_header": state.path,
        "after_header": state.path,
    }
    return Change(True, content, result, diff if content != state.content else None)


def _edited(state: State, wanted: List[str], present: bool) -> str:
    found = []
    edited = []
    for line in state.content.splitlines():
        match = LINE.match(line.strip())
        name = _comparable(match.group("name")) if match else ""
        if match and name in wanted:
            found.append(name)
            plain = "%s %s" % (match.group("name"), match.group("charset"))
            edited.append(plain if present else "# " + plain)
        else:
            edited.append(line)
    if present:
        edited += [state.possible[name] for name in wanted if name not in found and name in state.possible]
    return "".join(line + "\n" for line in edited)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the list and compile."""
    path = change.state.path
    if change.todo != change.state.content:
        mode = None if system.files.exists(path) else 0o644
        system.files.write(path, change.todo.encode("utf-8", "surrogateescape"), mode=mode)
    purge = ["--purge"] if "ubuntu" in text(system, "/etc/os-release").lower() else []
    done = system.commands.run(["locale-gen", *(purge if change.params.state == "absent" else [])], env=PLAIN)
    if done.rc != 0:
        hint = "; install the package locales" if done.rc == 127 else ""
        raise Failed("locale-gen failed: " + (done.err or done.out).strip() + hint, rc=done.rc, changed=True)
    return None


RETURNS = """
name: The locales.
mechanism: How locales are made on this host: glibc or ubuntu_legacy.
"""

EXAMPLES = """
- name: German, and English of the United States
  locale_gen:
    name: [de_DE.UTF-8, en_US.UTF-8]
"""
