"""Requests as files on a host: where they lie, who may read them, what is left of them, over connections of ours."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.call import Reply, Request
from provisioner.model.target import Become, Files, Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.links import Limits
from provisioner.transport.outgoing import Outgoing
from provisioner.transport.scripts import Manner, Said, Shot
from tests.support.talk import Talk, transport_threads


class Machine:
    """Runs commands on this machine, with ``before`` and ``after`` around, and notes them; ``refuses`` a user."""

    def __init__(self, manner: Manner, before: str = "", after: str = "") -> None:
        self._manner, self._before, self._after = manner, before, after
        self.refuses = ""
        self.ran: list[tuple[str, str]] = []
        self.put_to: list[str] = []

    def manner(self) -> Manner:
        return self._manner

    def run(self, command: str, become: Become | None, given: Path | None = None) -> Said:
        self.ran.append((become.user if become else "", command))
        if become is not None and become.user == self.refuses:
            raise Unreachable("not this one")
        data = given.read_bytes() if given else b""
        done = subprocess.run(
            ["/bin/sh", "-c", f"{self._before}{command}{self._after}"], input=data, capture_output=True, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def put(self, source: Path, path: str) -> None:
        self.put_to.append(path)
        Path(path).write_bytes(source.read_bytes())

    def told(self, params: Mapping[str, object]) -> Mapping[str, object]:
        return params


HERE = Target("here", python=sys.executable, user="me")


def fired(sources: ModuleSources, machine: Machine, scratch: Path, become: Become | None = None) -> Reply:
    item = Outgoing(7, Request("ping", {}), lambda _reply: None)
    return Shot(HERE, become, sources, machine).fire([item], scratch)[7]


def test_a_script_lies_in_a_private_folder_while_it_runs_and_is_gone_afterwards(
    sources: ModuleSources, tmp_path: Path
) -> None:
    machine = Machine(Manner(Files(folder=f"{tmp_path}/a b"), piped=False))
    reply = fired(sources, machine, tmp_path)
    assert (reply.result or {})["ping"] == "pong"
    assert reply.interpreter == sys.executable
    assert re.fullmatch(rf"{tmp_path}/a b/ansible-tmp-[\d.]+-[0-9a-f]+/AnsiballZ_ping.py", machine.put_to[0])
    assert list(Path(tmp_path, "a b").iterdir()) == []
    assert len(machine.ran) == 2  # the folder is made, the script run and removed


def test_what_is_kept_can_be_run_again_and_the_reply_says_where_it_lies(sources: ModuleSources, tmp_path: Path) -> None:
    machine = Machine(Manner(Files(folder=str(tmp_path / "kept"), keeps=True), piped=False))
    reply = fired(sources, machine, tmp_path)
    folder = Path(reply.folder)
    assert folder.parent == tmp_path / "kept"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = subprocess.run([sys.executable, folder / "AnsiballZ_ping.py"], capture_output=True, check=True)
    assert json.loads(again.stdout) == {"changed": False, "ping": "pong"}


def test_the_home_folder_and_variables_are_expanded_by_the_host_and_nothing_else(
    sources: ModuleSources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for written, meant in (("~/x y", "x y"), ("$HOME/z", "z"), ('~/`id`"', '`id`"')):
        machine = Machine(Manner(Files(folder=written), piped=False))
        assert fired(sources, machine, tmp_path).error is None
        assert machine.put_to[0].startswith(f"{tmp_path}/{meant}/ansible-tmp-")


def test_for_an_administrator_nothing_is_shared(sources: ModuleSources, tmp_path: Path) -> None:
    machine = Machine(Manner(Files(folder=str(tmp_path / "own")), piped=False))
    assert fired(sources, machine, tmp_path, Become("root")).error is None
    assert [user for user, _ in machine.ran] == ["", "root", ""]
    assert machine.put_to[0].startswith(f"{tmp_path}/own/")


@pytest.mark.parametrize(
    ("files", "works", "tried"),
    [
        (Files(), "setfacl", ["setfacl"]),
        (Files(), "chown", ["setfacl", "chown"]),
        (Files(group="root"), "chgrp", ["setfacl", "chown", "chmod +a", "chgrp"]),
        (Files(group="root", is_open=True), "a+rX", ["setfacl", "chown", "chmod +a", "chgrp", "chmod a+rX"]),
    ],
)
def test_another_user_is_let_read_by_the_first_way_that_works(
    sources: ModuleSources, tmp_path: Path, files: Files, works: str, tried: list[str]
) -> None:
    shared, log = tmp_path / "shared", tmp_path / "log"
    (tmp_path / "file").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("setfacl", "chown", "chgrp", "chmod"):
        note = f'case "$*" in *+a*) set -- +a;; *a+rX*) set -- a+rX;; *) set --;; esac; echo {name} $* >>{log}'
        (programs / name).write_text(
            f"#!/bin/sh\n{note}\ncase '{works}' in {name}|$1) exit 0;; esac; test {name}$1 = chmod\n"
        )
        (programs / name).chmod(0o755)
    files = replace(files, shared=(f"{tmp_path}/file/x", str(shared)), folder=str(tmp_path / "own"))
    machine = Machine(Manner(files, piped=False), before=f"PATH={programs}:$PATH;")
    reply = fired(sources, machine, tmp_path, Become("other"))
    assert reply.error is None
    assert machine.put_to[0].startswith(f"{shared}/ansible-tmp-")
    said = [line.strip() for line in log.read_text().splitlines()]
    assert [line for line in said if line != "chmod"] == tried
    assert [user for user, _ in machine.ran] == ["", "", "other", ""]
    assert list(shared.iterdir()) == []


def test_where_another_user_cannot_be_let_read_it_is_said_so(sources: ModuleSources, tmp_path: Path) -> None:
    machine = Machine(Manner(Files(shared=(str(tmp_path / "x"),)), piped=False), "PATH=/bin:/usr/bin;")
    with pytest.raises(Unreachable, match="cannot be given what is to be run as that user") as caught:
        fired(sources, machine, tmp_path, Become("no such user"))
    assert "ansible_common_remote_group" in str(caught.value)
    assert list((tmp_path / "x").iterdir()) == []


def test_a_terminal_on_the_way_does_no_harm_to_the_answer(sources: ModuleSources, tmp_path: Path) -> None:
    machine = Machine(Manner(Files(folder=str(tmp_path / "own")), piped=False), after="| sed 's/$/\r/'; echo closed.")
    assert (fired(sources, machine, tmp_path).result or {})["ping"] == "pong"


def test_a_file_whose_running_fails_is_removed_all_the_same(sources: ModuleSources, tmp_path: Path) -> None:
    machine = Machine(Manner(Files(folder=str(tmp_path / "own")), piped=False))
    machine.refuses = "root"
    with pytest.raises(Unreachable, match="not this one"):
        fired(sources, machine, tmp_path, Become("root"))
    assert list((tmp_path / "own").iterdir()) == []


def test_where_no_folder_can_be_made_the_places_are_named(sources: ModuleSources, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    machine = Machine(Manner(Files(folder=f"{tmp_path}/file/x"), piped=False))
    with pytest.raises(Unreachable, match=r"no temporary folder could be made there \(.*/file/x\)"):
        fired(sources, machine, tmp_path)


def test_where_the_host_is_the_controller_its_own_python_runs_a_file_in_the_shared_folder(
    sources: ModuleSources, tmp_path: Path
) -> None:
    machine = Machine(Manner(piped=False, here=True, local=str(tmp_path)))
    item = Outgoing(7, Request("ping", {}), lambda _reply: None)
    odd = replace(HERE, python="/nowhere/python")
    reply = Shot(odd, None, sources, machine).fire([item], tmp_path)[7]
    assert (reply.result or {})["ping"] == "pong"
    assert Path(machine.put_to[0]).parent == tmp_path
    assert [each.name for each in tmp_path.iterdir()] == ["AnsiballZ_ping.py"]  # the caller's own


# ------------------------------------------------------------------ over a connection of ours


@pytest.fixture(name="talk")
def sessions_with_files(sources: ModuleSources, here: Target, tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(sources, replace(here, files=Files(folder=str(tmp_path / "files"))), Limits(close_s=3.0))
    yield talk
    talk.sessions.close()
    assert transport_threads() == []


def test_over_our_own_connections_each_request_is_a_file_and_every_command_is_shown(talk: Talk, tmp_path: Path) -> None:
    first, second = talk.ask_all([Request("probe", {"attach": 32}), Request("ping", {})])
    assert first.body == b"0123456789abcdef" * 2
    assert (second.result or {})["ping"] == "pong"
    assert list((tmp_path / "files").iterdir()) == []
    assert [line.partition(" ")[2].partition(" ")[0] for line in talk.shown] == ["EXEC", "PUT", "EXEC"] * 2
    assert talk.shown[1].endswith("/AnsiballZ_probe.py")
    assert talk.shown[4].endswith("/AnsiballZ_ping.py")


def test_raw_commands_need_no_files(talk: Talk, tmp_path: Path) -> None:
    assert (talk.raw("echo hi").result or {})["stdout"] == "hi\n"
    assert not (tmp_path / "files").exists()


def test_a_host_that_is_out_of_reach_is_so_with_files_too(talk: Talk) -> None:
    talk.target = replace(talk.target, connection="nonsense")
    assert "there is no connection type 'nonsense'" in str(talk.ask(Request("ping", {})).error)
