"""Switchers give tasks: for the right host, with a module that knows its parameters, and what a host undoes alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from provisioner import catalog
from provisioner.migration import fencing
from provisioner.migration.steps import Step

WRITTEN: dict[str, dict[str, object]] = {
    "haproxy": {"backend": "site"},
    "nginx": {"upstream": "site", "config": "/etc/nginx/conf.d/site.conf"},
    "dns": {"record": "shop.example.org", "key_name": "k", "key_secret": "c2VjcmV0"},
    "virtual_ip": {"address": "10.0.0.80/24"},
    "hosts_file": {"host_names": ["shop"]},
}
VERBS = ("prepare", "hold", "point_to", "release", "back", "finish")
FENCE: dict[str, object] = {"ports": ["80", "5432:5433"], "exempt": ["10.0.0.9"]}


def steps_of(kind: str, verb: str, **more: object) -> list[Step]:
    switcher = catalog.load("switcher", kind)
    act = getattr(switcher, verb, None)
    return list(act("shop", switcher.Params.parse({**WRITTEN[kind], **more}))) if act else []


def currents(kind: str) -> list[Step]:
    switcher = catalog.load("switcher", kind)
    return [
        step for to in ("old", "new") for step in switcher.current("shop", switcher.Params.parse(WRITTEN[kind]), to)
    ]


def all_steps() -> Iterator[Any]:
    for kind in WRITTEN:
        for verb in VERBS:
            yield from (pytest.param(step, "shop: ", id=f"{kind} {verb}") for step in steps_of(kind, verb))
        yield from (pytest.param(step, "shop: ", id=f"{kind} current") for step in currents(kind))
    for act in (fencing.prepare, fencing.fence, fencing.forward, fencing.ledger, fencing.unfence, fencing.retire):
        yield from (pytest.param(step, "fence: ", id=f"fence {act.__name__}") for step in act(FENCE))


def test_every_switcher_is_tried_here() -> None:
    assert sorted(WRITTEN) == sorted(catalog.names("switcher"))


@pytest.mark.parametrize(("step", "prefix"), list(all_steps()))
def test_a_step_is_a_task_that_its_module_accepts(step: Step, prefix: str) -> None:
    task = dict(step.task)
    name = task.pop("name")
    assert str(name).startswith(prefix)
    ((module, words),) = task.items()
    declared = catalog.load("module", module).Params
    assert declared.problems(words, lambda value: isinstance(value, str) and "{{" in value) == []
    assert set(step.roles) <= {"old", "new", "lb", "dns", "clients"}


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_a_host_undoes_alone_is_done_on_the_role_named_and_by_modules_that_accept_it(kind: str) -> None:
    switcher = catalog.load("switcher", kind)
    params = switcher.Params.parse(WRITTEN[kind])
    steps = switcher.undo("shop", params)
    assert steps
    for step in steps:
        declared = catalog.load("module", str(step["module"])).Params
        assert declared.problems(step["params"], lambda value: isinstance(value, str) and "{{" in value) == []
    assert params.on in {role for step in steps_of(kind, "back") for role in step.roles}


def test_haproxy_goes_back_alone_even_if_the_old_server_is_not_up_yet_and_lets_requests_pass_at_last() -> None:
    switcher = catalog.load("switcher", "haproxy")
    steps = switcher.undo("shop", switcher.Params.parse(WRITTEN["haproxy"]))
    assert [step["params"]["do"] for step in steps] == ["point", "release"]
    assert (steps[0]["params"]["to"], steps[0]["params"]["must_be_up"]) == ("old", False)


def test_names_of_servers_are_those_of_the_inventory_unless_they_are_written() -> None:
    (step,) = steps_of("haproxy", "point_to", old=["web1"], socket="/run/h.sock")
    words: Any = step.task["haproxy_switch"]
    assert (words["old"], words["new"], words["socket"]) == (["web1"], "{{ migration.hosts.new }}", "/run/h.sock")
    assert "config" not in words


def test_the_old_server_gives_an_address_up_before_the_new_one_takes_it_for_a_time() -> None:
    first, second = steps_of("virtual_ip", "point_to", lease_s=40)
    assert (first.on, second.on) == ("old", "new")
    words: Any = second.task["address_move"]
    assert words["lease_s"] == 40.0
    first, second = steps_of("virtual_ip", "back")
    assert (first.on, second.on) == ("new", "old")


def test_dns_waits_out_the_lifetime_of_before_the_switch_only() -> None:
    waits = [step.task["dns_switch"]["must_have_waited"] for step in currents("dns")]  # type: ignore[index]
    assert waits == [True, False]


def test_a_balancer_may_read_from_the_fenced_server_until_it_has_switched() -> None:
    (before,), (after,) = fencing.fence(FENCE), fencing.forward(FENCE)
    exempt: Any = [step.task["straggler_gate"]["exempt"] for step in (before, after)]  # type: ignore[index]
    assert ["migration.addresses.lb" in each for each in exempt] == [True, False]
    assert all("'10.0.0.9'" in each and "peer_address" in each for each in exempt)


def test_stragglers_can_be_refused_instead() -> None:
    (step,) = fencing.forward({**FENCE, "forward": False})
    words: Any = step.task["straggler_gate"]
    assert words["state"] == "fenced"
