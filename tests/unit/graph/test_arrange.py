"""needs, before plays are flattened: who moves, and what cannot be."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.graph.arrange import arrange
from provisioner.graph.start import start_at
from provisioner.model.play import Play
from provisioner.model.task import Block, Graphing, Node, Role, RoleUse, Task
from tests.support.plays import at, block, play, task


def names(plays: tuple[Play, ...]) -> list[str]:
    found: list[str] = []

    def walk(nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if isinstance(node, Task):
                found.append(node.name)
            elif isinstance(node, Block):
                walk((*node.block, *node.rescue, *node.always))
            else:
                walk(node.role.tasks)

    for each in plays:
        walk((*each.pre_tasks, *each.roles, *each.tasks, *each.post_tasks))
    return found


def test_without_needs_nothing_moves() -> None:
    plays = (play([task("a", id="x"), task("b")]),)
    assert arrange(plays) == plays


def test_a_task_moves_behind_what_it_needs_and_all_else_keeps_its_place() -> None:
    plays = arrange([play([task("a", needs=("z",)), task("b"), task("c", id="z"), task("d")])])
    assert names(plays) == ["b", "c", "a", "d"]


def test_the_whole_block_moves_so_that_its_tasks_stay_together() -> None:
    plays = arrange([play([block([task("a"), task("b", needs=("z",))]), task("c", id="z")])])
    assert names(plays) == ["c", "a", "b"]


def test_tasks_inside_a_block_are_arranged_too() -> None:
    plays = arrange([play([block([task("a", needs=("z",)), task("b", id="z")])])])
    assert names(plays) == ["b", "a"]


def test_a_play_moves_behind_the_play_it_needs() -> None:
    plays = arrange([play([task("a", needs=("z",))]), play([task("b", id="z")])])
    assert names(plays) == ["b", "a"]


def test_an_unknown_need_is_an_error_with_its_place() -> None:
    with pytest.raises(InputError, match=r"test.yml:1:1.*\n?.*needs 'z', but nothing has that id"):
        arrange([play([task("a", needs=("z",))])])


def test_a_circle_is_shown_with_the_way_around_it() -> None:
    with pytest.raises(InputError) as caught:
        arrange([play([task("a", id="x", needs=("y",)), task("b", id="y", needs=("x",))])])
    told = str(caught.value)
    assert "in a circle" in told
    assert told.count("task 'a'") == 2
    assert "task 'b'" in told


def test_a_need_cannot_point_to_a_later_section() -> None:
    with pytest.raises(InputError, match="later section"):
        arrange([play([task("b", id="z")], pre_tasks=(task("a", needs=("z",)),))])


# ---------------------------------------------------------------------- --start-at-task


def use(name: str, *tasks: str) -> RoleUse:
    return RoleUse(Role(name, f"/roles/{name}", tuple(task(t) for t in tasks)), at())


def test_everything_before_the_task_is_left_out_and_what_follows_stays() -> None:
    plays = start_at([play([task("a")]), play([task("b"), task("c")]), play([task("d")])], "c")
    assert names(plays) == ["c", "d"]


def test_the_task_may_stand_in_a_block_or_a_role() -> None:
    assert names(start_at([play([block([task("a"), task("b")], always=[task("z")])])], "b")) == ["b", "z"]
    assert names(start_at([play([task("t")], roles=(use("r", "x", "y"), use("s", "q")))], "r : y")) == ["y", "q", "t"]


def test_the_name_may_be_a_glob() -> None:
    assert names(start_at([play([task("install a"), task("start a")])], "start*")) == ["start a"]


def test_a_name_no_task_has_is_an_error_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'install'"):
        start_at([play([task("install")])], "instal")


def test_ids_and_needs_of_a_block_count_for_the_block() -> None:
    needed = Block((task("c"),), at(), graphing=Graphing("unit"))
    assert names(arrange([play([task("a", needs=("unit",)), needed])])) == ["c", "a"]
