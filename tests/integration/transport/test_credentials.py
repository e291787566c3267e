"""Keys with passphrases, agents, second factors, keyboard-interactive, doas: the rarer ways in, on a real host."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.lab.lab import Lab
from provisioner.model.call import Request
from provisioner.model.target import Become, Target
from tests.integration.transport.conftest import MakeTarget
from tests.support.talk import Talk

pytestmark = pytest.mark.hosts
BOTH = pytest.mark.parametrize("connection", ["ssh", "openssh"])
PING = Request("ping", {})
DEPLOY = "lab-deploy"
SETTINGS = "/etc/ssh/sshd_config.d/00-test.conf"
RESTART = "systemctl reset-failed ssh; systemctl restart ssh"


def outcome(talk: Talk, target: Target, become: Become | None = None) -> str:
    """Return "ok", or the error's text."""
    reply = talk.ask(PING, become, target)
    assert reply.error is None or isinstance(reply.error, Unreachable)
    return "ok" if reply.error is None else str(reply.error)


@pytest.fixture(name="locked_key")
def a_key_with_a_passphrase(talk: Talk, tmp_path: Path) -> Path:
    path = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "open sesame", "-f", str(path)], check=True)
    public = path.with_suffix(".pub").read_text().strip()
    assert (talk.raw(f"echo '{public}' >> ~ops/.ssh/authorized_keys").result or {})["rc"] == 0
    return path


@BOTH
def test_a_key_with_a_passphrase(connection: str, talk: Talk, target: MakeTarget, locked_key: Path) -> None:
    def by_key(passphrase: str | None) -> str:
        return outcome(talk, target(connection, "ops", private_key=str(locked_key), private_key_passphrase=passphrase))

    assert by_key("open sesame") == "ok"
    assert "login" in by_key(None) or "Permission denied" in by_key(None)
    assert "wrong words" not in by_key("wrong words")
    assert by_key("wrong words") != "ok"


@BOTH
def test_a_key_in_an_agent(
    connection: str, talk: Talk, target: MakeTarget, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(agent)], stdout=subprocess.DEVNULL) as process:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        while not agent.exists():
            assert process.poll() is None
        subprocess.run(["ssh-add", "-q", str(lab.key_path)], check=True, capture_output=True)
        try:
            assert outcome(talk, target(connection, "ops", private_key=None)) == "ok"
            only = ("-o", "IdentitiesOnly=yes")
            assert outcome(talk, target(connection, "ops", private_key=None, ssh_args=only)) != "ok"
        finally:
            process.terminate()


@pytest.fixture(name="sshd")
def another_sshd(talk: Talk) -> Iterator[object]:
    """Return a function that restarts sshd with settings of the test's own."""

    root = talk.target

    def configure(settings: str) -> None:
        done = talk.raw(f"printf '{settings}' > {SETTINGS}; {RESTART}")
        assert (done.result or {})["rc"] == 0, done

    yield configure
    talk.target = root
    talk.raw(f"rm {SETTINGS}; {RESTART}")


@BOTH
def test_a_key_and_then_a_password(connection: str, talk: Talk, target: MakeTarget, sshd: object) -> None:
    sshd("Match User deploy\\n AuthenticationMethods publickey,password\\n")  # type: ignore[operator]
    assert outcome(talk, target(connection, "deploy", password=DEPLOY)) == "ok"
    text = outcome(talk, target(connection, "deploy"))
    assert "password" in text


@BOTH
def test_keyboard_interactive_alone(connection: str, talk: Talk, target: MakeTarget, sshd: object) -> None:
    sshd("PasswordAuthentication no\\nKbdInteractiveAuthentication yes\\nUsePAM yes\\n")  # type: ignore[operator]
    assert outcome(talk, target(connection, "deploy", private_key=None, password=DEPLOY)) == "ok"


def test_a_legacy_host_is_pointed_to_the_openssh_client(talk: Talk, target: MakeTarget, sshd: object) -> None:
    sshd("KexAlgorithms diffie-hellman-group14-sha1\\n")  # type: ignore[operator]
    assert "ansible_connection=openssh" in outcome(talk, target(user="ops"))
    words = ("-o", "KexAlgorithms=+diffie-hellman-group14-sha1")
    assert outcome(talk, target("openssh", "ops", ssh_args=words)) == "ok"


DOAS = """#!/bin/sh
[ "$1" = -n ] && { echo 'doas: Authorization required' >&2; exit 1; }
exec 3<>/dev/tty || { echo 'doas: a tty is required' >&2; exit 1; }
stty -F /dev/tty -echo
printf 'doas (deploy@one) password: ' >&3
IFS= read -r word <&3
stty -F /dev/tty echo
printf '\\n' >&3
exec 3>&-
[ "$word" = right ] || { echo 'doas: Authentication failed' >&2; exit 1; }
shift 2
exec "$@"
"""


@BOTH
def test_a_method_that_asks_on_the_terminal(connection: str, talk: Talk, target: MakeTarget) -> None:
    put = talk.raw("cat > /usr/local/bin/doas && chmod 755 /usr/local/bin/doas", stdin=DOAS.encode())
    assert (put.result or {})["rc"] == 0
    talk.target = target(connection, "deploy")
    right = Become(method="doas", password="right")
    replies = talk.ask_all([Request("probe", {"attach": 300_000}, body=bytes(range(256)) * 1000)] * 3, right)
    assert [(len(reply.body), (reply.result or {})["size"]) for reply in replies] == [(300_000, 256_000)] * 3
    assert "not accepted" in outcome(talk, talk.target, Become(method="doas", password="wrong"))
    assert "give ansible_become_password" in outcome(talk, talk.target, Become(method="doas"))
    assert (talk.raw("id -u; exit 3", right).result or {})["rc"] == 3


def test_the_programs_these_tests_need_are_here() -> None:
    assert all(shutil.which(name) for name in ("ssh", "ssh-agent", "ssh-add", "ssh-keygen")), os.environ["PATH"]
