"""Plays: who takes part, in which batches and order, prompts, files of variables, stopping and stepping."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.execution.ports import Prompt
from provisioner.model import event
from tests.support.fakes import FakePrompt
from tests.support.theatre import Theatre

TASK = "  tasks:\n  - {name: a, command: ok}\n"
HEAD = "- hosts: all\n  gather_facts: false\n"


def hosts_of(theatre: Theatre) -> list[list[str]]:
    return [list(e.hosts) for e in theatre.recorder.of(event.PlayStarted)]


def test_hosts_may_be_a_template_over_extra_variables(theatre: Theatre) -> None:
    theatre.run("- hosts: '{{ target }}'\n  gather_facts: false\n" + TASK, extra_vars={"target": "h2"})
    assert hosts_of(theatre) == [["h2"]]


def test_hosts_may_be_a_list_from_a_variable_of_the_play(theatre: Theatre) -> None:
    theatre.run("- hosts: '{{ them }}'\n  vars: {them: [h2, h1]}\n  gather_facts: false\n" + TASK)
    assert sorted(hosts_of(theatre)[0]) == ["h1", "h2"]


def test_a_limit_leaves_hosts_out(theatre: Theatre) -> None:
    theatre.run(HEAD + TASK, limit="!h1")
    assert hosts_of(theatre) == [["h2"]]


def test_a_pattern_that_matches_nobody_is_told_and_the_run_goes_on(theatre: Theatre) -> None:
    theatre.run("- hosts: nobody\n  gather_facts: false\n" + TASK + HEAD + TASK)
    assert hosts_of(theatre) == [[], ["h1", "h2"]]
    assert any("nobody" in note for note in theatre.notes)


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ("inventory", ["b", "a", "c"]),
        ("reverse_inventory", ["c", "a", "b"]),
        ("sorted", ["a", "b", "c"]),
        ("reverse_sorted", ["c", "b", "a"]),
    ],
)
def test_hosts_run_in_the_order_asked_for(theatre: Theatre, order: str, wanted: list[str]) -> None:
    theatre.inventory = "b\na\nc\n"
    theatre.run(HEAD + f"  order: {order}\n" + TASK)
    assert hosts_of(theatre) == [wanted]
    assert theatre.commands == [f"{host} ok" for host in wanted]


def test_batches_are_numbers_and_percentages(theatre: Theatre) -> None:
    theatre.inventory = "".join(f"h{n}\n" for n in range(10))
    theatre.run(HEAD + "  serial: [1, '20%', 5]\n" + TASK)
    assert [len(each) for each in hosts_of(theatre)] == [1, 2, 5, 2]
    assert [(e.batch, e.batches) for e in theatre.recorder.of(event.PlayStarted)] == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_a_batch_size_may_be_a_template(theatre: Theatre) -> None:
    theatre.run(HEAD + "  serial: '{{ size }}'\n" + TASK, extra_vars={"size": 1})
    assert hosts_of(theatre) == [["h1"], ["h2"]]


def test_a_batch_size_that_is_no_number_is_an_error_with_its_place(theatre: Theatre) -> None:
    with pytest.raises(InputError, match=r"site.yml:1"):
        theatre.run(HEAD + "  serial: '{{ size }}'\n" + TASK, extra_vars={"size": "some"})


def test_facts_are_gathered_first_and_can_be_switched_off(theatre: Theatre) -> None:
    theatre.run("- hosts: h1\n" + TASK + "- hosts: h1\n  gather_facts: false\n" + TASK)
    assert [r.module for _, r in theatre.sessions.ran] == ["setup", "command", "command"]


def test_facts_are_asked_for_as_the_play_says(theatre: Theatre) -> None:
    theatre.run("- hosts: h1\n  gather_subset: ['!all', network]\n  gather_timeout: 3\n" + TASK)
    assert theatre.sessions.ran[0][1].params == {"gather_subset": ["!all", "network"], "gather_timeout": 3}


# ---------------------------------------------------------------------- prompts


def prompts(text: str) -> str:
    return f"- hosts: h1\n  gather_facts: false\n  vars_prompt:\n{text}  tasks:\n  - debug: {{msg: '{{{{ p }}}}'}}\n"


def test_a_question_is_asked_once_and_its_answer_is_a_variable(theatre: Theatre) -> None:
    theatre.prompt = FakePrompt(["blue"])
    theatre.run(prompts("  - {name: p, prompt: Which, private: false}\n"))
    assert theatre.prompt.asked == [("Which: ", True)]
    assert theatre.said() == ["blue"]


def test_a_private_answer_is_not_shown_and_kept_secret(theatre: Theatre) -> None:
    theatre.prompt = FakePrompt(["hush"])
    theatre.run(prompts("  - {name: p, prompt: Which}\n"))
    assert theatre.prompt.asked == [("Which: ", False)]
    assert "hush" in theatre.secrets


def test_the_default_counts_where_nothing_is_typed(theatre: Theatre) -> None:
    theatre.run(prompts("  - {name: p, prompt: Which, default: red}\n"))
    assert theatre.said() == ["red"]


def test_an_extra_variable_spares_the_question(theatre: Theatre) -> None:
    theatre.run(prompts("  - {name: p, prompt: Which}\n"), extra_vars={"p": "given"})
    assert theatre.prompt.asked == []
    assert theatre.said() == ["given"]


def test_an_answer_that_is_to_be_confirmed_is_asked_until_both_agree(theatre: Theatre) -> None:
    theatre.prompt = FakePrompt(["a", "b", "c", "c"])
    theatre.run(prompts("  - {name: p, prompt: Which, confirm: true}\n"))
    assert theatre.said() == ["c"]
    assert theatre.notes == ["the two entries differ"]


def test_an_encrypted_answer_is_a_hash_of_what_was_typed(theatre: Theatre) -> None:
    theatre.prompt = FakePrompt(["hush"])
    theatre.run(prompts("  - {name: p, prompt: Which, encrypt: sha512_crypt, salt: abcdefgh}\n"))
    assert str(theatre.said()[0]).startswith("$6$")
    assert "hush" not in str(theatre.said())


# ---------------------------------------------------------------------- vars_files


def test_a_vars_file_may_be_chosen_by_a_fact(theatre: Theatre) -> None:
    theatre.facts = {"h1": {"ansible_os": "deb"}, "h2": {"ansible_os": "red"}}
    text = "- hosts: all\n  vars_files: ['{{ ansible_os }}.yml']\n  tasks:\n  - debug: {msg: '{{ v }}'}\n"
    theatre.run(text, {"deb.yml": "v: d\n", "red.yml": "v: r\n"})
    assert (theatre.said("h1"), theatre.said("h2")) == (["d"], ["r"])


def test_the_first_file_of_a_list_that_exists_counts(theatre: Theatre) -> None:
    text = (
        "- hosts: h1\n  gather_facts: false\n  vars_files: [[none.yml, some.yml, other.yml]]\n"
        "  tasks:\n  - debug: {msg: '{{ v }}'}\n"
    )
    theatre.run(text, {"some.yml": "v: some\n", "other.yml": "v: other\n"})
    assert theatre.said() == ["some"]


def test_a_vars_file_that_does_not_exist_is_an_error_that_says_where_it_was_looked_for(theatre: Theatre) -> None:
    with pytest.raises(InputError, match=r"nothere\.yml"):
        theatre.run("- hosts: h1\n  gather_facts: false\n  vars_files: [nothere.yml]\n" + TASK)
        raise InputError.at(None, theatre.result("a")["msg"])


def test_a_vars_file_that_does_not_exist_counts_for_nothing_where_mistakes_are_left_for_the_run(
    theatre: Theatre,
) -> None:
    text = "- hosts: h1\n  gather_facts: false\n  vars_files: [nothere.yml, there.yml]\n  tasks:\n"
    theatre.run(text + "  - debug: {msg: '{{ v }}'}\n", {"there.yml": "v: 1\n"}, mistakes="at-run")
    assert theatre.said() == [1]


# ---------------------------------------------------------------------- stopping, stepping


def test_a_stop_lets_what_runs_finish_and_starts_nothing_more(theatre: Theatre) -> None:
    theatre.stop_at = "b"
    tasks = "  tasks:\n  - {name: a, command: ok a}\n  - {name: b, command: ok b}\n  - {name: c, command: ok c}\n"
    theatre.run(HEAD + tasks + HEAD + TASK)
    assert [line.split()[1] for line in theatre.told] == ["a", "a", "b", "b"]
    assert len(hosts_of(theatre)) == 1


def test_what_was_sent_ahead_of_a_stop_is_taken_back_or_recorded(theatre: Theatre) -> None:
    theatre.inventory = "h1\n"
    theatre.stop_at = "a"
    theatre.sessions.holds = lambda _h, _r: True
    tasks = "  tasks:\n  - {name: a, command: ok a}\n  - {name: b, command: ok b}\n  - {name: c, command: ok c}\n"
    theatre.run(HEAD + tasks)
    assert len(theatre.commands) == len(theatre.told)


def test_stepping_asks_for_each_task_and_host(theatre: Theatre) -> None:
    asked: list[tuple[str, str]] = []
    prompt: Prompt = FakePrompt(steps=lambda title, host: not asked.append((title, host)) and host == "h2")  # type: ignore[func-returns-value]
    theatre.prompt = prompt  # type: ignore[assignment]
    theatre.run(HEAD + TASK, step=True)
    assert sorted(asked) == [("a", "h1"), ("a", "h2")]
    assert theatre.commands == ["h2 ok"]


def test_start_at_task_leaves_out_what_is_written_before_it(theatre: Theatre) -> None:
    tasks = "  tasks:\n  - {name: a, command: ok a}\n  - {name: b, command: ok b}\n"
    theatre.run(HEAD + tasks + HEAD + TASK, start_at_task="b")
    assert [line for line in theatre.told if line.startswith("h1")] == ["h1 b changed", "h1 a changed"]


def test_more_hosts_than_forks_all_get_their_turn(theatre: Theatre) -> None:
    theatre.inventory = "".join(f"h{n}\n" for n in range(20))
    theatre.run(HEAD + "  tasks:\n  - {name: a, command: ok}\n  - {name: b, command: ok}\n", forks=3)
    assert len(theatre.told) == 40


@pytest.mark.parametrize("strategy", ["free", "host_pinned", "graph"])
def test_other_strategies_run_everything_too(theatre: Theatre, strategy: str) -> None:
    theatre.inventory = "".join(f"h{n}\n" for n in range(5))
    text = HEAD + (
        f"  strategy: {strategy}\n  tasks:\n  - {{name: a, command: ok, notify: h}}\n"
        "  - {name: o, command: ok, run_once: true}\n"
        "  - include_tasks: t.yml\n  handlers:\n  - {name: h, command: ok}\n"
    )
    theatre.run(text, {"t.yml": "- {name: i, command: ok}\n"}, forks=2)
    once = 1 if strategy == "graph" else 5  # no host of the others waits for what another does
    assert len(theatre.told) == 5 + once + 5 + 5 + 5


def test_a_play_without_tasks_is_no_problem(theatre: Theatre) -> None:
    theatre.run(HEAD)
    assert theatre.told == []


def test_scratch_files_are_made_in_the_folder_given(theatre: Theatre) -> None:
    theatre.run(HEAD + TASK)
    assert theatre.context.scratch == Path(theatre.folder)
