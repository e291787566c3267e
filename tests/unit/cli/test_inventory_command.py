"""The inventory command: the formats of ansible-inventory."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from provisioner.cli.main import main

HOSTS = """\
all:
  vars: {zone: eu}
  children:
    web:
      hosts:
        h1: {ansible_host: 10.0.0.1}
        h2:
      children: {edge: {hosts: {h3: {}}}}
    db:
      hosts: {h2: , h4: }
  hosts:
    lone:
"""
TREE = """\
@all:
  |--@ungrouped:
  |  |--lone
  |--@web:
  |  |--@edge:
  |  |  |--h3
  |  |--h1
  |  |--h2
  |--@db:
  |  |--h2
  |  |--h4
"""


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/web.yml").write_text("http: 80\n")
    (tmp_path / "hosts.yml").write_text(HOSTS)
    return str(tmp_path / "hosts.yml")


def test_list_is_what_an_inventory_script_prints(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "-i", source, "--list"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "_meta": {
            "hostvars": {
                "h1": {"ansible_host": "10.0.0.1", "http": 80, "zone": "eu"},
                "h2": {"http": 80, "zone": "eu"},
                "h3": {"http": 80, "zone": "eu"},
                "h4": {"zone": "eu"},
                "lone": {"zone": "eu"},
            }
        },
        "all": {"children": ["ungrouped", "web", "db"]},
        "db": {"hosts": ["h2", "h4"]},
        "edge": {"hosts": ["h3"]},
        "ungrouped": {"hosts": ["lone"]},
        "web": {"children": ["edge"], "hosts": ["h1", "h2"]},
    }


def test_graph_is_a_tree_of_groups_and_hosts(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "-i", source, "--graph"]) == 0
    assert capsys.readouterr().out == TREE
    assert main(["inventory", "-i", source, "--graph", "db", "--vars"]) == 0
    assert capsys.readouterr().out.startswith("@db:\n  |--h2\n  |  |--{http = 80}\n  |  |--{zone = eu}\n")


def test_host_prints_one_hosts_variables_extra_ones_included(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "-i", source, "--host", "h1", "-e", "zone=us", "--yaml"]) == 0
    assert capsys.readouterr().out == "ansible_host: 10.0.0.1\nhttp: 80\nzone: us\n"


def test_limit_and_yaml(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "-i", source, "--list", "--yaml", "-l", "h4"]) == 0
    assert capsys.readouterr().out == "all:\n  children:\n    db:\n      hosts:\n        h4:\n          zone: eu\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--host", "h5"], "there is no host 'h5' in the inventory"),
        (["--graph", "wbe"], "did you mean 'web'?"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_one(
    source: str, capsys: pytest.CaptureFixture[str], words: list[str], text: str
) -> None:
    assert main(["inventory", "-i", source, *words]) == 4
    assert text in capsys.readouterr().err


def test_toml_has_a_table_for_each_group(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "-i", source, "--list", "--toml"]) == 0
    assert tomllib.loads(capsys.readouterr().out) == {
        "all": {"children": ["ungrouped", "web", "db"]},
        "ungrouped": {"hosts": {"lone": {"zone": "eu"}}},
        "web": {
            "children": ["edge"],
            "hosts": {"h1": {"ansible_host": "10.0.0.1", "http": 80, "zone": "eu"}, "h2": {"http": 80, "zone": "eu"}},
        },
        "db": {"hosts": {"h2": {}, "h4": {"zone": "eu"}}},
        "edge": {"hosts": {"h3": {"http": 80, "zone": "eu"}}},
    }


def test_export_shows_variables_where_they_are_written(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "-i", source, "--list", "--export"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["_meta"] == {"hostvars": {"h1": {"ansible_host": "10.0.0.1"}}}
    assert (shown["all"]["vars"], shown["web"]["vars"]) == ({"zone": "eu"}, {"http": 80})
    assert main(["inventory", "-i", source, "--host", "h1", "--export", "--toml"]) == 0
    assert capsys.readouterr().out == 'ansible_host = "10.0.0.1"\n'


def test_a_file_takes_what_would_be_printed(source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "-i", source, "--graph", "--output", str(tmp_path / "tree")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "tree").read_text() == TREE


def test_a_repeated_group_is_empty_and_what_is_encrypted_stays_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "{s: !vault '$ANSIBLE_VAULT;1.1;AES256', 1: n}"
    text = f"all: {{children: {{a: {{children: {{c: {{hosts: {{h: {own}}}}}}}}}, b: {{children: {{c: {{}}}}}}}}}}\n"
    (tmp_path / "hosts.yml").write_text(text)
    assert main(["inventory", "-i", str(tmp_path / "hosts.yml"), "--list", "--yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines] == [
        "all:", "children:", "a:", "children:", "c:", "hosts:", "h:", "1: n", "s: !vault |",
        "$ANSIBLE_VAULT;1.1;AES256", "b:", "children:",
        "c: {}",
    ]  # fmt: skip
    assert main(["inventory", "-i", str(tmp_path / "hosts.yml"), "--list", "--toml"]) == 4
    assert "a key that is no string (1), which TOML cannot represent" in capsys.readouterr().err


def test_plugins_below_the_working_directory_and_settings_count(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.yml").write_text("plugin: constructed\nkeyed_groups: [{key: zone}]\n")
    monkeypatch.chdir(tmp_path)
    assert main(["inventory", "-i", source, "-i", "c.yml", "--graph", "_eu"]) == 0
    assert capsys.readouterr().out == "@_eu:\n  |--h1\n  |--h2\n  |--h3\n  |--h4\n  |--lone\n"
    monkeypatch.setenv("ANSIBLE_INVENTORY_ENABLED", "ini")
    assert main(["inventory", "-i", source, "--list"]) == 4
    monkeypatch.setenv("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "yes")
    assert main(["inventory", "-i", source, "--list"]) == 1
    monkeypatch.setenv("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "no")
    assert main(["inventory", "-i", source, "--list"]) == 0
    assert "Unable to parse" in capsys.readouterr().err
    monkeypatch.setenv("ANSIBLE_PRECEDENCE", "all_inventroy")
    assert main(["inventory", "-i", source, "--list"]) == 4
    assert "VARIABLE_PRECEDENCE cannot have 'all_inventroy'" in capsys.readouterr().err
