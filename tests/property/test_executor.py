"""Random playbooks through the real executor: operations end at most once, in order, and what ran is told."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from provisioner.diagnostics.errors import Lost, Unreachable
from provisioner.execution import executor
from provisioner.model import event
from tests.support.theatre import Theatre

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
INCLUDED = (
    "- {name: i1, command: any i1}\n"
    "- {name: i2, debug: {msg: '{{ "
    "last.rc | default(0) }}'}}\n"
    "- {name: i3, command: any i3}\n"
)


@st.composite
def playbooks(draw: st.DrawFn) -> str:
    numbers = iter(range(1000, 2000))

    def tasks(depth: int, indent: str) -> str:
        return "".join(node(depth, indent) for _ in range(draw(st.integers(1, 4))))

    def node(depth: int, indent: str) -> str:
        if depth and draw(st.integers(0, 3)) == 0:
            text = f"{indent}- block:\n{tasks(depth - 1, indent + '  ')}"
            for part in ("rescue", "always"):
                if draw(st.booleans()):
                    text += f"{indent}  {part}:\n{tasks(depth - 1, indent + '  ')}"
            return text
        return (
            f"{indent}- {{name: t{next(numbers)}, {draw(st.sampled_from(BODIES))}{draw(st.sampled_from(ENDINGS))}}}\n"
        )

    strategy = draw(st.sampled_from(["linear", "linear", "free", "graph"]))
    return (
        f"- hosts: all\n  gather_facts: false\n  strategy: {strategy}\n  tasks:\n{tasks(2, '  ')}"
        "  handlers:\n  - {name: h1, command: any, notify: h2}\n  - {name: h2, debug: {msg: x}}\n"
    )


BODIES = (
    "command: any", "command: any", "command: any, register: last", "command: any, loop: [1, 2, 3]",
    "command: 'any {{ last.rc | default(1) }}'", "debug: {msg: '{{ last.rc | default(2) }}'}", "set_fact: {x: 1}",
    "debug: {msg: '{{ x | default(0) }}'}", "fail: {msg: no}, when: x is defined", "include_tasks: inc.yml",
    "command: any, delegate_to: h2", "meta: flush_handlers", "command: any, until: true, retries: 1, delay: 1",
)  # fmt: skip
ENDINGS = (
    "", "", "", ", ignore_errors: true", ", when: last is defined", ", changed_when: false", ", failed_when: false",
    ", run_once: true", ", become: true",
)  # fmt: skip


@pytest.mark.parametrize("trouble", [0.0, 0.15, 0.4])
@settings(max_examples=60, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(text=playbooks(), seed=st.integers(0, 10_000), hosts=st.integers(1, 3))
def test_every_operation_ends_once_in_order_and_nothing_that_ran_is_forgotten(
    trouble: float, text: str, seed: int, hosts: int
) -> None:
    rng = random.Random(seed)

    def answer(host: str, _request: Any) -> Any:
        if rng.random() >= trouble:
            return {"changed": rng.random() < 0.7, "rc": 0}
        if rng.random() < 0.15:
            return Lost(host) if rng.random() < 0.5 else Unreachable(host)
        return {"failed": True, "changed": False, "rc": 1, "msg": "no"}

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor, "QUIET_S", 0.0005)
        theatre = Theatre(Path(folder), "".join(f"h{n}\n" for n in range(1, hosts + 1)), script=answer)
        theatre.sessions.holds = lambda _h, _r: rng.random() < 0.3
        theatre.run(text, {"inc.yml": INCLUDED})

    ended = theatre.recorder.of(event.OperationFinished)
    assert max(Counter((e.operation, e.host) for e in ended).values(), default=1) == 1
    starts = Counter((e.operation, e.host) for e in theatre.recorder.of(event.OperationStarted))
    assert starts == Counter((e.operation, e.host) for e in ended), "each that begins ends, and the other way round"
    titles = theatre.titles
    for host in theatre.context.inventory.inventory.hosts:
        names = [titles[e.operation] for e in ended if e.host == host and titles[e.operation].startswith("t")]
        assert names == sorted(names), "a host's results come in the order of the file"
    told = {(e.operation, e.host) for e in ended}
    for _, request in theatre.sessions.ran:
        host = request.chain.split(":")[1]
        assert (request.link, host) in told, "what ran is in the record"
