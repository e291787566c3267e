"""No secret reaches the screen, the journal, a report or the process list, whatever the run does with it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner.lab.lab import Lab

from .conftest import Cli

pytestmark = pytest.mark.e2e
VAULTED = "vaulted-Zq7pX2"
HIDDEN = "hidden-Kw9rT4"
BECOME = "lab-deploy"  # the sudo password that lab hosts give the user `deploy`
PLAY = """
- hosts: h1
  gather_facts: false
  become: true
  vars_files: [secret.yml]
  handlers:
    - {name: told, debug: {msg: "handler says {{ word }}"}}
  tasks:
    - {name: printed, debug: {msg: "the word is {{ word }}"}}
    - {name: "in the title {{ word }}", debug: {var: word}}
    - {name: file, copy: {dest: /root/e2e-secret, content: "a\\n{{ word }}\\n", mode: "0600"}, notify: told}
    - {name: template, template: {src: page.j2, dest: /root/e2e-secret, mode: "0600"}}
    - {name: output, command: cat /root/e2e-secret, register: r}
    - {name: printed again, debug: {var: r}}
    - {name: slow, shell: "sleep 1; cat"}
    - {name: hidden, shell: "cat > /dev/null; echo HIDDEN", args: {stdin: HIDDEN}, no_log: true, register: h}
    - {name: hidden items, debug: {msg: "{{ item }}"}, loop: [HIDDEN, "x HIDDEN"], no_log: true}
    - {name: hidden environment, shell: "echo $SECRET", environment: {SECRET: HIDDEN}, no_log: true}
    - {name: account, user: {name: e2esecret, password: "{{ word | password_hash('sha512', 'saltsalt') }}"}}
    - {name: failing, command: "test {{ word }} = x", ignore_errors: true}
    - {name: failing hidden, shell: "echo HIDDEN >&2; exit 1", no_log: true, ignore_errors: true}
    - {name: undefined, debug: {msg: "{{ word.nothing.at_all }} {{ word }}"}, ignore_errors: true}
    - {name: gone, file: {path: /root/e2e-secret, state: absent}}
""".replace("HIDDEN", HIDDEN)


def spied(lab: Lab, stop: threading.Event, seen: set[str]) -> None:
    """Read the command lines of all processes again and again: those of lab hosts are visible from here, too."""
    while not stop.is_set():
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                try:
                    seen.add((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue  # it ended meanwhile
        time.sleep(0.01)


@pytest.fixture
def command_lines(lab: Lab) -> Iterator[set[str]]:
    """All command lines seen while the test runs."""
    stop, seen = threading.Event(), set[str]()
    thread = threading.Thread(target=spied, args=(lab, stop, seen), daemon=True)
    thread.start()
    yield seen
    stop.set()
    thread.join()


@pytest.fixture
def secret_play(cli: Cli, on: Callable[..., str]) -> Iterator[tuple[str, ...]]:
    """A play full of secrets and the options that open them."""
    password = str(cli.write("password", "vault-Password-Bn5\n"))
    cli.write("secret.yml", f"word: {VAULTED}\n")
    cli.write("templates/page.j2", "b\n{{ word }}\n")
    assert cli.call("vault", "encrypt", str(cli.folder / "secret.yml"), "--vault-password-file", password).code == 0
    variables = json.dumps({"ansible_user": "deploy"})
    become = str(cli.write("become", BECOME + "\n"))
    yield ("--vault-password-file", password, "--become-password-file", become, "-e", variables, "--diff", "-vvv")
    on("h1", "rm -f /root/e2e-secret; userdel e2esecret || true")


@pytest.mark.parametrize("output", ["plain", "ansible", "json"])
def test_no_secret_leaks_anywhere(cli: Cli, secret_play: tuple[str, ...], command_lines: set[str], output: str) -> None:
    reports = ("--report", str(cli.folder / "report.html"), "--junit", str(cli.folder / "junit.xml"))
    done = cli.run(PLAY, *secret_play, "--output", output, *reports)
    assert done.code == 0, done.text
    places = {"stdout": done.out, "stderr": done.err}
    for path in [*cli.state.rglob("*"), cli.folder / "report.html", cli.folder / "junit.xml"]:
        if path.is_file():
            places[str(path)] = path.read_text("utf-8", errors="replace")
    assert any(name.endswith("journal.jsonl") for name in places)
    leaks = [
        (place, secret) for place, text in places.items() for secret in (VAULTED, HIDDEN, BECOME) if secret in text
    ]
    assert leaks == []
    lines = "\n".join(sorted(command_lines))
    assert "sleep 1" in lines, "the process list was not watched while the play ran"
    assert BECOME not in lines
    assert "vault-Password-Bn5" not in lines


def test_secrets_in_a_failed_run_do_not_leak_either(cli: Cli, secret_play: tuple[str, ...]) -> None:
    text = PLAY.replace(", ignore_errors: true", "")
    done = cli.run(text, *secret_play)
    assert done.code == 2
    journal = cli.journals()[-1].read_text("utf-8")
    for secret in (VAULTED, HIDDEN, BECOME):
        assert secret not in done.text
        assert secret not in journal
