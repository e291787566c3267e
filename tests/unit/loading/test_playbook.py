"""Playbooks, imports and what is found across them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Diagnostic, Findings
from provisioner.diagnostics.position import Position
from provisioner.loading.playbook import Inclusion, load_playbooks, load_role, load_tasks_file
from provisioner.loading.roles import RoleParts
from provisioner.loading.settings import LoadSettings
from provisioner.model.keywords import UNSET
from provisioner.model.play import Play, Playbook
from provisioner.model.task import Block, RoleUse, Task

GoodPlay = Callable[..., Play]
Mistakes = Callable[..., list[str]]
Load = Callable[..., tuple[Playbook, Findings]]
EIGHT = Path(__file__).parents[2] / "fixtures" / "eight_mistakes" / "site.yml"


def balanced(text: str, position: Position | None) -> Diagnostic | None:
    """Stand for the template check: braces must close."""
    return None if text.count("{{") == text.count("}}") else Diagnostic("a template is not closed", position)


def test_eight_mistakes_are_all_reported_with_their_places() -> None:
    _playbook, findings = load_playbooks([str(EIGHT)], LoadSettings(check_template=balanced))
    found = [(d.position.line, d.position.column, d.summary) for d in findings.errors if d.position]
    assert [(line, column) for line, column, _ in found] == [
        (5, 13), (9, 7), (12, 7), (16, 9), (20, 22), (24, 15), (28, 15), (32, 15),
    ]  # fmt: skip
    words = ("role", "unknown key", "exists nowhere", "unknown parameter", "a boolean", "template", "handler", "id")
    assert all(word in summary for word, (_, _, summary) in zip(words, found, strict=True))


def test_a_play_keeps_everything_that_is_written(good_play: GoodPlay) -> None:
    play = good_play(
        "- name: P\n  hosts: [web, '!old']\n  gather_facts: no\n  serial: [1, '50%']\n  strategy: free\n"
        "  order: sorted\n  user: me\n  become: true\n  tags: t\n  vars: {a: 1}\n  any_errors_fatal: on\n"
        "  vars_prompt: [{name: pw, private: no}]\n  max_fail_percentage: 20\n  force_handlers: yes\n  id: p\n"
        "  pre_tasks: [{ping: }]\n  post_tasks: [{ping: }, {ping: }]\n  environment: {X: y}\n  gather_subset: min\n"
    )
    assert (play.name, play.hosts, play.gather_facts, play.serial) == ("P", ["web", "!old"], False, (1, "50%"))
    assert (play.strategy, play.order, play.keywords.remote_user) == ("free", "sorted", "me")
    assert (play.keywords.become, play.keywords.tags, play.vars) == (True, ("t",), {"a": 1})
    assert (play.vars_prompt[0].name, play.vars_prompt[0].private) == ("pw", False)
    assert (len(play.pre_tasks), len(play.post_tasks), play.graphing.id) == (1, 2, "p")
    assert play.keywords.vars == ()
    assert play.gather_timeout is UNSET


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- tasks: []\n", "site.yml:1:3: a play must say its hosts (write 'hosts: all' or another pattern)"),
        ("- hosts:\n", "site.yml:1:3: 'hosts' of a play must be a pattern or a list of patterns, not nothing"),
        ("- hosts: all\n  taks: []\n", "site.yml:2:3: unknown key 'taks' of a play (did you mean 'tasks'?)"),
        ("- hosts: all\n  when: x\n", "site.yml:2:3: a play has no 'when' "
                                     "(put it on the tasks or roles, or on import_playbook)"),
        ("- hosts: all\n  strategy: fre\n",
         "site.yml:2:13: 'strategy' of a play cannot be 'fre' (did you mean 'free'?)"),
        ("- hosts: all\n  tasks: 1\n", "site.yml:2:3: 'tasks' must be a list of tasks, not a number (begin each task "
                                       "with a dash)"),
        ("- hosts: all\n  serial: half\n", "site.yml:2:3: 'serial' of a play must be a number or a percentage, "
                                           "not a string ('half')"),
        ("- hosts: all\n  vars_files: [nope.yml]\n", "site.yml:2:16: vars_files: 'nope.yml' does not exist"),
        ("hosts: all\n", "site.yml:1:1: a playbook must be a list of plays, not a mapping "
                         "(begin each play with a dash: '- hosts: all')"),
        ("- import_playbook: nope.yml\n", "site.yml:1:20: the playbook 'nope.yml' does not exist"),
        ("- import_playbook: site.yml\n", "site.yml:1:20: the playbook 'site.yml' imports itself"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_play_is_named_at_its_place(mistakes: Mistakes, text: str, error: str) -> None:
    found = mistakes(text)
    assert len(found) == 1
    assert found[0].startswith(error) if "serial" not in error else error.split(":", 3)[3] in found[0]


def test_a_missing_playbook_and_bad_yaml_are_findings_too(load: Load) -> None:
    _playbook, findings = load("- hosts: all\n   tasks: []\n")
    assert [str(d.position).rsplit(":", 1)[0] for d in findings.errors] == ["site.yml:2"]
    _playbook, findings = load_playbooks(["absent.yml"], LoadSettings())
    assert [d.summary for d in findings.errors] == ["the playbook absent.yml does not exist"]


def test_an_imported_playbook_gets_the_imports_vars_tags_and_conditions(load: Load) -> None:
    playbook, findings = load(
        "- import_playbook: '{{ which }}.yml'\n  tags: outer\n  when: go\n  vars: {a: 2, b: 3}\n",
        {"sub/inner.yml": "- hosts: all\n  tags: inner\n  vars: {a: 1}\n  tasks: [{import_tasks: t.yml}]\n",
         "sub/t.yml": "- ping:\n"},
        extra_vars={"which": "sub/inner"},
    )  # fmt: skip
    assert not findings.errors
    (play,) = playbook.plays
    assert (play.keywords.tags, play.keywords.when, play.vars) == (("outer", "inner"), ("go",), {"a": 2, "b": 3})
    assert play.basedir.endswith("/sub")


def test_import_tasks_becomes_a_block_with_the_keywords_of_the_import(good_play: GoodPlay) -> None:
    play = good_play(
        "- hosts: all\n  vars: {os: debian}\n  tasks:\n    - name: In\n      import_tasks: 'tasks/{{ os }}.yml'\n"
        "      when: x\n      tags: t\n",
        {"tasks/debian.yml": "- ping:\n- import_tasks: more.yml\n", "tasks/more.yml": "- debug: msg=a\n"},
    )
    (block,) = play.tasks
    assert isinstance(block, Block)
    assert (block.name, block.keywords.when, block.keywords.tags) == ("In", ("x",), ("t",))
    inner = block.block[1]
    assert isinstance(inner, Block)
    assert isinstance(inner.block[0], Task)
    assert inner.block[0].position.source.name == "tasks/more.yml"


@pytest.mark.parametrize(
    ("task", "error"),
    [
        ("import_tasks: nope.yml", "import_tasks: file 'nope.yml' does not exist"),
        ("import_tasks: '{{ fact }}.yml'", "the file of import_tasks must be known before the play starts"),
        ("import_tasks: self.yml", "'self.yml' imports itself"),
        ("{import_tasks: a.yml, loop: [1]}", "'loop' cannot stand on import_tasks"),
        ("{import_role: {name: r, tasks_form: x}}", "unknown parameter 'tasks_form' of import_role "
                                                    "(did you mean 'tasks_from'?)"),
        ("include_tasks: nope.yml", "include_tasks: file 'nope.yml' does not exist"),
        ("include_role: {name: nope}", "role 'nope' does not exist"),
        ("copy: {src: nope, dest: /a}", "copy: file 'nope' does not exist"),
        ("template: src=nope.j2 dest=/a", "template: file 'nope.j2' does not exist"),
    ],
)  # fmt: skip
def test_what_an_import_or_file_lacks_is_told(mistakes: Mistakes, task: str, error: str) -> None:
    files = {"self.yml": "- import_tasks: self.yml\n", "a.yml": "- ping:\n", "roles/r/tasks/main.yml": "- ping:\n"}
    found = mistakes(f"- hosts: all\n  tasks:\n    - {task}\n", files)
    assert len(found) == 1
    assert error in found[0]


def test_a_file_that_may_be_made_or_never_needed_is_only_a_warning(load: Load) -> None:
    _playbook, findings = load(
        "- hosts: all\n  tasks:\n    - {copy: {src: a, dest: /a}, when: x}\n    - include_tasks: '{{ x }}.yml'\n"
        "    - {include_tasks: nope.yml, when: x}\n    - copy: {src: /srv/absent, dest: /a}\n"
        "    - copy: {src: b, dest: /a, remote_src: yes}\n    - block: [{copy: {src: c, dest: /a}}]\n"
        "      rescue: [{ping: }]\n    - {command: touch d, delegate_to: localhost}\n    - copy: {src: d, dest: /a}\n"
    )
    assert not findings.errors
    assert len(findings.warnings) == 5


def test_mistakes_in_files_included_later_are_told_now_and_softer_where_they_may_not_run(load: Load) -> None:
    files = {"t.yml": "- ping:\n  notfy: x\n", "u.yml": "- ping:\n  notfy: x\n"}
    _playbook, findings = load(
        "- hosts: all\n  tasks:\n    - include_tasks: t.yml\n    - {include_tasks: u.yml, when: rarely}\n", files
    )
    assert [str(d.position) for d in findings.errors] == ["t.yml:2:3"]
    assert [str(d.position) for d in findings.warnings] == ["u.yml:2:3"]


def test_handlers_are_found_by_name_topic_and_role(mistakes: Mistakes) -> None:
    files = {
        "roles/r/handlers/main.yml": "- {name: in role, ping: , listen: [topic]}\n",
        "roles/r/tasks/main.yml": "- {ping: , notify: [in role, 'r : in role', topic, 'r : topic', '{{ x }}']}\n",
    }
    text = "- hosts: all\n  roles: [r]\n  tasks:\n    - {ping: , notify: [own, topic, gone]}\n"
    found = mistakes(text + "  handlers: [{name: own, ping: }]\n", files)
    assert found == ["site.yml:4:37: no handler is named 'gone' or listens to it"]


def test_ids_and_needs_are_checked_across_plays(mistakes: Mistakes) -> None:
    found = mistakes(
        "- hosts: all\n  id: one\n  tasks:\n    - {ping: , id: a}\n    - {ping: , id: a}\n"
        "- hosts: all\n  needs: one\n  tasks: [{ping: , needs: [a, b]}]\n"
    )
    assert [error.split(" (")[0] for error in found] == [
        "site.yml:5:20: id 'a' is used twice",
        "site.yml:8:31: nothing has the id 'b' that is needed here",
    ]


def test_templates_and_conditions_are_given_to_the_checks_once(load: Load) -> None:
    templates: list[str] = []
    conditions: list[str] = []
    load(
        "- hosts: all\n  vars: {v: 'a{{ v }}'}\n  tasks:\n"
        "    - {debug: {msg: '{{ m }}'}, when: [w, '{{ old }}', true]}\n"
        "    - {debug: {msg: '{{ m }}'}, when: w, name: 'n{{ x }}', loop: '{{ l }}', until: u}\n"
        "    - {assert: {that: [t, 'plain {{ x }}']}, changed_when: c}\n    - {debug: {msg: !unsafe '{{ raw }}'}}\n",
        check_template=lambda text, _at: templates.append(text),
        check_expression=lambda text, _at: conditions.append(text),
    )
    assert sorted(templates) == ["a{{ v }}", "n{{ x }}", "plain {{ x }}", "{{ l }}", "{{ m }}", "{{ old }}"]
    assert sorted(conditions) == ["c", "t", "u", "w"]


def test_old_include_is_understood_with_a_warning(load: Load) -> None:
    playbook, findings = load(
        "- hosts: all\n  tasks:\n    - include: t.yml a=1\n    - {include: 't.yml', loop: [1]}\n",
        {"t.yml": "- ping:\n"},
    )
    assert [len(findings.errors), len(findings.warnings)] == [0, 2]
    static, dynamic = playbook.plays[0].tasks
    assert isinstance(static, Block)
    assert static.keywords.vars == ({"a": "1"},)
    assert isinstance(dynamic, Task)
    assert dynamic.action == "include_tasks"


def test_files_and_roles_can_be_loaded_while_running_and_are_read_once(good_play: GoodPlay) -> None:
    files = {
        "t.yml": "- import_tasks: '{{ os }}.yml'\n", "debian.yml": "- ping:\n", "plain.yml": "- ping:\n",
        "roles/r/tasks/main.yml": "- ping:\n", "roles/r/tasks/other.yml": "- ping:\n- ping:\n",
    }  # fmt: skip
    play = good_play("- hosts: all\n", files)
    settings = LoadSettings()
    first, findings = load_tasks_file("plain.yml", settings, Inclusion(play))
    assert not findings.errors
    again, _ = load_tasks_file("plain.yml", settings, Inclusion(play))
    assert again is first
    _nodes, findings = load_tasks_file("t.yml", settings, Inclusion(play))
    assert len(findings.errors) == 1
    nodes, findings = load_tasks_file("t.yml", settings, Inclusion(play, variables={"os": "debian"}))
    assert not findings.errors
    assert isinstance(nodes[0], Block)
    role, findings = load_role("r", settings, Inclusion(play), RoleParts(tasks_from="other"))
    assert role is not None
    assert len(role.tasks) == 2
    nothing, findings = load_role("absent", settings, Inclusion(play))
    assert nothing is None
    assert len(findings.errors) == 1


def test_a_role_import_in_place_is_a_role_use(good_play: GoodPlay) -> None:
    play = good_play(
        "- hosts: all\n  tasks:\n    - import_role: {name: r, tasks_from: a.yml, public: no}\n      vars: {x: 1}\n"
        "      when: y\n",
        {"roles/r/tasks/a.yml": "- ping:\n"},
    )
    (use,) = play.tasks
    assert isinstance(use, RoleUse)
    assert (use.role.name, use.public, use.keywords.vars, use.keywords.when) == ("r", False, ({"x": 1},), ("y",))
    assert (len(use.role.tasks), use.role.entry_point) == (1, "a.yml")


def test_a_thousand_tasks_are_loaded_and_checked(load: Load) -> None:
    text = "- hosts: all\n  tasks:\n" + "".join(
        f"    - name: Task {i}\n      copy:\n        content: f{i}\n        dest: /etc/{i}\n        mode: '0644'\n"
        f"      when: x{i} is defined\n      tags: [a, b]\n      become: yes\n"
        for i in range(1000)
    )
    playbook, findings = load(text)
    assert not findings.errors
    assert len(playbook.plays[0].tasks) == 1000
