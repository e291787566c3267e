"""Connection plugins of others: which names are theirs, what they are told, what happens without Ansible."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from provisioner.bridge.installation import Installation
from provisioner.diagnostics.errors import InputError, Unreachable
from provisioner.execution.connection_plugins import ConnectionPlugins, secrets_of
from provisioner.loading.collections import Collections
from provisioner.model.call import ABOUT_CONNECTION, Request
from provisioner.model.target import Plugin
from tests.support.theatre import Theatre

ROUTES = """\
plugin_routing:
  connection:
    moved:
      redirect: ns.coll.far
  modules:
    other:
      redirect: a.b.c
"""


class Hosts:
    """Says which variables plugins look at."""

    def variables(self, plugin: Plugin) -> tuple[str, ...]:
        if plugin.name == "broken":
            raise Unreachable("it cannot be imported")
        names = ("ansible_word", "ansible_password", "ansible_none", "ansible_host", "ansible_ssh_host")
        return (*names, "inventory_hostname")


@pytest.fixture(name="there")
def an_installation(tmp_path: Path) -> Installation:
    package = tmp_path / "ansible"
    (package / "plugins" / "connection").mkdir(parents=True)
    (package / "config").mkdir()
    (package / "plugins" / "connection" / "winrm.py").touch()
    (package / "plugins" / "connection" / "ssh.py").touch()
    (package / "config" / "ansible_builtin_runtime.yml").write_text(ROUTES)
    return Installation("/opt/python", str(package), "2.18.1", frozenset(), ())


def plugins(there: Installation | None, *folders: str) -> ConnectionPlugins:
    bridge: Any = SimpleNamespace(installation=there)
    return ConnectionPlugins(bridge, Hosts(), folders, verbosity=3)


@pytest.fixture(name="home")
def with_plugins_of_its_own(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for name in ("mine", "ssh", "broken"):
        (home / "connection_plugins").mkdir(parents=True, exist_ok=True)
        (home / "connection_plugins" / f"{name}.py").touch()
    return home


@pytest.fixture(name="collections")
def installed_collections(tmp_path: Path) -> Collections:
    folder = tmp_path / "c" / "ansible_collections" / "ns" / "coll" / "plugins" / "connection"
    folder.mkdir(parents=True)
    (folder / "far.py").touch()
    return Collections((str(tmp_path / "c"),))


@pytest.mark.parametrize(
    ("name", "is_plugin"),
    [
        ("mine", True), ("ansible.legacy.mine", True), ("ns.coll.far", True), ("winrm", True), ("moved", True),
        ("ansible.builtin.winrm", True), ("other", False), ("nonsense", False), ("local", False), ("openssh", False),
        ("ansible.builtin.ssh", False), ("ansible.builtin.local", False), ("ns.none.ssh", False), ("ssh", True),
    ],
)  # fmt: skip
def test_a_name_is_a_plugins_where_the_user_a_collection_or_ansible_has_one_and_we_have_not(
    there: Installation, home: Path, collections: Collections, name: str, is_plugin: bool
) -> None:
    found = plugins(there).find(name, [str(home)], collections)
    assert (found is not None) == is_plugin
    if found is not None:
        assert (found.name, found.python, found.verbosity) == (name, "/opt/python", 3)
        assert found.folders == (str(home / "connection_plugins"),)
        assert found.collections == (str(Path(collections.roots[0]).parent),)


def test_our_own_connections_stay_ours_unless_the_user_has_one_of_that_name(
    there: Installation, home: Path, collections: Collections
) -> None:
    assert plugins(there).find("ssh", [], collections) is None
    assert plugins(there, str(home / "connection_plugins")).find("ssh", [], collections) is not None


def test_without_ansible_a_plugin_is_refused_with_the_way_out(home: Path, collections: Collections) -> None:
    for name in ("mine", "ns.coll.far"):
        with pytest.raises(InputError, match=f"connection plugin '{name}' needs Ansible, and no Ansible was found"):
            plugins(None).find(name, [str(home)], collections)
    assert plugins(None).find("winrm", [str(home)], collections) is None  # nobody knows that it is a plugin's


def test_where_nobody_runs_plugins_there_are_none(there: Installation, home: Path, collections: Collections) -> None:
    bridge: Any = SimpleNamespace(installation=there)
    assert ConnectionPlugins(bridge).find("mine", [str(home)], collections) is None


def test_a_plugin_is_told_what_it_looks_at_and_its_secrets_are_known(there: Installation) -> None:
    known = {"ansible_word": "w", "ansible_password": "hush", "inventory_hostname": "h", "ansible_other": 1}
    told = plugins(there).told(Plugin("mine", "p"), {**known, "ansible_shell_type": "sh"}.get)
    assert json.loads(told.variables) == {
        "ansible_word": "w", "ansible_password": "hush", "inventory_hostname": "h",
    }  # fmt: skip
    assert (told.shell, told.executable) == ("sh", None)
    assert secrets_of(told) == ["hush"]
    assert "hush" not in repr(told)


def test_a_plugin_that_cannot_be_used_is_an_error_that_names_it(there: Installation) -> None:
    with pytest.raises(InputError, match="connection plugin 'broken': it cannot be imported"):
        plugins(there).told(Plugin("broken", "p"), {}.get)


# ------------------------------------------------------------------ in plays


@pytest.fixture(name="stage")
def with_plugins(theatre: Theatre, there: Installation, home: Path) -> Theatre:
    theatre.plugins = plugins(there, str(home / "connection_plugins"))
    return theatre


def play(tasks: str) -> str:
    return f"- hosts: h1\n  gather_facts: false\n  tasks:\n{tasks}"


def test_a_task_goes_the_way_that_its_variables_say(stage: Theatre) -> None:
    stage.run(
        play("  - {command: ok, vars: {ansible_connection: mine, ansible_word: '{{ inventory_hostname }}!'}}\n")
        + play("  - {command: ok, connection: mine}\n  - {command: ok, connection: ssh}\n")
    )
    targets = [target for target, _ in stage.sessions.workers]
    told = [target.plugin.variables if target.plugin else "" for target in targets]
    assert [(target.connection, target.plugin.name if target.plugin else "") for target in targets] == [
        ("mine", "mine"), ("mine", "mine"), ("ssh", "ssh"),
    ]  # fmt: skip
    assert json.loads(told[0])["ansible_word"] == "h1!"
    assert "ansible_word" not in told[1]


def test_a_plugin_is_told_nothing_that_nobody_said(stage: Theatre) -> None:
    stage.inventory = "h1 ansible_host=10.0.0.1\n"
    stage.run(play("  - {command: ok, connection: mine}\n"), connection_password="typed")
    ((target, _),) = stage.sessions.workers
    assert target.plugin is not None
    assert json.loads(target.plugin.variables) == {"ansible_host": "10.0.0.1", "inventory_hostname": "h1"}
    assert (target.address, target.password) == ("10.0.0.1", "typed")


def test_plugins_beside_a_role_are_found(stage: Theatre) -> None:
    files = {
        "roles/r/connection_plugins/rolled.py": "",
        "roles/r/tasks/main.yml": "- {command: ok, connection: rolled}\n",
    }
    stage.run("- hosts: h1\n  gather_facts: false\n  roles: [r]\n", files)
    ((target, _),) = stage.sessions.workers
    assert target.plugin is not None
    assert target.plugin.folders[0].endswith("roles/r/connection_plugins")


def test_a_plugin_that_cannot_be_used_fails_its_task(stage: Theatre) -> None:
    stage.run(play("  - {name: a, command: ok, connection: broken, ignore_errors: true}\n"))
    assert "connection plugin 'broken': it cannot be imported" in stage.result("a")["msg"]


def test_action_plugins_ask_the_connection_plugin_for_its_shell_and_options(stage: Theatre) -> None:
    def answer(_host: str, request: Request) -> dict[str, Any] | None:
        if request.module != ABOUT_CONNECTION:
            return None
        if "option" not in request.params:
            return {"shell": "powershell"}
        return {"value": "v"} if request.params["option"] == "known" else {"failed": True, "msg": "no such option"}

    stage.script = answer
    lines = (
        "from ansible.plugins.action import ActionBase\n\n\nclass ActionModule(ActionBase):\n"
        "    def run(self, tmp=None, task_vars=None):\n"
        "        found = {'shell': self._connection._shell.SHELL_FAMILY}\n"
        "        found['known'] = self._connection.get_option('known')\n"
        "        try:\n            self._connection.get_option('none')\n"
        "        except KeyError as error:\n            found['none'] = str(error)\n"
        "        return found\n"
    )
    stage.run(play("  - {name: a, looks: {}, connection: mine}\n"), {"action_plugins/looks.py": lines})
    found = stage.result("a")
    assert (found["shell"], found["known"]) == ("powershell", "v")
    assert "no such option" in found["none"]
