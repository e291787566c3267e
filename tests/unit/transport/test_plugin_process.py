"""Connection plugins in their processes: what they are asked, what they answer, how they end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Plugin
from provisioner.transport.plugin_process import Channel, PluginFailed, PluginHosts
from tests.support import plugin_ansible

ODD = """
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase
from ansible.plugins import loader
from ansible.utils.display import Display
import os


class Connection(ConnectionBase):
    def exec_command(self, cmd, in_data=None, sudoable=True):
        if cmd == "away":
            raise AnsibleConnectionFailure("nobody is there")
        if cmd == "wrong":
            raise AnsibleError("an error with {{ braces }}")
        if cmd == "odd":
            raise ZeroDivisionError("by what")
        if cmd == "die":
            os._exit(1)
        return 0, "text", None
"""
BROKEN = "from ansible.errors import AnsibleError\nraise AnsibleError('not today')\n"


@pytest.fixture(name="plugin")
def a_plugin(tmp_path: Path) -> Plugin:
    folders = plugin_ansible.write(tmp_path / "connection_plugins", here=plugin_ansible.HERE, odd=ODD, broken=BROKEN)
    return Plugin("here", plugin_ansible.interpreter(tmp_path), folders)


@pytest.fixture(name="said")
def what_plugins_show() -> list[tuple[str, bool]]:
    return []


@pytest.fixture(name="hosts")
def programs(said: list[tuple[str, bool]]) -> Iterator[PluginHosts]:
    hosts = PluginHosts(lambda text, warns: said.append((text, warns)))
    yield hosts
    hosts.close()


def opened(hosts: PluginHosts, plugin: Plugin, name: str = "here") -> Channel:
    channel = hosts.channel(plugin)
    channel.ask({"do": "open", "name": name, "variables": {"ansible_word": "w"}, "remote_user": "me"})
    return channel


def test_a_plugin_says_which_variables_it_and_its_shell_look_at(hosts: PluginHosts, plugin: Plugin) -> None:
    assert hosts.variables(plugin) == ("ansible_word", "ansible_pipelining", "ansible_remote_tmp")


def test_a_command_gives_its_status_and_both_its_streams(hosts: PluginHosts, plugin: Plugin, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_bytes(b"\0\xff")
    channel = opened(hosts, plugin)
    answer, body = channel.ask({"do": "exec", "command": "cat; echo no >&2; exit 3", "input": str(given)})
    assert (answer["rc"], body[: answer["out"]], body[answer["out"] :]) == (3, b"\0\xff", b"no\n")


def test_another_user_is_become_by_the_installations_own_plugin_and_its_sign_is_taken_out(
    hosts: PluginHosts, plugin: Plugin
) -> None:
    channel = opened(hosts, plugin)
    become = {"method": "sudo", "become_user": "other"}
    answer, body = channel.ask({"do": "exec", "command": "echo $AS", "become": become})
    assert body[: answer["out"]] == b"other\n"


def test_the_user_who_logs_in_is_not_become_again(hosts: PluginHosts, plugin: Plugin) -> None:
    channel = opened(hosts, plugin)
    _answer, body = channel.ask(
        {"do": "exec", "command": "echo [$AS]", "become": {"method": "sudo", "become_user": "me"}}
    )
    assert body == b"[]\n"


def test_an_unknown_way_to_become_another_user_is_a_failure(hosts: PluginHosts, plugin: Plugin) -> None:
    channel = opened(hosts, plugin)
    with pytest.raises(PluginFailed, match="there is no become method 'magic'"):
        channel.ask({"do": "exec", "command": "id", "become": {"method": "magic", "become_user": "x"}})


def test_options_come_from_keywords_and_variables(hosts: PluginHosts, plugin: Plugin) -> None:
    channel = opened(hosts, plugin)
    assert channel.ask({"do": "option", "name": "remote_user"})[0]["value"] == "me"
    assert channel.ask({"do": "option", "name": "word"})[0]["value"] == "w"
    with pytest.raises(PluginFailed, match="nothing"):
        channel.ask({"do": "option", "name": "nothing"})


@pytest.mark.parametrize(
    ("command", "kind", "text"),
    [
        ("away", Unreachable, "nobody is there"),
        ("wrong", PluginFailed, "an error with {{ braces }}"),
        ("odd", PluginFailed, "the connection plugin failed: ZeroDivisionError: by what"),
    ],
)
def test_what_a_plugin_raises_says_whether_the_host_is_out_of_reach(
    hosts: PluginHosts, plugin: Plugin, command: str, kind: type[Exception], text: str
) -> None:
    channel = opened(hosts, plugin, "odd")
    with pytest.raises(kind) as caught:
        channel.ask({"do": "exec", "command": command})
    assert str(caught.value) == text
    assert channel.ask({"do": "exec", "command": "fine"})[1] == b"text"


def test_a_plugin_whose_process_ends_is_out_of_reach(hosts: PluginHosts, plugin: Plugin) -> None:
    channel = opened(hosts, plugin, "odd")
    with pytest.raises(Unreachable, match="the connection plugin's process ended"):
        channel.ask({"do": "exec", "command": "die"})
    assert channel.is_broken


@pytest.mark.parametrize(("name", "text"), [("none", "no match for none"), ("broken", "not today")])
def test_a_plugin_that_cannot_be_used_says_why(hosts: PluginHosts, plugin: Plugin, name: str, text: str) -> None:
    channel = hosts.channel(plugin)
    with pytest.raises(PluginFailed, match=text):
        channel.ask({"do": "open", "name": name, "variables": {}})
    channel.close()


def test_an_installation_that_cannot_be_imported_says_why(
    hosts: PluginHosts, plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "a part is missing")
    with pytest.raises(PluginFailed, match="cannot run connection plugins: ImportError: a part is missing"):
        hosts.variables(plugin)


def test_an_interpreter_that_is_not_there_says_so(hosts: PluginHosts, tmp_path: Path) -> None:
    with pytest.raises(PluginFailed, match="cannot run the connection plugin"):
        hosts.channel(Plugin("here", str(tmp_path / "none")))


def test_what_a_plugin_shows_is_passed_on(
    hosts: PluginHosts, plugin: Plugin, said: list[tuple[str, bool]], tmp_path: Path
) -> None:
    text = plugin_ansible.HERE.replace(
        "        done =",
        "        self.show('[WARNING]: mind', stderr=True)\n        self.show('EXEC it')\n        done =",
    ).replace("import shutil\n", "import shutil\nimport gc\n")
    text += "    @property\n    def show(self):\n        from ansible.utils import display\n"
    text += "        return next(each for each in gc.get_objects() if isinstance(each, display.Display)).display\n"
    plugin_ansible.write(tmp_path / "connection_plugins", talks=text)
    opened(hosts, plugin, "talks").ask({"do": "exec", "command": "true"})
    assert said == [("mind", True), ("EXEC it", False)]


def test_nothing_is_left_of_plugins_at_the_end(plugin: Plugin) -> None:
    hosts = PluginHosts(lambda _text, _warns: None)
    answer, body = opened(hosts, plugin).ask({"do": "exec", "command": "echo $PPID"})
    hosts.close()
    hosts.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(body[: answer["out"]]), 0)
