"""From a name to a file, and from a file to exactly what it needs."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from provisioner.bridge import installation
from provisioner.bridge.bridge import Bridge, Place
from provisioner.bridge.cache import Cache
from provisioner.bridge.library import Foreign, Refusal
from provisioner.bridge.packing import Unpackable
from tests.support import foreign

USES = "from ansible.module_utils.basic import AnsibleModule\n"


def own(place: Place, name: str, text: str) -> Foreign:
    path = Path(place.libraries[0], f"{name}.py")
    path.write_text(text, encoding="utf-8")
    return Foreign(name, f"ansible.modules.{name}", str(path))


def test_the_installation_is_described_by_its_own_interpreter(bridge: Bridge, installed: Path) -> None:
    there = bridge.installation
    assert there is not None
    assert (there.ansible, there.version) == (str(installed), "2.18.1")
    assert there.internal == {"check_mode", "tmpdir", "version"}
    assert there.collections == (f"{installed.parent}/ansible_collections",)


def test_what_the_interpreter_said_is_kept_until_its_package_changes(
    bridge: Bridge, python: Path, installed: Path, tmp_path: Path
) -> None:
    assert bridge.installation is not None
    cache = Cache(tmp_path / "cache")
    assert cache.get(("installation", str(python))) is not None
    os.utime(installed / "release.py", (1, 1))
    assert cache.get(("installation", str(python))) is None


def test_an_ansible_on_the_path_is_found_and_a_command_of_ours_is_not(tmp_path: Path, python: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder, text in ((ours, f"#!{python}\nfrom provisioner.compat"), (theirs, f"#!{python}\nfrom ansible")):
        folder.mkdir()
        (folder / "ansible").write_text(text)
    assert list(installation._interpreters({"PATH": str(ours)})) == []
    assert list(installation._interpreters({"PATH": f"{ours}:{theirs}"})) == [str(python)]


def test_a_stand_in_for_ansible_in_this_process_is_no_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ansible", ModuleType("ansible"))
    assert sys.executable not in installation._interpreters({"PATH": str(tmp_path)})


def test_a_module_of_the_users_own_wins_but_not_over_its_full_name(bridge: Bridge, place: Place) -> None:
    mine = own(place, "ping", USES)
    assert bridge.overriding("ping", place) == mine
    assert bridge.overriding("ansible.legacy.ping", place) == mine
    assert bridge.overriding("ansible.builtin.ping", place) is None
    assert bridge.overriding("pong", place) is None


def test_a_python_file_wins_over_others_of_its_name_and_notes_beside_it_are_no_modules(
    bridge: Bridge, place: Place
) -> None:
    library = Path(place.libraries[0])
    for name in ("a.ini", "a.sh", "a.py", "b.md", "_old.py"):
        (library / name).write_text("#!/bin/sh\n")
    found = bridge.overriding("a", place)
    assert found is not None
    assert Path(found.path).name == "a.py"
    assert bridge.overriding("b", place) is None
    assert bridge.overriding("old", place) is not None


def test_a_name_leads_to_the_installation_or_through_its_redirects_to_a_collection(
    bridge: Bridge, place: Place, installed: Path
) -> None:
    found = bridge.elsewhere("told", place)
    assert isinstance(found, Foreign)
    assert found.path == str(installed / "modules/told.py")
    for name in ("gone", "ns.coll.here"):
        moved = bridge.elsewhere(name, place)
        assert isinstance(moved, Foreign)
        assert moved.module == "ansible_collections.ns.coll.plugins.modules.here"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("acted", "action plugin of its own"),
        ("ns.coll.nothing", "collection ns.coll is installed, and has no such module"),
        ("other.coll.thing", "ansible-galaxy collection install other.coll"),
        ("nothing", "is not available here"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_way_out(bridge: Bridge, place: Place, name: str, why: str) -> None:
    refused = bridge.elsewhere(name, place)
    assert isinstance(refused, Refusal)
    assert why in refused.text


def test_without_an_installation_its_modules_are_named_as_what_is_missing(tmp_path: Path, place: Place) -> None:
    lonely = Bridge({"PATH": "", "PROVISIONER_ANSIBLE_PYTHON": "/nowhere/python"}, Cache(tmp_path / "cache"))
    refused = lonely.elsewhere("dnf5", place)
    assert isinstance(refused, Refusal)
    assert "PROVISIONER_ANSIBLE_PYTHON" in refused.text
    with pytest.raises(Unpackable, match=r"install provisioner\[ansible\]"):
        lonely.pack(own(place, "mine", USES), place)


def test_exactly_what_is_imported_travels_and_the_users_own_library_comes_first(bridge: Bridge, place: Place) -> None:
    foreign.write(
        Path(place.module_utils[0]),
        {"own/__init__.py": "", "own/words.py": "from . import more\n", "own/more.py": "", "own/unused.py": ""},
    )
    packed = bridge.pack(own(place, "mine", USES + "from ansible.module_utils.own.words import WORD\n"), place)
    assert sorted(name for name in packed.parcel.files if "own" in name) == [
        "ansible/module_utils/own/__init__.py",
        "ansible/module_utils/own/more.py",
        "ansible/module_utils/own/words.py",
    ]
    assert "ansible/module_utils/common/parameters.py" not in packed.parcel.files
    assert set(packed.parcel.contents) == set(packed.parcel.files.values())


def test_relative_imports_and_collections_are_followed(bridge: Bridge, place: Place, installed: Path) -> None:
    foreign.write(
        installed.parent / "ansible_collections/ns/coll",
        {
            "plugins/modules/rel.py": "from ..module_utils.near import x\n" + USES,
            "plugins/module_utils/near.py": "from ansible_collections.ns.coll.plugins.module_utils.far import y\n",
            "plugins/module_utils/far.py": "y = 1\n",
        },
    )
    found = bridge.elsewhere("ns.coll.rel", place)
    assert isinstance(found, Foreign)
    names = bridge.pack(found, place).parcel.files
    base = "ansible_collections/ns/coll/plugins/module_utils"
    assert {f"{base}/near.py", f"{base}/far.py", f"{base}/__init__.py"} <= set(names)


def test_a_library_that_was_moved_is_followed_to_where_it_is(bridge: Bridge, place: Place, installed: Path) -> None:
    foreign.write(
        installed.parent / "ansible_collections/ns/coll",
        {
            "meta/runtime.yml": '{"plugin_routing": {"module_utils": {"old": {"redirect": "ns.coll.new"}}}}',
            "plugins/modules/moved.py": "from ansible_collections.ns.coll.plugins.module_utils.old import z\n" + USES,
            "plugins/module_utils/new.py": "z = 1\n",
        },
    )
    found = bridge.elsewhere("ns.coll.moved", place)
    assert isinstance(found, Foreign)
    parcel = bridge.pack(found, place).parcel
    base = "ansible_collections/ns/coll/plugins/module_utils"
    assert b"sys.modules" in parcel.contents[parcel.files[f"{base}/old.py"]]
    assert f"{base}/new.py" in parcel.files


def test_an_import_that_leads_nowhere_is_an_error_unless_the_module_can_do_without(
    bridge: Bridge, place: Place
) -> None:
    optional = USES + "try:\n    from ansible.module_utils.none import a\nexcept ImportError:\n    a = None\n"
    assert bridge.pack(own(place, "may", optional), place).style == "python"
    with pytest.raises(Unpackable, match=r"support code for ansible.modules.must\.  Looked for .*none\.a', 'ansible"):
        bridge.pack(own(place, "must", USES + "from ansible.module_utils.none import a\n"), place)


def test_a_module_is_packed_once_and_a_changed_library_packs_it_anew_in_the_next_run(
    bridge: Bridge, place: Place, python: Path, tmp_path: Path
) -> None:
    mine = own(place, "mine", USES + "from ansible.module_utils import words\n")
    words = Path(place.module_utils[0], "words.py")
    words.write_text("a = 1\n")
    assert bridge.ready(mine, place) is None
    first = bridge.pack(mine, place)
    assert bridge.ready(mine, place) is first
    words.write_text("a = 22\n")
    os.utime(words, (5, 5))
    later = Bridge({"PROVISIONER_ANSIBLE_PYTHON": str(python), "PATH": ""}, Cache(tmp_path / "cache"))
    name = "ansible/module_utils/words.py"
    assert later.pack(mine, place).parcel.files[name] != first.parcel.files[name]


def test_an_answer_from_before_a_library_was_overridden_is_not_used(bridge: Bridge, place: Place, python: Path) -> None:
    mine = own(place, "mine", USES)
    without = bridge.pack(mine, replace(place, module_utils=place.module_utils))
    Path(place.module_utils[0], "basic.py").write_text("own = 1\n")
    later = Bridge({"PROVISIONER_ANSIBLE_PYTHON": str(python), "PATH": ""}, bridge._cache)
    name = "ansible/module_utils/basic.py"
    assert later.pack(mine, place).parcel.files[name] != without.parcel.files[name]


def test_a_cache_that_cannot_be_written_only_costs_time(bridge: Bridge, place: Place, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert bridge.pack(own(place, "mine", USES), place).entry == "mine.py"


def test_powershell_is_refused(bridge: Bridge, place: Place) -> None:
    with pytest.raises(Unpackable, match="for Windows"):
        bridge.pack(own(place, "win", "#!powershell\n"), place)
