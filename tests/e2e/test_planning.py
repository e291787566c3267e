"""A plan says what a run would change and how sure that is; applying it does that and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import Cli, cli, on

__all__ = ["cli", "on"]
On = Callable[..., str]
HOSTS = ("h1", "h2")

SITE = """
- hosts: h1:h2
  gather_facts: false
  tasks:
    - {name: base, copy: {content: "base\\n", dest: /var/tmp/p-base}}
    - {name: ask, command: echo said, register: said}
    - {name: told, copy: {content: "{{ said.stdout | default('nothing') }}", dest: /var/tmp/p-told}}
    - {name: line, lineinfile: {path: /var/tmp/p-base, line: more}}
"""


@pytest.fixture(autouse=True)
def _clean_hosts(on: On) -> Iterator[None]:
    for host in HOSTS:
        on(host, "rm -rf /var/tmp/p-*")
    yield
    for host in HOSTS:
        on(host, "rm -rf /var/tmp/p-*")


def plan(cli: Cli, *words: str, text: str = SITE) -> tuple[int, dict[tuple[str, str], tuple[str, str]]]:
    """Return the exit code and, by task and host, status and label."""
    path = cli.playbook(text)
    done = cli.call("plan", str(path), "-i", cli.inventory, "-o", str(cli.folder / "run.plan"), "--json", *words)
    assert done.out.startswith("{"), done.text
    lines = json.JSONDecoder().raw_decode(done.out)[0]["foreseen"]
    return done.code, {(line["title"], line["host"]): (line["status"], line["label"]) for line in lines}


def test_a_plan_says_how_sure_each_line_is_and_changes_nothing(cli: Cli, on: On) -> None:
    code, lines = plan(cli)
    assert code == 2
    for host in HOSTS:
        assert lines["base", host] == ("changed", "proven")
        assert lines["ask", host] == ("skipped", "unknown until run")
        assert lines["told", host] == ("changed", "unknown until run"), "it depends on what ask says"
        assert lines["line", host][1] == "unknown until run", "it fails as long as base is not there"
        assert on(host, "ls -d /var/tmp/p-* 2>/dev/null || true") == ""


def test_applying_does_what_was_planned(cli: Cli, on: On) -> None:
    plan(cli)
    done = cli.call("apply", str(cli.folder / "run.plan"))
    assert done.code == 0, done.text
    assert "proven: 2 of 2 came out as planned" in done.text
    assert on("h1", "cat /var/tmp/p-told") == "said"
    assert on("h2", "cat /var/tmp/p-base") == "base\nmore\n"


def test_extra_variables_that_hold_secrets_are_in_no_plan_and_have_to_be_given_again(cli: Cli, on: On) -> None:
    password, secret = str(cli.write("vault-password", "open\n")), cli.write("secret.yml", "told: swordfish99\n")
    assert cli.call("vault", "encrypt", str(secret), "--vault-password-file", password).code == 0
    site = '- hosts: h1\n  gather_facts: false\n  tasks:\n    - shell: "echo {{ told }} > /var/tmp/p-told"\n'
    words = ("-e", f"@{secret}", "--vault-password-file", password)
    plan(cli, *words, text=site)
    written = cli.folder / "run.plan"
    assert "swordfish99" not in written.read_text("utf-8")
    refused = cli.call("apply", str(written))
    assert refused.code == 4
    assert "told" in refused.text
    assert on("h1", "ls /var/tmp/p-* 2>/dev/null || true") == ""
    assert cli.call("apply", str(written), *words).code == 0
    assert on("h1", "cat /var/tmp/p-told") == "swordfish99\n"


def test_a_host_that_changed_since_is_refused_alone_and_told_why(cli: Cli, on: On) -> None:
    plan(cli)
    on("h1", "echo somebody else > /var/tmp/p-base")
    done = cli.call("apply", str(cli.folder / "run.plan"))
    assert done.code == 2, done.text
    assert "refused: h1" in done.text
    assert "base" in done.text
    assert on("h1", "cat /var/tmp/p-base") == "somebody else\n"
    assert on("h2", "cat /var/tmp/p-base") == "base\nmore\n"


def test_a_playbook_that_changed_since_is_refused_as_a_whole(cli: Cli, on: On) -> None:
    plan(cli)
    cli.write("play.yml", SITE.replace("base\\n", "other\\n"))
    done = cli.call("apply", str(cli.folder / "run.plan"))
    assert done.code == 4
    assert "play.yml" in done.text
    assert on("h1", "ls /var/tmp/p-* 2>/dev/null || true") == ""


def test_what_the_plan_does_not_name_is_not_changed_even_if_it_becomes_due_meanwhile(cli: Cli, on: On) -> None:
    spoils = """
