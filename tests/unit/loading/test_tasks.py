"""Tasks and blocks in every style become the same model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioner.loading.action import VARIABLE_PARAMS
from provisioner.model.keywords import Retry
from provisioner.model.play import Play
from provisioner.model.task import Block, Task

GoodPlay = Callable[..., Play]
Mistakes = Callable[..., list[str]]


def one(play: Play) -> Task:
    (task,) = play.tasks
    assert isinstance(task, Task)
    return task


def play_of(*lines: str) -> str:
    return "- hosts: all\n  tasks:\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    "lines",
    [
        ["- lineinfile: path=/a line='b c'"],
        ["- lineinfile:", "    path: /a", "    line: b c"],
        ["- ansible.builtin.lineinfile:", "    path: /a", "  args:", "    line: b c"],
        ["- ansible.legacy.lineinfile: {path: /a, line: b c}"],
        ["- action: lineinfile path=/a line='b c'"],
        ["- action: {module: lineinfile, path: /a, line: b c}"],
        ["- action:", "    module: ansible.builtin.lineinfile path=/a", "    line: b c"],
    ],
)
def test_every_style_gives_the_same_action(good_play: GoodPlay, lines: list[str]) -> None:
    task = one(good_play(play_of(*lines)))
    assert (task.action, task.args) == ("lineinfile", {"path": "/a", "line": "b c"})


def test_free_forms_fill_the_parameter_of_their_module(good_play: GoodPlay) -> None:
    play = good_play(
        play_of("- command: ls -l chdir=/tmp", "- shell: echo a=b", "- meta: flush_handlers", "- include_vars: v.yml",
                "- raw: 'uptime  -p'", "- set_fact: a=1 b='x y'"),
        {"v.yml": "a: 1\n"},
    )  # fmt: skip
    args = [task.args for task in play.tasks if isinstance(task, Task)]
    assert [sorted(map(str, a.values())) for a in args] == [
        ["/tmp", "ls -l"], ["echo a=b"], ["flush_handlers"], ["v.yml"], ["uptime  -p"], ["1", "x y"],
    ]  # fmt: skip
    assert args[5] == {"a": "1", "b": "x y"}


def test_a_template_may_stand_for_all_parameters(good_play: GoodPlay) -> None:
    play = good_play(play_of("- debug: '{{ arguments }}'", "- debug: {msg: a}", "  args: '{{ more }}'"))
    first, second = play.tasks
    assert isinstance(first, Task)
    assert isinstance(second, Task)
    assert first.args == {VARIABLE_PARAMS: "{{ arguments }}"}
    assert second.args == {VARIABLE_PARAMS: "{{ more }}", "msg": "a"}


def test_local_action_runs_on_this_machine(good_play: GoodPlay) -> None:
    task = one(good_play(play_of("- local_action: command ls -l")))
    assert (task.action, task.keywords.delegate_to) == ("command", "localhost")
    assert "ls -l" in task.args.values()


def test_modules_of_other_collections_are_accepted_as_written(good_play: GoodPlay) -> None:
    play = good_play(
        play_of("- community.rabbitmq.rabbitmq_user: {name: a}", "- zypper: name=x", "- win_shell: dir /w")
    )
    assert [t.action for t in play.tasks if isinstance(t, Task)] == [
        "community.rabbitmq.rabbitmq_user",
        "zypper",
        "win_shell",
    ]


def test_a_library_beside_the_playbook_makes_its_modules_known(good_play: GoodPlay) -> None:
    task = one(good_play(play_of("- mine: {a: 1}"), {"library/mine.py": ""}))
    assert task.action == "mine"


def test_keywords_are_read_with_their_types(good_play: GoodPlay) -> None:
    task = one(
        good_play(
            play_of(
                "- name: All of them", "  ping:", "  become: 'yes'", "  become_user: 1000",
                "  ignore_errors: '{{ x }}'",
                "  when: [a is defined, b, true]", "  tags: 'one, two'", "  notify: h", "  vars: {p: 1}",
                "  environment: [{A: b}, '{{ env }}']", "  register: out", "  until: out is success", "  retries: '5'",
                "  delay: 0.5", "  changed_when: false", "  failed_when: [x, y]", "  async: 10", "  poll: 1",
                "  loop: [1, 2]", "  loop_control: {loop_var: n, label: '{{ n }}', break_when: n > 1}", "  timeout: 3",
                "  run_once: no", "  delegate_to: other", "  no_log: true", "  lock: db",
                "  retry: {attempts: 2, wait: 5s}",
                "  module_defaults: {ping: {data: x}}", "  throttle: 2",
            )
            + "  handlers: [{name: h, ping: }]\n"
        )
    )  # fmt: skip
    keywords = task.keywords
    assert (keywords.become, keywords.become_user, keywords.ignore_errors) == (True, "1000", "{{ x }}")
    assert keywords.when == ("a is defined", "b", True)
    assert (keywords.tags, keywords.notify, keywords.vars) == (("one", "two"), ("h",), ({"p": 1},))
    assert keywords.environment == ({"A": "b"}, "{{ env }}")
    assert (keywords.timeout, keywords.run_once, keywords.delegate_to, keywords.lock) == (3, False, "other", ("db",))
    assert keywords.retry == Retry(attempts=2, wait_s=5.0)
    assert task.register == "out"
    assert task.until is not None
    assert (task.until.conditions, task.until.retries, task.until.delay) == (("out is success",), 5, 0.5)
    assert (task.changed_when, task.failed_when, task.async_s, task.poll_s) == ((False,), ("x", "y"), 10, 1)
    assert task.loop is not None
    assert (task.loop.kind, task.loop.value, task.loop.control.loop_var) == ("loop", [1, 2], "n")
    assert task.loop.control.break_when == ("n > 1",)


def test_retries_alone_wait_for_success_and_with_loops_keep_their_lookup(good_play: GoodPlay) -> None:
    play = good_play(play_of("- ping:", "  retries: 2", "- debug: msg={{ item }}", "  with_dict: {a: 1}"))
    first, second = play.tasks
    assert isinstance(first, Task)
    assert isinstance(second, Task)
    assert first.until is not None
    assert first.until.conditions == ()
    assert second.loop is not None
    assert second.loop.kind == "dict"


def test_blocks_nest_and_carry_our_own_keys(good_play: GoodPlay) -> None:
    play = good_play(
        play_of("- name: Outer", "  when: a", "  id: first", "  block:", "    - block: [{ping: }]",
                "  rescue: [{debug: msg=x}]", "  always: [{ping: }]", "  revert: [{ping: }]",
                "- ping:", "  needs: first", "  verify: [{port: 80}, tests/test_x.py]")
    )  # fmt: skip
    block, task = play.tasks
    assert isinstance(block, Block)
    assert isinstance(task, Task)
    assert (block.name, block.keywords.when, block.graphing.id) == ("Outer", ("a",), "first")
    assert isinstance(block.block[0], Block)
    assert [len(each) for each in (block.rescue, block.always, block.revert)] == [1, 1, 1]
    assert task.graphing.needs == ("first",)
    assert [check.kind for check in task.verify] == ["port", "testinfra"]


def test_positions_point_at_the_task_and_at_its_words(good_play: GoodPlay) -> None:
    task = one(good_play(play_of("- name: Here", "  copy: content=x dest=/a")))
    assert str(task.position) == "site.yml:3:7"
    assert [str(key.position) for key in task.args] == ["site.yml:4:13"] * 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["- ping:", "  whne: x"], "site.yml:4:7: unknown key 'whne' of a task (did you mean 'when'?)"),
        (["- cpoy: src=a"], "site.yml:3:7: module 'cpoy' exists nowhere (did you mean 'copy'?)"),
        (["- ansible.builtin.cpoy: {}"],
         "site.yml:3:7: module 'ansible.builtin.cpoy' exists nowhere (did you mean 'copy'?)"),
        (["- name: x"], "site.yml:3:7: this task names no module (a task needs one key such as 'copy:' or 'command:')"),
        (["- ping:", "  debug:"], "site.yml:4:7: a task does one thing, this one has two actions: ping and debug "
                                  "(make two tasks of it)"),
        (["- ping:", "  sudo: yes"], "site.yml:4:7: unknown key 'sudo' of a task (write 'become')"),
        (["- ping:", "  become: perhaps"],
         "site.yml:4:15: 'become' of a task must be a boolean, not a string ('perhaps')"),
        (["- ping:", "  retries: many"],
         "site.yml:4:16: 'retries' of a task must be a whole number, not a string ('many')"),
        (["- ping:", "  loop: a"], "site.yml:4:13: 'loop' of a task must be a list, not a string ('a')"),
        (["- ping:", "  register: a-b"], "site.yml:4:17: 'a-b' cannot be the name of a variable "
                                         "(use letters, digits and _; the first must not be a digit)"),
        (["- ping:", "  listen: x"], "site.yml:4:7: 'listen' is for handlers, and this is a task"),
        (["- ping: hello"], "site.yml:3:13: 'ping' takes parameters, not the text 'hello' "
                            "(write them as a mapping: 'name: value', one a line)"),
        (["- ping: [a]"], "site.yml:3:7: parameters of 'ping' must be a mapping, not a list"),
        (["- ping: data='x"], "site.yml:3:13: the parameters of 'ping' cannot be split: the quote ' is never closed"),
        (["- just words"],
         "site.yml:3:7: a task must be a mapping, not a string (write 'module: parameters' below the dash)"),
        (["- rescue: []"],
         "site.yml:3:7: 'rescue' and 'always' belong to a block, and there is no 'block' beside them"),
        (["- block: []", "  loop: [1]"], "site.yml:4:7: unknown key 'loop' of a block"),
        (["- ping:", "  guard: {}"], "site.yml:4:7: unknown key 'guard' of a task"),
        (["- ping:", "  vars: {a-b: 1}"], "site.yml:4:14: 'a-b' cannot be the name of a variable "
                                          "(use letters, digits and _; the first must not be a digit)"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_place(mistakes: Mistakes, lines: list[str], error: str) -> None:
    assert mistakes(play_of(*lines)) == [error]
