"""Variables of roles, groups and hosts that come in while running, where they cannot be read."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.model.options import AT_RUN
from tests.support.theatre import Theatre


def play(tasks: str) -> str:
    return f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}"


BROKEN = """from ansible.plugins.vars import BaseVarsPlugin
class VarsModule(BaseVarsPlugin):
    def get_vars(self, loader, path, entities):
        if {}:
            raise ValueError('out of order')
        return {{}}
"""
ROLE = {"roles/broken/tasks/main.yml": "- {name: in the role, command: ok}\n",
        "roles/broken/vars_plugins/broken.py": BROKEN.format("True")}  # fmt: skip
RESCUED = (
    "  - block:\n    - {{{}}}\n    rescue:\n    - {{name: r, command: ok}}\n"
    "    always:\n    - {{name: z, command: ok}}\n"
)


def test_a_role_whose_vars_plugin_fails_fails_the_include_each_time(theatre: Theatre) -> None:
    twice = RESCUED.format("name: inc, include_role: {name: broken}") * 2
    theatre.run(play(twice), ROLE)
    assert theatre.on("h1") == ["inc failed", "r changed", "z changed"] * 2
    assert "out of order" in str(theatre.result("inc"))


def test_it_ends_the_run_where_mistakes_are_told_as_ansible_does(theatre: Theatre) -> None:
    with pytest.raises(InputError, match="out of order"):
        theatre.run(play(RESCUED.format("include_role: {name: broken}")), ROLE, mistakes=AT_RUN)


def test_a_new_group_whose_vars_plugin_fails_fails_the_task_that_makes_it(theatre: Theatre) -> None:
    plugin = {"vars_plugins/broken.py": BROKEN.format("entities[0].name == 'fresh'")}
    theatre.run(play("  - {name: g, group_by: {key: fresh}}\n  - {name: b, command: ok}\n"), plugin)
    assert theatre.on("h1") == ["g failed"]
    assert "out of order" in theatre.result("g")["msg"]


def test_a_new_host_whose_vars_plugin_fails_is_told_to_whoever_needs_it(theatre: Theatre) -> None:
    plugin = {"vars_plugins/broken.py": BROKEN.format("entities[0].name == 'fresh'")}
    tasks = "  - {name: a, add_host: {name: fresh}}\n  - {name: b, debug: {msg: '{{ hostvars.fresh.x }}'}}\n"
    theatre.run(play(tasks), plugin)
    assert theatre.on("h1") == ["a changed", "b failed"]
    assert "out of order" in theatre.result("b")["msg"]
    with pytest.raises(InputError, match="out of order"):
        theatre.run(play("  - add_host: {name: fresh}\n") + "- hosts: fresh\n  gather_facts: false\n", plugin)
