"""Which of several levels wins is what ansible-core says, for random sets of levels, replaced or merged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.compat.sides import PROJECT, oracle_programs

LEVELS = (
    "role_defaults", "inventory_all", "inventory_all_file", "playbook_all_file", "parent_group", "group",
    "group_file", "playbook_group_file", "parent_group_file", "host", "host_file", "playbook_host_file", "play",
    "vars_file", "role_vars", "block", "task", "include_vars", "set_fact", "role_params", "include_params", "extra",
)  # fmt: skip
COUNT = 40
POINTS = ("play", "role", "role_later", "included", "next_play")

subsets = st.lists(st.sets(st.sampled_from(LEVELS), min_size=1, max_size=7), min_size=COUNT, max_size=COUNT)


class Project:
    """A playbook in which every level sets the variables that chose it; ``merging``: to dictionaries."""

    def __init__(self, folder: Path, chosen: Sequence[set[str]], *, merging: bool) -> None:
        self.folder, self.chosen, self.merging = folder, chosen, merging

    def at(self, level: str) -> dict[str, Any]:
        """Return the variables of one level."""
        value: Any = {level: 1, "same": level} if self.merging else level
        return {f"v{number}": value for number, levels in enumerate(self.chosen) if level in levels}

    def write(self) -> None:
        """Write inventory, playbook and role."""
        files = {
            "inv/group_vars/all.json": self.at("inventory_all_file"),
            "inv/group_vars/web.json": self.at("group_file"),
            "inv/group_vars/site.json": self.at("parent_group_file"),
            "inv/host_vars/h1.json": self.at("host_file"),
            "group_vars/all.json": self.at("playbook_all_file"),
            "group_vars/web.json": self.at("playbook_group_file"),
            "host_vars/h1.json": self.at("playbook_host_file"),
            "own.json": self.at("vars_file"),
            "more.json": self.at("include_vars"),
            "extra.json": {**self.at("extra"), "out": "OUT"},
            "roles/r/defaults/main.json": self.at("role_defaults"),
            "roles/r/vars/main.json": self.at("role_vars"),
            "roles/r/tasks/main.json": self._role(),
            "roles/r/tasks/more.json": [self._told("included")],
            "inv/hosts.json": self._inventory(),
            "play.yml": self._plays(),
        }
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))

    def _inventory(self) -> dict[str, Any]:
        host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **self.at("host")}
        web = {"hosts": {"h1": host}, "vars": self.at("group")}
        site = {"children": {"web": web}, "vars": self.at("parent_group")}
        return {"all": {"children": {"site": site}, "vars": self.at("inventory_all")}}

    def _told(self, point: str) -> dict[str, Any]:
        values = ", ".join(f"v{number} | default('-')" for number in range(len(self.chosen)))
        return {"copy": {"dest": f"{{{{ out }}}}/{point}.json", "content": f"{{{{ [{values}] | to_json }}}}"}}

    def _role(self) -> list[dict[str, Any]]:
        def block(point: str) -> dict[str, Any]:
            return {"vars": self.at("block"), "block": [{**self._told(point), "vars": self.at("task")}]}

        return [
            block("role"),
            {"include_vars": str(self.folder / "more.json")},
            {"set_fact": {"nothing": 1, **self.at("set_fact")}},
            block("role_later"),
            {"include_tasks": "more.json", "vars": self.at("include_params")},
        ]

    def _plays(self) -> list[dict[str, Any]]:
        role = {"role": "r", **self.at("role_params")}
        play: dict[str, Any] = {"hosts": "h1", "gather_facts": False}
        return [
            {
                **play,
                "vars": self.at("play"),
                "vars_files": ["own.json"],
                "pre_tasks": [self._told("play")],
                "roles": [role],
            },
            {**play, "tasks": [self._told("next_play")]},
        ]

    def answers(self, command: list[str], out: Path) -> dict[str, list[Any]]:
        """Run the playbook and return what each point saw."""
        out.mkdir()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "PROVISIONER_"))}
        environment |= {"ANSIBLE_HASH_BEHAVIOUR": "merge" if self.merging else "replace", "PYTHONPATH": str(PROJECT),
                        "ANSIBLE_NOCOLOR": "1"}  # fmt: skip
        arguments = ["-i", "inv/hosts.json", "-e", "@extra.json", "-e", f"out={out}", "play.yml"]
        done = subprocess.run(
            [*command, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
        return {point: json.loads((out / f"{point}.json").read_text()) for point in POINTS}


OURS = [sys.executable, "-c", "from provisioner.cli.main import entry; entry()", "run"]


@pytest.mark.compat
@pytest.mark.timeout(600)
@pytest.mark.skipif("PROVISIONER_ORACLE" not in os.environ, reason="PROVISIONER_ORACLE names no ansible-core")
@pytest.mark.parametrize("merging", [False, True], ids=["replace", "merge"])
@settings(
    max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chosen=subsets)
def test_the_level_that_wins_is_that_of_ansible(
    chosen: list[set[str]], merging: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("precedence")
    project = Project(folder, chosen, merging=merging)
    project.write()
    theirs = project.answers([str(oracle_programs() / "ansible-playbook")], folder / "theirs")
    ours = project.answers(OURS, folder / "ours")
    differ = [
        (point, sorted(chosen[number]), theirs[point][number], ours[point][number])
        for point in POINTS
        for number in range(len(chosen))
        if theirs[point][number] != ours[point][number]
    ]
    assert differ == []
