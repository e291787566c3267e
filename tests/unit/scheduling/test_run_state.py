"""The run state: instructions for stimuli, without any world."""

from __future__ import annotations

from provisioner.graph.compile import compile_fragment
from provisioner.graph.expand import Place
from provisioner.model.status import Status
from provisioner.scheduling.instructions import Dispatch
from provisioner.scheduling.rules import Rules
from provisioner.scheduling.run_state import RunState
from provisioner.scheduling.stimuli import Decided, Deferred, Dropped, Ends, Finished, Sent, Stop
from tests.support.plays import block, compiled, task
from tests.support.simulated import Simulation


def failing(*names: str, on: str = "") -> object:
    return lambda name, host: Status.FAILED if name in names and on in ("", host) else Status.CHANGED


def ends(*pairs: tuple[str, str]) -> list[Finished]:
    return [Finished(operation, host, Status.OK) for operation, host in pairs]


def test_tasks_run_in_order_of_the_file() -> None:
    assert Simulation(compiled([task("a"), task("b"), task("c")]), ["h"]).run().runs() == ["a", "b", "c"]


def test_linear_waits_for_every_host_between_tasks() -> None:
    runs = Simulation(compiled([task("a"), task("b")]), ["x", "y", "z"]).run().runs()
    assert runs == ["a"] * 3 + ["b"] * 3


def test_free_lets_a_fast_host_go_ahead() -> None:
    play = compiled([task("a"), task("b")], strategy="free")
    state = RunState(play.graph, ["x", "y"], Rules())
    state.start()
    out = state.handle(Finished("1.1", "x", Status.OK))
    assert out == [Dispatch("1.2", "x")]


def test_a_failure_ends_the_way_of_its_host_only() -> None:
    done = Simulation(compiled([task("a"), task("b")]), ["x", "y"], failing("a", on="x")).run()
    assert done.runs("x") == ["a"]
    assert done.runs("y") == ["a", "b"]
    assert done.state.hosts["x"].doomed


def test_rescue_takes_a_failure_up_and_always_runs() -> None:
    tree = [block([task("a"), task("b")], [task("r")], [task("z")]), task("after")]
    assert Simulation(compiled(tree), ["h"], failing("a")).run().runs() == ["a", "r", "z", "after"]
    assert Simulation(compiled(tree), ["h"]).run().runs() == ["a", "b", "z", "after"]


def test_always_runs_for_a_host_that_is_lost_to_the_play() -> None:
    tree = [block([block([task("a")], always=[task("inner")])], always=[task("outer")]), task("after")]
    assert Simulation(compiled(tree), ["h"], failing("a")).run().runs() == ["a", "inner", "outer"]


def test_a_failing_rescue_dooms_the_host_after_always() -> None:
    tree = [block([task("a")], [task("r"), task("r2")], [task("z")]), task("after")]
    done = Simulation(compiled(tree), ["h"], failing("a", "r")).run()
    assert done.runs() == ["a", "r", "z"]
    assert done.state.hosts["h"].doomed


def test_an_outer_rescue_takes_up_what_the_inner_block_cannot() -> None:
    tree = [block([block([task("a")], always=[task("z")]), task("b")], [task("r")]), task("after")]
    assert Simulation(compiled(tree), ["h"], failing("a")).run().runs() == ["a", "z", "r", "after"]


def test_an_unreachable_host_runs_nothing_more_not_even_rescue() -> None:
    tree = [block([task("a")], [task("r")], [task("z")])]
    done = Simulation(compiled(tree), ["h"], lambda _n, _h: Status.UNREACHABLE).run()
    assert done.runs() == ["a"]
    assert done.state.hosts["h"].gone


def test_handlers_run_once_at_the_flush_for_hosts_that_notified() -> None:
    play = compiled([task("a", notify=("h",)), task("b", notify=("h",))], handlers=(task("h"), task("other")))
    verdict = lambda name, host: Status.CHANGED if host == "x" else Status.OK  # noqa: E731
    done = Simulation(play, ["x", "y"], verdict).run()
    assert done.runs("x") == ["a", "b", "h"]
    assert done.runs("y") == ["a", "b"]


def test_a_handler_may_notify_a_later_handler_of_the_same_flush() -> None:
    play = compiled([task("a", notify=("h1",))], handlers=(task("h1", notify=("h2",)), task("h2")))
    assert Simulation(play, ["x"], lambda _n, _h: Status.CHANGED).run().runs() == ["a", "h1", "h2"]


