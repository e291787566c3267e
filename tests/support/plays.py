"""Small builders for plays and graphs, so that tests say only what matters to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.diagnostics.position import Position, Source
from provisioner.graph.compile import CompiledPlay, compile_play
from provisioner.model.keywords import Keywords
from provisioner.model.play import Play
from provisioner.model.task import Block, Graphing, Node, Task

SOURCE = Source("test.yml")


def at(line: int = 1) -> Position:
    """Return a position in a made-up file."""
    return Position(SOURCE, line, 1)


def task(name: str, *, action: str = "ping", register: str | None = None, **keywords: Any) -> Task:
    """Return a task; ``id`` and ``needs`` go to the graph, everything else is a keyword."""
    graphing = Graphing(keywords.pop("id", None), tuple(keywords.pop("needs", ())))
    args: Mapping[str, object] = keywords.pop("args", {})
    return Task(
        action=action,
        args=args,
        position=at(),
        name=name,
        register=register,
        keywords=Keywords(**keywords),
        graphing=graphing,
    )


def block(tasks: Sequence[Node], rescue: Sequence[Node] = (), always: Sequence[Node] = ()) -> Block:
    """Return a block."""
    return Block(tuple(tasks), at(), tuple(rescue), tuple(always))


def play(tasks: Sequence[Node], **fields: Any) -> Play:
    """Return a play without fact gathering."""
    return Play(
        name="a play", hosts="all", position=at(), basedir=".", tasks=tuple(tasks), gather_facts=False, **fields
    )


def compiled(tasks: Sequence[Node], **fields: Any) -> CompiledPlay:
    """Return a compiled play."""
    return compile_play(play(tasks, **fields), 1)
