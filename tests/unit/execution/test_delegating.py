"""Delegated tasks: where they run, as whom, and whose facts and results they leave behind."""

from __future__ import annotations

import pytest

from provisioner.model.options import RunOptions
from tests.support.theatre import Theatre

INVENTORY = """h1 ansible_host=10.0.0.1 ansible_user=ann
h2 ansible_host=10.0.0.2 ansible_user=bob ansible_port=2222
h3 ansible_host=10.0.0.3
"""


@pytest.fixture
def stage(theatre: Theatre) -> Theatre:
    theatre.inventory = INVENTORY
    return theatre


def play(tasks: str, hosts: str = "h1", head: str = "") -> str:
    return f"- hosts: {hosts}\n  gather_facts: false\n{head}  tasks:\n{tasks}"


def test_a_delegated_task_runs_on_the_other_host_with_its_connection_variables(stage: Theatre) -> None:
    stage.run(play("  - {name: a, command: ok a, delegate_to: h2}\n"))
    assert stage.commands == ["h2 ok a"]
    (target, _) = next(iter(stage.sessions.workers))
    assert (target.address, target.user, target.port) == ("10.0.0.2", "bob", 2222)
    assert stage.on("h1") == ["a changed"]


def test_its_variables_are_those_of_the_own_host(stage: Theatre) -> None:
    stage.run(play("  - {command: 'echo {{ inventory_hostname }} {{ ansible_host }}', delegate_to: h2}\n"))
    assert stage.commands == ["h2 echo h1 10.0.0.1"]


def test_the_tasks_own_variables_count_on_the_way_to_the_delegate_with_the_delegates_values(stage: Theatre) -> None:
    stage.run(
        play("  - command: ok\n    delegate_to: h2\n    vars: {ansible_user: '{{ ansible_port }}', ansible_port: 9}\n")
        + play(
            "  - set_fact: {mine: 1}\n"
            "  - {name: a, command: ok, delegate_to: h3, vars: {ansible_user: '{{ mine }}'}, ignore_errors: true}\n"
            "  - command: ok\n    delegate_to: h3\n"
            "    vars: {ansible_user: '{{ hostvars[inventory_hostname].mine }}'}\n"
        )
    )
    assert [(t.host, t.user, t.port) for t, _ in stage.sessions.workers] == [("h2", "9", 9), ("h3", "1", None)]
    assert "'mine' is undefined" in stage.result("a")["msg"]


def test_where_the_own_host_says_nothing_of_its_address_that_of_the_delegate_is_seen(stage: Theatre) -> None:
    stage.inventory = "h1\nh2 ansible_host=10.0.0.2 ansible_port=22\n"
    seen = "{{ ansible_host }} {{ ansible_port | default('-') }}"
    stage.run(play(f"  - command: \"echo {seen}\"\n    delegate_to: '{{{{ item }}}}'\n    loop: [h2, h1]\n"))
    assert stage.commands == ["h2 echo 10.0.0.2 22", "h1 echo h1 -"]


def test_the_result_is_registered_with_the_own_host(stage: Theatre) -> None:
    stage.run(play("  - {command: echo hi, delegate_to: h2, register: r}\n  - debug: {msg: '{{ r.stdout }}'}\n"))
    assert stage.said() == ["hi"]
    assert "r" not in stage.context.memory("h2").variables


def test_each_item_may_go_to_another_host(stage: Theatre) -> None:
    stage.run(play("  - {command: 'ok {{ item }}', delegate_to: '{{ item }}', loop: [h2, h3]}\n"))
    assert stage.commands == ["h2 ok h2", "h3 ok h3"]


def test_an_omitted_delegate_is_none(stage: Theatre) -> None:
    stage.run(play("  - {command: ok, delegate_to: '{{ nobody | default(omit) }}'}\n"))
    assert stage.commands == ["h1 ok"]


def test_localhost_needs_no_inventory_and_no_connection(stage: Theatre) -> None:
    stage.run(play("  - {command: ok, delegate_to: localhost}\n", "h1"))
    (target, _) = next(iter(stage.sessions.workers))
    assert (target.host, target.connection, target.user) == ("localhost", "local", None)


def test_a_play_on_localhost_is_local_too(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, command: ok}\n", "localhost"))
    assert theatre.on("localhost") == ["a changed"]
    assert [t.connection for t, _ in theatre.sessions.workers] == ["local"]


def test_local_action_is_delegated_to_localhost(stage: Theatre) -> None:
    stage.run(play("  - {name: a, local_action: command ok}\n"))
    assert stage.commands == ["localhost ok"]


