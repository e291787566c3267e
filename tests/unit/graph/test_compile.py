"""Graphs as text: what each pass makes of a play."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.graph.compile import Selection, compile_flush, compile_fragment, compile_play
from provisioner.graph.expand import Place
from provisioner.graph.graph import Graph
from provisioner.graph.operation import Kind, Operation, Section
from provisioner.graph.passes.barriers import reach
from provisioner.graph.passes.tags import is_selected
from provisioner.model.keywords import Keywords
from provisioner.model.task import Block, Graphing, Role, RoleUse
from provisioner.variables.scope import Level, Scope
from tests.support.plays import at, block, compiled, play, task


def text(graph: Graph) -> list[str]:
    """Each edge as text; nodes by title, with ``|`` for a barrier and ``+`` for a join."""
    order = [node for layer in graph.generations() for node in layer]
    edges = sorted(graph.edges(), key=lambda edge: (order.index(edge[0]), order.index(edge[1])))
    return [f"{name(graph[a])} -> {name(graph[b])}" for a, b, _ in edges]


def name(operation: Operation) -> str:
    marks = {Kind.BARRIER: "|", Kind.JOIN: "+", Kind.FLUSH: "flush"}
    return marks.get(operation.kind, operation.title)


def titles(graph: Graph) -> list[str]:
    return [o.title for o in graph.tasks]


# ---------------------------------------------------------------------- order, barriers, joins


def test_linear_has_a_barrier_between_any_two_tasks() -> None:
    assert text(compiled([task("a"), task("b"), task("c")]).graph) == ["a -> |", "| -> b", "b -> |", "| -> c"]


def test_free_has_none() -> None:
    assert text(compiled([task("a"), task("b")], strategy="free").graph) == ["a -> b"]


def test_free_has_one_around_what_is_about_the_run() -> None:
    graph = compiled([task("a"), task("b", action="add_host"), task("c")], strategy="free").graph
    assert text(graph) == ["a -> |", "| -> b", "b -> |", "| -> c"]


def test_free_runs_on_every_host_what_would_run_once() -> None:
    graph = compiled([task("a"), task("b", run_once=True), task("c", run_once="{{ x }}")], strategy="free").graph
    assert text(graph) == ["a -> b", "b -> c"]
    assert not any(o.runs_once or o.asks_first for o in graph.tasks)


@pytest.mark.parametrize(("word", "once"), [("end_play", True), ("clear_facts", True), ("end_host", False)])
def test_what_meta_does_for_all_hosts_is_decided_once(word: str, once: bool) -> None:
    node = task("a", action="meta", args={"_raw_params": word})
    assert [o.runs_once for o in compiled([node]).graph.tasks] == [once]
    assert not any(o.runs_once for o in compiled([node], strategy="free").graph.tasks)


def test_graph_waits_only_around_what_other_hosts_can_see() -> None:
    nodes = [
        task("a", action="command"),
        task("b", action="file"),
        task("c", delegate_to="x"),
        task("d", action="file"),
    ]
    graph = compiled(nodes, strategy="graph").graph
    assert text(graph) == ["a -> b", "b -> |", "| -> c", "c -> |", "| -> d"]


def test_an_unknown_module_may_reach_others() -> None:
    assert (reach("no_such_module"), reach("file"), reach("add_host")) == ("others", "own", "others")


def test_an_unknown_strategy_is_an_error() -> None:
    with pytest.raises(InputError, match="unknown strategy 'quick'"):
        compiled([task("a")], strategy="quick")


def fragment(strategy: str) -> Graph:
    nodes = [task("i", action="include_tasks"), task("b")]
    return compile_fragment(nodes, Place("1"), "f.", compiled([], strategy=strategy))


def test_behind_an_include_stands_a_join() -> None:
    graph = fragment("free")
    assert text(graph) == ["i -> +", "+ -> b"]
    assert not graph["f.1"].gathers


def test_under_linear_hosts_gather_at_an_include() -> None:
    graph = fragment("linear")
    assert graph["f.1"].gathers
    assert text(graph) == ["i -> +", "+ -> |", "| -> b"]


def test_a_play_without_handlers_has_no_flush() -> None:
    assert [o.kind for o in compiled([task("a")]).graph.operations] == [Kind.TASK]


def test_handlers_bring_a_flush_behind_each_section() -> None:
    graph = compiled([task("a")], pre_tasks=(task("p"),), post_tasks=(task("z"),), handlers=(task("h"),)).graph
    assert [name(o) for o in graph.operations if o.kind in (Kind.TASK, Kind.FLUSH)] == [
        "p",
        "flush",
        "a",
        "flush",
        "z",
        "flush",
    ]


def test_nodes_and_edges_grow_with_tasks_alone() -> None:
    graph = compiled([task(f"t{n}") for n in range(500)]).graph
    assert len(graph) == 999
    assert sum(1 for _ in graph.edges()) == 998


# ---------------------------------------------------------------------- the tree, flattened


def test_facts_are_gathered_first_unless_the_play_says_no() -> None:
    made = play([task("a")])
    from dataclasses import replace

    assert titles(compile_play(replace(made, gather_facts=True), 1).graph) == ["Gathering Facts", "a"]
    assert titles(compile_play(made, 1).graph) == ["a"]


def test_a_block_without_rescue_leaves_no_trace_but_its_keywords() -> None:
    inner = Block((task("a", when=("inner",)),), at(), keywords=Keywords(when=("outer",), become=True))
    (operation,) = compiled([inner]).graph.tasks
    assert operation.keywords.when == ("outer", "inner")
    assert operation.keywords.become is True
    assert operation.branches == ()


def test_branches_tell_the_way_through_nested_blocks() -> None:
    graph = compiled([block([block([task("a")], always=[task("b")])], rescue=[task("r")])]).graph
    ways = {o.title: [(b.section, b.has_rescue) for b in o.branches] for o in graph.tasks}
    assert ways["a"] == [(Section.BLOCK, True), (Section.BLOCK, False)]
    assert ways["b"] == [(Section.BLOCK, True), (Section.ALWAYS, False)]
    assert ways["r"] == [(Section.RESCUE, True)]


def role(role_name: str, *names: str, **fields: object) -> Role:
    return Role(role_name, f"/roles/{role_name}", tuple(task(n) for n in names), **fields)  # type: ignore[arg-type]


def use(used: Role, **fields: object) -> RoleUse:
    return RoleUse(used, at(), **fields)  # type: ignore[arg-type]


def test_dependencies_stand_before_their_role_and_a_second_time_is_marked() -> None:
    dep = use(role("dep", "d"))
    one, two = role("one", "a", dependencies=(dep,)), role("two", "b", dependencies=(dep,))
    graph = compiled([], roles=(use(one), use(two))).graph
    assert titles(graph) == ["dep : d", "one : a", "dep : d", "two : b"]
    first, _, again, _ = (operation.role for operation in graph.tasks)
    assert first is not None
    assert again is not None
    assert first.identity == again.identity
    assert (first.is_again, again.is_again) == (False, True)


def test_the_include_of_a_role_is_called_by_its_own_name_alone() -> None:
    inside = (task("a"), task("bring it", action="include_role", args={"name": "inner"}))
    more = (task("", action="include_role", args={"name": "inner"}), task("read", action="include_tasks"))
    graph = compiled([], roles=(use(Role("outer", "/roles/outer", (*inside, *more))),)).graph
    assert titles(graph) == ["outer : a", "bring it", "include_role : inner", "outer : read"]


def test_a_dependency_sees_the_parameters_of_the_role_that_needs_it_but_not_the_other_way_round() -> None:
    inner = use(role("inner", "i", defaults={"own": 1}), params={"word": "inner"})
    outer = role("outer", "o", dependencies=(use(role("plain", "p")), inner), vars={"kept": 1})
    graph = compiled([], roles=(use(outer, params={"word": "outer", "more": 1}),)).graph
    seen = {o.title: {name for layer in o.layers for name in layer.values} for o in graph.tasks}
    assert seen["plain : p"] >= {"word", "more", "kept"}
    words = {o.title: Scope(o.layers).find("word") for o in graph.tasks}
    assert {title: found.value for title, found in words.items() if found} == {
        "plain : p": "outer", "inner : i": "inner", "outer : o": "outer",
    }  # fmt: skip


def test_a_role_runs_again_with_other_parameters_or_where_it_allows_it() -> None:
    once_only, often = role("r", "a"), role("o", "b", allow_duplicates=True)
    graph = compiled(
        [], roles=(use(once_only), use(once_only), use(once_only, params={"x": 1}), use(often), use(often))
    ).graph
    roles = [operation.role for operation in graph.tasks if operation.role]
    assert [each.is_again for each in roles] == [False, True, False, False, False]
    assert [each.may_repeat for each in roles] == [False, False, False, True, True]


def test_tasks_that_bring_a_role_share_it_by_the_variables_around_them() -> None:
    made = role("r", "a")
    plain, tagged = use(made, is_included=True), use(made, is_included=True, keywords=Keywords(tags=("t",)))
    other = use(made, is_included=True, keywords=Keywords(vars=({"x": 1},)))
    graph = compiled([plain, tagged, other], roles=(use(made),)).graph
    roles = [operation.role for operation in graph.tasks if operation.role]
    assert [each.is_again for each in roles] == [False, False, True, False]


def test_a_role_brings_its_variables_as_layers() -> None:
    made = role("r", "a", defaults={"d": 1}, vars={"v": 2})
    (operation,) = compiled([], roles=(use(made, params={"p": 3}),)).graph.tasks
    assert [(layer.level, dict(layer.values)) for layer in operation.layers] == [
        (Level.ROLE_DEFAULTS, {"d": 1}), (Level.ROLE_VARS, {"v": 2}), (Level.ROLE_PARAMS, {"p": 3}),
    ]  # fmt: skip


def test_roles_show_defaults_and_vars_to_the_whole_play_but_not_their_parameters() -> None:
    made = role("r", "a", defaults={"d": 1}, vars={"v": 2})
    levels = [layer.level for layer in compiled([], roles=(use(made, params={"p": 3}),)).public]
    assert levels == [Level.ROLE_DEFAULTS, Level.ROLE_VARS]
    assert compiled([], roles=(use(made, public=False),)).public == ()


def test_handlers_of_roles_come_before_those_of_the_play_and_once_for_each_role() -> None:
    made = role("r", "a", handlers=(task("rh"),), allow_duplicates=True)
    handlers = compiled([], roles=(use(made), use(made)), handlers=(task("ph"),)).handlers
    assert [h.title for h in handlers] == ["r : rh", "ph"]


def test_a_flush_is_no_handler() -> None:
    flush = task("f", action="meta", args={"free_form": "flush_handlers"})
    with pytest.raises(InputError, match="flush_handlers"):
        compiled([task("a")], handlers=(flush,))


def test_what_was_included_inherits_what_is_around_the_include() -> None:
    made = compiled([block([task("i", action="include_tasks")], rescue=[task("r")])])
    include = next(made.graph.tasks)
    graph = compile_fragment(
        [task("x")], Place("1", branches=include.branches, keywords=Keywords(become=True)), "f.", made
    )
    (found,) = graph.tasks
    assert (found.id, found.branches, found.keywords.become) == ("f.1", include.branches, True)


def test_the_handlers_of_a_flush_are_copies_that_know_their_handler() -> None:
    made = compiled([task("a")], handlers=(task("h1"), task("h2")))
    graph = compile_flush("1.2/1", made.handlers, "linear")
    assert [(o.id, o.handler) for o in graph.tasks] == [(f"1.2/1/{h.id}", h.id) for h in made.handlers]


# ---------------------------------------------------------------------- tags


@pytest.mark.parametrize(
    ("tags", "wanted", "skipped", "runs"),
    [
        ("", "all", "", True), ("a", "all", "", True), ("a", "a", "", True), ("b", "a", "", False),
        ("", "a", "", False), ("always", "a", "", True), ("always", "all", "always", False),
        ("always", "all", "all", True),
        ("never", "all", "", False), ("never,x", "x", "", True), ("never", "never", "", True),
        ("a", "tagged", "", True),
        ("", "tagged", "", False), ("", "untagged", "", True), ("a", "untagged", "", False),
        ("a", "all", "tagged", False),
        ("", "all", "untagged", False), ("a,b", "a", "b", False), ("a", "a", "all", False),
        ("never", "tagged", "", False),
    ],
)  # fmt: skip
def test_tags_select_as_documented(tags: str, wanted: str, skipped: str, runs: bool) -> None:
    def words(line: str) -> frozenset[str]:
        return frozenset(line.split(",")) if line else frozenset()

    assert is_selected(words(tags), words(wanted), words(skipped)) is runs


def test_tags_are_inherited_from_play_role_and_block() -> None:
    inner = Block((task("a", tags=("t",)),), at(), keywords=Keywords(tags=("b",)))
    made = play(
        [inner, task("c")],
        keywords=Keywords(tags=("p",)),
        roles=(use(role("r", "x"), keywords=Keywords(tags=("rt",))),),
    )
    picked = [titles(compile_play(made, 1, Selection(frozenset({tag}))).graph) for tag in ("t", "b", "p", "rt")]
    assert picked == [["a"], ["a"], ["r : x", "a", "c"], ["r : x"]]


def test_a_flush_that_someone_wrote_has_tags_and_the_others_always_stay() -> None:
    flush = task("f", action="meta", args={"free_form": "flush_handlers"})
    made = play([flush, task("a", tags=("x",))], handlers=(task("h"),))
    graph = compile_play(made, 1, Selection(frozenset({"x"}))).graph
    assert sum(1 for o in graph.operations if o.kind is Kind.FLUSH) == 3
    assert titles(graph) == ["a"]


# ---------------------------------------------------------------------- needs


def test_a_need_is_a_barrier_between_the_two() -> None:
    graph = compiled([task("a", id="first"), task("b"), task("c", needs=("first",))], strategy="free").graph
    assert text(graph) == ["a -> b", "a -> |", "b -> c", "| -> c"]


def test_what_needs_a_block_waits_for_its_last_task() -> None:
    needed = Block((task("a"), task("b")), at(), graphing=Graphing("unit"))
    graph = compiled([needed, task("c", needs=("unit",))], strategy="free").graph
    assert text(graph) == ["a -> b", "b -> |", "b -> c", "| -> c"]


# ---------------------------------------------------------------------- run_once as a template


def test_the_first_host_is_asked_about_a_templated_run_once_or_throttle() -> None:
    graph = compiled([task("a", run_once="{{ x }}"), task("b"), task("c", throttle="{{ n }}")]).graph
    assert [(o.runs_once, o.asks_first) for o in graph.tasks] == [(False, True), (False, False), (False, True)]
