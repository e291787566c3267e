"""The inventory command: the formats of ansible-inventory."""

from __future__ import annotations

import json
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
