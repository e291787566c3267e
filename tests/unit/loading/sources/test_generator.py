"""Hosts and groups from every combination of some words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.model.inventory import Inventory

Write = Callable[[dict[str, str]], Path]

FILE = """\
plugin: ansible.builtin.generator
hosts:
  name: "{{ op }}_{{ app }}_runner"
  parents:
    - name: "{{ op }}_{{ app }}"
      parents:
        - name: "{{ op }}"
          vars: {op: "{{ op }}", number: 5}
        - name: "{{ app }}"
    - name: runner
layers: {op: [build, launch], app: [web, api]}
"""


def test_every_combination_is_a_host_with_its_parents(write: Write, good: Callable[..., Inventory]) -> None:
    write({"g.yml": FILE})
    inventory = good("g.yml")
    assert list(inventory.hosts) == ["build_web_runner", "build_api_runner", "launch_web_runner", "launch_api_runner"]
    assert inventory.groups["build"].children == ("build_web", "build_api")
    assert inventory.groups["web"].children == ("build_web", "launch_web")
    assert inventory.groups["build"].vars == {"op": "build", "number": 5}
    assert inventory.hosts["launch_api_runner"].groups == ("api", "launch", "runner", "launch_api")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hosts: {name: '{{ nope }}'}\nlayers: {a: [x]}\n", "'nope' is undefined"),
        (
            "hosts: {name: 'h{{ a }}', parents: [{vars: {}}]}\nlayers: {a: [x]}\n",
            "Element 'name' is missing in the pare",
        ),
        ("hosts: {}\nlayers: {a: [x]}\n", "Element 'name' is missing in the hosts"),
        ("hosts: {name: x}\nlayers: {a: x}\n", "layer 'a' must be a list"),
        ("hosts: {name: x}\n", "a generator needs 'hosts' and 'layers'"),
        ("hosts: {name: x, parents: [{name: g, vars: [1]}]}\nlayers: {a: [x]}\n", "'vars' must be a mapping"),
    ],
)
def test_a_mistake_is_said(write: Write, load: Callable[..., tuple[Inventory, Findings]], text: str, said: str) -> None:
    write({"g.yml": f"plugin: generator\n{text}"})
    inventory, findings = load("g.yml")
    assert not inventory.hosts
    assert said in findings.warnings[0].summary
