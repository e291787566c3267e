"""The small pieces alone: judging a result, a host's memory, the inventory while running, routes, names of handlers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioner.diagnostics.errors import TargetError, Unreachable
from provisioner.execution import connecting
from provisioner.execution.connecting import Way, route
from provisioner.execution.inventory_state import InventoryState
from provisioner.execution.judge import DroppedUnrun, combined, normalised, result_of, status_of
from provisioner.execution.memory import HostMemory
from provisioner.execution.outcome import Effects, Include, Outcome
from provisioner.model.call import Reply
from provisioner.model.inventory import Group, Host, Inventory, VarsFile
from provisioner.model.keywords import EMPTY, Keywords
from provisioner.model.options import RunOptions
from provisioner.model.policy import Policy
from provisioner.model.status import Status
from provisioner.model.target import Files, Plugin
from provisioner.scheduling.stimuli import Ends
from provisioner.variables.scope import Scope

# ---------------------------------------------------------------------- judge


@pytest.mark.parametrize(
    ("result", "ignores", "status"),
    [
        ({}, False, Status.OK), ({"changed": True}, False, Status.CHANGED), ({"skipped": True}, False, Status.SKIPPED),
        ({"failed": True, "changed": True}, False, Status.FAILED), ({"failed": True}, True, Status.IGNORED),
        ({"unreachable": True}, True, Status.UNREACHABLE), ({"unreachable": True, "lost": True}, False, Status.LOST),
        ({"skipped": True, "failed": True}, False, Status.FAILED),
    ],
)  # fmt: skip
def test_a_result_stands_for_one_status(result: dict[str, Any], ignores: bool, status: Status) -> None:
    assert status_of(result, ignores_errors=ignores) is status


def test_a_return_code_decides_where_the_module_does_not_say() -> None:
    assert normalised({"rc": 2})["failed"] is True
    assert normalised({"rc": 2, "failed": False})["failed"] is False
    assert normalised({"rc": "0"})["failed"] is False


def test_output_is_given_in_lines_too() -> None:
    assert normalised({"stdout": "a\nb\n", "stderr": ""}) == {
        "stdout": "a\nb\n", "stderr": "", "stdout_lines": ["a", "b"], "stderr_lines": [], "changed": False,
        "failed": False,
    }  # fmt: skip


def test_a_reply_holds_a_result_an_error_or_says_dropped() -> None:
    assert result_of(Reply(result={"a": 1})) == {"a": 1}
    with pytest.raises(DroppedUnrun):
        result_of(Reply(dropped=True))
    with pytest.raises(Unreachable):
        result_of(Reply(error=Unreachable("x")))
    with pytest.raises(TargetError, match="neither"):
        result_of(Reply())


def test_a_loop_is_what_its_items_come_to() -> None:
    ok, bad, skipped = {"changed": True}, {"failed": True}, {"skipped": True}
    assert combined([ok, skipped])["changed"] is True
    assert combined([ok, bad])["failed"] is True
    assert combined([skipped, skipped])["skipped"] is True
    assert combined([ok, skipped])["skipped"] is False
    assert combined([ok, {"unreachable": True, "msg": "gone"}])["msg"] == "gone"
    assert combined([])["results"] == []


# ---------------------------------------------------------------------- memory


def test_a_fact_has_two_names_and_what_the_module_said_stays() -> None:
    memory = HostMemory("h")
    memory.learn_facts({"ansible_os": "x", "custom": 1})
    facts = memory.layers[0].values
    assert (facts["ansible_os"], facts["custom"]) == ("x", 1)
    assert facts["ansible_facts"] == {"os": "x", "custom": 1}


def test_what_may_change_the_route_counts_the_version_up() -> None:
    memory = HostMemory("h")
    memory.set({"x": 1})
    assert memory.version == 0
    memory.set({"ansible_user": "u"})
    memory.learn_facts({"ansible_host": "x"})
    memory.include({"a": 1})
    memory.clear_facts()
    assert memory.version == 4
    assert memory.facts == {}


# ---------------------------------------------------------------------- inventory


def inventory() -> InventoryState:
    groups = {
        "all": Group("all", children=("web", "prod", "ungrouped")), "ungrouped": Group("ungrouped"),
        "web": Group("web", ("a",)), "prod": Group("prod", children=("web",), vars={"stage": "prod"}),
    }  # fmt: skip
    return InventoryState(Inventory({"a": Host("a", {"x": 1}, ("prod", "web")), "b": Host("b")}, groups))


def test_groups_hold_the_hosts_of_their_children() -> None:
    state = inventory()
    assert state.groups == {"all": ["a", "b"], "ungrouped": [], "web": ["a"], "prod": ["a"]}
    assert state.group_names("a") == ["prod", "web"]


def test_a_new_host_is_in_its_groups_at_once() -> None:
    state = inventory()
    assert state.add_host("c", ("web", "new"), {"y": 2}) is True
    assert state.groups["prod"] == ["a", "c"]
    assert state.groups["new"] == ["c"]
    assert state.add_host("c", ("web",), {"y": 2}) is False
    assert state.knows("c")


def test_variables_of_a_known_host_are_added_to() -> None:
    state = inventory()
    state.add_host("a", (), {"z": 3})
    assert state.inventory.hosts["a"].vars == {"x": 1, "z": 3}


def test_what_is_new_brings_its_files_of_variables() -> None:
    asked: list[tuple[str, str]] = []

    def files(kind: str, name: str) -> tuple[VarsFile, ...]:
        asked.append((kind, name))
        return (VarsFile(kind, name, "inventory", f"/{kind}_vars/{name}", {f"{kind}_{name}": 1}),)

    state = InventoryState(inventory().inventory, files)
    state.add_host("c", ("web", "new"), {})
    state.add_to_groups("b", ("new",), ("above",))
    assert sorted(asked) == [("group", "above"), ("group", "new"), ("host", "c")]
    merged = {key: value for layer in state.layers("b") for key, value in layer.values.items()}
    assert merged == {"group_new": 1, "group_above": 1}
    assert next(layer.values for layer in state.layers("c")) == {"stage": "prod"}


def test_a_group_that_gets_a_parent_takes_its_hosts_along() -> None:
    state = inventory()
    state.add_to_groups("b", ("web",), ("world",))
    assert state.group_names("a") == ["prod", "web", "world"]
    assert state.group_names("b") == ["prod", "web", "world"]
    assert state.inventory.groups["ungrouped"].hosts == ()


def test_new_groups_get_names_that_variables_could_have_where_that_is_set() -> None:
    state = InventoryState(inventory().inventory, has_safe_names=True)
    state.add_to_groups("b", ("os-x 1",), ("9lives",))
    assert {"os_x_1", "_lives"} <= set(state.groups)


def test_a_host_says_where_it_comes_from() -> None:
    state = InventoryState(Inventory({"a": Host("a", source="/inv/hosts"), "b": Host("b", source="b,c")}, {}))
    assert state.origin("a") == {"inventory_file": "/inv/hosts", "inventory_dir": "/inv"}
    assert state.origin("b") == {"inventory_file": "b,c", "inventory_dir": None}
    assert state.origin("localhost") == {}


def test_another_order_of_precedence_is_kept_by_the_layers() -> None:
    known = inventory().inventory
    file = VarsFile("group", "prod", "inventory", "/group_vars/prod", {"stage": "file"})
    words = ("groups_plugins_inventory", "groups_inventory")
    changed = replace(known, files={("group", "prod"): (file,)}, precedence=words)
    found = Scope(InventoryState(changed).layers("a")).find("stage")
    assert found is not None
    assert found.value == "prod"


def test_group_by_makes_parents_too() -> None:
    state = inventory()
    state.add_to_groups("b", ("os_x",), ("systems", "all"))
    assert state.groups["systems"] == ["b"]
    assert state.add_to_groups("b", ("os_x",), ("systems",)) is False


def test_groups_that_contain_each_other_end() -> None:
    groups = {"all": Group("all"), "p": Group("p", ("a",), ("q",)), "q": Group("q", ("b",), ("p",))}
    state = InventoryState(Inventory({"a": Host("a"), "b": Host("b")}, groups))
    assert sorted(state.groups["p"]) == ["a", "b"]


# ---------------------------------------------------------------------- routes


PLAIN = RunOptions()


def found(host: str = "h", keywords: Keywords = EMPTY, options: RunOptions = PLAIN, **known: Any) -> connecting.Route:
    return route(Way(host, implicit=host == "localhost"), keywords, known.get, options)


def test_a_host_without_variables_is_reached_by_ssh_under_its_name() -> None:
    target = found().target
    assert (target.connection, target.address, target.port, target.user, target.python) == (
        "ssh",
        "h",
        None,
        None,
        "auto",
    )


def test_localhost_is_local_unless_told_otherwise() -> None:
    assert found("localhost").target.connection == "local"
    assert found("localhost", ansible_connection="ssh").target.connection == "ssh"


@pytest.mark.parametrize("name", ["ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh"])
def test_ansible_s_names_of_connections_are_known(name: str) -> None:
    assert found(ansible_connection=name).target.connection == "ssh"


def test_variables_win_over_keywords_and_those_over_options() -> None:
    keywords, options = Keywords(remote_user="kw", port=1), RunOptions(remote_user="opt", private_key="/o")
    assert found("h", Keywords(), options).target.user == "opt"
    assert found("h", keywords, options).target.user == "kw"
    target = found("h", keywords, options, ansible_user="var", ansible_port="2").target
    assert (target.user, target.port, target.private_key) == ("var", 2, "/o")


def test_arguments_of_ssh_are_split_as_a_shell_does() -> None:
    options = RunOptions(ssh_args=("-v",))
    target = found(
        "h", Keywords(), options, ansible_ssh_common_args="-o 'ProxyCommand=a b'", ansible_ssh_extra_args="-4"
    ).target
    assert target.ssh_args == ("-o", "ProxyCommand=a b", "-4", "-v")


@pytest.mark.parametrize(("value", "asked"), [(True, "yes"), ("no", "no"), ("accept-new", "accept-new"), (None, "yes")])
def test_host_key_checking_may_be_a_variable(value: object, asked: str) -> None:
    assert found(ansible_host_key_checking=value).target.host_key_checking == asked


def test_become_has_a_user_a_method_and_a_password() -> None:
    assert found().become is None
    become = found("h", Keywords(become=True)).become
    assert become is not None
    assert (become.user, become.method, become.password) == ("root", "sudo", None)
    become = found("h", Keywords(become=True, become_user="kw", become_method="su"), ansible_su_pass="s").become
    assert become is not None
    assert (become.user, become.method, become.password) == ("kw", "su", "s")


def test_a_variable_switches_become_off_and_on() -> None:
    assert found("h", Keywords(become=True), ansible_become="no").become is None
    assert found("h", Keywords(), RunOptions(become=True)).become is not None
    assert found("h", Keywords(become=False), RunOptions(become=True)).become is None
    assert found(ansible_become=True, ansible_become_user="w").become is not None


def test_a_plugin_takes_the_place_of_a_connection_of_ours_with_all_that_is_known_of_the_host() -> None:
    plugin = Plugin("ns.coll.far", "python")
    way = Way("h", plugin=lambda name: plugin if name == "ns.coll.far" else None)
    known = {"ansible_connection": "ns.coll.far", "ansible_user": "u", "ansible_pipelining": False}
    target = route(way, EMPTY, known.get, PLAIN).target
    assert (target.connection, target.plugin, target.user, target.files) == ("ns.coll.far", plugin, "u", None)


def test_files_are_put_on_hosts_only_where_that_is_asked_for() -> None:
    assert found().target.files is None
    assert found(ansible_remote_tmp="/t").target.files is None
    assert found(ansible_pipelining="yes").target.files is None
    keeping = RunOptions(policy=Policy(files=Files(folder="/c", group="g", keeps=True)))
    assert found("h", EMPTY, keeping).target.files == Files(folder="/c", group="g", keeps=True)
    made = found(
        "localhost", EMPTY, keeping, ansible_remote_tmp="/t", ansible_common_remote_group="v",
        ansible_system_tmpdirs="/a, /b", ansible_admin_users=["adm"], ansible_shell_allow_world_readable_temp="yes",
    )  # fmt: skip
    assert made.target.connection == "local"
    assert made.target.files == Files("/t", ("/a", "/b"), ("adm",), "v", is_open=True, keeps=True)
    off = found(ansible_pipelining="no").target.files
    assert off == Files()


def test_passwords_are_in_no_text_form() -> None:
    assert "hush" not in repr(
        found("h", Keywords(become=True), ansible_password="hush", ansible_become_password="hush")
    )


# ---------------------------------------------------------------------- outcomes


def test_only_what_concerns_the_host_alone_may_be_passed() -> None:
    def outcome(status: Status = Status.OK, **effects: Any) -> Outcome:
        return Outcome(status, {}, Effects(**effects))

    assert outcome(variables={"x": 1}).may_be_passed
    assert not outcome(Status.FAILED).may_be_passed
    assert not outcome(ends=Ends.HOST).may_be_passed
    assert not outcome(new_groups=[("h", ("g",), ())]).may_be_passed
    assert not outcome(clear_facts=True).may_be_passed


def test_equal_includes_have_one_key() -> None:
    def key(name: str = "t.yml", **variables: object) -> str:
        return Include("tasks", name, variables, {}).key

    assert key(item=1) == key(item=1)
    assert len({key(), key(item=1), key(item=2), key("u.yml")}) == 4
