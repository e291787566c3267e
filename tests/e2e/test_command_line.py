"""The command line on lab hosts: what it lists, what it refuses, which part of a playbook it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.model.event import OperationFinished
from provisioner.model.status import Status

from .conftest import Cli

pytestmark = pytest.mark.e2e
MISTAKES = Path(__file__).parents[1] / "fixtures" / "eight_mistakes" / "site.yml"
# of a network for documentation: a connection to it hangs until it times out
NOBODY = "203.0.113.7"
PLAYS = """
- name: First play
  hosts: h1:h2
  gather_facts: false
  tasks:
    - {name: one, command: echo one, tags: [a]}
    - {name: two, command: echo two, tags: [b]}
- name: Second play
  hosts: all
  gather_facts: false
  tasks:
    - {name: three, command: echo three, tags: [a, c]}
"""


def ran(cli: Cli) -> set[tuple[str, str]]:
    """Return (task, host) of everything the last run did."""
    events = cli.events()
    names = {e.operation: e.name for e in events if type(e).__name__ == "OperationPlanned"}
    done = (e for e in events if isinstance(e, OperationFinished))
    return {(names[e.operation], e.host) for e in done if e.status in {Status.OK, Status.CHANGED}}


def test_eight_mistakes_are_all_told_with_their_places_and_no_host_is_touched(cli: Cli) -> None:
    began = time.monotonic()
    done = cli.call("run", str(MISTAKES), "-i", f"{NOBODY},")
    assert done.code == 4
    for place in (5, 9, 12, 16, 20, 24, 28, 32):
        assert f"site.yml:{place}:" in done.err, f"line {place} is missing in\n{done.err}"
    assert "8 errors found; no host was touched" in done.err
    assert time.monotonic() - began < 20
    assert cli.journals() == []


def test_syntax_check_tells_the_same_mistakes(cli: Cli) -> None:
    done = cli.call("run", str(MISTAKES), "-i", f"{NOBODY},", "--syntax-check")
    assert done.code == 4
    assert "8 errors found" in done.err


def test_syntax_check_of_a_good_playbook_names_it_and_connects_to_nobody(cli: Cli) -> None:
    path = cli.playbook(PLAYS)
    done = cli.call("run", str(path), "-i", f"{NOBODY},", "--syntax-check")
    assert (done.code, done.err) == (0, "")
    assert str(path) in done.out
    assert cli.journals() == []


def test_hosts_tasks_and_tags_are_listed_without_touching_a_host(cli: Cli) -> None:
    hosts = cli.run(PLAYS, "--list-hosts", "--limit", "h2,h3")
    assert hosts.code == 0
    assert "h1" not in hosts.out.replace("h1:h2", "")
    assert hosts.out.count("h2") >= 2
    tasks = cli.run(PLAYS, "--list-tasks", "--tags", "a")
    assert all(word in tasks.out for word in ("First play", "one", "three"))
    assert "two" not in tasks.out
    tags = cli.run(PLAYS, "--list-tags")
    assert all(tag in tags.out for tag in ("a", "b", "c"))
    assert cli.journals() == []


def test_limit_and_tags_choose_hosts_and_tasks(cli: Cli) -> None:
    assert cli.run(PLAYS, "--limit", "h2", "--tags", "a").code == 0
    assert ran(cli) == {("one", "h2"), ("three", "h2")}
    assert cli.run(PLAYS, "-l", "all:!h1", "--skip-tags", "a").code == 0
    assert ran(cli) == {("two", "h2")}


def test_start_at_task_leaves_out_what_comes_before(cli: Cli) -> None:
    assert cli.run(PLAYS, "--start-at-task", "two", "-l", "h1").code == 0
    assert ran(cli) == {("two", "h1"), ("three", "h1")}


def test_start_at_a_task_that_is_not_there_is_an_error_that_names_it(cli: Cli) -> None:
    done = cli.run(PLAYS, "--start-at-task", "tow")
    assert done.code != 0
    assert "tow" in done.text


def test_a_limit_that_fits_no_host_is_an_error(cli: Cli) -> None:
    done = cli.run(PLAYS, "--limit", "h9")
    assert done.code != 0
    assert "h9" in done.text


def test_an_unknown_option_is_refused_with_exit_code_5(cli: Cli) -> None:
    assert cli.run(PLAYS, "--no-such-option").code == 5


def test_a_missing_playbook_and_a_missing_inventory_are_told_in_one_line(cli: Cli) -> None:
    done = cli.call("run", "nothing.yml", "-i", cli.inventory)
    assert done.code == 4
    assert "nothing.yml" in done.err
    assert "Traceback" not in done.text
    done = cli.call("run", str(cli.playbook(PLAYS)), "-i", "no/such/inventory")
    assert done.code == 4
    assert "no/such/inventory" in done.err
    assert "Traceback" not in done.text


def test_a_module_is_run_on_a_pattern_of_hosts(cli: Cli) -> None:
    done = cli.call("exec", "h1:h3", "-i", cli.inventory, "-m", "command", "-a", "hostname")
    assert done.code == 0
    assert "h2" not in done.out
    assert done.out.count("h1") >= 2
    failed = cli.call("exec", "h2", "-i", cli.inventory, "-m", "command", "-a", "false")
    assert failed.code == 2


def test_a_module_is_run_with_parameters_and_with_become(cli: Cli, on: Callable[..., str]) -> None:
    arguments = "path=/tmp/e2e-exec state=directory mode=0710"
    done = cli.call("exec", "h1", "-i", cli.inventory, "-m", "file", "-a", arguments, "-u", "ops", "--become")
    assert done.code == 0, done.text
    assert on("h1", "stat -c '%U %a' /tmp/e2e-exec; rmdir /tmp/e2e-exec").split() == ["root", "710"]


def test_a_vault_file_makes_the_round_trip_and_is_used_by_a_run(cli: Cli) -> None:
    password = str(cli.write("password", "open sesame\n"))
    secret = cli.write("secret.yml", "word: treasure\n")
    key = ("--vault-password-file", password)
    assert cli.call("vault", "encrypt", str(secret), *key).code == 0
    assert "treasure" not in secret.read_text("utf-8")
    assert "word: treasure" in cli.call("vault", "view", str(secret), *key).out
    text = (
        '- {hosts: h1, gather_facts: false, vars_files: [secret.yml], tasks: [{command: "test {{ word }} = treasure"}]}'
    )
    assert cli.run(text, *key).code == 0
    assert cli.run(text).code != 0
    fresh = str(cli.write("fresh", "other\n"))
    assert cli.call("vault", "rekey", str(secret), *key, "--new-vault-password-file", fresh).code == 0
    assert cli.call("vault", "view", str(secret), *key).code != 0
    assert cli.call("vault", "decrypt", str(secret), "--vault-password-file", fresh).code == 0
    assert secret.read_text("utf-8") == "word: treasure\n"


def test_an_encrypted_string_is_read_by_a_run(cli: Cli) -> None:
    password = str(cli.write("password", "open sesame\n"))
    made = cli.call("vault", "encrypt-string", "treasure", "--name", "word", "--vault-password-file", password)
    assert made.code == 0, made.text
    cli.write("vars.yml", made.out)
    text = (
        '- {hosts: h1, gather_facts: false, vars_files: [vars.yml], tasks: [{command: "test {{ word }} = treasure"}]}'
    )
    assert cli.run(text, "--vault-password-file", password).code == 0


def test_the_history_knows_every_run(cli: Cli) -> None:
    cli.run(PLAYS, "-l", "h1")
    run = cli.journals()[-1].parent.name
    assert run in cli.call("history").out
    shown = cli.call("history", "show", run)
    assert shown.code == 0
    assert "three" in shown.out
