"""Which value of a variable a task sees, from role defaults to extra vars."""

from __future__ import annotations

from tests.support.theatre import Theatre


def play(tasks: str, head: str = "") -> str:
    return f"- hosts: h1\n  gather_facts: false\n{head}  tasks:\n{tasks}"


SAY = "  - debug: {msg: '{{ v }}'}\n"
ROLE = {
    "roles/r/defaults/main.yml": "v: defaults\nd: from r\n",
    "roles/r/tasks/main.yml": "- debug: {msg: '{{ v }}'}\n",
}


def test_role_defaults_are_seen_by_the_whole_play_and_lose_to_everything(theatre: Theatre) -> None:
    theatre.run(play(SAY, "  roles: [r]\n"), ROLE)
    assert theatre.said() == ["defaults", "defaults"]


def test_group_vars_win_over_role_defaults(theatre: Theatre) -> None:
    theatre.inventory = "[web]\nh1\n"
    theatre.run(play(SAY, "  roles: [r]\n"), {**ROLE, "group_vars/web.yml": "v: group\n"})
    assert theatre.said() == ["group", "group"]


def test_host_vars_win_over_group_vars_and_child_groups_over_parents(theatre: Theatre) -> None:
    theatre.inventory = "[web]\nh1\n[all_web:children]\nweb\n"
    files = {
        "group_vars/all.yml": "v: all\na: all\n", "group_vars/all_web.yml": "v: parent\nb: parent\n",
        "group_vars/web.yml": "v: child\nb: child\n", "host_vars/h1.yml": "v: host\n",
    }  # fmt: skip
    theatre.run(play("  - debug: {msg: '{{ v }} {{ b }} {{ a }}'}\n"), files)
    assert theatre.said() == ["host child all"]


def test_play_vars_win_over_host_vars_and_facts(theatre: Theatre) -> None:
    theatre.inventory = "h1 v=host\n"
    theatre.facts = {"h1": {"v": "fact"}}
    theatre.run("- hosts: h1\n  vars: {v: play}\n  tasks:\n" + SAY)
    assert theatre.said() == ["play"]


def test_vars_files_win_over_play_vars(theatre: Theatre) -> None:
    theatre.run(play(SAY, "  vars: {v: play}\n  vars_files: [f.yml]\n"), {"f.yml": "v: file\n"})
    assert theatre.said() == ["file"]


def test_role_vars_win_over_vars_files(theatre: Theatre) -> None:
    files = {**ROLE, "roles/r/vars/main.yml": "v: role vars\n", "f.yml": "v: file\n"}
    theatre.run(play(SAY, "  vars_files: [f.yml]\n  roles: [r]\n"), files)
    assert theatre.said() == ["role vars", "role vars"]


def test_block_and_task_vars_win_over_role_vars_and_the_inner_one_wins(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - vars: {v: block, w: block}\n    block:\n    - debug: {msg: '{{ v }} {{ w }}'}\n      vars: {v: task}\n"
            "  - debug: {msg: '{{ v }}'}\n",
            "  vars: {v: play}\n",
        )
    )
    assert theatre.said() == ["task block", "play"]


def test_include_vars_win_over_task_vars_and_set_fact_over_include_vars(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - include_vars: f.yml\n  - debug: {msg: '{{ v }}'}\n    vars: {v: task}\n"
            "  - set_fact: {v: fact}\n  - debug: {msg: '{{ v }}'}\n    vars: {v: task}\n"
            "  - include_vars: f.yml\n" + SAY
        ),
        {"f.yml": "v: included\n"},
    )
    assert theatre.said() == ["included", "fact", "fact"]


def test_a_registered_result_wins_over_play_vars(theatre: Theatre) -> None:
    theatre.run(
        play("  - command: echo x\n    register: v\n  - debug: {msg: '{{ v.stdout }}'}\n", "  vars: {v: play}\n")
    )
    assert theatre.said() == ["x"]


def test_role_parameters_win_over_set_fact(theatre: Theatre) -> None:
    head = "  pre_tasks:\n  - set_fact: {v: fact}\n  roles:\n  - {role: r, v: param}\n"
    theatre.run(play(SAY, head), ROLE)
    assert theatre.said() == ["param", "fact"]


