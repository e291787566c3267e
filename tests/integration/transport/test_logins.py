"""Logging in and becoming another user, on real hosts: what works, and what the errors say when it does not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.lab.lab import Lab
from provisioner.model.call import Request
from provisioner.model.target import Become, Target
from provisioner.transport.failures import ElevationFailed, NoInterpreter
from tests.integration.transport.conftest import MakeTarget
from tests.support.talk import Talk

pytestmark = pytest.mark.hosts
BOTH = pytest.mark.parametrize("connection", ["ssh", "openssh"])
PING = Request("ping", {})
DEPLOY = "lab-deploy"


@pytest.fixture(name="root_password", scope="module")
def a_password_for_root(lab: Lab) -> str:
    shadow = lab.host("one").root / "etc" / "shadow"
    assert shadow.exists()
    return "root-word"


def uid(talk: Talk, target: Target, become: Become | None) -> int:
    talk.target = target
    reply = talk.ask(PING, become)
    assert reply.error is None, reply.error
    facts = talk.session(become).facts
    assert facts is not None
    return facts.uid


def failure(talk: Talk, target: Target, become: Become | None = None) -> str:
    error = talk.ask(PING, become, target).error
    assert isinstance(error, Unreachable), error
    return str(error)


@BOTH
def test_sudo_works_with_and_without_a_password(connection: str, talk: Talk, target: MakeTarget) -> None:
    assert uid(talk, target(connection, "ops"), Become()) == 0
    assert uid(talk, target(connection, "deploy"), Become(password=DEPLOY)) == 0
    assert uid(talk, target(connection, "ops"), Become("nobody")) == 65534


@BOTH
def test_a_wrong_sudo_password_is_told_once(connection: str, talk: Talk, target: MakeTarget) -> None:
    text = failure(talk, target(connection, "deploy"), Become(password="not this"))
    assert "deploy could not become root by sudo" in text
    assert "not accepted" in text
    assert "not this" not in text


@BOTH
def test_sudo_that_wants_a_password_nobody_gave_is_told(connection: str, talk: Talk, target: MakeTarget) -> None:
    text = failure(talk, target(connection, "deploy"), Become())
    assert "a password is required" in text
    assert "--ask-become-pass" in text


@BOTH
def test_su_answers_its_prompt(connection: str, talk: Talk, target: MakeTarget, root_password: str) -> None:
    assert (talk.raw(f"echo root:{root_password} | chpasswd").result or {})["rc"] == 0
    assert uid(talk, target(connection, "root"), Become("ops", "su")) != 0
    assert uid(talk, target(connection, "ops"), Become("root", "su", password=root_password)) == 0
    assert "not accepted" in failure(talk, target(connection, "ops"), Become("root", "su", password="wrong"))
    assert "none was given" in failure(talk, target(connection, "ops"), Become("root", "su"))


@BOTH
def test_sudo_that_insists_on_a_terminal_gets_one(connection: str, talk: Talk, target: MakeTarget) -> None:
    talk.raw("echo 'Defaults:deploy requiretty' > /etc/sudoers.d/tty")
    try:
        become = Become(password=DEPLOY)
        assert uid(talk, target(connection, "deploy"), become) == 0
        replies = talk.ask_all([Request("probe", {"attach": 100_000, "out": "x", "err": "y"})] * 3, become)
        assert [reply.body[:16] for reply in replies] == [b"0123456789abcdef"] * 3
    finally:
        talk.target = target()
        talk.raw("rm /etc/sudoers.d/tty")


@BOTH
def test_sudo_that_puts_a_terminal_between_is_no_obstacle(connection: str, talk: Talk, target: MakeTarget) -> None:
    talk.raw("echo 'Defaults use_pty' > /etc/sudoers.d/pty")
    try:
        talk.target = target(connection, "ops")
        replies = talk.ask_all([Request("probe", {"attach": 2_000_000}, body=bytes(range(256)) * 8000)] * 2, Become())
        assert [len(reply.body) for reply in replies] == [2_000_000] * 2
        assert [(reply.result or {})["size"] for reply in replies] == [256 * 8000] * 2
        pid = (replies[0].result or {})["pid"]
        talk.sessions.reset("one")
        assert (talk.raw(f"sleep 0.5; kill -0 {pid}", Become()).result or {})["rc"] != 0
    finally:
        talk.target = target()
        talk.raw("rm /etc/sudoers.d/pty")


@BOTH
def test_a_password_logs_in_and_a_wrong_one_is_told(connection: str, talk: Talk, target: MakeTarget) -> None:
    assert uid(talk, target(connection, "deploy", private_key=None, password=DEPLOY), None) != 0
    text = failure(talk, target(connection, "deploy", private_key=None, password="not this"))
    assert "deploy@" in text
    assert "not this" not in text


def test_every_method_tried_is_named(talk: Talk, target: MakeTarget, tmp_path: Path) -> None:
    text = failure(talk, target("ssh", "nobody-here", private_key=str(tmp_path / "none"), password="x"))
    assert "none: there is no such file" in text
    assert "tried password: refused" in text
    assert "ansible_ssh_private_key_file" in text


@BOTH
def test_unknown_host_keys_are_refused_and_accepted_on_request(
    connection: str, talk: Talk, target: MakeTarget, tmp_path: Path
) -> None:
    empty = tmp_path / "known"
    empty.write_text("")
    text = failure(talk, target(connection, known_hosts=str(empty)))
    assert "key" in text
    assert "accept-new" in text
    accepting = target(connection, known_hosts=str(empty), host_key_checking="accept-new")
    assert uid(talk, accepting, None) == 0
    assert "ssh-ed25519" in empty.read_text()
    talk.sessions.reset("one")
    assert uid(talk, target(connection, known_hosts=str(empty)), None) == 0


@BOTH
def test_changed_host_keys_are_refused_loudly(
    connection: str, talk: Talk, target: MakeTarget, tmp_path: Path, lab: Lab
) -> None:
    one, two = lab.host("one").address, lab.host("two").address
    foreign = next(line for line in lab.known_hosts_path.read_text().splitlines() if two in line)
    wrong = tmp_path / "known"
    wrong.write_text(f"{one} {foreign.split(maxsplit=1)[1]}\n")
    text = failure(talk, target(connection, known_hosts=str(wrong), host_key_checking="accept-new"))
    assert "someone between you and the host" in text


@BOTH
def test_nothing_there_is_told_by_what_is_missing(connection: str, talk: Talk, target: MakeTarget) -> None:
    assert "refused" in failure(talk, target(connection, port=2)).lower()
    began = time.monotonic()
    silent = target(connection, address="10.255.255.1", connect_timeout_s=1.0)
    text = failure(talk, silent)
    assert time.monotonic() - began < 20
    assert "answer" in text or "timed out" in text or "unreachable" in text.lower()
    assert "name" in failure(talk, target(connection, address="nothing.invalid")).lower()


@BOTH
def test_a_talking_profile_is_no_obstacle(connection: str, talk: Talk, target: MakeTarget) -> None:
    talk.raw("cp ~ops/.bashrc ~ops/keep; sed -i '1i echo a noisy profile; echo more >&2' ~ops/.bashrc")
    try:
        assert uid(talk, target(connection, "ops"), None) != 0
        assert uid(talk, target(connection, "ops"), Become()) == 0
    finally:
        talk.target = target()
        talk.raw("mv ~ops/keep ~ops/.bashrc")


@BOTH
def test_a_host_without_python_still_runs_raw_commands(connection: str, talk: Talk, target: MakeTarget) -> None:
    talk.target = target(connection, host="two")
    talk.raw("chmod -x /usr/bin/python3.11")
    try:
        error = talk.ask(PING).error
        assert isinstance(error, NoInterpreter)
        assert "the raw module works without it" in str(error)
        assert (talk.raw("echo here").result or {})["stdout"] == "here\n"
    finally:
        talk.raw("chmod +x /usr/bin/python3.11")


@pytest.fixture(name="jump_words")
def words_for_a_jump(lab: Lab) -> tuple[str, ...]:
    return ("-o", f"ProxyJump=ops@{lab.host('two').address}")


def test_jump_hosts_and_proxy_commands_are_honoured(
    talk: Talk, target: MakeTarget, jump_words: tuple[str, ...], lab: Lab
) -> None:
    assert uid(talk, target(ssh_args=jump_words), None) == 0
    seen = str((talk.raw("echo $SSH_CLIENT").result or {})["stdout"])
    assert seen.startswith(lab.host("two").address)
    through = f"ssh -i {lab.key_path} -o UserKnownHostsFile={lab.known_hosts_path} -W %h:%p"
    command = ("-o", f"ProxyCommand={through} root@{lab.host('two').address}")
    assert uid(talk, target(ssh_args=command), None) == 0


def test_a_jump_host_whose_key_is_unknown_is_refused(
    talk: Talk, target: MakeTarget, jump_words: tuple[str, ...], tmp_path: Path, lab: Lab
) -> None:
    only_one = tmp_path / "known"
    one = lab.host("one").address
    only_one.write_text("".join(f"{line}\n" for line in lab.known_hosts_path.read_text().splitlines() if one in line))
    text = failure(talk, target(ssh_args=jump_words, known_hosts=str(only_one)))
    assert "on the way to one" in text
    assert "not known" in text


def test_more_users_than_channels_make_a_second_connection(talk: Talk, target: MakeTarget) -> None:
    talk.target = target()
    names = [f"user{number}" for number in range(12)]
    made = talk.raw(";".join(f"id {name} >/dev/null 2>&1 || useradd -m {name}" for name in names))
    assert (made.result or {})["rc"] == 0, made
    talk.target = target(user="ops")
    for become in [Become(name) for name in names]:
        talk.session(become)
    assert len({uid(talk, talk.target, Become(name)) for name in names}) == 12


def test_elevation_errors_are_told_apart_from_an_unreachable_host(talk: Talk, target: MakeTarget) -> None:
    assert isinstance(talk.ask(PING, Become(), target(user="deploy")).error, ElevationFailed)
    assert not isinstance(talk.ask(PING, None, target(port=2)).error, ElevationFailed)
