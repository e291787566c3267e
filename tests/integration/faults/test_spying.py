"""Somebody watches the process lists: no secret shows in arguments or environments, on hosts or here."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.faults.conftest import Cli, On, play

VAULTED, HIDDEN, LOGIN, BECOME = "vaulted-Xw7pQ", "hidden-Rk3vB", "url-Jm5cT", "lab-deploy"


def spied(stop: threading.Event, seen: set[bytes]) -> None:
    """Read arguments and environments of all processes; those of lab hosts are visible from here, too."""
    while not stop.is_set():
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                for name in ("cmdline", "environ"):
                    try:
                        seen.add((process / name).read_bytes())
                    except OSError:
                        continue
        time.sleep(0.005)


@pytest.fixture
def seen() -> Iterator[set[bytes]]:
    """Everything that showed while the test ran."""
    stop, found = threading.Event(), set[bytes]()
    thread = threading.Thread(target=spied, args=(stop, found), daemon=True)
    thread.start()
    yield found
    stop.set()
    thread.join()


def test_no_secret_shows_in_arguments_or_environments(cli: Cli, on: On, seen: set[bytes]) -> None:
    cli.write("vars.yml", f"word: {VAULTED}\n")
    password = str(cli.write("password", "vault-Nf8dL\n"))
    assert cli.call("vault", "encrypt", str(cli.folder / "vars.yml"), "--vault-password-file", password).code == 0
    tasks = (
        "{name: file, copy: {content: '{{ word }}', dest: /root/f-word, mode: '0600'}}",
        f"{{name: user, user: {{name: fspied, password: {HIDDEN}}}, no_log: true}}",
        "{name: passphrase, user: {name: fspied, generate_ssh_key: true, ssh_key_passphrase: '{{ word }}'}}",
        f"{{name: url, uri: {{url: 'http://127.0.0.1:1/', url_username: u, url_password: {LOGIN}}},"
        " ignore_errors: true}",
        f"{{name: get, get_url: {{url: 'http://127.0.0.1:1/', dest: /root/f-x, url_username: u,"
        f" url_password: {LOGIN}}}, ignore_errors: true}}",
        "{name: wait, shell: 'sleep 0.3; cat', args: {stdin: '{{ word }}'}}",
    )
    text = play(*tasks, more="  become: true\n  vars_files: [vars.yml]\n")
    user = json.dumps({"ansible_user": "deploy"})
    try:
        done = cli.run(text, "--vault-password-file", password, "-e", user)
        assert done.code == 0, done.text
        modes = on("h1", "stat -c '%a %n' /root/f-word")
        assert modes.startswith("600 ")
    finally:
        on("h1", "userdel -rf fspied; rm -f /root/f-*; true")
    everything = b"\n".join(seen)
    assert b"sleep 0.3" in everything, "nobody watched"
    shown = [secret for secret in (VAULTED, HIDDEN, LOGIN, "vault-Nf8dL") if secret.encode() in everything]
    assert shown == []
    journal = cli.journals()[-1].read_text("utf-8")
    assert [secret for secret in (VAULTED, HIDDEN, LOGIN, BECOME) if secret in journal + done.text] == []


def test_what_a_run_keeps_here_is_for_its_user_alone(cli: Cli) -> None:
    report = cli.folder / "report.html"
    done = cli.run(play("{name: ping, ping: {}}"), "--report", str(report))
    assert done.code == 0, done.text
    wide = [str(path) for path in cli.state.rglob("*") if path.stat().st_mode & 0o077]
    assert wide == []
