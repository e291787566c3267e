"""Which module a name means where a task stands, and what is asked of the worker for one that is not ours."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import foreign
from tests.support.theatre import Theatre

WANTS = "#!/usr/bin/python\n# WANT_JSON\n"
USES = "from ansible.module_utils.basic import AnsibleModule\n"


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = foreign.library(tmp_path / "site")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexport PYTHONPATH={package.parent}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("PROVISIONER_ANSIBLE_PYTHON", str(python))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def play(tasks: str, more: str = "") -> str:
    return f"- hosts: h1\n  gather_facts: false\n{more}  tasks:\n{tasks}"


def carried(theatre: Theatre) -> list[tuple[str, Mapping[str, Any] | None]]:
    """The module of each request, and how it is run where it is not ours."""
    return [(r.module, r.carried.how if r.carried else None) for _, r in theatre.sessions.ran]


def entries(theatre: Theatre) -> list[str]:
    return [str(how["entry"]) if how else "ours" for _, how in carried(theatre)]


def test_a_module_beside_the_playbook_is_run_from_there(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, mine: {word: yes}}\n"), {"library/mine.py": WANTS})
    assert carried(theatre)[0][0] == "mine"
    assert entries(theatre) == ["mine.py"]


def test_it_wins_over_ours_of_the_same_name_but_for_the_full_one(theatre: Theatre) -> None:
    tasks = "  - ping: {anything: goes}\n  - ansible.legacy.ping: {}\n  - ansible.builtin.ping: {}\n"
    theatre.run(play(tasks), {"library/ping.sh": "#!/bin/sh\n"})
    assert entries(theatre) == ["ping.sh", "ping.sh", "ours"]


def test_roles_bring_modules_for_the_whole_play_the_first_role_first(theatre: Theatre) -> None:
    files = {f"roles/{role}/library/ping": f"#!/bin/sh\n# {role}" for role in ("one", "two")}
    files |= {f"roles/{role}/tasks/main.yml": "- ping:\n" for role in ("one", "two")}
    files |= {"roles/one/library/only.sh": "#!/bin/sh\n"}
    theatre.run(play("  - ping:\n  - only:\n", "  roles: [two, one]\n"), files)
    ran = [next(iter(r.carried.parcel.contents.values())) for _, r in theatre.sessions.ran if r.carried]
    assert [each.split()[-1] for each in ran[:3]] == [b"two", b"two", b"two"]
    assert entries(theatre)[-1] == "only.sh"


def test_actions_of_ours_are_not_replaced(theatre: Theatre) -> None:
    theatre.run(play("  - debug: {msg: ours}\n"), {"library/debug.py": WANTS})
    assert theatre.said() == ["ours"]


def test_a_name_that_is_a_template_is_found_too(theatre: Theatre) -> None:
    theatre.run(play("  - {action: '{{ which }}', vars: {which: mine}}\n"), {"library/mine": "#!/bin/sh\n"})
    assert entries(theatre) == ["mine"]


def test_a_module_is_given_what_its_library_knows_and_no_more(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, mine: {}, check_mode: true}\n"), {"library/mine.py": USES})
    how = carried(theatre)[0][1]
    assert how is not None
    internal = how["internal"]
    assert isinstance(internal, dict)
    assert internal == {"_ansible_check_mode": True, "_ansible_tmpdir": None, "_ansible_version": "2.18.1"}


def test_variables_say_what_starts_a_script_and_how_many_files_it_may_open(theatre: Theatre) -> None:
    variables = "vars: {ansible_ruby_interpreter: /opt/ruby, ansible_python_module_rlimit_nofile: 99}"
    theatre.run(play(f"  - {{name: a, mine: {{}}, {variables}}}\n"), {"library/mine.rb": "#!/usr/bin/env ruby\n"})
    how = carried(theatre)[0][1]
    assert how is not None
    assert (how["interpreters"], how["open_files"]) == ({"ruby": "/opt/ruby"}, 99)


def test_a_module_cannot_change_how_its_host_is_reached(theatre: Theatre) -> None:
    facts = {"ansible_shiny_interpreter": "/bad", "discovered_interpreter_shiny": "/bad", "fine": 1}
    theatre.script = lambda _host, _request: {"changed": False, "ansible_facts": facts}
    tasks = (
        "  - {name: a, mine: {}}\n  - debug: {msg: \"{{ fine }} {{ ansible_shiny_interpreter | default('none') }}\"}\n"
    )
    theatre.run(play(tasks), {"library/mine.py": WANTS})
    assert theatre.said() == ["1 none"]


def test_what_is_not_there_fails_only_where_it_is_run_and_names_the_way_out(theatre: Theatre) -> None:
    tasks = "  - {name: a, some.thing.new: {}, when: false}\n  - {name: b, some.thing.new: {}, ignore_errors: true}\n"
    theatre.run(play(tasks))
    assert theatre.on("h1") == ["a skipped", "b ignored"]
    assert "ansible-galaxy collection install some.thing" in theatre.result("b")["msg"]


def test_a_module_that_cannot_be_packed_fails_its_task(theatre: Theatre) -> None:
    text = USES + "from ansible.module_utils.none import a\n"
    theatre.run(play("  - {name: a, mine: {}, ignore_errors: true}\n"), {"library/mine.py": text})
    assert "Could not find imported module support code" in theatre.result("a")["msg"]


def test_what_stands_behind_a_foreign_module_waits_for_the_facts_it_may_bring(theatre: Theatre) -> None:
    theatre.script = lambda _host, _request: {"changed": False, "ansible_facts": {"colour": "blue"}}
    tasks = "  - {name: a, mine: {}}\n  - {name: b, command: 'echo {{ colour }}', vars: {x: 1}}\n"
    theatre.run(play(tasks), {"library/mine.py": WANTS, "group_vars/all.yml": "colour: red\n"})
    assert theatre.sessions.ran[-1][1].params["_raw_params"] == "echo blue"


def test_a_module_of_the_users_own_can_gather_facts(theatre: Theatre) -> None:
    theatre.script = lambda _host, _request: {"changed": False, "ansible_facts": {"colour": "blue"}}
    tasks = "  - {gather_facts: {}, vars: {ansible_facts_modules: [mine]}}\n  - debug: {msg: '{{ colour }}'}\n"
    theatre.run(play(tasks), {"library/mine.py": WANTS})
    assert theatre.said() == ["blue"]
    assert entries(theatre) == ["mine.py"]


def test_over_ssh_a_traceback_is_in_the_output_too_as_ansible_has_it(theatre: Theatre) -> None:
    broken = {"failed": True, "changed": False, "module_stdout": "a", "module_stderr": "boom", "exception": "boom"}
    theatre.script = lambda _host, _request: broken
    tasks = "  - {name: a, mine: {}, ignore_errors: true}\n"
    tasks += "  - {name: b, ping: {}, connection: local, ignore_errors: true}\n"
    theatre.run(play(tasks), {"library/mine.py": WANTS})
    assert (theatre.result("a")["module_stdout"], theatre.result("b")["module_stdout"]) == ("aboom", "a")


def collection(theatre: Theatre) -> dict[str, str]:
    """A collection beside the playbook that has a module of the name of one of ours."""
    return {"collections/ansible_collections/community/docker/plugins/modules/docker_container.py": USES}


def test_what_only_the_collections_module_can_do_is_left_to_it(theatre: Theatre) -> None:
    tasks = "  - docker_container: {name: a, image: b}\n"
    tasks += "  - docker_container: {name: a, image: b, platform: linux/arm64}\n"
    tasks += "  - community.docker.docker_container: {name: a, image: b, platform: '{{ omit }}'}\n"
    theatre.run(play(tasks), collection(theatre))
    names = [name for name, _how in carried(theatre)]
    assert names == ["docker_container", "community.docker.docker_container", "docker_container"]
    assert theatre.sessions.ran[1][1].params["platform"] == "linux/arm64"


def test_a_value_can_be_what_only_the_collections_module_does(theatre: Theatre) -> None:
    files = {"collections/ansible_collections/containers/podman/plugins/modules/podman_container.py": USES}
    theatre.run(play("  - podman_container: {name: a, image: b, state: quadlet}\n"), files)
    assert [name for name, _how in carried(theatre)] == ["containers.podman.podman_container"]


def test_another_thing_of_the_same_name_is_told_by_its_parameters(theatre: Theatre) -> None:
    files = {"collections/ansible_collections/community/postgresql/plugins/modules/postgresql_copy.py": USES}
    theatre.run(play("  - postgresql_copy: {copy_to: /srv/t.csv, src: t, login_db: d}\n"), files)
    assert [name for name, _how in carried(theatre)] == ["community.postgresql.postgresql_copy"]


def test_without_that_collection_the_task_says_what_is_missing_for_what(theatre: Theatre) -> None:
    theatre.run(play("  - {name: a, docker_container: {name: a, image: b, platform: x}, ignore_errors: true}\n"))
    message = theatre.result("a")["msg"]
    assert message.startswith("docker_container does not do platform by itself, and module community.docker.docker_")
    assert "ansible-galaxy collection install community.docker" in message