def test_notified_handlers_of_a_failed_host_stay_owed_unless_forced() -> None:
    tree = [task("a", notify=("h",)), task("b")]
    owed = Simulation(compiled(tree, handlers=(task("h"),)), ["x"], failing("b")).run()
    assert list(owed.state.hosts["x"].notified) == [owed.compiled.handlers[0].id]
    rules = Rules(force_handlers=True)
    forced = Simulation(compiled(tree, handlers=(task("h"),)), ["x"], failing("b"), rules).run()
    assert forced.runs() == ["a", "b", "h"]


def test_run_once_runs_on_the_first_live_host_only() -> None:
    tree = [task("a"), task("once", run_once=True), task("b")]
    done = Simulation(compiled(tree), ["x", "y", "z"], failing("a", on="x")).run()
    assert [where for kind, name, where in done.log if name == "once" and kind == "end"] == ["y"]
    assert done.runs("z") == ["a", "b"]


def test_a_fatal_failure_ends_every_host() -> None:
    play = compiled([task("a"), task("b")])
    state = RunState(play.graph, ["x", "y"], Rules())
    state.start()
    state.handle(Finished("1.1", "x", Status.FAILED, fatal=True))
    out = state.handle(Finished("1.1", "y", Status.OK))
    assert not any(isinstance(i, Dispatch) for i in out)
    assert state.is_over


def test_too_many_failures_end_the_batch() -> None:
    rules = Rules(max_fail_percentage=40)
    done = Simulation(compiled([task("a"), task("b")]), ["x", "y"], failing("a", on="x"), rules).run()
    assert "b" not in done.runs()


def test_forks_bound_the_hosts_at_work() -> None:
    done = Simulation(compiled([task("a"), task("b")]), [f"h{n}" for n in range(9)], rules=Rules(slots=3)).run()
    assert done.most_hosts == 3
    assert len(done.runs()) == 18


def test_a_lock_is_held_by_one_host_at_a_time() -> None:
    play = compiled([task("a", lock=("db",))], strategy="free")
    state = RunState(play.graph, ["x", "y"], Rules())
    assert state.start() == [Dispatch("1.1", "x")]
    assert state.handle(Finished("1.1", "x", Status.OK)) == [Dispatch("1.1", "y")]


def test_what_is_behind_a_sent_operation_is_offered_ahead() -> None:
    state = RunState(compiled([task("a"), task("b"), task("c")]).graph, ["x"], Rules())
    state.start()
    assert state.handle(Sent("1.1", "x")) == [Dispatch("1.2", "x", ahead=True)]
    assert state.handle(Sent("1.2", "x")) == [Dispatch("1.3", "x", ahead=True)]


def test_nothing_is_sent_ahead_across_hosts_that_wait_for_each_other() -> None:
    state = RunState(compiled([task("a"), task("b")]).graph, ["x", "y"], Rules())
    state.start()
    assert state.handle(Sent("1.1", "x")) == []


def test_a_deferred_operation_is_offered_again_in_its_turn() -> None:
    state = RunState(compiled([task("a"), task("b")]).graph, ["x"], Rules())
    state.start()
    state.handle(Sent("1.1", "x"))
    assert state.handle(Deferred("1.2", "x")) == []
    assert state.handle(Finished("1.1", "x", Status.OK)) == [Dispatch("1.2", "x")]


def test_a_dropped_operation_is_decided_anew() -> None:
    tree = [block([task("a"), task("b")], [task("r")])]
    state = RunState(compiled(tree).graph, ["x"], Rules())
    (first,) = state.start()
    (second,) = state.handle(Sent(first.operation, "x"))
    assert state.handle(Finished(first.operation, "x", Status.FAILED)) == []
    (rescue,) = state.handle(Dropped(second.operation, "x"))
    assert state.operation(rescue.operation).title == "r"


def test_an_include_is_expanded_once_for_hosts_that_share_it() -> None:
    play = compiled([task("inc", action="include_tasks"), task("after")])
    fragment = compile_fragment([task("in1"), task("in2")], Place("1"), "f.", play)
    done = Simulation(play, ["x", "y"], fragments={"inc": fragment}).run()
    assert done.runs() == ["inc", "inc", "in1", "in1", "in2", "in2", "after", "after"]


