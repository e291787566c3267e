"""Every kind of check: what it asks, what holds, and what the failed assertions say."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner import catalog
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source
from provisioner.remote.observing import KINDS
from provisioner.verification.checking import SUITE, Verdict, judged, message, planned

HERE = Position(Source("site.yml"), 7, 9)
UP = {"exists": True, "state": "active", "sub": "running", "enabled": True, "result": "success"}
DOWN = {"exists": True, "state": "failed", "sub": "failed", "enabled": False, "result": "exit-code"}
PASSWD = {"exists": True, "state": "file", "mode": "0644", "owner": "root", "group": "root", "content": "root:x:0\n"}
OK = {"status": 200, "body": "<h1>Demo</h1>", "headers": {}}
ROOT = {"exists": True, "uid": 0, "group": "root", "groups": ["adm"], "home": "/root", "shell": "/bin/bash"}
HOME = {"mounted": True, "source": "/dev/sda2", "fstype": "ext4", "options": ["rw", "nosuid"]}


def verdict(kind: str, args: dict[str, Any], seen: dict[str, Any]) -> Verdict:
    return judged(planned(kind, args, HERE), seen)


HOLDING = [
    ("package", {"name": "nginx"}, {"installed": True, "version": "1.22.1-9"}),
    ("package", {"name": "nginx", "version": "1.22.*"}, {"installed": True, "version": "1.22.1-9"}),
    ("package", {"name": "nginx", "state": "absent"}, {"installed": False, "version": None}),
    ("service", {"name": "nginx", "enabled": True}, UP),
    ("service", {"name": "nginx", "state": "stopped", "enabled": False}, DOWN),
    ("file", {"path": "/etc/passwd", "mode": 0o644, "owner": "root", "contains": "root:"}, PASSWD),
    ("file", {"path": "/etc/passwd", "mode": "644", "contains": ["root", ":0"], "matches": "^root:.:"}, PASSWD),
    ("file", {"path": "/x", "state": "absent"}, {"exists": False, "state": "absent"}),
    ("port", {"port": 80}, {"addresses": ["0.0.0.0"]}),
    ("port", {"port": 80, "address": "127.0.0.1"}, {"addresses": ["::"]}),
    ("port", {"port": 80, "state": "closed"}, {"addresses": []}),
    ("port", {"port": 80, "address": "192.0.2.1", "state": "closed"}, {"addresses": ["127.0.0.1"]}),
    ("http", {"url": "http://x/", "contains": "Demo", "matches": "<h1>.*</h1>"}, OK),
    ("http", {"url": "http://x/", "status": [301, 404]}, {**OK, "status": 404}),
    ("command", {"cmd": "true"}, {"rc": 0, "stdout": "", "stderr": ""}),
    (
        "command",
        {"cmd": "x", "rc": [3], "stdout": "a", "stdout_contains": "a"},
        {"rc": 3, "stdout": "a\n", "stderr": ""},
    ),
    ("user", {"name": "root", "uid": 0, "groups": ["adm", "root"], "shell": "/bin/bash"}, ROOT),
    ("user", {"name": "nobody2", "state": "absent"}, {"exists": False}),
    ("dns", {"name": "localhost", "addresses": "127.0.0.1"}, {"addresses": ["127.0.0.1", "::1"]}),
    ("dns", {"name": "old.invalid", "state": "absent"}, {"addresses": [], "why": "not known"}),
    ("mount", {"path": "/home", "fstype": "ext4", "options": "nosuid"}, HOME),
    ("mount", {"path": "/x", "state": "unmounted"}, {"mounted": False}),
]

FAILING = [
    ("package", {"name": "nginx"}, {"installed": False, "version": None}, "state: expected present, found absent"),
    (
        "package",
        {"name": "a", "version": "2.*"},
        {"installed": True, "version": "1.0"},
        "version: expected 2.*, found 1.0",
    ),
    ("service", {"name": "nginx"}, DOWN, "state: expected running, found failed (exit-code)"),
    ("service", {"name": "nginx", "enabled": False}, UP, "enabled: expected no, found yes"),
    ("service", {"name": "nginx"}, {"exists": False, "state": "not-found", "enabled": False}, "found not-found"),
    ("file", {"path": "/etc/passwd", "mode": "0600"}, PASSWD, "mode: expected 0600, found 0644"),
    ("file", {"path": "/etc/passwd", "contains": "admin"}, PASSWD, "something with 'admin', found root:x:0"),
    ("file", {"path": "/x"}, {"exists": False, "state": "absent"}, "state: expected present, found absent"),
    ("file", {"path": "/etc/passwd", "matches": "("}, PASSWD, "no regular expression"),
    (
        "port",
        {"port": 80, "address": "192.0.2.1"},
        {"addresses": ["127.0.0.1"]},
        "listening on 192.0.2.1, found listening on 127",
    ),
    ("http", {"url": "http://x/"}, {"error": "Connection refused"}, "expected an answer, found Connection refused"),
    ("http", {"url": "http://x/"}, {**OK, "status": 503}, "status: expected 200, found 503"),
    ("command", {"cmd": "x"}, {"rc": 2, "stdout": "", "stderr": "no\n"}, "exit code: expected 0, found 2 and: no"),
    ("user", {"name": "a", "home": "/srv"}, ROOT, "home: expected /srv, found /root"),
    ("dns", {"name": "a"}, {"addresses": [], "why": "not known"}, "expected an address, found nothing (not known)"),
    ("mount", {"path": "/home", "options": ["noexec"]}, HOME, "options: expected at least noexec, found rw, nosuid"),
]


@pytest.mark.parametrize(("kind", "args", "seen"), HOLDING)
def test_a_check_holds_where_everything_is_as_expected(kind: str, args: dict[str, Any], seen: dict[str, Any]) -> None:
    found = verdict(kind, args, seen)
    assert found.passed, found.assertions
    assert found.assertions


@pytest.mark.parametrize(("kind", "args", "seen", "told"), FAILING)
def test_a_failed_check_says_what_was_expected_and_what_was_found(
    kind: str, args: dict[str, Any], seen: dict[str, Any], told: str
) -> None:
    found = verdict(kind, args, seen)
    assert not found.passed
    assert told in message([found])
    assert "site.yml:7: " in message([found])


@pytest.mark.parametrize("kind", sorted(catalog.names("check") - {SUITE}))
def test_every_kind_can_be_observed_and_has_a_case_that_holds_and_one_that_fails(kind: str) -> None:
    assert kind in KINDS
    assert kind in {case[0] for case in HOLDING}
    assert kind in {case[0] for case in FAILING}


def test_only_what_does_not_hold_is_told_of_a_failed_check() -> None:
    found = verdict("file", {"path": "/etc/passwd", "owner": "root", "mode": "0600", "group": "wheel"}, PASSWD)
    assert (found.expected, found.actual) == ("group wheel; mode 0600", "group root; mode 0644")


def test_content_travels_only_where_it_is_compared() -> None:
    assert planned("file", {"path": "/x"}, HERE).question["content"] is False
    assert planned("file", {"path": "/x", "matches": "a"}, HERE).question["content"] is True


def test_a_check_has_its_own_name_or_is_called_after_what_it_looks_at() -> None:
    assert planned("http", {"url": "http://x/", "name": "the shop answers"}, HERE).title == "the shop answers"
    assert planned("service", {"name": "nginx"}, HERE).title == "service nginx"
    assert planned("command", {"argv": ["ls", "-l"]}, HERE).title == "command ls -l"


def test_the_controller_is_asked_where_the_check_says_so() -> None:
    assert planned("http", {"url": "http://x/", "from": "controller"}, HERE).is_asked_here
    assert not planned("http", {"url": "http://x/"}, HERE).is_asked_here


@pytest.mark.parametrize(
    ("kind", "args", "told"),
    [("port", {}, "missing required"), ("port", {"port": "x"}, "not an integer"), ("colour", {}, "unknown check"),
     ("command", {"cmd": "a 'b"}, "No closing quotation")],
)  # fmt: skip
def test_words_that_make_no_sense_are_told_with_their_place(kind: str, args: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        planned(kind, args, HERE)
    assert "site.yml:7:9" in str(caught.value)
