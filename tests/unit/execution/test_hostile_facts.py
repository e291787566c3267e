"""Facts come from hosts; none of them may say how, or as whom, a host is reached."""

from __future__ import annotations

import pytest

from provisioner.execution.memory import HostMemory


@pytest.mark.parametrize(
    "name",
    [
        "ansible_connection",
        "ansible_host",
        "ansible_port",
        "ansible_user",
        "ansible_password",
        "ansible_become_exe",
        "ansible_become_flags",
        "ansible_ssh_common_args",
        "ansible_python_interpreter",
        "ansible_ruby_interpreter",
        "ansible_ssh_private_key_file",
        "ansible_facts",
        "ansible_host_key_checking",
    ],
)
def test_a_fact_does_not_change_the_way_to_a_host(name: str) -> None:
    memory = HostMemory("h1")
    memory.learn_facts({name: "evil", "ansible_distribution": "Debian"})
    facts = memory.layers[0].values
    assert facts["ansible_distribution"] == "Debian"
    assert facts.get(name) != "evil"
    assert name not in memory.facts
    assert name.removeprefix("ansible_") not in memory.facts


@pytest.mark.parametrize("name", ["ansible_user_id", "ansible_hostname", "ansible_ssh_host_key_rsa_public", "own"])
def test_other_facts_are_kept(name: str) -> None:
    memory = HostMemory("h1")
    memory.learn_facts({name: "value"})
    assert memory.layers[0].values[name] == "value"
