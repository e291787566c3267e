"""Becoming another user: command lines, and the password dialogue with stand-ins for sudo and su."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Target
from provisioner.transport.become import Dialogue, elevate
from provisioner.transport.failures import ElevationFailed
from tests.support.talk import Talk

ASKING_SUDO = """#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in -p) prompt=$2; shift;; -u) user=$2; shift; shift; break;; esac; shift
done
try=1
while :; do
  printf '%s' "$prompt" >&2
  IFS= read -r given || { echo 'sudo: no password was provided' >&2; exit 1; }
  [ "$given" = right ] && break
  echo 'Sorry, try again.' >&2
done
echo "noise of a profile"
exec "$@"
"""
PLAIN_SU = """#!/bin/sh
printf 'Passwort: ' >&2
IFS= read -r given
[ "$given" = right ] || { echo 'su: Authentication failure' >&2; exit 1; }
shift 2
exec /bin/sh "$@"
"""


def program(folder: Path, text: str) -> str:
    path = folder / "program"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def error_of(reply: Reply) -> str:
    assert isinstance(reply.error, ElevationFailed), reply
    return str(reply.error)


def test_without_become_the_shell_runs_the_script() -> None:
    assert shlex.split(elevate("a b", None).command) == ["/bin/sh", "-c", "a b"]


def test_sudo_without_a_password_must_not_ask() -> None:
    elevation = elevate("x", Become("app"))
    assert shlex.split(elevation.command)[:6] == ["sudo", "-H", "-S", "-n", "-u", "app"]
    assert elevation.prompt is None


def test_sudo_with_a_password_asks_with_a_prompt_of_our_own() -> None:
    elevation = elevate("x", Become(password="p"))
    words = shlex.split(elevation.command)
    assert "-n" not in words
    assert elevation.prompt is not None
    assert elevation.prompt.search(words[words.index("-p") + 1])


def test_own_flags_replace_the_usual_ones() -> None:
    words = shlex.split(elevate("x", Become(flags="-i -H", password="p")).command)
    assert words[:3] == ["sudo", "-i", "-H"]
    assert "-S" in words


def test_su_passes_one_quoted_command() -> None:
    words = shlex.split(elevate("a 'b'", Become("app", "su")).command)
    assert words[:3] == ["su", "-", "app"]
    assert shlex.split(words[4]) == ["/bin/sh", "-c", "a 'b'"]


def test_doas_with_a_password_needs_a_terminal() -> None:
    assert elevate("x", Become(method="doas", password="p")).terminal
    assert not elevate("x", Become(method="doas")).terminal


def test_the_password_is_never_part_of_a_command() -> None:
    for method in ("sudo", "su", "doas"):
        assert "geheim" not in elevate("x", Become(method=method, password="geheim")).command


def test_a_dialogue_answers_once_and_then_gives_up() -> None:
    sent: list[bytes] = []
    become = Become(method="su", password="p")
    dialogue = Dialogue(elevate("x", become), become, sent.append)
    for part in (b"Last login: to", b"day\nPass", b"word: "):
        dialogue.hear(part)
    assert sent == [b"p\n"]
    with pytest.raises(ElevationFailed, match="not accepted"):
        dialogue.hear(b"Password: ")


def test_sudo_that_asks_is_answered_and_noise_is_skipped(talk: Talk, tmp_path: Path) -> None:
    become = Become(password="right", exe=program(tmp_path, ASKING_SUDO))
    assert talk.probe(become)["changed"] is True


def test_a_wrong_sudo_password_is_tried_once_and_told(talk: Talk, tmp_path: Path) -> None:
    become = Become("app", password="wrong", exe=program(tmp_path, ASKING_SUDO))
    text = error_of(talk.ask(Request("ping", {}), become))
    assert "could not become app by sudo (with a password): the password was not accepted" in text
    assert "Sorry, try again." in text
    assert "--ask-become-pass" in text
    assert "wrong" not in text


def test_su_is_answered_in_any_language(talk: Talk, tmp_path: Path) -> None:
    exe = program(tmp_path, PLAIN_SU)
    assert talk.probe(Become("root", "su", password="right", exe=exe))["changed"] is True
    text = error_of(talk.ask(Request("ping", {}), Become("root", "su", password="wrong", exe=exe)))
    assert "Authentication failure" in text
    text = error_of(talk.ask(Request("ping", {}), Become("root", "su", exe=exe)))
    assert "asks for a password and none was given" in text


def test_raw_commands_become_too(talk: Talk, tmp_path: Path) -> None:
    become = Become(password="right", exe=program(tmp_path, ASKING_SUDO))
    reply = talk.raw("cat; echo e >&2; exit 7", become, b"input\n")
    assert dict(reply.result or {}) == {"rc": 7, "stdout": "input\n", "stderr": "e\n"}
    wrong = Become(password="wrong", exe=become.exe)
    assert "not accepted" in error_of(talk.raw("true", wrong))


def test_a_program_that_is_not_there_is_told(talk: Talk) -> None:
    text = error_of(talk.ask(Request("ping", {}), Become(exe="/no/such/sudo")))
    assert "is sudo installed there?" in text


def test_a_method_that_insists_on_a_terminal_says_so_where_there_is_none(talk: Talk, tmp_path: Path) -> None:
    exe = program(tmp_path, "#!/bin/sh\necho 'sudo: sorry, you must have a tty to run sudo' >&2\nexit 1\n")
    error = talk.ask(Request("ping", {}), Become(exe=exe)).error
    assert isinstance(error, Unreachable)
    assert "no pseudo-terminal" in str(error)


def test_secrets_that_a_host_repeats_are_masked(talk: Talk, tmp_path: Path) -> None:
    exe = program(tmp_path, '#!/bin/sh\nprintf "Password:" >&2\nread -r x\necho "bad: $x" >&2\nexit 1\n')
    text = error_of(talk.ask(Request("ping", {}), Become("root", "su", password="geheim", exe=exe)))
    assert "geheim" not in text
    assert "********" in text


def test_a_profile_that_talks_without_end_is_cut_off(talk: Talk, tmp_path: Path) -> None:
    exe = program(tmp_path, "#!/bin/sh\nyes chatter | head -c 200000\nexec sleep 30\n")
    error = talk.ask(Request("ping", {}), Become(exe=exe), Target("here", connection="local")).error
    assert "more than 64 KiB" in str(error)
