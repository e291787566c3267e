"""Where the checks of ``verify`` run: behind their task, at the end of their block, role and play; and alone."""

from __future__ import annotations

from dataclasses import replace

from provisioner.graph.compile import CompiledPlay, Selection, compile_play
from provisioner.graph.operation import Kind, Section
from provisioner.model.keywords import UNSET, Keywords
from provisioner.model.play import Play
from provisioner.model.task import Check, Loop, Node, Role, RoleUse
from tests.support.plays import at, block, play, task

CHECKS = (Check("port", {"port": 80}, at(9)),)


def titles(compiled: CompiledPlay) -> list[str]:
    return [op.title for op in compiled.graph.operations if op.kind in (Kind.TASK, Kind.FLUSH)]


def compiled(nodes: tuple[Node, ...], **more: object) -> CompiledPlay:
    return compile_play(play(nodes, **more), 1)


def role(name: str, tasks: tuple[Node, ...]) -> RoleUse:
    return RoleUse(Role(name, f"/roles/{name}", tasks), at(), verify=CHECKS, keywords=Keywords(tags=("web",)))


def test_a_tasks_checks_run_right_behind_it_with_its_keywords() -> None:
    done = replace(task("a", become=True, when=("x",), notify=("n",), tags=("t",)), verify=CHECKS)
    found = compiled((done, task("b")))
    assert titles(found) == ["a", "verify: a", "b"]
    proof = next(op for op in found.graph.operations if op.title == "verify: a")
    assert (proof.keywords.become, proof.keywords.when, proof.keywords.notify) == (True, ("x",), ())
    assert proof.keywords.tags == ("t",)
    assert proof.task is not None
    assert proof.task.args == {"checks": CHECKS}
    assert str(proof.position) == "test.yml:9:1"


def test_a_looped_tasks_checks_run_once_without_conditions_on_the_item() -> None:
    done = replace(
        task("a", when=("x", "item != 'y'"), delegate_to="{{ item }}"), loop=Loop("loop", ["y"]), verify=CHECKS
    )
    proof = next(op for op in compiled((done,)).graph.operations if op.title == "verify: a")
    assert proof.keywords.when == ("x",)
    assert proof.keywords.delegate_to is UNSET
    assert proof.task is not None
    assert proof.task.loop is None


def test_a_blocks_checks_stand_inside_it_so_that_rescue_sees_them() -> None:
    whole = replace(block([task("a")], rescue=[task("r")]), verify=CHECKS)
    found = compiled((whole, task("b")))
    assert titles(found) == ["a", "verify: block", "r", "b"]
    proof = next(op for op in found.graph.operations if op.title == "verify: block")
    assert [branch.section for branch in proof.branches] == [Section.BLOCK]


def test_a_roles_checks_see_what_its_handlers_leave_behind() -> None:
    found = compiled((task("t"),), roles=(role("web", (task("a"),)),))
    assert titles(found) == ["web : a", "web : meta", "web : verify: web", "t"]
    kinds = [op.kind for op in found.graph.operations if op.title == "web : meta"]
    assert kinds == [Kind.FLUSH]


def test_a_plays_checks_come_last() -> None:
    found = compiled((task("t"),), post_tasks=(task("p"),), verify=CHECKS)
    assert titles(found) == ["t", "p", "verify: a play"]


def test_what_needs_a_task_waits_for_its_checks_too() -> None:
    done = replace(task("a", id="first"), verify=CHECKS)
    found = compiled((done, task("b", needs=["first"])))
    proof = next(op for op in found.graph.operations if op.title == "verify: a")
    assert "first" in proof.units


def only(whole: Play) -> list[str]:
    return titles(compile_play(whole, 1, Selection(only_proofs=True)))


def test_alone_nothing_runs_that_could_change_a_host() -> None:
    done = replace(task("a"), verify=CHECKS)
    whole = replace(block([task("x"), done], rescue=[task("r")], always=[task("z")]), verify=CHECKS)
    roles = (role("web", (task("q"), done)),)
    found = only(play((task("c"), whole, task("f", action="set_fact")), roles=roles, verify=CHECKS))
    assert [title for title in found if "verify" not in title] == ["web : meta", "f"]
    assert [title for title in found if "verify" in title] == [
        "web : verify: a", "web : verify: web", "verify: a", "verify: block", "verify: a play",
    ]  # fmt: skip
