"""A host that was taken over runs a program of its own in place of Python: requests end in errors, and nothing more."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Target
from provisioner.remote import protocol
from tests.support.talk import Talk

HELLO = {"protocol": 1, "python": [3, 11, 0], "executable": "/x", "pid": 1, "uid": 0, "boot_id": "b", "time": 1.0}
EVIL = """
import os, sys, time
out = os.fdopen(1, "wb", 0)
{before}
out.write({marker!r} + {hello!r})
os.read(0, 1)
{after}
time.sleep({stay})
"""


def evil(folder: Path, after: str = "", before: str = "", *, hello: object = None, stay: float = 20.0) -> Target:
    """Return a target whose interpreter is a program that says what a test wants it to say."""
    text = EVIL.format(
        before=before, after=after, stay=stay, marker=protocol.MARKER,
        hello=protocol.pack(protocol.HELLO, HELLO if hello is None else hello),  # type: ignore[arg-type]
    )  # fmt: skip
    (folder / "evil.py").write_text(text)
    program = folder / "python"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *version_info*) exit 0;; esac\nexec {sys.executable} {folder}/evil.py\n'
    )
    program.chmod(0o755)
    return Target("here", connection="local", python=str(program))


def say(kind: int, head: object, body: bytes = b"") -> str:
    return f"out.write({protocol.pack(kind, head, body)!r})"  # type: ignore[arg-type]


def asked(talk: Talk, target: Target) -> Reply:
    began = time.monotonic()
    reply = talk.ask(Request("ping", {}), target=target)
    assert time.monotonic() - began < 15
    return reply


@pytest.mark.parametrize(
    "after",
    [
        say(protocol.RESULT, {"id": 99, "result": {"changed": False}}),
        say(protocol.RESULT, {"id": "1", "result": {}}),
        say(protocol.RESULT, {"result": {}}),
        say(protocol.RESULT, {"id": 1, "result": "text"}),
        say(protocol.RESULT, {"id": 1, "result": {}, "started": "soon"}),
        say(protocol.OUTPUT, {"id": 7, "stream": "stdout", "text": "x"}),
        say(protocol.OUTPUT, {"id": 1}),
        say(protocol.RESULT, {"id": 1, "result": {}}, b"x" * 100) + "; out.write(b'garbage' * 100)",
        "out.write(b'\\xff' * 5000)",
        "out.write(b'GET / HTTP/1.0\\r\\n\\r\\n' * 100)",
        f"out.write({protocol.HEADER.pack(protocol.RESULT, 2**32 - 1, 0)!r})",
        f"out.write({protocol.HEADER.pack(protocol.RESULT, 2, 2**62)!r} + b'{{}}')",
        f"head = b'[' * 500000; out.write({protocol.HEADER.pack(protocol.RESULT, 500000, 0)!r} + head)",
        'head = b\'{"id": 1, "result": {"a": \' + b"[" * 900 + b"]" * 900 + b"}}"; '
        f"out.write(__import__('struct').pack('!BIQ', {protocol.RESULT}, len(head), 0) + head)",
        say(protocol.REFUSED, {"holder": ["not", "a", "mapping"]}),
        say(protocol.REFUSED, {"holder": {"run": {"deep": "mapping"}, "since": "never"}}),
        "os._exit(0)",
        "out.close(); os.close(1)",
    ],
)
def test_a_strange_answer_ends_in_an_error_of_that_host(talk: Talk, tmp_path: Path, after: str) -> None:
    reply = asked(talk, evil(tmp_path, after, stay=2))
    good = reply.result is not None and reply.result == {}
    assert good or isinstance(reply.error, TargetError), reply


@pytest.mark.parametrize(
    ("before", "hello"),
    [
        ("out.write(b'x' * 200_000); time.sleep(1)", None),
        ("out.write(b'\\x1b]0;owned\\x07' * 50); os._exit(1)", None),
        ("", {"protocol": 1}),
        ("", {**HELLO, "pid": {"a": 1}, "python": "x"}),
        ("", []),
    ],
)
def test_a_strange_greeting_is_no_worker(talk: Talk, tmp_path: Path, before: str, hello: object) -> None:
    reply = asked(talk, evil(tmp_path, before=before, hello=hello, stay=1))
    assert isinstance(reply.error, (Unreachable, Lost)), reply


def test_what_a_host_says_does_not_reach_the_terminal_as_it_is(talk: Talk, tmp_path: Path) -> None:
    reply = asked(talk, evil(tmp_path, "os.write(2, b'\\x1b[2J' + b'y' * 3_000_000); os._exit(3)"))
    assert isinstance(reply.error, TargetError)
    assert len(str(reply.error)) < 20_000, "bounded"


def test_one_hostile_host_does_not_harm_the_others(talk: Talk, tmp_path: Path) -> None:
    bad = evil(tmp_path, "out.write(b'\\xff' * 5000)", stay=1)
    good = Target("other", connection="local", python=sys.executable)
    assert asked(talk, bad).error is not None
    assert asked(talk, good).result is not None
