"""The steps of the mover of files: where each runs, in which order, and what its parameters become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from provisioner import catalog
from provisioner.migration.movers import files
from provisioner.migration.steps import Step
from provisioner.remote.params import BadParameters

VERBS = ("prepare", "seed", "delta", "freeze", "final", "verify", "promote", "reverse", "back", "finish")


def params(**more: object) -> files.Params:
    return files.Params.parse({"paths": ["/srv/uploads", {"path": "/srv/b", "to": "/data/b"}], **more})


def modules(steps: Sequence[Step]) -> list[tuple[str, str]]:
    found = []
    for step in steps:
        module = next(key for key in step.task if key in catalog.names("module") or key in ("raw", "assert"))
        found.append(("+".join(step.roles), module))
    return found


def words(steps: Sequence[Step], module: str, **fitting: object) -> dict[str, Any]:
    for step in steps:
        given: Any = step.task.get(module)
        if given is not None and all(given.get(key) == value for key, value in fitting.items()):
            return dict(given)
    raise AssertionError(f"no step has {module}")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "more", [{}, {"freeze": "read_only"}, {"old_python": False}, {"old_python": False, "method": "tar"}], ids=str
)
def test_every_task_is_named_after_the_data_set_and_takes_parameters_its_module_has(
    verb: str, more: dict[str, object]
) -> None:
    for step in getattr(files, verb)("up loads", params(**more)):
        assert str(step.task["name"]).startswith("up loads: ")
        for name, given in step.task.items():
            if isinstance(given, dict) and name in catalog.names("module"):
                problems = catalog.load("module", name).Params.problems(given, lambda value: "{{" in str(value))
                assert problems == []


def test_preparing_makes_the_key_before_it_is_let_in_and_trusted() -> None:
    assert modules(files.prepare("u", params())) == [
        ("old+new", "package"),
        ("new", "transfer_key"),
        ("old", "transfer_key"),
        ("new", "transfer_key"),
        ("new", "sync_tree"),
    ]


def test_only_seeding_and_deltas_are_throttled_and_only_seeding_removes_nothing() -> None:
    given = params(throttle="20M")
    seeding, delta, final = (
        words(getattr(files, verb)("u", given), "sync_tree") for verb in ("seed", "delta", "final")
    )

    assert (seeding["throttle"], delta["throttle"], final.get("throttle")) == ("20M", "20M", None)
    assert (seeding.get("delete"), delta["delete"], final["delete"]) == (None, True, True)
    assert final["moving"] == "{{ migration.phase != 'cutover' }}"


def test_both_sides_are_summed_up_at_the_same_time_and_compared_on_the_new_one() -> None:
    steps = files.verify("u", params())

    assert modules(steps) == [("old+new", "tree_digest"), ("new", "tree_difference"), ("new", "assert")]
    assert steps[0].task["vars"]["files_trees"] == [  # type: ignore[index]
        {"old": "/srv/uploads", "new": "/srv/uploads"},
        {"old": "/srv/b", "new": "/data/b"},
    ]


def test_what_is_left_out_of_the_copy_is_left_out_of_the_comparison() -> None:
    given = params(exclude=["*.tmp"], include=["keep.tmp"], one_file_system=True, special=True)
    for steps, module in ((files.final("u", given), "sync_tree"), (files.verify("u", given), "tree_digest")):
        told = words(steps, module)
        assert (told["exclude"], told["include"], told["one_file_system"], told["special"]) == (
            ["*.tmp"], ["keep.tmp"], True, True,
        )  # fmt: skip


def test_without_freezing_there_is_nothing_to_freeze_or_undo() -> None:
    assert files.freeze("u", params()) == []
    assert files.undo("u", params()) == []


def test_what_the_old_host_undoes_alone_is_constant() -> None:
    assert files.undo("u", params(freeze="read_only")) == [
        {"module": "tree_freeze", "params": {"paths": ["/srv/uploads", "/srv/b"], "state": "thawed"}}
    ]


def test_going_back_freezes_the_new_host_thaws_the_old_and_ends_read_only() -> None:
    steps = files.back("u", params(freeze="read_only"))

    assert modules(steps) == [
        ("old", "tree_freeze"),
        ("new", "tree_freeze"),
        ("old", "transfer_key"),
        ("new", "sync_tree"),
        ("new", "tree_freeze"),
        ("old", "transfer_key"),
    ]
    assert words(steps, "sync_tree")["direction"] == "return"


def test_the_new_copy_counts_only_after_a_real_switch() -> None:
    (step,) = files.promote("u", params())

    assert step.task["when"] == "migration.phase == 'cutover'"


def test_an_old_host_without_python_runs_nothing_but_its_shell() -> None:
    given = params(old_python=False)
    for verb in VERBS:
        for roles, module in modules(getattr(files, verb)("u", given)):
            assert "old" not in roles or (roles, module) == ("old", "raw"), verb
    script = files.prepare("u", given)[3].task["raw"]
    assert "no-port-forwarding" in str(script)
    assert "path = /srv/b\nread only = yes" in str(script)


def test_settings_for_ssh_are_handed_on() -> None:
    given = params(ssh_options={"KexAlgorithms": "+diffie-hellman-group14-sha1"}, address="10.0.0.1", port=2222)
    trusting = words(files.prepare("u", given), "transfer_key", state="trusted")

    assert trusting["ssh_options"] == {"KexAlgorithms": "+diffie-hellman-group14-sha1"}
    assert (trusting["address"], trusting["port"]) == ("10.0.0.1", 2222)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"paths": [{"to": "/x"}]}, "a path is a directory's name"),
        ({"paths": [{"path": "/x", "into": "/y"}]}, "a path is a directory's name"),
        ({"old_python": False, "freeze": "read_only"}, "needs Python on the old host"),
        ({"method": "tar"}, "goes with 'old_python: false'"),
        ({"verify": "some"}, "must be one of"),
        ({"pathes": []}, "pathes"),
    ],
)
def test_a_wrong_definition_is_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(BadParameters, match=why):
        files.Params.parse({"paths": ["/x"], **given})