def test_a_delegate_outside_the_inventory_is_reached_by_its_name(stage: Theatre) -> None:
    stage.run(play("  - {command: ok, delegate_to: 192.0.2.9}\n"))
    (target, _) = next(iter(stage.sessions.workers))
    assert (target.host, target.address, target.connection) == ("192.0.2.9", "192.0.2.9", "ssh")


def test_become_and_its_user_come_from_the_task(stage: Theatre) -> None:
    stage.run(play("  - {command: ok, delegate_to: h2, become: true, become_user: www}\n"))
    ((_, become),) = stage.sessions.workers
    assert become is not None
    assert become.user == "www"


def test_a_delegate_set_by_add_host_has_its_variables(stage: Theatre) -> None:
    tasks = "  - add_host: {name: fresh, ansible_host: 10.9.9.9}\n  - {command: ok, delegate_to: fresh}\n"
    stage.run(play(tasks))
    assert next(iter(stage.sessions.workers))[0].address == "10.9.9.9"


def test_facts_stay_with_the_own_host_unless_delegated(stage: Theatre) -> None:
    stage.facts = {"h2": {"ansible_os": "two"}}
    stage.run(play("  - {setup: , delegate_to: h2}\n"))
    assert stage.context.memory("h1").facts == {"os": "two"}
    assert stage.context.memory("h2").facts == {}


def test_delegated_facts_of_a_loop_go_to_each_delegate(stage: Theatre) -> None:
    stage.facts = {"h2": {"ansible_os": "two"}, "h3": {"ansible_os": "three"}}
    stage.run(
        play(
            "  - {setup: , delegate_to: '{{ item }}', delegate_facts: true, loop: [h2, h3]}\n"
            "  - debug:\n      msg: '{{ hostvars.h2.ansible_os }} {{ hostvars.h3.ansible_os }}'\n"
            "  - debug: {var: ansible_os}\n"
        )
    )
    assert stage.said() == ["two three"]
    assert stage.result("debug")["ansible_os"] == "VARIABLE IS NOT DEFINED!"


def test_set_fact_with_delegated_facts_goes_to_the_delegates(stage: Theatre) -> None:
    stage.run(
        play(
            "  - set_fact: {x: 'for {{ item }}'}\n    delegate_to: '{{ item }}'\n    delegate_facts: true\n"
            "    loop: [h2, h3]\n    register: r\n"
            "  - debug:\n      msg: \"{{ hostvars.h2.x }} {{ hostvars.h3.x }} {{ x | default('-') }}"
            ' {{ r.results | length }}"\n'
        )
    )
    assert stage.said() == ["for h2 for h3 - 2"]


def test_an_unreachable_delegate_makes_the_own_host_unreachable(stage: Theatre) -> None:
    stage.run(play("  - {name: a, command: die, delegate_to: h2}\n  - {name: b, command: ok}\n"))
    assert stage.on("h1") == ["a unreachable"]


def test_a_failure_on_the_delegate_does_not_drop_what_another_host_sent_there(stage: Theatre) -> None:
    text = play(
        '  - {name: a, command: \'fail{{ "" if inventory_hostname == "h1" else "@nobody" }}\', delegate_to: h3}\n'
        "  - {name: b, command: 'ok {{ inventory_hostname }}', delegate_to: h3}\n",
        "h1:h2",
        "  strategy: free\n",
    )
    stage.run(text)
    assert stage.on("h1") == ["a failed"]
    assert stage.on("h2") == ["a changed", "b changed"]
    assert "h3 ok h1" not in stage.commands


def test_the_command_line_user_counts_below_variables_and_keywords(stage: Theatre) -> None:
    stage.options = RunOptions(remote_user="cli")
    stage.run(
        play("  - {command: ok 1}\n", "h1")
        + play("  - {command: ok 2}\n  - {command: ok 3, remote_user: task}\n", "h3")
    )
    users = [t.user for t, _ in stage.sessions.workers]
    assert users == ["ann", "cli", "task"]


def test_a_delegate_without_a_name_fails_the_task_also_where_it_would_be_skipped(theatre: Theatre) -> None:
    task = "  - {name: a, ping: {}, delegate_to: \"{{ '' }}\", when: false, ignore_errors: true}\n"
    other = "  - {name: b, ping: {}, delegate_to: '{{ nowhere }}', when: false}\n"
    theatre.run(f"- hosts: h1\n  gather_facts: false\n  tasks:\n{task}{other}")
    assert theatre.on("h1") == ["a ignored", "b skipped"]
    assert "Empty hostname produced from delegate_to" in theatre.result("a")["msg"]