def test_variables_of_an_include_win_over_set_fact(theatre: Theatre) -> None:
    theatre.run(
        play("  - set_fact: {v: fact}\n  - include_tasks: t.yml\n    vars: {v: include}\n" + SAY),
        {"t.yml": "- debug: {msg: '{{ v }}'}\n"},
    )
    assert theatre.said() == ["include", "fact"]


def test_variables_of_an_import_are_like_block_vars(theatre: Theatre) -> None:
    theatre.run(
        play("  - set_fact: {v: fact}\n  - import_tasks: t.yml\n    vars: {v: import, w: import}\n"),
        {"t.yml": "- debug: {msg: '{{ v }} {{ w }}'}\n"},
    )
    assert theatre.said() == ["fact import"]


def test_extra_vars_win_over_everything_but_the_loop_item(theatre: Theatre) -> None:
    theatre.run(
        play(
            "  - set_fact: {v: fact}\n"
            + SAY
            + "  - debug: {msg: '{{ v }} {{ item }}'}\n    loop: [1]\n    vars: {v: task}\n"
        ),
        extra_vars={"v": "extra", "item": "extra"},
    )
    assert theatre.said() == ["extra", "extra 1"]


def test_a_dependency_shows_its_defaults_to_the_role_that_needs_it(theatre: Theatre) -> None:
    files = {
        "roles/dep/defaults/main.yml": "v: dep\nonly: dep\n",
        "roles/dep/tasks/main.yml": "- debug: {msg: 'dep {{ v }}'}\n",
        "roles/top/meta/main.yml": "dependencies: [dep]\n",
        "roles/top/defaults/main.yml": "v: top\n",
        "roles/top/tasks/main.yml": "- debug: {msg: 'top {{ v }} {{ only }}'}\n",
    }
    theatre.run("- hosts: h1\n  gather_facts: false\n  roles: [top]\n", files)
    assert theatre.said() == ["dep dep", "top top dep"]


def test_parameters_of_a_dependency_stay_with_it(theatre: Theatre) -> None:
    files = {
        "roles/dep/tasks/main.yml": "- debug: {msg: 'dep {{ who }}'}\n",
        "roles/top/meta/main.yml": "dependencies: [{role: dep, who: second}]\n",
        "roles/top/tasks/main.yml": "- debug: {msg: \"top {{ who | default('nobody') }}\"}\n",
    }
    theatre.run("- hosts: h1\n  gather_facts: false\n  roles: [top]\n", files)
    assert theatre.said() == ["dep second", "top nobody"]


def test_vars_of_an_included_role_end_with_it_unless_public(theatre: Theatre) -> None:
    later = "  - debug: {msg: \"{{ d | default('unknown') }}\"}\n"
    theatre.run(play("  - include_role: {name: r}\n" + later), ROLE)
    assert theatre.said() == ["defaults", "unknown"]


def test_a_public_included_role_shows_its_defaults_afterwards(theatre: Theatre) -> None:
    theatre.run(play("  - include_role: {name: r, public: true}\n  - debug: {msg: '{{ d }}'}\n"), ROLE)
    assert theatre.said() == ["defaults", "from r"]


def test_set_facts_and_registered_values_last_into_the_next_play_but_play_vars_do_not(theatre: Theatre) -> None:
    first = play("  - set_fact: {a: 1}\n  - command: echo x\n    register: b\n", "  vars: {c: play}\n")
    theatre.run(first + play("  - debug: {msg: \"{{ a }} {{ b.stdout }} {{ c | default('gone') }}\"}\n"))
    assert theatre.said() == ["1 x gone"]


def test_variables_refer_to_each_other_lazily(theatre: Theatre) -> None:
    head = "  vars: {greeting: 'hello {{ name }}', name: '{{ first }}', first: one}\n"
    theatre.run(play("  - debug: {msg: '{{ greeting }}'}\n    vars: {first: two}\n", head))
    assert theatre.said() == ["hello two"]


