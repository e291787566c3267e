"""Inventory, vars and cache plugins of the user's own, written for Ansible's documented classes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.model.inventory import Inventory
from tests.unit.loading.sources.conftest import merged

Write = Callable[[dict[str, str]], Path]
Good = Callable[..., Inventory]
Load = Callable[..., tuple[Inventory, Findings]]

IMPORTS = """\
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

"""
STAFF = (
    """
DOCUMENTATION = '''
name: staff
extends_documentation_fragment: [constructed, inventory_cache]
options:
  plugin: {required: true}
  names: {type: list, default: [ann, bob]}
  loud: {type: bool, default: false, env: [{name: STAFF_LOUD}], ini: [{section: staff, key: loud}]}
  size: {type: int}
'''
"""
    + IMPORTS
    + """
class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "staff"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith("staff.yml")

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key, found = self.get_cache_key(path), None
        if self.get_option("cache") and cache:
            try:
                found = self._cache[key]
            except KeyError:
                pass
        if found is None:
            found = [name + str(COUNT.pop()) for name in self.get_option("names")]
        if self.get_option("cache"):
            self._cache[key] = found
        group = self.inventory.add_group("staff")
        self.inventory.add_group("people")
        self.inventory.add_child("people", group)
        self.inventory.set_variable(group, "loud", self.get_option("loud"))
        for name in found:
            self.inventory.add_host(name, group=group, port=2200)
            self.inventory.set_variable(name, "size", self.get_option("size"))
            self._set_composite_vars(self.get_option("compose"), {"size": 3}, name, strict=True)
            self._add_host_to_composed_groups(self.get_option("groups"), {}, name, strict=True)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {"who": to_text(name)}, name)


