"""gather_facts with several modules: one after another, at the same time, on network devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.theatre import Theatre

GATHER = "- hosts: h1\n  gather_facts: false\n  tasks:\n  - {name: a, gather_facts: {%s}, ignore_errors: true}\n"
LIBRARY = {f"library/{name}.py": "# WANT_JSON\n" for name in ("one", "two", "ios_facts")}


class Modules:
    """Facts of each module; jobs end when they have been looked at ``looks`` times."""

    def __init__(self, facts: Mapping[str, Mapping[str, Any]], looks: Mapping[str, int] | None = None) -> None:
        self.facts, self.looks, self.ran = facts, dict(looks or {}), list[str]()

    def __call__(self, _host: str, request: Any) -> Any:
        if request.module == "async_status":
            return self._looked(request.params["jid"], request.params["mode"])
        self.ran.append(request.module)
        result = {"changed": False, "ansible_facts": dict(self.facts.get(request.module, {}))}
        return {"started": 1, "finished": 0, "ansible_job_id": request.module} if request.detach else result

    def _looked(self, job: str, mode: str) -> Any:
        self.ran.append(f"{mode} {job}")
        self.looks[job] = self.looks.get(job, 1) - 1
        state = {"ansible_job_id": job, "started": 1, "changed": False}
        is_over = self.looks[job] <= 0
        return {**state, "finished": 1, "ansible_facts": dict(self.facts[job])} if is_over else {**state, "finished": 0}


def gathered(theatre: Theatre, modules: Modules, names: str, args: str = "", **variables: object) -> Any:
    theatre.script = modules
    theatre.run(GATHER % args, LIBRARY, extra_vars={"ansible_facts_modules": names, **variables})
    return theatre.result("a")


def test_several_modules_run_at_the_same_time(theatre: Theatre) -> None:
    modules = Modules({"one": {"b": 1}, "two": {"c": 2}}, {"one": 2})
    facts = gathered(theatre, modules, "one,two")["ansible_facts"]
    assert (facts["b"], facts["c"]) == (1, 2)
    assert modules.ran[:2] == ["one", "two"]
    assert modules.ran[2:] == ["status one", "status two", "cleanup two", "status one", "cleanup one"]


def test_facts_are_joined_in_the_order_of_the_modules_whichever_ends_first(theatre: Theatre) -> None:
    modules = Modules({"one": {"b": [1]}, "two": {"b": [2]}}, {"one": 5})
    assert gathered(theatre, modules, "one,two")["ansible_facts"]["b"] == [1, 2]


def test_the_variable_has_them_run_in_turn(theatre: Theatre) -> None:
    modules = Modules({"one": {"b": 1}, "two": {"c": 2}})
    facts = gathered(theatre, modules, "one,two", ansible_facts_parallel=False)["ansible_facts"]
    assert (facts["b"], facts["c"]) == (1, 2)
    assert modules.ran == ["one", "two"]


def test_the_task_wins_over_the_variable(theatre: Theatre) -> None:
    modules = Modules({"one": {}, "two": {}})
    gathered(theatre, modules, "one,two", "parallel: true", ansible_facts_parallel=False)
    assert "cleanup two" in modules.ran


def test_a_module_that_takes_longer_than_the_time_limit_fails(theatre: Theatre) -> None:
    modules = Modules({"one": {"b": 1}, "two": {}}, {"two": 10_000})
    result = gathered(theatre, modules, "one,two", "gather_timeout: 3")
    assert result["failed"]
    assert result["failed_modules"]["two"]["msg"] == "Timeout exceeded"
    assert result["ansible_facts"]["b"] == 1


def test_one_module_runs_as_it_is(theatre: Theatre) -> None:
    modules = Modules({"one": {"b": 1}})
    assert gathered(theatre, modules, "one")["ansible_facts"]["b"] == 1
    assert modules.ran == ["one"]


def test_a_module_that_is_not_there_fails_beside_those_that_are(theatre: Theatre) -> None:
    result = gathered(theatre, Modules({"one": {"b": 1}}), "one,nothere")
    assert set(result["failed_modules"]) == {"nothere"}
    assert result["ansible_facts"]["b"] == 1


def test_a_network_device_has_a_module_of_its_system(theatre: Theatre) -> None:
    modules = Modules({"ios_facts": {"b": 1}})
    assert gathered(theatre, modules, "smart", ansible_network_os="ios")["ansible_facts"]["b"] == 1


def test_a_system_nobody_knows_is_told(theatre: Theatre) -> None:
    result = gathered(theatre, Modules({}), "smart", ansible_network_os="N/A")
    assert result["failed"]
    assert "No fact modules available" in result["msg"]


def test_our_module_on_a_network_device_is_worth_a_warning(theatre: Theatre) -> None:
    result = gathered(theatre, Modules({}), "smart, setup", ansible_network_os="N/A")
    assert "Detected 'setup' module and a network OS is set" in result["warnings"][0]
