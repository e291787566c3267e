"""What phases consist of: the order of a cut-over, what hosts undo alone, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source, Text, position_of
from provisioner.loading.settings import LoadSettings
from provisioner.migration.casting import cast
from provisioner.migration.compile import Moment, compiled, placed
from provisioner.migration.stages import CUTOVER, Piece, Stage, Stages
from provisioner.migration.steps import Step
from provisioner.model.inventory import Group, Host, Inventory
from provisioner.model.migration import LoneStep, Migration, Part, Section
from provisioner.model.play import Play

AT = Position(Source("shop.yml"), 9, 7)
BALANCER = Part("balancer", "haproxy", {"backend": "shop"}, AT)
DATABASE = Part("database", "postgresql", {}, AT)
UPLOADS = Part("uploads", "files", {"paths": ["/srv/up"]}, AT)
THAW = Section(("old",), {"tasks": [{"name": "Thaw", "command": "app-thaw"}]}, AT)
SHOP = Migration(
    "shop", AT, ".", "shop.yml", {"old": "a", "new": "b", "lb": "c"}, data=(DATABASE, UPLOADS), switches=(BALANCER,),
    sections={"freeze": (Section(("old",), {"tasks": [{"command": "app-freeze"}]}, AT),), "unfreeze": (THAW,)},
    undoing=(LoneStep(("old",), "command", {"_raw_params": "app-thaw"}),), fence={"ports": ["80"]},
)  # fmt: skip


def inventory(*names: str) -> Inventory:
    hosts = {name: Host(name, {"ansible_host": f"10.0.0.{number}"}) for number, name in enumerate(names, 1)}
    return Inventory(hosts, {"all": Group("all", tuple(names))})


def plays(migration: Migration, stages: list[Stage], rollback_class: str = "A") -> tuple[tuple[Play, ...], Findings]:
    casting = cast(migration, inventory("a", "b", "c"))
    found, findings = compiled(migration, casting, stages, Moment("shop", "x", 1, rollback_class), LoadSettings())
    return found.plays, findings


def names(stage: Stage) -> list[str]:
    found = []
    for piece in stage.pieces:
        found += [piece.work.body["tasks"]] if isinstance(piece.work, Section) else [s.task["name"] for s in piece.work]
    return [str(each) for each in found]


def test_a_cut_over_holds_freezes_copies_checks_fences_switches_decides_and_only_then_releases() -> None:
    stages = Stages(SHOP, "g").cutover()
    assert tuple(stage.name for stage in stages) == CUTOVER
    by_name = {stage.name: names(stage) for stage in stages}
    assert by_name["announce"] == ["guard of old: arm", "guard of lb: arm"], "old must be open before lb points to it"
    assert by_name["quiesce"][0] == "balancer: requests wait"
    assert "app-freeze" in by_name["quiesce"][1]
    assert by_name["switch"][-1] == "balancer: points to new"
    assert by_name["decision"] == ["guard of lb: reach over a new connection", "guard of lb: confirm"]
    assert by_name["release"][:2] == ["balancer: requests go on", "guard of old: confirm"]


def test_after_the_decision_requests_go_on_before_the_old_server_is_needed_for_anything() -> None:
    stages = [stage.name for stage in Stages(SHOP, "g").carry_on()]
    assert stages == ["decision", "switch", "release", "fence old", "reverse"]
    touched = [role for stage in Stages(SHOP, "g").carry_on()[:3] for piece in stage.pieces
               if not isinstance(piece.work, Section) for step in piece.work for role in step.roles]  # fmt: skip
    assert set(touched) == {"lb", "new"}


def test_the_guard_of_old_undoes_fence_movers_and_freeze_and_that_of_the_balancer_comes_later() -> None:
    old, lb = Stages(SHOP, "g").guards
    assert (old.role, lb.role) == ("old", "lb")
    assert lb.later_s > old.later_s
    assert [step["module"] for step in old.steps] == ["straggler_gate", "postgresql_freeze", "command"]
    assert old.steps[-1]["params"] == {"_raw_params": "app-thaw"}


def test_a_guard_survives_a_reboot_of_its_host_where_that_can_be() -> None:
    (announce,) = [stage for stage in Stages(SHOP, "g").cutover() if stage.name == "announce"]
    armed = [step.task["armed_guard"] for piece in announce.pieces for step in piece.work]  # type: ignore[union-attr]
    assert [(each["survive_reboot"], each["may_do_without"]) for each in armed] == [(True, True)] * 2  # type: ignore[index]


def test_what_another_host_unfreezes_is_undone_there() -> None:
    elsewhere = replace(SHOP, undoing=(LoneStep(("lb",), "command", {"_raw_params": "open"}),))
    old, lb = Stages(elsewhere, "g").guards
    assert "command" not in [step["module"] for step in old.steps]
    assert lb.steps[0] == {"module": "command", "params": {"_raw_params": "open"}}


def test_every_phase_compiles_into_plays_without_a_mistake() -> None:
    stages = Stages(SHOP, "g")
    every = [*stages.build(), *stages.seed(), *stages.cutover(), *stages.go_back(may_lose_new=False), *stages.observe(),
             *stages.finalize(), *stages.decommission(), *stages.carry_on(), *stages.rehearsal_on_new()]  # fmt: skip
    found, findings = plays(SHOP, every)
    assert findings.errors == ()
    assert {play.name for play in found} >= {"shop: quiesce", "shop: decision", "shop: bring back"}
    assert all(play.vars["migration"]["addresses"]["lb"] == ["10.0.0.3"] for play in found)  # type: ignore[index]


def test_after_a_way_back_that_did_without_the_new_server_its_copy_does_not_count() -> None:
    assert [stage.name for stage in Stages(SHOP).seed(after_loss=True)] == ["abandon", "seed"]
    assert names(Stages(SHOP).seed(after_loss=True)[0]) == ["uploads: the new host's copy does not count"]
    assert [stage.name for stage in Stages(SHOP).seed()] == ["seed"]


BARE = replace(
    SHOP, data=(replace(UPLOADS, args={**UPLOADS.args, "old_python": False}),), old_python=False,
    sections={key: (Section(("old",), {"tasks": [{"raw": key}]}, AT),) for key in ("freeze", "unfreeze")},
    undoing=(LoneStep(("old",), "raw", {"_raw_params": "app-thaw"}),),
)  # fmt: skip


def test_an_old_server_without_python_gets_scripts_alone_from_the_first_phase_to_the_last() -> None:
    stages = Stages(BARE, "g")
    every = [*stages.build(), *stages.seed(), *stages.delta(), *stages.cutover(), *stages.carry_on(), *stages.probe(),
             *stages.go_back(may_lose_new=False), *stages.observe(), *stages.finalize(), *stages.decommission(),
             *stages.everybody()]  # fmt: skip
    found, findings = plays(BARE, every)
    assert findings.errors == ()
    actions = {task.action for play in found if "a" in play.hosts for task in play.tasks}  # type: ignore[operator,union-attr]
    assert actions == {"raw"}
    old, lb = stages.guards
    assert (old.is_bare, lb.is_bare) == (True, False)
    assert [step["module"] for step in old.steps] == ["raw", "raw"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"tasks": [{"ping": None}]}, "'ping' needs Python on a, which has none"),
        ({"tasks": [{"block": [{"command": "x"}]}]}, "'command' needs Python on a"),
        ({"verify": [{"port": 80}]}, "this check needs Python on a"),
    ],
)
def test_what_needs_python_on_a_server_without_is_refused_before_any_host_is_touched(
    body: dict[str, object], error: str
) -> None:
    wrong = replace(BARE, sections={"verify.before": (Section(("old",), body, AT),)}, undoing=())
    _, findings = plays(wrong, Stages(wrong, "g").cutover())
    assert [each.summary[: len(error)] for each in findings.errors] == [error]


def test_what_is_delegated_from_a_server_without_python_is_fine() -> None:
    body = {"tasks": [{"ping": None, "delegate_to": "localhost"}, {"debug": {"msg": "x"}}]}
    found = replace(BARE, sections={"verify.before": (Section(("old",), body, AT),)}, undoing=())
    assert plays(found, Stages(found, "g").cutover())[1].errors == ()


def test_neighbouring_tasks_on_the_same_hosts_share_a_play() -> None:
    steps = (Step("old", {"ping": {}}), Step("old", {"ping": {}}), Step(["old", "new"], {"ping": {}}))
    found, _ = plays(SHOP, [Stage("s", (Piece(steps, AT),))])
    assert [(play.hosts, len(play.tasks)) for play in found] == [(["a"], 2), (["a", "b"], 1)]


def test_before_the_decision_the_new_server_may_be_away_and_the_way_back_goes_on() -> None:
    lenient, _ = plays(SHOP, Stages(SHOP, "g").go_back(may_lose_new=True), "C")
    strict, _ = plays(SHOP, Stages(SHOP, "g").go_back(may_lose_new=False), "D")
    on_new = [play for play in lenient if "b" in play.hosts and play.name == "shop: bring back"]  # type: ignore[operator]
    assert on_new
    assert all(play.keywords.ignore_unreachable for play in on_new)
    assert not any(play.keywords.ignore_unreachable is True for play in strict)
    assert not any(play.keywords.ignore_unreachable is True for play in lenient if play.hosts == ["a"])


def test_a_rehearsal_on_the_new_server_alone_touches_no_other_host_until_it_is_seeded_again() -> None:
    stages = Stages(SHOP, "g").rehearsal_on_new()
    tried = [stage for stage in stages if stage.name != "seed again"]
    found, _ = plays(SHOP, tried)
    assert {tuple(play.hosts) for play in found} == {("b",)}  # type: ignore[arg-type]


def test_a_wrong_fence_is_said_at_its_place() -> None:
    wrong = replace(SHOP, fence={Text("prots", Position(Source("shop.yml"), 4, 11)): ["80"]})
    with pytest.raises(InputError, match=r"shop\.yml:4:11: error: fence: unknown parameter 'prots'"):
        Stages(wrong)


def test_requests_may_not_pass_before_the_hosts_go_back() -> None:
    short = replace(SHOP, guard_s=90.0)
    with pytest.raises(InputError, match=r"balancer: requests are held for 60 s at most, the hosts go back after 92 s"):
        Stages(short)


def test_every_old_host_needs_a_new_one_of_its_own() -> None:
    with pytest.raises(InputError, match="every old host needs a new one of its own"):
        cast(replace(SHOP, hosts={"old": ["a", "b"], "new": "c"}), inventory("a", "b", "c"))
    with pytest.raises(InputError, match="host role 'lb' has no host"):
        cast(SHOP, inventory("a", "b"))


def test_hosts_are_paired_in_the_order_of_their_groups() -> None:
    found = cast(replace(SHOP, hosts={"old": ["a", "b"], "new": ["c", "d"]}), inventory("a", "b", "c", "d"))
    assert found.peers == {"a": "c", "b": "d", "c": "a", "d": "b"}


def test_what_was_made_for_something_stands_where_that_stands() -> None:
    own = Text("own", Position(Source("x"), 1, 1))
    made = placed({"name": ["made", own]}, AT)
    assert position_of(made) == AT
    assert position_of(made["name"][1]) == own.position  # type: ignore[index]
