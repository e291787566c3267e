"""Roles load from their folders with parts, dependencies and parameters."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.model.play import Play, Playbook
from provisioner.model.task import RoleUse

GoodPlay = Callable[..., Play]
Mistakes = Callable[..., list[str]]
Load = Callable[..., tuple[Playbook, Findings]]


def test_all_files_of_a_role_are_read_whatever_their_ending(good_play: GoodPlay) -> None:
    play = good_play(
        "- hosts: all\n  roles: [r]\n",
        {
            "roles/r/tasks/main.yaml": "- import_tasks: sub/more.yml\n- template: src=a.j2 dest=/a\n"
                                       "- copy: src=f dest=/f\n",
            "roles/r/tasks/sub/more.yml": "- ping:\n",
            "roles/r/handlers/main": "- {name: h, ping: }\n",
            "roles/r/defaults/main/a.yml": "x: 1\ny: a\n",
            "roles/r/defaults/main/b.yml": "y: b\n",
            "roles/r/vars/main.json": '{"z": true}',
            "roles/r/meta/main.yml": "allow_duplicates: yes\ndependencies: []\ngalaxy_info: {author: me}\n",
            "roles/r/meta/argument_specs.yml": "argument_specs: {main: {options: {x: {type: int}}}}\n",
            "roles/r/templates/a.j2": "", "roles/r/files/f": "",
        },
    )  # fmt: skip
    (use,) = play.roles
    role = use.role
    assert (len(role.tasks), len(role.handlers), role.defaults, role.vars) == (3, 1, {"x": 1, "y": "b"}, {"z": True})
    assert role.allow_duplicates
    assert role.argument_specs == {"main": {"options": {"x": {"type": "int"}}}}
    assert role.path.endswith("/roles/r")


def test_entries_split_into_keywords_and_parameters(good_play: GoodPlay) -> None:
    files = {"roles/r/tasks/main.yml": "- ping:\n"}
    play = good_play(
        "- hosts: all\n  roles:\n"
        "    - {role: r, port: 1, my_port: 80, when: x, tags: [t], vars: {v: 1}, become: yes, id: i}\n"
        "    - {name: r, other: 2}\n    - r\n    - src: https://example.org/r.git\n",
        files,
    )
    first, second, third, fourth = play.roles
    assert (first.params, first.keywords.port, first.keywords.when) == ({"my_port": 80}, 1, ("x",))
    assert (first.keywords.vars, first.keywords.become, first.graphing.id) == (({"v": 1},), True, "i")
    assert (second.params, third.params, fourth.role.name) == ({"other": 2}, {}, "r")


def test_dependencies_come_with_their_own_parameters(good_play: GoodPlay) -> None:
    play = good_play(
        "- hosts: all\n  roles: [a]\n",
        {
            "roles/a/meta/main.yml": "dependencies:\n  - b\n  - {role: c, level: 2, when: x}\n"
                                     "  - name: d\n    src: git+x\n",
            "roles/b/tasks/main.yml": "- ping:\n", "roles/c/tasks/main.yml": "- ping:\n", "roles/d/tasks/main.yml": "",
        },
    )  # fmt: skip
    uses = play.roles[0].role.dependencies
    assert [(use.role.name, use.params) for use in uses] == [("b", {}), ("c", {"level": 2}), ("d", {})]


def test_roles_are_searched_in_order_and_in_collections(good_play: GoodPlay) -> None:
    play = good_play(
        "- hosts: all\n  collections: [ns.coll]\n  roles: [one, two, three, ns.coll.four, five]\n",
        {
            "roles/one/vars/main.yml": "from: roles\n", "shared/one/vars/main.yml": "from: shared\n",
            "shared/two/vars/main.yml": "from: shared\n", "three/vars/main.yml": "from: beside\n",
            "collections/ansible_collections/ns/coll/roles/four/vars/main.yml": "from: collection\n",
            "collections/ansible_collections/ns/coll/roles/five/vars/main.yml": "from: keyword\n",
        },
        roles_path=("shared",),
    )  # fmt: skip
    assert [use.role.vars["from"] for use in play.roles] == ["roles", "shared", "beside", "collection", "keyword"]
    assert play.roles[3].role.collection == "ns.coll"


def test_mistakes_around_roles(mistakes: Mistakes) -> None:
    files = {
        "roles/circle/meta/main.yml": "dependencies: [round]\n",
        "roles/round/tasks/main.yml": "- import_role: {name: circle}\n",
        "roles/bad/defaults/main.yml": "- a\n",
        "roles/bad/tasks/main.yml": "ping:\n",
        "roles/web/tasks/main.yml": "- ping:\n",
    }
    found = mistakes("- hosts: all\n  roles: [wbe, circle, bad, {tags: x}, '{{ later }}']\n", files)
    assert [error.split(" (")[0] for error in found] == [
        "site.yml:2:11: role 'wbe' does not exist",
        "site.yml:2:30: this entry names no role",
        "site.yml:2:40: the role's name must be known before the play starts: '{{ later }}'",
        "roles/round/tasks/main.yml:1:23: role 'circle' needs itself",
        "roles/bad/defaults/main.yml:1:3: roles/bad/defaults/main.yml must be a mapping of variables, not a list",
        "roles/bad/tasks/main.yml:1:1: 'roles/bad/tasks/main.yml' must be a list of tasks, not a mapping",
    ]


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../other.yml"])
def test_files_of_a_role_cannot_lie_outside_of_it(mistakes: Mistakes, name: str) -> None:
    text = f"- hosts: all\n  tasks:\n  - import_role: {{name: r, tasks_from: {name}}}\n"
    found = mistakes(text, {"roles/r/tasks/main.yml": "- ping:\n", "other.yml": "- ping:\n"})
    assert "not inside the expected role path" in found[0]


@pytest.mark.parametrize(("private", "shown"), [(None, True), (False, True), (True, False)])
def test_whether_a_role_shows_its_variables_is_configured(
    good_play: GoodPlay, private: bool | None, shown: bool
) -> None:
    files = {"roles/r/tasks/main.yml": "- ping:\n"}
    tasks = "  tasks:\n  - import_role: {name: r}\n  - import_role: {name: r, public: true}\n"
    play = good_play(f"- hosts: all\n  roles: [r]\n{tasks}", files, private_role_vars=private)
    uses = [each for each in (*play.roles, *play.tasks) if isinstance(each, RoleUse)]
    assert [use.public for use in uses] == [shown, shown, True]


def test_truths_of_an_import_may_be_templates_known_before_the_play(good_play: GoodPlay) -> None:
    text = (
        "- hosts: all\n  vars: {often: false}\n  tasks:\n  - import_role: {name: r, allow_duplicates: '{{ often }}'}\n"
    )
    (use,) = good_play(text, {"roles/r/tasks/main.yml": "- ping:\n"}).tasks
    assert isinstance(use, RoleUse)
    assert not use.role.allow_duplicates


def test_modules_that_are_rejected_exist_nowhere(load: Load) -> None:
    _, findings = load("- hosts: all\n  tasks:\n  - copy: {dest: /x}\n", rejected_modules=frozenset({"copy"}))
    assert findings.errors