COUNT = list(range(100))
"""
)


def test_a_plugin_beside_the_playbook_fills_the_inventory(write: Write, good: Good) -> None:
    write({
        "play/inventory_plugins/staff.py": STAFF,
        "staff.yml": "plugin: staff\nsize: '7'\ncompose: {double: size * 2}\ngroups: {big: size > 5}\n"
                     "keyed_groups: [{key: who, prefix: is}]\n",
    })  # fmt: skip
    inventory = good("staff.yml", playbook_dirs=["play"])
    assert list(inventory.hosts) == ["ann99", "bob98"]
    assert merged(inventory, "ann99") == {"loud": False, "ansible_port": 2200, "size": 7, "double": "6"}
    assert inventory.groups["people"].children == ("staff",)
    assert inventory.groups["big"].hosts == ("ann99", "bob98")
    assert inventory.groups["is_ann99"].hosts == ("ann99",)


def test_options_come_from_the_environment_and_the_configuration(write: Write, good: Good) -> None:
    folder = write({"mine/staff.py": STAFF, "staff.yml": "plugin: staff\nnames: [eve]\n"})
    for place in (("STAFF_LOUD", "", ""), ("", "staff", "loud")):
        inventory = good(
            "staff.yml",
            inventory_folders=(str(folder / "mine"),),
            configured=lambda *asked, place=place: "yes" if asked == place else None,
        )
        assert inventory.groups["staff"].vars == {"loud": True}


def test_what_it_keeps_is_there_again_until_it_is_too_old_or_flushed(write: Write, good: Good) -> None:
    text = "plugin: staff\nnames: [eve]\ncache: true\ncache_plugin: jsonfile\ncache_connection: kept\n"
    folder = write({"mine/staff.py": STAFF, "staff.yml": text})

    def host(**given: object) -> str:
        return next(iter(good("staff.yml", inventory_folders=(str(folder / "mine"),), **given).hosts))

    first = host()
    assert host() == first
    second = host(is_flushing=True)
    assert second != first
    assert host() == second
    (kept,) = (folder / "kept").iterdir()
    assert kept.name.startswith("ansible_inventory_staff_s_")
    os.utime(kept, (time.time() - 7200,) * 2)
    assert host() not in (first, second)
    kept.write_text("[")
    assert host() != first


def test_an_installed_ansible_does_not_get_in_the_way(
    write: Write, good: Good, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write({
        "installed/ansible/__init__.py": "",
        "installed/ansible/plugins/__init__.py": "raise RuntimeError('imported')\n",
        "play/inventory_plugins/alone.py": STAFF.replace("staff", "alone"), "alone.yml": "plugin: alone\n",
    })  # fmt: skip
    monkeypatch.syspath_prepend(str(folder / "installed"))
    before = {name for name in sys.modules if name.partition(".")[0] == "ansible"}
    assert len(good("alone.yml", playbook_dirs=["play"]).hosts) == 2
    assert {name for name in sys.modules if name.partition(".")[0] == "ansible"} == before


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise AnsibleParserError('nothing to read')", "nothing to read"),
        ("raise RuntimeError('broken')", "broken"),
        ("{}['absent']", "KeyError: 'absent'"),
        ("self.inventory.add_host('h', group='nope')", "Could not find group nope in inventory"),
        ("self.inventory.set_variable('nope', 'a', 1)", "Could not identify group or host named nope"),
        ("self.inventory.add_child('nope', 'a')", "nope is not a known group"),
        ("self.get_option('undeclared')", "setting: undeclared) was not defined"),
    ],
)
def test_whatever_it_raises_is_its_mistake(write: Write, load: Load, body: str, said: str) -> None:
    plugin = (
        f"{IMPORTS}class InventoryModule(BaseInventoryPlugin):\n    NAME = 'bad'\n"
        f"    def parse(self, inventory, loader, path, cache=True):\n        super().parse(inventory, loader, path)\n"
        f"        {body}\n"
    )
    write({"play/inventory_plugins/bad.py": plugin, "bad.yml": "plugin: bad\n"})
    _inventory, findings = load("bad.yml", playbook_dirs=["play"])
    assert said in findings.warnings[0].summary


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "import ansible.galaxy\nclass InventoryModule: pass\n",
            "cannot be imported: No module named 'ansible.galaxy'",
        ),
        ("x = 1 / 0\n", "fails when imported: division by zero"),
        ("class Other: pass\n", "has no class InventoryModule"),
        ("class InventoryModule: pass\n", "must inherit BaseInventoryPlugin"),
    ],
)
def test_a_plugin_that_cannot_be_used_says_why(write: Write, load: Load, text: str, said: str) -> None:
    write({"play/inventory_plugins/odd.py": text, "odd.yml": "plugin: odd\n"})
    _inventory, findings = load("odd.yml", playbook_dirs=["play"])
    assert said in findings.warnings[0].summary


FAR = "from ansible.module_utils.urls import open_url\nclass InventoryModule: pass\n"


def test_a_file_whose_plugin_is_nowhere_or_needs_more_is_read_by_somebody_else(write: Write, load: Load) -> None:
    answer = {
        "_meta": {"hostvars": {"h9": {"x": 1}}}, "all": {"children": ["ungrouped", "far"]},
        "far": {"hosts": ["h9"], "vars": {"y": 2}},
    }  # fmt: skip
    files = {"play/inventory_plugins/needy.py": FAR, "a.yml": "plugin: needy\n", "b.yml": "plugin: nowhere\n"}
    folder = write(files)
    asked: list[str] = []
    for name in ("a.yml", "b.yml"):
        inventory, _ = load(name, playbook_dirs=["play"], foreign=lambda path: asked.append(path) or answer)
        assert merged(inventory, "h9") == {"x": 1, "y": 2}
        _, findings = load(name, playbook_dirs=["play"])
        assert ("ansible.module_utils.urls" in findings.warnings[0].summary) == (name == "a.yml")
    assert asked == [f"{folder}/a.yml", f"{folder}/b.yml"]


def test_an_enabled_plugin_is_asked_in_its_turn_and_one_that_is_nowhere_is_warned_of(write: Write, load: Load) -> None:
    plugin = (
        "from pathlib import Path\nfrom ansible.plugins.inventory import BaseFileInventoryPlugin\n"
        "class InventoryModule(BaseFileInventoryPlugin):\n    NAME = 'lines'\n"
        "    def parse(self, inventory, loader, path, cache=True):\n        super().parse(inventory, loader, path)\n"
        "        for line in Path(path).read_text().split():\n"
        "            hosts, port = self._expand_hostpattern(line.strip())\n"
        "            self._populate_host_vars(hosts, {'n': 1}, 'all', port)\n"
    )
    write({"play/inventory_plugins/lines.py": plugin, "h": "web[1:2]:22\n"})
    inventory, findings = load("h", playbook_dirs=["play"], enabled=("nowhere", "lines", "ini"))
    assert {name: host.vars for name, host in inventory.hosts.items()} == {
        "web1": {"ansible_port": 22, "n": 1}, "web2": {"ansible_port": 22, "n": 1},
    }  # fmt: skip
    assert [each.summary for each in findings.warnings] == ["Failed to load inventory plugin, skipping nowhere"]


VARS = "from ansible.plugins.vars import BaseVarsPlugin\nclass VarsModule(BaseVarsPlugin):\n"
GIVES = "    def get_vars(self, loader, path, entities):\n        super().get_vars(loader, path, entities)\n"


def test_vars_plugins_give_variables_to_hosts_and_groups(write: Write, good: Good) -> None:
    write({
        "play/vars_plugins/who.py": VARS
        + GIVES + "        return {'of_' + type(entities[0]).__name__.lower(): entities[0].name}\n",
        "play/vars_plugins/shy.py": VARS + "    REQUIRES_ENABLED = True\n" + GIVES + "        return {'shy': True}\n",
        "h": "[g]\na\n",
    })  # fmt: skip
    assert merged(good("h", playbook_dirs=["play"]), "a") == {"of_host": "a", "of_group": "g"}
    enabled = good("h", playbook_dirs=["play"], vars_plugins=("host_group_vars", "shy"))
    assert merged(enabled, "a") == {"of_host": "a", "of_group": "g", "shy": True}


def test_host_vars_count_more_than_a_vars_plugin_unless_that_is_enabled_behind_them(write: Write, good: Good) -> None:
    gives = VARS + "{}" + GIVES + "        return {{'from': '{}', entities[0].name: '{}'}}\n"
    write({
        "play/vars_plugins/free.py": gives.format("", "free", "free"),
        "play/vars_plugins/shy.py": gives.format("    REQUIRES_ENABLED = True\n", "shy", "shy"),
        "play/host_vars/a.yml": "from: file\n",
        "h": "a\n",
    })  # fmt: skip
    first, last = ("shy", "host_group_vars"), ("host_group_vars", "shy", "free")
    assert merged(good("h", playbook_dirs=["play"]), "a")["from"] == "file"
    found = merged(good("h", playbook_dirs=["play"], vars_plugins=first), "a")
    assert (found["from"], found["a"]) == ("file", "shy")
    assert merged(good("h", playbook_dirs=["play"], vars_plugins=last), "a")["from"] == "shy"


def test_a_vars_plugin_that_fails_is_an_error(write: Write, load: Load) -> None:
    write({"play/vars_plugins/bad.py": VARS + GIVES + "        return entities[1]\n", "h": "a\n"})
    _inventory, findings = load("h", playbook_dirs=["play"])
    assert "vars plugin play/vars_plugins/bad.py failed for group 'all'" in findings.errors[0].summary


def test_a_vars_plugin_of_the_old_kind_is_used_and_warned_of(write: Write, load: Load) -> None:
    text = "class VarsModule:\n    def get_host_vars(self, name):\n        return {'n': name}\n"
    write({"play/vars_plugins/old.py": text, "h": "a\n"})
    inventory, findings = load("h", playbook_dirs=["play"])
    assert merged(inventory, "a") == {"n": "a"}
    assert (
        "is relying on the deprecated entrypoints 'get_host_vars' and 'get_group_vars'" in findings.warnings[0].summary
    )


CACHE = """\
from pathlib import Path
from ansible.plugins.cache import BaseCacheModule
class CacheModule(BaseCacheModule):
    def get(self, key): raise KeyError(key)
    def set(self, key, value): Path("written").write_text(key + str(self.get_option("_timeout")))
    def keys(self): return []
    def contains(self, key): return False
    def delete(self, key): pass
    def flush(self): pass
"""


def test_a_cache_plugin_keeps_what_an_inventory_plugin_found(write: Write, load: Load) -> None:
    text = "plugin: staff\nnames: [eve]\ncache: true\ncache_plugin: nowhere\ncache_timeout: 7\n"
    folder = write({"mine/staff.py": STAFF, "kept/own.py": CACHE, "staff.yml": text})
    given = {"inventory_folders": (str(folder / "mine"),), "cache_folders": (str(folder / "kept"),)}
    _inventory, findings = load("staff.yml", **given)
    assert "there is no cache 'nowhere'" in findings.warnings[0].summary
    write({"staff.yml": text.replace("nowhere", "own")})
    load("staff.yml", **given)
    assert (folder / "written").read_text().startswith("staff_s_")
    assert (folder / "written").read_text().endswith("7")
