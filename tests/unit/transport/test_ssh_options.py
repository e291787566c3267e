"""What OpenSSH's words and files come to for the built-in client."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Target
from provisioner.transport.ssh_options import Route, route
from provisioner.transport.ssh_words import client_options


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def routed(target: Target, notices: list[str] | None = None) -> Route:
    return route(target, ([] if notices is None else notices).append)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-o", "Port=2200"), [("Port", "2200")]),
        (("-oPort=2200",), [("Port", "2200")]),
        (("-o", "Port 2200"), [("Port", "2200")]),
        (("-o", "ProxyCommand=nc %h %p"), [("ProxyCommand", "nc %h %p")]),
        (("-o", "ProxyCommand nc -x a=b %h"), [("ProxyCommand", "nc -x a=b %h")]),
        (
            ("-p", "22", "-l", "me", "-i", "k", "-J", "j"),
            [("Port", "22"), ("User", "me"), ("IdentityFile", "k"), ("ProxyJump", "j")],
        ),
        (("-C", "-q", "-vvv", "-tt"), [("Compression", "yes")]),
        (("-L", "1:a:2"), [("-L", "1:a:2")]),
    ],
)
def test_client_words_become_options(words: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    assert client_options(words) == expected


def test_a_plain_target_needs_no_files() -> None:
    way = routed(Target("web", address="10.0.0.1", user="me"))
    assert (way.host, way.port, way.user, way.key_name, way.checking) == ("10.0.0.1", 22, "me", "10.0.0.1", "yes")


def test_the_users_file_is_honoured_by_host(home: Path) -> None:
    (home / ".ssh" / "config").write_text(
        "Host web\n  HostName 10.9.9.9\n  Port 2222\n  User deploy\n  IdentityFile ~/.ssh/web\n  ProxyJump gate\n"
    )
    way = routed(Target("web"))
    assert (way.host, way.port, way.user, way.jumps) == ("10.9.9.9", 2222, "deploy", ("gate",))
    assert way.keys == (str(home / ".ssh" / "web"),)
    assert way.key_name == "[10.9.9.9]:2222"


def test_included_files_are_read(home: Path) -> None:
    (home / ".ssh" / "config").write_text("Include conf.d/*\n")
    (home / ".ssh" / "conf.d").mkdir()
    (home / ".ssh" / "conf.d" / "one").write_text("Host web\n  Port 2223\n")
    assert routed(Target("web")).port == 2223


def test_the_targets_words_win_over_files_and_its_fields_over_both(home: Path) -> None:
    (home / ".ssh" / "config").write_text("Host *\n  Port 1\n  User file\n")
    assert routed(Target("web", ssh_args=("-p", "2"))).port == 2
    assert routed(Target("web", ssh_args=("-p", "2"), port=3, user="field")).port == 3
    assert routed(Target("web", user="field")).user == "field"


def test_unknown_options_are_named_once_and_harmless_ones_are_not() -> None:
    notices: list[str] = []
    words = ("-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", "HostKeyAlgorithms=+ssh-rsa", "-C")
    way = routed(Target("web", ssh_args=words), notices)
    assert way.compression
    assert len(notices) == 1
    assert "HostKeyAlgorithms" in notices[0]
    assert "Control" not in notices[0]


@pytest.mark.parametrize(
    ("target", "checking"),
    [
        (Target("w"), "yes"),
        (Target("w", ssh_args=("-o", "StrictHostKeyChecking=no")), "no"),
        (Target("w", ssh_args=("-o", "StrictHostKeyChecking=accept-new")), "accept-new"),
        (Target("w", ssh_args=("-o", "StrictHostKeyChecking=ask")), "yes"),
        (Target("w", host_key_checking="no"), "no"),
    ],
)
def test_host_key_checking_is_strict_unless_told_otherwise(target: Target, checking: str) -> None:
    assert routed(target).checking == checking


def test_known_hosts_files_are_the_targets_then_the_options_or_the_usual(home: Path) -> None:
    way = routed(Target("w", known_hosts="/k", ssh_args=("-o", "UserKnownHostsFile=/u")))
    assert way.known_hosts[:2] == ("/k", "/u")
    assert str(home / ".ssh" / "known_hosts") in routed(Target("w")).known_hosts


def test_a_key_that_is_named_keeps_default_keys_out(home: Path) -> None:
    (home / ".ssh" / "id_ed25519").write_text("x")
    assert routed(Target("w")).default_keys == (str(home / ".ssh" / "id_ed25519"),)
    assert routed(Target("w", private_key="/k")).default_keys == ()


def test_timeouts_given_as_options_win() -> None:
    way = routed(Target("w", ssh_args=("-o", "ConnectTimeout=3", "-o", "ServerAliveInterval=7")))
    assert (way.connect_timeout_s, way.keepalive_s) == (3.0, 7.0)


def test_a_configuration_that_is_not_there_is_an_error() -> None:
    with pytest.raises(Unreachable, match="does not exist"):
        routed(Target("w", ssh_config="/no/such/config"))


def test_a_word_among_the_options_that_is_none_makes_the_host_unreachable() -> None:
    target = Target("h1", address="10.0.0.1", ssh_args=("-C", "nonsense"))
    with pytest.raises(Unreachable, match="'nonsense' stands among the ssh options"):
        route(target, lambda _text: None)