def test_an_include_under_free_goes_on_at_once_for_its_host() -> None:
    play = compiled([task("inc", action="include_tasks"), task("after")], strategy="free")
    fragment = compile_fragment([task("in1")], Place("1"), "f.", play)
    done = Simulation(play, ["x", "y"], fragments={"inc": fragment}).run()
    assert done.runs("x") == ["inc", "in1", "after"]
    assert done.runs("y") == ["inc", "in1", "after"]


def test_a_failure_inside_an_include_is_rescued_outside_it() -> None:
    play = compiled([block([task("inc", action="include_tasks"), task("b")], [task("r")])])
    inc = next(o for o in play.graph.tasks if o.title == "inc")
    fragment = compile_fragment([task("in1")], Place("1", branches=inc.branches), "f.", play)
    done = Simulation(play, ["x"], failing("in1"), fragments={"inc": fragment}).run()
    assert done.runs() == ["inc", "in1", "r"]


def test_end_host_leaves_the_others_running() -> None:
    state = RunState(compiled([task("a"), task("b")]).graph, ["x", "y"], Rules())
    state.start()
    state.handle(Finished("1.1", "x", Status.OK, ends=Ends.HOST))
    assert state.handle(Finished("1.1", "y", Status.OK)) == [Dispatch("1.2", "y")]


def test_end_play_ends_all_without_failing_them() -> None:
    state = RunState(compiled([task("a"), task("b")]).graph, ["x", "y"], Rules())
    state.start()
    state.handle(Finished("1.1", "x", Status.OK, ends=Ends.PLAY))
    state.handle(Finished("1.1", "y", Status.OK))
    assert state.is_over
    assert state.ended_play
    assert not state.hosts["y"].doomed


def test_stop_starts_nothing_more_but_lets_what_runs_finish() -> None:
    state = RunState(compiled([task("a"), task("b")]).graph, ["x"], Rules())
    state.start()
    assert state.handle(Stop()) == []
    assert not state.is_over
    state.handle(Finished("1.1", "x", Status.OK))
    assert state.is_over


# ---------------------------------------------------------------------- what hosts decide when asked


def asking(**keywords: object) -> RunState:
    state = RunState(compiled([task("a", **keywords)]).graph, ["x", "y", "z"], Rules())
    assert state.start() == [Dispatch("1.1", "x")], "the others wait for what the first says"
    return state


def test_a_templated_run_once_that_comes_out_true_leaves_the_others_out() -> None:
    state = asking(run_once="{{ q }}")
    assert state.handle(Decided("1.1", "x", runs_once=True, throttle=0)) == []
    assert state.operation("1.1").runs_once
    state.handle(Finished("1.1", "x", Status.OK))
    assert state.is_over


def test_a_templated_run_once_is_asked_of_each_host_until_one_says_yes() -> None:
    state = asking(run_once="{{ q }}")
    assert state.handle(Decided("1.1", "x", runs_once=False, throttle=0)) == [Dispatch("1.1", "y")]
    assert state.handle(Decided("1.1", "x", runs_once=False, throttle=0)) == [], "x has said it before"
    assert state.handle(Decided("1.1", "y", runs_once=True, throttle=0)) == [], "z is left out"
    state.handle(Finished("1.1", "x", Status.OK))
    state.handle(Finished("1.1", "y", Status.OK))
    assert state.is_over


def test_a_host_that_said_no_fails_for_itself_alone_though_another_runs_it_once() -> None:
    state = asking(run_once="{{ q }}")
    state.handle(Decided("1.1", "x", runs_once=False, throttle=0))
    state.handle(Decided("1.1", "y", runs_once=True, throttle=0))
    state.handle(Finished("1.1", "x", Status.FAILED))
    state.handle(Finished("1.1", "y", Status.OK))
    assert [name for name, host in state.hosts.items() if host.is_out] == ["x"]


def test_a_host_that_is_gone_is_not_waited_for_when_hosts_are_asked() -> None:
    state = asking(run_once="{{ q }}")
    state.hosts["y"].ended = True
    assert state.handle(Decided("1.1", "x", runs_once=False, throttle=0)) == [Dispatch("1.1", "z")]


def test_a_templated_throttle_counts_the_host_that_was_asked() -> None:
    state = asking(throttle="{{ n }}")
    assert state.handle(Decided("1.1", "x", runs_once=False, throttle=2)) == [Dispatch("1.1", "y")]
    assert state.handle(Finished("1.1", "x", Status.OK)) == [Dispatch("1.1", "z")]
    assert state.handle(Finished("1.1", "y", Status.OK)) == []
    state.handle(Finished("1.1", "z", Status.OK))
    assert state.is_over
