"""Inventories of every form; the expected values were compared with ansible-inventory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.loading.inventory import load_inventory
from provisioner.loading.settings import LoadSettings
from provisioner.loading.variables import LEVELS, host_variables
from provisioner.model.inventory import Inventory

FIXTURES = Path(__file__).parents[2] / "fixtures" / "inventories"
Write = Callable[[dict[str, str]], Path]


def good(*sources: str, **settings: object) -> Inventory:
    inventory, findings = load_inventory(sources, LoadSettings(**settings))  # type: ignore[arg-type]
    assert [d.render() for d in findings.errors] == []
    return inventory


def merged(inventory: Inventory, host: str) -> dict[str, object]:
    return {key: value for layer in host_variables(inventory, host) for key, value in layer.values.items()}


def test_a_folder_of_ini_yaml_and_a_script_is_one_inventory() -> None:
    inventory = good(str(FIXTURES / "mixed"))
    assert set(inventory.hosts) == {
        "lone", "bastion", "web01.example.org", "web02.example.org", "web03.example.org", "web-a", "web-c", "db1",
        "db2", "as1", "yhost", "new1", "new2", "canary1", "dyn1", "dyn2",
    }  # fmt: skip
    assert inventory.groups["ungrouped"].hosts == ("lone", "bastion", "yhost")
    assert inventory.groups["world"].children == ("europe", "asia")
    assert inventory.groups["europe"].priority == 5
    assert inventory.hosts["bastion"].vars == {"ansible_port": 2222, "ansible_user": "jump"}
    assert inventory.hosts["db2"].vars == {"ansible_port": 5433}
    assert inventory.hosts["web01.example.org"].groups == ("world", "europe", "db", "web")


def test_ini_values_are_python_literals_or_text() -> None:
    inventory = good(str(FIXTURES / "mixed"))
    values = merged(inventory, "db1")
    assert {key: values[key] for key in ("backup", "path", "quoted", "number", "number2", "ratio", "nothing")} == {
        "backup": True, "path": "/srv/data with spaces", "quoted": "in quotes", "number": "0644", "number2": 12,
        "ratio": 1.5, "nothing": None,
    }  # fmt: skip
    web = merged(inventory, "web01.example.org")
    assert (web["opts"], web["flag"], web["truth"], web["from_yaml"], web["http_port"]) == (
        ["a", "b"], "yes", True, True, 8080,
    )  # fmt: skip


def test_group_vars_files_beat_group_vars_of_the_inventory_and_a_folder_hides_files() -> None:
    inventory = good(str(FIXTURES / "mixed"))
    values = merged(inventory, "web01.example.org")
    assert (values["both"], values["web_a"], values["web_b"], values["from_all"]) == ("b", 1, 2, 1)
    assert "ignored" not in values
    assert merged(inventory, "db1")["json"] is True
    assert merged(inventory, "lone")["mine"] == "host"


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("h1", {"v": "own", "w": "c", "x": "d", "y": "d"}),
        ("h2", {"v": "a", "w": "c", "x": "d", "y": "e", "z": "e"}),
    ],
)
def test_children_win_over_parents_and_names_decide_among_equals(host: str, wanted: dict[str, object]) -> None:
    assert merged(good(str(FIXTURES / "deep" / "hosts.ini")), host) == wanted


def test_priority_decides_before_the_name() -> None:
    inventory = good(str(FIXTURES / "yaml" / "inv.yaml"))
    assert merged(inventory, "h1") == {"p": "mid2", "q": "file", "own": 420, "secretless": True}


def test_the_levels_of_a_host_are_in_ansibles_order(write: Write) -> None:
    wanted = (("group", "all"), ("group", "g"), ("host", "h"))
    files = {
        f"{top}/{kind}_vars/{name}.yml": f"x: {top}-{kind}-{name}\n" for top in ("inv", "play") for kind, name in wanted
    }
    write({**files, "inv/hosts": "[g]\nh x=line\n[g:vars]\nx=g\n[all:vars]\nx=all\n"})
    inventory = good("inv/hosts", playbook_dirs=("play",))
    layers = host_variables(inventory, "h")
    assert [layer.values["x"] for layer in layers] == [
        "all", "g", "inv-group-all", "play-group-all", "inv-group-g", "play-group-g", "line",
        "inv-host-h", "play-host-h",
    ]  # fmt: skip
    assert list(dict.fromkeys(layer.level for layer in layers)) == list(LEVELS)


def test_this_machine_needs_no_inventory_and_gets_the_variables_of_all(write: Write) -> None:
    write({"hosts": "a\n", "group_vars/all": "x: 1\n", "host_vars/localhost.yml": "y: 2\n"})
    values = merged(good("hosts"), "localhost")
    assert (values["ansible_connection"], values["x"], values["y"]) == ("local", 1, 2)


def test_host_lists_files_without_ending_and_later_sources_add_up(write: Write) -> None:
    write({"plain": "all:\n  hosts:\n    a: {x: 1}\n", "other": "[g]\na x=2\n"})
    inventory = good("one,two[1:2],three:2022", "plain", "other")
    assert list(inventory.hosts) == ["one", "two1", "two2", "three", "a"]
    assert inventory.hosts["three"].vars == {"ansible_port": 2022}
    assert (inventory.hosts["a"].vars, inventory.hosts["a"].groups) == ({"x": 2}, ("g",))


def test_a_script_without_meta_is_asked_for_each_host(write: Write) -> None:
    folder = write(
        {"inv.sh": '#!/bin/sh\nif [ "$1" = --list ]; then echo \'{"g": ["h"]}\'; else echo "{\\"n\\": \\"$2\\"}"; fi\n'}
    )
    (folder / "inv.sh").chmod(0o755)
    assert good("inv.sh").hosts["h"].vars == {"n": "h"}


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("h", "[g\na\n", "h:1:1: error: '[g' is no section"),
        ("h", "[g:chidren]\n", "h:1:1: error: unknown kind of section ':chidren'"),
        ("h", "a b=1 c\n", "h:1:1: error: a host's variable must be key=value, not 'c'"),
        ("h", "a b='x\n", "h:1:1: error: this line cannot be split"),
        ("h", "  web[3:1]\n", "h:1:3: error: the range [3:1] counts backwards"),
        ("h", "[g:vars]\nx\n[g]\n", "h:2:1: error: a variable must be key=value, not 'x'"),
        ("h", "[gone:vars]\nx=1\n", "h:1:1: error: variables are set for group 'gone', which is nowhere defined"),
        ("h", "[a:children]\nb\n[b:children]\na\n", "h:4:1: error: group 'a' cannot be below 'b'"),
        ("h.yml", "all:\n  hosts:\n    - a\n",
         "h.yml:3:7: error: 'hosts' of group 'all' must be a mapping, not a list"),
        ("h.yml", "all:\n  hosts:\n    a: 1\n",
         "h.yml:3:5: error: variables of host 'a' must be a mapping, not a number"),
        ("h.yml", "- a\n", "h.yml:1:3: error: an inventory must be a mapping of groups, not a list"),
        ("h.yml", "all: [\n", "h.yml:1:"),
        ("h.yml", "plugin: constructed\n", "inventory plugin 'constructed' is not supported"),
        ("group_vars/all.yml", "- a\n",
         "group_vars/all.yml:1:3: error: a file of variables must be a mapping, not a list"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_place(write: Write, name: str, text: str, error: str) -> None:
    write({"h": "x\n", name: text})
    _inventory, findings = load_inventory(["h.yml" if name == "h.yml" else "h"], LoadSettings())
    assert len(findings.errors) == 1
    assert findings.errors[0].render().startswith(error) or error in findings.errors[0].summary


def test_a_missing_source_and_a_failing_script_are_errors(write: Write) -> None:
    folder = write({"bad.sh": "#!/bin/sh\necho broken >&2; exit 4\n", "talk.sh": "#!/bin/sh\necho hello\n"})
    for script in ("bad.sh", "talk.sh"):
        (folder / script).chmod(0o755)
    _inventory, findings = load_inventory(["absent", "bad.sh", "talk.sh"], LoadSettings())
    assert isinstance(findings, Findings)
    assert [d.summary.split(":")[0] for d in findings.errors] == [
        "the inventory absent does not exist", "the inventory script bad.sh failed with 4",
        "the inventory script talk.sh printed no JSON",
    ]  # fmt: skip


def test_an_encrypted_group_vars_file_without_a_password_is_an_error_not_a_silence(write: Write) -> None:
    write({"h": "a\n", "group_vars/all.yml": "$ANSIBLE_VAULT;1.1;AES256\n3132\n"})
    _inventory, findings = load_inventory(["h"], LoadSettings())
    assert "no vault password was given" in findings.errors[0].summary
