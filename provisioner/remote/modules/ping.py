"""Answer ``pong``: proves that the host can be logged into and that a usable Python runs there."""

from typing import Any, Dict, Optional

from ..change import Change, Traits
from ..params import Parameters, optional
from ..system import System

TRAITS = Traits()


class Params(Parameters):
    """``data`` comes back as ``ping``; the word ``crash`` makes the module fail on purpose."""

    data: str = optional("str", "What to answer.", "pong")


State = None


def inspect(params: Params, system: System) -> None:
    """Nothing to look at."""
    if params.data == "crash":
        raise Exception("boom")  # noqa: TRY002 - these words are what Ansible's ping crashes with


def plan(params: Params, state: None) -> Change:
    """Nothing ever changes."""
    return Change(False, result={"ping": params.data})


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


RETURNS = """
ping: The word given.
"""

EXAMPLES = """
- name: Is the host there?
  ping:
"""
