"""Collections: where they are found, what their routing does to names, what plays and tasks make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.loading.collections import Collections
from provisioner.loading.playbook import load_playbooks
from provisioner.loading.settings import LoadSettings
from provisioner.model.play import Play, Playbook
from provisioner.model.task import RoleUse, Task

Write = Callable[[dict[str, str]], Path]
Load = Callable[..., tuple[Playbook, Findings]]
GoodPlay = Callable[..., Play]

HOME = "collections/ansible_collections/ns/coll"
RUNTIME = """\
plugin_routing:
  modules:
    old: {redirect: ns.coll.new}
    pong: {redirect: ansible.builtin.ping}
    gone: {tombstone: {removal_version: 2.0.0, warning_text: Use new instead.}}
    late: {deprecation: {removal_date: '2030-01-01', warning_text: Use new.}}
    round: {redirect: ns.coll.trip}
    trip: {redirect: ns.coll.round}
action_groups:
  one: [new, other.coll.thing, {metadata: {extend_group: two}}]
  two: [late, {metadata: {extend_group: [one]}}]
"""
FILES = {
    f"{HOME}/meta/runtime.yml": RUNTIME,
    f"{HOME}/plugins/modules/new.py": "",
    f"{HOME}/plugins/modules/late.py": "",
    f"{HOME}/plugins/modules/sub/deep.py": "",
    f"{HOME}/plugins/modules/shelled.sh": "",
    f"{HOME}/plugins/modules/noted.yml": "",
    f"{HOME}/plugins/action/acts.py": "",
    f"{HOME}/roles/r/tasks/main.yml": "- ping:\n",
    f"{HOME}/roles/inner/r/tasks/main.yml": "- ping:\n",
    f"{HOME}/playbooks/p.yml": "- hosts: all\n  tasks: [{ping: }]\n",
}


@pytest.fixture
def collections(write: Write) -> Collections:
    return Collections([str(write(FILES) / "collections")])


def test_a_name_leads_to_a_file(collections: Collections) -> None:
    found = collections.plugin("modules", "ns.coll.new")
    assert found is not None
    assert found.path == f"{collections.folder('ns.coll')}/plugins/modules/new.py"
    assert collections.plugin("modules", "ns.coll.nothing") is None
    assert collections.plugin("filter", "ns.coll.new") is None
    assert collections.plugin("modules", "no.coll.new") is None


@pytest.mark.parametrize(("name", "file"), [("sub.deep", "sub/deep.py"), ("shelled", "shelled.sh")])
def test_modules_may_lie_in_folders_and_be_of_any_language(collections: Collections, name: str, file: str) -> None:
    found = collections.plugin("modules", f"ns.coll.{name}")
    assert found is not None
    assert str(found.path).endswith(file)


def test_documentation_beside_a_module_is_no_module(collections: Collections) -> None:
    assert collections.plugin("modules", "ns.coll.noted") is None


def test_redirects_are_followed_out_of_the_collection_too(collections: Collections) -> None:
    old, pong = collections.plugin("modules", "ns.coll.old"), collections.plugin("modules", "ns.coll.pong")
    assert old is not None
    assert pong is not None
    assert (old.name, old.asked) == ("ns.coll.new", "ns.coll.old")
    assert (pong.name, pong.path) == ("ansible.builtin.ping", None)


def test_what_was_removed_says_so_in_the_collections_words(collections: Collections) -> None:
    with pytest.raises(InputError, match=r"(?s)ns\.coll\.gone has been removed.*Use new instead.*2\.0\.0"):
        collections.plugin("modules", "ns.coll.gone")


def test_what_is_deprecated_works_with_a_notice(collections: Collections) -> None:
    found = collections.plugin("modules", "ns.coll.late")
    assert found is not None
    assert "Use new." in found.notices[0]
    assert "2030-01-01" in found.notices[0]


def test_redirects_in_a_circle_are_an_error(collections: Collections) -> None:
    with pytest.raises(InputError, match="never end"):
        collections.plugin("modules", "ns.coll.round")


def test_groups_extend_each_other_without_end(collections: Collections) -> None:
    expected = ("ns.coll.new", "other.coll.thing", "ns.coll.late")
    assert collections.action_group("ns.coll.one") == expected
    assert set(collections.action_group("ns.coll.two") or ()) == set(expected)
    assert collections.action_group("ns.coll.three") is None


def test_short_names_are_looked_for_in_the_collections_named(collections: Collections) -> None:
    found = collections.search("modules", "new", ("no.coll", "ansible.builtin", "ns.coll"))
    assert found is not None
    assert found.name == "ns.coll.new"


def test_the_first_search_folder_counts_and_all_are_listed(tmp_path: Path, write: Write) -> None:
    write({
        "a/ansible_collections/ns/one/galaxy.yml": "version: 1.2.3\n",
        "b/ansible_collections/ns/one/MANIFEST.json": '{"collection_info": {"version": "2.0.0"}}',
        "b/ansible_collections/ns/two/README.md": "",
    })  # fmt: skip
    found = Collections([str(tmp_path / "a"), str(tmp_path / "b/ansible_collections")])
    assert found.folder("ns.one") == str(tmp_path / "a/ansible_collections/ns/one")
    assert [(each.name, each.version) for each in found.installed()] == [
        ("ns.one", "1.2.3"), ("ns.one", "2.0.0"), ("ns.two", "*"),
    ]  # fmt: skip


def test_tasks_get_the_full_name_a_collection_gives_their_module(good_play: GoodPlay) -> None:
    play = good_play(
        "- hosts: all\n  collections: [ns.coll]\n  tasks:\n"
        "  - new:\n  - ns.coll.old:\n  - ns.coll.pong:\n  - acts:\n  - ping:\n",
        FILES,
    )
    names = [task.action for task in play.tasks if isinstance(task, Task)]
    assert names == ["ns.coll.new", "ns.coll.new", "ping", "ns.coll.acts", "ping"]


def test_a_task_that_uses_what_was_removed_is_refused_at_its_place(load: Load) -> None:
    _, findings = load("- hosts: all\n  tasks:\n  - ns.coll.gone:\n", FILES)
    assert [(each.summary, each.position.line if each.position else 0) for each in findings.errors] == [
        ("ns.coll.gone has been removed", 3)
    ]


def test_roles_are_found_by_full_name_by_folder_and_by_the_collections_keyword(good_play: GoodPlay) -> None:
    play = good_play("- hosts: all\n  collections: [ns.coll]\n  roles: [ns.coll.r, ns.coll.inner.r, r]\n", FILES)
    assert [use.role.path.partition("ns/coll/")[2] for use in play.roles] == ["roles/r", "roles/inner/r", "roles/r"]
    assert all(isinstance(use, RoleUse) and use.role.collection == "ns.coll" for use in play.roles)


def test_playbooks_of_collections_are_imported_and_run_by_name(load: Load, write: Write) -> None:
    playbook, findings = load("- import_playbook: ns.coll.p\n", FILES)
    assert not findings.errors
    assert len(playbook.plays) == 1
    again, findings = load_playbooks(["ns.coll.p"], LoadSettings())
    assert not findings.errors
    assert again.plays[0].basedir.endswith("ns/coll/playbooks")


def test_an_action_plugin_may_stand_for_modules_of_other_names(write: Write) -> None:
    routing = """\
plugin_routing:
  action:
    gone: {redirect: ns.coll.nothing}
  modules:
    gone: {redirect: ns.coll.late}
    late: {action_plugin: ns.coll.acts}
"""
    found = Collections([str(write({**FILES, f"{HOME}/meta/runtime.yml": routing}) / "collections")])
    for name in ("acts", "late", "gone"):
        plugin = found.acting(f"ns.coll.{name}")
        assert plugin is not None
        assert plugin.name == "ns.coll.acts"
    assert found.acting("ns.coll.new") is None