- hosts: h1
  gather_facts: false
  tasks:
    - {name: settled, copy: {content: "as it is\\n", dest: /var/tmp/p-kept}}
"""
    site = "- hosts: h1\n  gather_facts: false\n  tasks:\n"
    site += '    - {name: spoil, command: "rm /var/tmp/p-kept", changed_when: false}\n'
    site += '    - {name: settled, copy: {content: "as it is\\n", dest: /var/tmp/p-kept}}\n'
    assert cli.run(spoils).code == 0
    code, lines = plan(cli, text=site)
    assert code == 2
    assert lines["settled", "h1"] == ("ok", "proven")
    done = cli.call("apply", str(cli.folder / "run.plan"))
    assert done.code == 2, done.text
    assert "the plan says that nothing changes here" in done.text
    assert on("h1", "ls /var/tmp/p-kept 2>/dev/null || true") == ""


def test_drift_is_told_apart_from_what_the_playbook_asks_anew(cli: Cli, on: On) -> None:
    assert cli.run(SITE).code == 0
    on("h1", "echo spoilt > /var/tmp/p-base")
    path = cli.playbook(SITE)
    done = cli.call("plan", str(path), "-i", cli.inventory)
    assert done.code == 2
    assert "base (copy)  on h1, h2" not in done.out.partition("DRIFT")[0]
    assert "base (copy)" in done.out.partition("DRIFT")[2]


def test_the_exit_code_says_what_was_asked(cli: Cli) -> None:
    quiet = "- hosts: h1\n  gather_facts: false\n  tasks:\n    - file: {path: /var/tmp, state: directory}\n"
    path = str(cli.playbook(quiet))
    assert cli.call("plan", path, "-i", cli.inventory, "--expect-no-changes").code == 0
    site = str(cli.playbook(SITE))
    assert cli.call("plan", site, "-i", cli.inventory, "--expect-no-changes").code == 1
    assert cli.call("plan", site, "-i", cli.inventory, "--max-unknown", "10%").code == 1
    assert cli.call("plan", site, "-i", cli.inventory, "--max-unknown", "100%").code == 2
    assert cli.call("plan", "nowhere.yml", "-i", cli.inventory).code == 1


def test_what_comes_after_a_change_of_unknown_reach_may_change(cli: Cli, on: On) -> None:
    on("h1", "touch /var/tmp/p-default")
    text = SITE.replace("h1:h2", "h1").replace("echo said", "touch /var/tmp/p-example")
    text += "    - {name: example away, file: {path: /var/tmp/p-example, state: absent}}\n"
    code, lines = plan(cli, text=text)
    assert code == 2
    assert lines["example away", "h1"] == ("ok", "unknown until run")
    done = cli.call("apply", str(cli.folder / "run.plan"))
    assert done.code == 0, done.text
    assert on("h1", "ls /var/tmp/p-example 2>/dev/null || true") == ""


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}', '{"version": 99}', "no json"])
def test_a_file_that_is_no_plan_is_refused(cli: Cli, text: str) -> None:
    path = cli.write("bad.plan", text)
    done = cli.call("apply", str(path))
    assert done.code == 4, done.text
    assert "bad.plan" in done.text
