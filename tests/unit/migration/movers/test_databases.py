"""The movers of databases: every verb is made of tasks that their modules accept, and says no secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest

from provisioner import catalog
from provisioner.migration.movers import mariadb, postgresql, redis
from provisioner.migration.steps import NEW, OLD, Step
from provisioner.remote.params import BadParameters

VERBS = ("prepare", "seed", "delta", "freeze", "final", "verify", "promote", "reverse", "back", "finish")
FREE = {"package", "assert", "file", "command"}
CASES: list[tuple[ModuleType, dict[str, object]]] = [
    (postgresql, {}),
    (postgresql, {"check": "full", "port": 5433, "new_port": 5434, "system_user": "pg"}),
    (postgresql, {"method": "dump", "check": "counts"}),
    (mariadb, {}),
    (mariadb, {"check": "full", "databases": ["shop"], "package": ""}),
    (redis, {}),
    (redis, {"check": "full", "password": "s3cret", "user": "mover"}),
]
IDS = [f"{mover.__name__.rpartition('.')[2]}-{number}" for number, (mover, _) in enumerate(CASES)]


def tasks(steps: Sequence[Step]) -> list[tuple[tuple[str, ...], str, dict[str, Any], dict[str, Any]]]:
    """Return roles, module, its parameters and the whole task of each step."""
    found = []
    for step in steps:
        (module,) = set(step.task) - {"name", "register", "when", "vars", "changed_when"}
        words = step.task[module]
        assert isinstance(words, dict)
        found.append((step.roles, module, words, dict(step.task)))
    return found


@pytest.mark.parametrize(("mover", "given"), CASES, ids=IDS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_made_of_tasks_that_their_modules_accept(
    mover: ModuleType, given: dict[str, object], verb: str
) -> None:
    params = mover.Params.parse(given)
    for roles, module, words, task in tasks(getattr(mover, verb)("The shop-1", params)):
        assert set(roles) <= {OLD, NEW}
        assert str(task["name"]).startswith("The shop-1: ")
        if module not in FREE:
            declared = catalog.load("module", module).Params
            assert declared.problems(words, lambda value: "{{" in str(value)) == [], (verb, module)


@pytest.mark.parametrize(("mover", "given"), CASES, ids=IDS)
def test_what_old_does_alone_is_constant_and_lets_it_take_writes_again(
    mover: ModuleType, given: dict[str, object]
) -> None:
    for each in mover.undo("shop", mover.Params.parse(given)):
        module = catalog.load("module", each["module"])
        params = module.Params.parse(each["params"])
        assert params.state in ("thawed", "primary")
        assert "{{" not in json.dumps(each)


@pytest.mark.parametrize(("mover", "given"), CASES, ids=IDS)
def test_while_writes_are_held_nothing_is_installed_copied_or_counted_unless_asked_for(
    mover: ModuleType, given: dict[str, object]
) -> None:
    params = mover.Params.parse(given)
    if given.get("method") == "dump" or given.get("check") == "full":
        return
    held = [step for verb in ("freeze", "final", "verify", "promote") for step in getattr(mover, verb)("shop", params)]
    slow = {"package", "postgresql_copy", "mysql_digest", "redis_digest"}
    assert not slow & {module for _, module, _, _ in tasks(held)}
    assert len(held) <= 8


def test_each_side_gets_only_the_verifier_of_the_others_password() -> None:
    params = postgresql.Params.parse({})
    steps = tasks(postgresql.prepare("shop", params))
    ((_, _, words, _),) = [each for each in steps if each[1] == "postgresql_access" and each[0] == (OLD,)]
    assert [role["verifier"] for role in words["roles"]] == [
        "{{ hostvars[peer].postgresql_shop_login.verifier }}",
        "{{ postgresql_shop_login.verifier }}",
    ]
    assert [each[0] for each in steps if each[1] == "postgresql_passfile"] == [(NEW,), (OLD,)]


def test_changes_are_kept_for_the_old_server_before_anybody_can_write_on_the_new_one() -> None:
    held = tasks(postgresql.promote("shop", postgresql.Params.parse({})))
    assert [(roles, module) for roles, module, _, _ in held[:2]] == [
        ((NEW,), "postgresql_replica"),
        ((NEW,), "postgresql_flow"),
    ]


def test_going_back_before_the_decision_asks_nothing_of_the_new_server() -> None:
    for mover in (postgresql, mariadb, redis):
        for roles, _, _, task in tasks(mover.back("shop", mover.Params.parse({}))):
            if NEW in roles:
                assert "migration.rollback_class" in str(task.get("when")), task["name"]


@pytest.mark.parametrize("name", ["shop", "The Shop's data", "café", "x" * 80])
def test_names_of_roles_and_slots_are_such_as_the_server_takes(name: str) -> None:
    for _, module, words, _ in tasks(postgresql.finish(name, postgresql.Params.parse({}))):
        if module == "postgresql_flow":
            assert words["name"].replace("_", "a").isalnum()
            assert words["name"].isascii()
            assert len(words["name"]) + 9 < 63


@pytest.mark.parametrize(
    ("mover", "given", "why"),
    [
        (postgresql, {"method": "magic"}, "must be one of"),
        (postgresql, {"chek": "full"}, "chek"),
        (mariadb, {"check": "some"}, "must be one of"),
        (redis, {"port": "x"}, "not an integer"),
    ],
)
def test_a_wrong_definition_is_refused(mover: ModuleType, given: dict[str, object], why: str) -> None:
    with pytest.raises(BadParameters, match=why):
        mover.Params.parse(given)
