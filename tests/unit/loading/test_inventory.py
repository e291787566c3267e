"""Inventories of every form; the expected values were compared with ansible-inventory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.loading.inventory import NoInventory, load_inventory
from provisioner.loading.inventory_settings import InventorySettings
from provisioner.loading.settings import LoadSettings
from provisioner.loading.variables import LEVELS, host_variables, origin_of
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
    assert list(inventory.hosts) == ["one", "two[1:2]", "three", "a"]
    assert list(good("two[1:2],one", inventory=InventorySettings(enabled=("advanced_host_list",))).hosts) == [
        "two1", "two2", "one",
    ]  # fmt: skip
    assert inventory.hosts["three"].vars == {"ansible_port": 2022}
    assert (inventory.hosts["a"].vars, inventory.hosts["a"].groups) == ({"x": 2}, ("g",))


def test_a_script_without_meta_is_asked_for_each_host(write: Write) -> None:
    folder = write(
        {"inv.sh": '#!/bin/sh\nif [ "$1" = --list ]; then echo \'{"g": ["h"]}\'; else echo "{\\"n\\": \\"$2\\"}"; fi\n'}
    )
    (folder / "inv.sh").chmod(0o755)
    assert good("inv.sh").hosts["h"].vars == {"n": "h"}


@pytest.mark.parametrize(
    ("name", "text", "plugin", "mistake"),
    [
        ("h", "[g\na\n", "ini", "h:1:1: '[g' is no section"),
        ("h", "[g:chidren]\n", "ini", "h:1:1: unknown kind of section ':chidren'"),
        ("h", "a b=1 c\n", "ini", "h:1:1: a host's variable must be key=value, not 'c'"),
        ("h", "a b='x\n", "ini", "h:1:1: this line cannot be split"),
        ("h", "  web[c:a]\n", "ini", "h:1:3: the range [c:a] counts backwards"),
        ("h", "web1:\nx\n", "ini", "h:1:1: Invalid host pattern 'web1:' supplied"),
        ("h", "[g:vars]\nx\n[g]\n", "ini", "h:2:1: a variable must be key=value, not 'x'"),
        ("h", "[gone:vars]\nx=1\n", "ini", "h:1:1: variables are set for group 'gone', which is nowhere defined"),
        ("h", "[a:children]\nb\n[b:children]\na\n", "ini", "h:4:1: Adding group 'a' as child to 'b' creates a"),
        ("h", "[a:children]\na\n", "ini", "h:2:1: can't add group to itself"),
        ("h.yml", "all:\n  hosts:\n    - a\n", "yaml",
         "h.yml:3:7: 'hosts' of group 'all' must be a mapping, not a list"),
        ("h.yml", "all:\n  hosts:\n    a: 1\n", "yaml",
         "h.yml:3:5: variables of host 'a' must be a mapping, not a number"),
        ("h.yml", "all:\n  hosts:\n    1234: {}\n", "yaml", "h.yml:1:1: Host pattern 1234 must be a string"),
        ("h.yml", "- a\n", "yaml", "h.yml:1:3: an inventory must be a mapping of groups, not a list"),
        ("h.yml", "all: [\n", "yaml", "h.yml:1:"),
        ("h.yml", "plugin: constructde\n", "auto", "h.yml:1:9: inventory config 'h.yml' specifies unknown plugin"),
        ("h.toml", "a = [\n", "toml", "h.toml:1:1: this is no TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_place_and_leaves_the_source_out(
    write: Write, name: str, text: str, plugin: str, mistake: str
) -> None:
    write({name: text})
    inventory, findings = load_inventory([name], LoadSettings())
    assert not findings.errors
    assert not inventory.hosts
    told = [each for each in findings.warnings if f" with {plugin} plugin: " in each.summary]
    said = [f"{each.position}: {each.summary.partition(' plugin: ')[2]}" for each in told]
    assert said
    assert said[0].startswith(mistake)
    summaries = [each.summary for each in findings.warnings]
    assert summaries[-2:] == [
        f"Unable to parse {name} as an inventory source",
        "No inventory was parsed, only implicit localhost is available",
    ]


def test_a_mistake_in_a_file_of_variables_is_an_error(write: Write) -> None:
    write({"h": "x\n", "group_vars/all.yml": "- a\n"})
    _inventory, findings = load_inventory(["h"], LoadSettings())
    assert (
        findings.errors[0]
        .render()
        .startswith("group_vars/all.yml:1:3: error: a file of variables must be a mapping, not a list")
    )


def test_sources_that_nobody_can_read_are_warnings_and_the_others_count(write: Write) -> None:
    folder = write({"bad.sh": "#!/bin/sh\necho broken >&2; exit 4\n", "talk.sh": "#!/bin/sh\necho hello\n", "h": "a\n"})
    for script in ("bad.sh", "talk.sh"):
        (folder / script).chmod(0o755)
    inventory, findings = load_inventory(["absent", "bad.sh", "h", "talk.sh"], LoadSettings())
    assert list(inventory.hosts) == ["a"]
    assert [each.summary.removeprefix("Failed to parse ").split(": ")[0] for each in findings.warnings] == [
        "Unable to parse absent as an inventory source",
        "bad.sh with script plugin", "Unable to parse bad.sh as an inventory source",
        "talk.sh with script plugin", "Unable to parse talk.sh as an inventory source",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "settings", "text"),
    [
        (("absent", "h"), {"any_unparsed_is_failed": True}, "Completely failed to parse inventory source absent"),
        (("folder",), {"any_unparsed_is_failed": True}, "Completely failed to parse inventory source folder/b.yml"),
        (("absent",), {"unparsed_is_failed": True}, "No inventory was parsed, please check your configuration"),
    ],
)
def test_settings_make_an_unread_source_an_end(
    write: Write, sources: tuple[str, ...], settings: dict[str, bool], text: str
) -> None:
    write({"h": "a\n", "folder/a": "b\n", "folder/b.yml": "- a\n"})
    with pytest.raises(NoInventory, match=text) as caught:
        load_inventory(sources, LoadSettings(inventory=InventorySettings(**settings)))  # type: ignore[arg-type]
    assert caught.value.exit_code == 1


def test_mistakes_can_be_errors_among_the_others(write: Write) -> None:
    write({"h": "a b\n", "i": "[g\n"})
    _inventory, findings = load_inventory(
        ["absent", "h", "i"], LoadSettings(inventory=InventorySettings(unread_is_error=True))
    )
    assert [each.summary.removeprefix("Failed to parse ") for each in findings.errors] == [
        "Unable to parse absent as an inventory source",
        "h with ini plugin: a host's variable must be key=value, not 'b'", "Unable to parse h as an inventory source",
        "i with ini plugin: '[g' is no section", "Unable to parse i as an inventory source",
    ]  # fmt: skip


def test_a_range_without_an_end_stays_a_name_and_a_wrong_one_is_told() -> None:
    own = InventorySettings(enabled=("advanced_host_list",), verbosity=3)
    inventory, findings = load_inventory(["local[1:],b"], LoadSettings(inventory=own))
    assert list(inventory.hosts) == ["local[1:]", "b"]
    assert [each.summary for each in findings.warnings] == [
        "host range must specify end value: [1:]",
        "Unable to parse address from hostname, leaving unchanged: local[1:]",
    ]
    _, findings = load_inventory(["local[1:j],"], LoadSettings(inventory=own))
    assert findings.warnings[0].summary.startswith("Failed to parse local[1:j], with advanced_host_list plugin: ")


def test_the_null_device_is_an_inventory_without_hosts() -> None:
    inventory, findings = load_inventory(["/dev/null"], LoadSettings())
    assert (list(inventory.hosts), list(findings.all)) == ([], [])


def test_an_empty_folder_among_others_does_not_matter(write: Write) -> None:
    folder = write({"folder/a": "b\n", "folder/skipped.retry": "c\n", "folder/note.x": "d\n"})
    (folder / "folder/inner").mkdir()
    settings = InventorySettings(ignored_patterns=("note",))
    assert list(good("folder", inventory=settings).hosts) == ["b"]


@pytest.mark.parametrize(
    ("transform", "name", "warning"),
    [
        ("never", "web-1", "Invalid characters were found in group names but not replaced"),
        ("always", "web_1", "Invalid characters were found in group names and automatically replaced"),
        ("silently", "web_1", None),
        ("ignore", "web-1", None),
    ],
)
def test_odd_characters_in_group_names_are_kept_or_replaced(
    write: Write, transform: str, name: str, warning: str | None
) -> None:
    write({"h": "[web-1]\na\n[web-1:vars]\nx=1\n[top:children]\nweb-1\n"})
    inventory, findings = load_inventory(["h"], LoadSettings(inventory=InventorySettings(group_names=transform)))
    assert (inventory.groups[name].hosts, inventory.groups["top"].children) == (("a",), (name,))
    assert merged(inventory, "a") == {"x": 1}
    assert [each.summary for each in findings.warnings] == ([warning] if warning else [])


def test_a_group_and_a_host_of_one_name_are_warned_of(write: Write) -> None:
    write({"h": "[a]\na\nb\n"})
    _inventory, findings = load_inventory(["h"], LoadSettings())
    assert [each.summary for each in findings.warnings] == ["Found both group and host with same name: a"]


def test_a_host_belongs_to_the_source_that_names_it_first(write: Write) -> None:
    folder = write({"one": "a\n", "two/inner": "a\nb\n"})
    inventory = good("one", "two", "c,d")
    assert {name: host.source for name, host in inventory.hosts.items()} == {
        "a": f"{folder}/one", "b": f"{folder}/two/inner", "c": "c,d", "d": "c,d",
    }  # fmt: skip
    assert origin_of(inventory.hosts["b"].source) == {
        "inventory_file": f"{folder}/two/inner", "inventory_dir": f"{folder}/two",
    }  # fmt: skip
    assert origin_of("c,d") == {"inventory_file": "c,d", "inventory_dir": None}


def test_the_setting_precedence_orders_the_kinds_of_group_variables(write: Write) -> None:
    write({
        "h": "[g]\na\n[g:vars]\nx=inventory\n[all:vars]\nx=all\n", "group_vars/g.yml": "x: file\n",
        "group_vars/all.yml": "x: file-all\n",
    })  # fmt: skip
    words = ("groups_plugins_inventory", "all_plugins_inventory", "groups_inventory", "all_inventory")
    assert merged(good("h"), "a")["x"] == "file"
    assert merged(good("h", inventory=InventorySettings(precedence=words)), "a")["x"] == "all"
    assert merged(good("h", inventory=InventorySettings(precedence=words[:2])), "a")["x"] == "file-all"


def test_files_of_variables_can_be_switched_off(write: Write) -> None:
    write({"h": "a\n", "group_vars/all.yml": "x: 1\n"})
    assert merged(good("h", inventory=InventorySettings(vars_plugins=())), "a") == {}


def test_a_script_that_warns_is_heard_and_used(write: Write) -> None:
    text = '#!/bin/sh\necho careful >&2\necho \'{"g": {"hosts": ["h"]}, "_meta": {"hostvars": {"h": {"a": 1}}}}\'\n'
    (write({"s": text}) / "s").chmod(0o755)
    inventory, findings = load_inventory(["s"], LoadSettings())
    assert inventory.hosts["h"].vars == {"a": 1}
    assert [each.summary for each in findings.warnings] == ["the inventory script s said: careful"]


def test_an_executable_without_a_first_line_is_read_as_what_it_is(write: Write) -> None:
    folder = write({"h": "[g]\na x=1\n"})
    (folder / "h").chmod(0o755)
    assert good("h").hosts["a"].vars == {"x": 1}


def test_toml_has_tables_of_hosts_children_and_vars(write: Write) -> None:
    write(
        {"h.toml": '[web]\nchildren = ["a"]\nvars = {x = 1}\n[web.hosts]\nh1 = {}\n"h[2:3]" = {p = 2}\n[a.hosts.h4]\n'}
    )
    inventory = good("h.toml")
    assert (inventory.groups["web"].hosts, inventory.groups["web"].children) == (("h1", "h2", "h3"), ("a",))
    assert (inventory.hosts["h2"].vars, merged(inventory, "h4")) == ({"p": 2}, {"x": 1})


def test_an_encrypted_group_vars_file_without_a_password_is_told_to_whom_it_is_meant_for(write: Write) -> None:
    write({"h": "[prod]\na\n[test]\nb\n", "group_vars/prod.yml": "$ANSIBLE_VAULT;1.1;AES256\n3132\n"})
    inventory, findings = load_inventory(["h"], LoadSettings())
    assert not findings.errors
    assert merged(inventory, "b") == {}
    assert inventory.sealed(["b"]) == ()
    assert "no vault password was given" in inventory.sealed(["b", "a"])[0].summary
    with pytest.raises(InputError, match="no vault password was given"):
        merged(inventory, "a")


def test_a_mistake_in_a_group_vars_file_is_told_at_once_unless_mistakes_are_left_for_the_run(write: Write) -> None:
    write({"h": "[prod]\na\n[test]\nb\n", "group_vars/prod.yml": "x: [1\n"})
    _inventory, findings = load_inventory(["h"], LoadSettings())
    assert findings.errors
    inventory, findings = load_inventory(["h"], LoadSettings(defers_mistakes=True))
    assert not findings.errors
    assert inventory.sealed(["a"])
    assert not inventory.sealed(["b"])
