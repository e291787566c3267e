"""Look at several things at once for ``verify``: packages, services, files, ports, web answers, commands, users.

Changes nothing. What the things have to be like is compared on the controller, by the checks of a ``verify`` list.
"""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Traits
from ..observing import observe
from ..params import Parameters, required
from ..system import System

TRAITS = Traits(reach="others", settles=False)


class Params(Parameters):
    """Each item has a ``kind`` and the words that belong to it."""

    observe: List[Dict[str, Any]] = required("list", "What to look at.", elements="dict")


class State(NamedTuple):
    """What was seen, item by item."""

    seen: List[Dict[str, Any]]


def inspect(params: Params, system: System) -> State:
    """Look at everything, in order."""
    return State([observe(words, system) for words in params.observe])


def plan(params: Params, state: State) -> Change:
    """There is never anything to do."""
    return Change(False, result={"seen": state.seen})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do nothing."""
    return None


RETURNS = """
seen: What was seen, item by item, in the order of the questions.
"""

EXAMPLES = """
- name: What is there?
  check:
    observe:
      - {kind: service, name: nginx}
      - {kind: port, port: 80}
"""
