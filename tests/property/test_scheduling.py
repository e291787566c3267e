"""Whatever the graph, the hosts and the failures: order is kept, every instance ends once, nothing is lost."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from provisioner.model.status import Status
from provisioner.scheduling.rules import Rules
from tests.support.plays import block, compiled, task
from tests.support.simulated import Simulation

HOSTS = ["h1", "h2", "h3", "h4"]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""Shrinking trees of this kind takes minutes; the seed that failed is enough to look into it."""
HANDLERS = ("ha", "hb", "hc")


@st.composite
def trees(draw: st.DrawFn) -> list[object]:
    counter = iter(range(1000))

    def tasks(depth: int) -> list[object]:
        return [node(depth) for _ in range(draw(st.integers(1, 3)))]

    def node(depth: int) -> object:
        if depth and draw(st.integers(0, 3)) == 0:
            return block(
                tasks(depth - 1),
                tasks(depth - 1) if draw(st.booleans()) else [],
                tasks(depth - 1) if draw(st.booleans()) else [],
            )
        keywords: dict[str, object] = {"notify": tuple(draw(st.sets(st.sampled_from(HANDLERS), max_size=2)))}
        if draw(st.integers(0, 5)) == 0:
            keywords["run_once"] = True
        if draw(st.integers(0, 4)) == 0:
            keywords["lock"] = (draw(st.sampled_from(["l1", "l2"])),)
        return task(f"t{next(counter)}", **keywords)

    return tasks(2)


STATUSES = [Status.OK, Status.CHANGED, Status.SKIPPED, Status.IGNORED, Status.FAILED, Status.UNREACHABLE, Status.LOST]


@settings(max_examples=200, deadline=None, phases=PHASES)
@given(
    tree=trees(),
    count=st.integers(1, 4),
    strategy=st.sampled_from(["linear", "free", "host_pinned", "graph"]),
    slots=st.integers(1, 5),
    force=st.booleans(),
    seed=st.integers(0, 10_000),
    trouble=st.sampled_from([0.0, 0.1, 0.4]),
)
def test_every_batch_ends_in_order_and_complete(
    tree: list[object], count: int, strategy: str, slots: int, force: bool, seed: int, trouble: float
) -> None:
    play = compiled(tree, strategy=strategy, handlers=tuple(task(h) for h in HANDLERS))  # type: ignore[arg-type]
    rng = random.Random(seed)
    fates: dict[tuple[str, str], Status] = {}

    def verdict(name: str, host: str) -> Status:
        bad = rng.random() < trouble
        fates[(name, host)] = rng.choice(STATUSES[4:] if bad else STATUSES[:4])
        return fates[(name, host)]

    rules = Rules(slots=slots, pinned=strategy == "host_pinned", force_handlers=force)
    done = Simulation(play, HOSTS[:count], verdict, rules, random.Random(seed), defers=True)
    notified: Counter[str] = Counter()
    done.run()

    assert done.over == 1
    assert done.state.is_over
    assert done.most_hosts <= slots
    order = [o.title for o in play.graph.tasks]
    for host in HOSTS[:count]:
        ran = [n for n in done.runs(host) if n not in HANDLERS]
        assert ran == sorted(ran, key=order.index), "a host runs in order of the file"
        assert len(ran) == len(set(ran)), "nothing runs twice"
        notified[host] = len(done.state.hosts[host].notified)
        if done.state.hosts[host].is_live:
            assert not notified[host], "a live host owes no handler at the end"
    assert not done.state._locks.held
    assert done.state._slots.free == slots


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(tree=trees(), count=st.integers(2, 4), seed=st.integers(0, 10_000))
def test_a_lock_is_never_held_twice(tree: list[object], count: int, seed: int) -> None:
    play = compiled(tree, strategy="free")  # type: ignore[arg-type]
    done = Simulation(play, HOSTS[:count], rng=random.Random(seed)).run()
    locks = {o.title: o.keywords.lock for o in play.graph.tasks}
    held: Counter[str] = Counter()
    for kind, name, _host in done.log:
        for lock in locks.get(name, ()):
            held[lock] += {"start": 1, "ahead": 1}.get(kind, -1)
            assert held[lock] in (0, 1)


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(tree=trees(), count=st.integers(2, 4), seed=st.integers(0, 10_000))
def test_linear_hosts_are_never_more_than_one_task_apart(tree: list[object], count: int, seed: int) -> None:
    play = compiled(tree)  # type: ignore[arg-type]
    done = Simulation(play, HOSTS[:count], rng=random.Random(seed)).run()
    order = {o.title: n for n, o in enumerate(play.graph.tasks)}
    ended = [order[name] for kind, name, _ in done.log if kind == "end" and name in order]
    assert ended == sorted(ended)
