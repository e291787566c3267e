"""Say what dpkg may do with a package: hold it, for instance."""

import re
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, required
from ..system import System

TRAITS = Traits(locks=("dpkg",))
STATUS = "/var/lib/dpkg/status"


class Params(Parameters):
    """One package."""

    name: str = required("str", "The package.")
    selection: str = required("str", "What is wished for it.", choices=("install", "hold", "deinstall", "purge"))


class State(NamedTuple):
    """What dpkg has noted; ``unknown`` where it has never heard of the package."""

    selection: str


def inspect(params: Params, system: System) -> State:
    """Read dpkg's own file."""
    content = (system.files.read_or_none(STATUS) or b"").decode("utf-8", "replace")
    name, _, arch = params.name.partition(":")
    pattern = r"^Package: %s\n((?:.+\n)*)" % re.escape(name)
    for match in re.finditer(pattern, content, re.MULTILINE):
        if not arch or "\nArchitecture: %s\n" % arch in "\n" + match.group(1):
            status = re.search(r"^Status: (\S+)", match.group(1), re.MULTILINE)
            if status:
                return State(status.group(1))
    return State("unknown")


def plan(params: Params, state: State) -> Change:
    """Compare."""
    if state.selection == "unknown":
        raise Failed("Failed to find package '%s' to perform selection '%s'." % (params.name, params.selection))
    result = {"before": state.selection, "after": params.selection}
    if state.selection == params.selection:
        return Change(False, result=result)
    return Change(True, "%s %s\n" % (params.name, params.selection), result, _diff(result))


def _diff(result: Dict[str, str]) -> Dict[str, str]:
    return {side: value + "\n" for side, value in result.items()}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Hand the wish to dpkg on its standard input."""
    done = system.commands.run(["dpkg", "--set-selections"], stdin=change.todo.encode())
    if done.rc != 0:
        raise Failed("dpkg --set-selections failed: " + (done.err or done.out).strip(), rc=done.rc)
    return None


RETURNS = """
before: The commit before.
after: The commit now.
"""

EXAMPLES = """
- name: Keep the kernel as it is
  dpkg_selections:
    name: linux-image-amd64
    selection: hold
"""
