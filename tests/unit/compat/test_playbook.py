"""ansible-playbook: exit codes, and that mistakes count where Ansible finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.compat.conftest import Started

BEFORE = "  - debug: msg=before\n"


def test_a_run_that_goes_well_looks_like_ansibles(start: Started) -> None:
    said = start("ansible-playbook", tasks="  - debug: msg=hi\n")
    assert said.code == 0
    assert said.out == (
        "\nPLAY [h1] " + "*" * 70 + "\n"
        "\nTASK [debug] " + "*" * 67 + "\n"
        'ok: [h1] => {\n    "msg": "hi"\n}\n'
        "\nPLAY RECAP " + "*" * 69 + "\n"
        "h1                         : ok=1    changed=0    unreachable=0    failed=0    skipped=0    rescued=0    "
        "ignored=0   \n\n"
    )
    assert said.err == ""


def test_a_failed_task_ends_with_2(start: Started) -> None:
    said = start("ansible-playbook", tasks="  - fail: msg=no\n")
    assert said.code == 2
    assert 'fatal: [h1]: FAILED! => {"changed": false, "msg": "no"}\n' in said.out


def test_a_playbook_that_is_not_there_ends_with_1(start: Started) -> None:
    said = start("ansible-playbook", "nofile.yml")
    assert said.code == 1
    assert said.err == "ERROR! the playbook: nofile.yml could not be found\n"


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("import_role: {name: nowhere}", "the role 'nowhere' was not found"),
        ("import_tasks: nowhere.yml", "nowhere.yml"),
        ("debug: msg=x\n    changed_when: true\n    notify: nobody", "The requested handler 'nobody' was not found"),
    ],
)
def test_a_role_a_file_or_a_handler_that_is_missing_ends_with_1(start: Started, task: str, says: str) -> None:
    said = start("ansible-playbook", tasks=f"  - {task}\n")
    assert said.code == 1
    assert says in said.err


def test_text_that_is_no_yaml_ends_with_4_and_nothing_runs(start: Started) -> None:
    said = start("ansible-playbook", tasks=BEFORE + "   x: y\n")
    assert said.code == 4
    assert "before" not in said.out
    assert "The error appears to be in '" in said.err


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("nosuchmodule: {a: 1}", "couldn't resolve module/action 'nosuchmodule'"),
        ("debug: msg=x\n    nosuchkey: 1", "'nosuchkey' is not a valid attribute for a Task"),
        ("include_role: {foo: bar}", "include_role"),
        ("debug: msg=x\n    register: a-b", ""),
    ],
)
def test_what_ansible_finds_while_loading_ends_with_4_though_it_would_be_ignored(
    start: Started, task: str, says: str
) -> None:
    said = start("ansible-playbook", tasks=f"{BEFORE}  - {task}\n    ignore_errors: true\n")
    assert said.code == 4
    assert "before" not in said.out
    assert says in said.err


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("fail: {foo: bar}", "foo"),
        ("debug: msg='{{ foo( }}'", "template error while templating string"),
        ("debug: msg=x\n    when: a ==== b", "The conditional check 'a ==== b' failed."),
        ("debug: msg=x\n    become: notabool", "'notabool' is not a valid boolean"),
        ("debug: msg=x\n    loop: 5", "Invalid data passed to 'loop', it requires a list, got this instead: 5."),
        ("action: nosuchmodule a=b", "The module nosuchmodule was not found in configured module paths"),
        ("copy: {src: nosuchfile, dest: /nowhere}", "Could not find or access 'nosuchfile'"),
        ("debug: msg=x\n    until: false\n    retries: abc", "the field 'retries' has an invalid value ('abc')"),
    ],
)
def test_what_ansible_finds_when_the_task_runs_fails_that_task_alone(start: Started, task: str, says: str) -> None:
    said = start("ansible-playbook", tasks=f"{BEFORE}  - {task}\n    ignore_errors: true\n  - debug: msg=after\n")
    assert said.code == 0, said.err
    assert "before" in said.out
    assert "after" in said.out
    assert says in said.out.replace('\\"', '"')
    assert "...ignoring" in said.out


def test_a_mistake_of_a_task_that_is_skipped_is_never_told(start: Started) -> None:
    said = start("ansible-playbook", tasks="  - debug: msg=x\n    become: notabool\n    when: false\n")
    assert (said.code, said.err) == (0, "")


def test_a_mistake_can_be_rescued(start: Started) -> None:
    tasks = "  - block:\n    - debug: msg=x\n      become: notabool\n    rescue:\n    - debug: msg=rescued\n"
    said = start("ansible-playbook", tasks=tasks)
    assert said.code == 0
    assert "rescued" in said.out


@pytest.mark.parametrize(
    ("play", "says"),
    [
        ("[]\n", "A playbook must contain at least one play"),
        ("- hosts: []\n", "Hosts list cannot be empty. Please check your playbook"),
        ("- hosts: h1\n  tasks: 123\n", "A malformed block was encountered while loading tasks: 123 should be a list"),
        ("- hosts: h1\n  roles: 123\n", "A malformed role declaration was encountered."),
        ("- hosts: h1\n  roles: ['a,b']\n", "Invalid old style role requirement: a,b"),
        ("- hosts: h1\n  user: a\n  remote_user: b\n", "both 'user' and 'remote_user' are set for this play."),
        ("- hosts: h1\n  vars_prompt: [{prompt: x}]\n", "Invalid vars_prompt data structure, missing 'name' key"),
    ],
)
def test_a_mistake_in_a_play_has_the_words_people_look_for(place: Path, start: Started, play: str, says: str) -> None:
    (place / "play.yml").write_text(play)
    said = start("ansible-playbook", "-i", "hosts", "play.yml")
    assert said.code in {1, 4}
    assert f"ERROR! {says}" in said.err


def test_hosts_tasks_and_tags_are_listed_and_the_syntax_is_checked(place: Path, start: Started) -> None:
    (place / "site.yml").write_text("- hosts: h1\n  tasks:\n  - debug: msg=x\n    tags: t1\n")
    assert "hosts (1):\n      h1" in start("ansible-playbook", "-i", "hosts", "site.yml", "--list-hosts").out
    assert "debug\tTAGS: [t1]" in start("ansible-playbook", "-i", "hosts", "site.yml", "--list-tasks").out
    assert "TASK TAGS: [t1]" in start("ansible-playbook", "-i", "hosts", "site.yml", "--list-tags").out
    assert start("ansible-playbook", "-i", "hosts", "site.yml", "--syntax-check").out == "\nplaybook: site.yml\n"


def test_a_limit_that_leaves_nothing_ends_with_1(start: Started) -> None:
    said = start("ansible-playbook", "-l", "nosuch", tasks=BEFORE)
    assert said.code == 1
    assert "before" not in said.out


def test_tasks_are_listed_as_ansible_lists_them(start: Started, place: Path) -> None:
    (place / "roles" / "r" / "tasks").mkdir(parents=True)
    (place / "roles" / "r" / "tasks" / "main.yml").write_text("- {name: named, debug: {}}\n- debug:\n")
    (place / "site.yml").write_text(
        "- hosts: h1\n  roles: [r]\n  tasks:\n  - {name: in a role, include_role: {name: r}}\n"
        "  - include_role: {name: r}\n"
        "  - meta: flush_handlers\n  - block: [{name: a, debug: {}}]\n    rescue: [{name: b, debug: {}}]\n"
    )
    listed = start("ansible-playbook", "-i", "hosts", "site.yml", "--list-tasks").out.splitlines()
    names = [line.strip().partition("\t")[0] for line in listed if "TAGS" in line and "play #" not in line]
    assert names == ["r : named", "debug", "in a role", "include_role", "meta", "a"]
