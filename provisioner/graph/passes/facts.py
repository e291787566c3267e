"""The implicit first task of a play: gathering facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from provisioner.graph.expand import Expansion, Place
from provisioner.graph.operation import Operation
from provisioner.model.keywords import UNSET, Keywords
from provisioner.model.play import Play
from provisioner.model.task import Task

NO_WORDS = frozenset({"no", "false", "off", "0", "n", "f"})


def gathering(play: Play, place: Place, expansion: Expansion) -> Iterator[Operation]:
    """Yield the task that gathers unless the play says ``gather_facts: false``."""
    if play.gather_facts is not UNSET and str(play.gather_facts).lower() in NO_WORDS:
        return
    args = {"gather_subset": play.gather_subset, "gather_timeout": play.gather_timeout, "fact_path": play.fact_path}
    task = Task(
        action="gather_facts",
        args={name: value for name, value in args.items() if value is not UNSET},
        position=play.position,
        name="Gathering Facts",
        keywords=Keywords(tags=("always",)),
        written_action="gather_facts",
    )
    around = replace(place.keywords, tags=(), when=(), run_once=UNSET)  # each host has facts of its own
    yield from expansion.walk((task,), replace(place, keywords=around, section="facts"))