def test_magic_variables_tell_about_host_play_and_role(theatre: Theatre) -> None:
    theatre.inventory = "[web]\nh1\nh2.example.org\n"
    files = {"roles/r/tasks/main.yml": "- debug: {msg: '{{ role_name }} {{ role_path | basename }}'}\n"}
    text = (
        "- hosts: web\n  name: first\n  gather_facts: false\n  roles: [r]\n  tasks:\n"
        "  - debug: {msg: '{{ inventory_hostname }} {{ "
        "inventory_hostname_short }} {{ "
        "group_names }} {{ groups.web }}'}\n"
        "  - debug: {msg: '{{ ansible_play_name }} {{ ansible_play_hosts }} {{ hostvars.h1.inventory_hostname }}'}\n"
        "  - debug: {msg: '{{ playbook_dir | basename }} {{ ansible_check_mode }} {{ ansible_version.full }}'}\n"
    )
    theatre.run(text, files)
    said = theatre.said("h2.example.org")
    assert said[:3] == [
        "r r",
        "h2.example.org h2 ['web'] ['h1', 'h2.example.org']",
        "first ['h1', 'h2.example.org'] h1",
    ]
    assert str(said[3]).split()[1:] == ["False", "2.18.0"]


def test_with_serial_the_play_hosts_are_all_and_the_batch_is_the_batch(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2\nh3\n"
    tasks = "  - debug: {msg: '{{ ansible_play_hosts_all | length }} {{ ansible_play_batch }}'}\n"
    theatre.run("- hosts: all\n  serial: 2\n  gather_facts: false\n  tasks:\n" + tasks)
    assert (theatre.said("h1"), theatre.said("h3")) == (["3 ['h1', 'h2']"], ["3 ['h3']"])


def test_a_failed_host_leaves_the_play_hosts(theatre: Theatre) -> None:
    text = (
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "  - command: fail@h1\n"
        "  - debug: {msg: '{{ ansible_play_hosts }}'}\n"
    )
    theatre.run(text)
    assert theatre.said("h2") == [["h2"]]


def test_hostvars_shows_what_another_host_registered(theatre: Theatre) -> None:
    text = (
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "  - command: echo of-{{ inventory_hostname }}\n    register: r\n"
        "  - debug: {msg: '{{ hostvars.h2.r.stdout }}'}\n"
    )
    theatre.run(text)
    assert theatre.said("h1") == ["of-h2"]


def test_hostvars_of_a_host_outside_the_play_has_its_inventory_variables(theatre: Theatre) -> None:
    theatre.inventory = "h1\nh2 color=red\n"
    theatre.run(play("  - debug: {msg: '{{ hostvars.h2.color }}'}\n"))
    assert theatre.said() == ["red"]


def test_a_role_used_again_with_other_vars_runs_again(theatre: Theatre) -> None:
    head = "  roles:\n  - r\n  - r\n  - {role: r, vars: {v: other}}\n  - {role: r, v: param}\n"
    theatre.run(play("  - meta: noop\n", head), ROLE)
    assert theatre.said() == ["defaults", "other", "param"]


def test_facts_are_seen_with_and_without_prefix(theatre: Theatre) -> None:
    theatre.facts = {"h1": {"ansible_distribution": "Debian"}}
    theatre.run(
        "- hosts: h1\n  tasks:\n  - debug: {msg: '{{ ansible_distribution }} {{ ansible_facts.distribution }}'}\n"
    )
    assert theatre.said() == ["Debian Debian"]


def test_clear_facts_forgets_facts_and_keeps_set_facts(theatre: Theatre) -> None:
    theatre.facts = {"h1": {"ansible_distribution": "Debian"}}
    tasks = (
        "  - set_fact: {mine: 1}\n  - meta: clear_facts\n"
        "  - debug: {msg: \"{{ ansible_distribution | default('gone') }} {{ mine }}\"}\n"
    )
    theatre.run("- hosts: h1\n  tasks:\n" + tasks)
    assert theatre.said() == ["gone 1"]


def test_a_cacheable_set_fact_is_a_fact_too(theatre: Theatre) -> None:
    theatre.run(play("  - set_fact: {x: 1, cacheable: true}\n  - debug: {msg: '{{ ansible_facts.x }} {{ x }}'}\n"))
    assert theatre.said() == ["1 1"]
