"""Requests carried out without a lasting worker: all of them in one program, its answers in what it says.

For connections that only run a command and give back what it said. The worker, its sources and the requests go as the
command's input, or as a Python script in a folder on the host where there can be no input or files are to be kept.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import secrets
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from provisioner.diagnostics.errors import Lost, TargetError, Unreachable
from provisioner.model.call import Reply
from provisioner.model.target import Become, Files, Target
from provisioner.records import dataclass
from provisioner.remote import protocol

from .bootstrap import NONE, READY, choosing, no_python, script
from .bundle import ModuleSources
from .failures import masked, where
from .incoming import reply_of
from .outgoing import Frames, Outgoing

FOLDER = "@provisioner:folder@"
ANSWER = "@provisioner:answer@"
MAC_RIGHTS = "read,execute,readattr,readextattr,readsecurity"


@dataclass(frozen=True, slots=True)
class Manner:
    """What a connection can do.

    ``piped``: a command may be given input, so that no files are needed. ``here``: the host is the controller, and
    ``local`` a folder there.
    """

    files: Files = Files()
    piped: bool = True
    here: bool = False
    local: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    rc: int
    out: bytes
    err: bytes


class Reach(Protocol):
    """What a host can be asked by a connection that only runs commands; each waits for its answer."""

    def manner(self) -> Manner:
        """Return how files get there, connecting where that is needed."""

    def run(self, command: str, become: Become | None, given: Path | None = None) -> Said:
        """Run a command line, with a file of the controller's as its input."""

    def put(self, source: Path, path: str) -> None:
        """Write a file of the controller's there, as the login user."""

    def told(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """Return what the connection says of itself (see ``ABOUT_CONNECTION``)."""


def payload(sources: ModuleSources, items: Sequence[Outgoing]) -> bytes:
    """Return what a worker reads that carries out these requests and ends."""
    parts: list[bytes] = [sources.start()]
    frames = Frames(sources, parts.append)
    frames.send(items)
    frames.send_close(finishes=True)
    return b"".join(parts)


SCRIPT = '''\
#!/usr/bin/env python3
# Made by provisioner: carries out what it was sent with, once, and shows what came of it.
import base64, io, json, os, struct, sys, tempfile, zlib

shown = os.dup(1)
with tempfile.TemporaryFile() as said:
    os.dup2(said.fileno(), 1)
    i = io.BytesIO(base64.b64decode("""
{text}"""))
    exec(zlib.decompress(i.read(int(i.readline()))))
    said.seek(0)
    data = said.read()
out = os.fdopen(shown, "w")
if sys.argv[1:] == ["{word}"]:
    out.write("{word}" + base64.b64encode(data).decode() + "{word}\\n")
    data = b""
data = data.partition({marker!r})[2]
while data:
    kind, length, size = struct.unpack("!BIQ", data[:13])
    if kind == {result}:
        out.write(json.dumps(json.loads(data[13 : 13 + length].decode()).get("result"), indent=4) + "\\n")
    data = data[13 + length + size :]
out.close()
'''


def as_script(whole: bytes) -> bytes:
    """Return a Python program that holds a payload. Its answer is text, as a terminal may lie on the way."""
    text = base64.encodebytes(whole).decode()
    return SCRIPT.format(
        text=text, word=ANSWER, marker=protocol.MARKER, result=protocol.RESULT
    ).encode()  # fmt: skip


class Shot:
    """Carries out requests as one user of one target."""

    def __init__(self, target: Target, become: Become | None, sources: ModuleSources, reach: Reach) -> None:
        self._target, self._become, self._sources, self._reach = target, become, sources, reach

    def fire(self, items: Sequence[Outgoing], scratch: Path) -> dict[int, Reply]:
        """Return the answer to each request by its number; TargetError where none could be carried out."""
        manner = self._reach.manner()
        whole = payload(self._sources, items)
        if manner.here:
            self._target = replace(self._target, python=sys.executable)
        if manner.piped:
            path = _written(scratch, "payload", whole)
            said = self._reach.run(_by_shell(script(self._target.python)), self._become, path)
            return self._replies(items, said)
        name = f"AnsiballZ_{items[0].request.module}.py"
        path = _written(Path(manner.local) if manner.here and manner.local else scratch, name, as_script(whole))
        said, folder = self._by_file(manner, path, name)
        replies = self._replies(items, said)
        return {n: replace(each, folder=folder) for n, each in replies.items()} if manner.files.keeps else replies

    def _by_file(self, manner: Manner, path: Path, name: str) -> tuple[Said, str]:
        """Put a program there and run it; return what it said, and the folder it lies in."""
        is_others = self._is_for_another(manner)
        folder = manner.local if manner.here else self._folder(manner, is_others=is_others)
        there = f"{folder}/{_unique() if manner.here else name}"
        removing = "true" if manner.files.keeps else f"rm -rf {shlex.quote(there if manner.here else folder)}"
        try:
            self._reach.put(path, there)
            if is_others and not manner.here:
                self._share(manner, folder)
            text = self._started(there)
            if self._become is None and not manner.files.keeps:
                return self._reach.run(_by_shell(f"({text});s=$?;{removing};exit $s"), None), folder
            said = self._reach.run(_by_shell(text), self._become)
        except TargetError:
            with contextlib.suppress(TargetError):
                self._reach.run(_by_shell(removing), None)
            raise
        if not manner.files.keeps:
            self._reach.run(_by_shell(removing), None)
        return said, folder

    def _started(self, path: str) -> str:
        """Return the shell text that runs a program: by the interpreter that was chosen, or one that is found."""
        if self._target.python == "auto":
            return choosing("auto", f"{shlex.quote(path)} {ANSWER}")
        return shlex.join([self._target.python, path, ANSWER])

    def _is_for_another(self, manner: Manner) -> bool:
        become = self._become
        return become is not None and become.user not in manner.files.admins and become.user != self._target.user

    def _folder(self, manner: Manner, *, is_others: bool) -> str:
        """Make a folder on the host as the login user."""
        places = manner.files.shared if is_others else (manner.files.folder,)
        words = " ".join(map(_expanding, places))
        command = (
            f'umask 77;for b in {words};do mkdir -p "$b" 2>/dev/null;p="$b/{_unique()}";'
            f'if mkdir "$p";then echo "{FOLDER}$p@";exit 0;fi;done;exit 1'
        )
        said = self._reach.run(_by_shell(command), None)
        _before, found, after = said.out.decode("utf-8", "surrogateescape").rpartition(FOLDER)
        if not found:
            raise Unreachable(
                f"{where(self._target)}: no temporary folder could be made there ({', '.join(places)})"
                f"{self._heard(said)}\n    hint: ansible_remote_tmp says where"
            )
        return after.partition("@")[0]

    def _share(self, manner: Manner, folder: str) -> None:
        """Let another user, who is no administrator either, read what lies in a folder: the first way that works."""
        name = self._become.user if self._become else ""
        user, rights = shlex.quote(name), shlex.quote(f"user:{name} allow {MAC_RIGHTS}")
        path, group = shlex.quote(folder), shlex.quote(manner.files.group)
        ways = [f"setfacl -R -m u:{user}:r-x {path}", f"chown -R {user} {path}"]
        ways += [f"chmod -R +a {rights} {path}"]
        ways += [f"chgrp -R {group} {path} && chmod -R g+rX {path}"] if manner.files.group else []
        ways += [f"chmod -R a+rX {path}"] if manner.files.is_open else []
        said = self._reach.run(_by_shell(" || ".join(f"({way}) 2>/dev/null" for way in ways)), None)
        if said.rc != 0:
            raise Unreachable(
                f"{where(self._target)}: {name} cannot be given what is to be run as that user{self._heard(said)}\n"
                "    hint: install acl there, or see ansible_common_remote_group"
            )

    def _replies(self, items: Sequence[Outgoing], said: Said) -> dict[int, Reply]:
        _noise, found, frames = _plain(said.out).partition(protocol.MARKER)
        if not found:
            return self._without_worker(items, said)
        waiting = {item.id: item for item in items}
        replies: dict[int, Reply] = {}
        stream, executable = io.BytesIO(frames), ""
        try:
            while (frame := protocol.read_head(stream)) is not None:
                kind, head, size = frame
                if kind == protocol.HELLO:
                    executable = str(head.get("executable", ""))
                elif kind == protocol.OUTPUT:
                    _say(waiting[head["id"]], head)
                elif kind == protocol.RESULT:
                    item = waiting[head["id"]]
                    reply = reply_of(head, size, stream, item.request.reply_path)
                    replies[item.id] = replace(reply, interpreter=executable)
        except (protocol.Broken, OSError, ValueError, KeyError, TypeError) as error:
            return self._completed(items, replies, f"the answer broke off ({error})")
        return self._completed(items, replies, f"the worker ended ({said.rc}){self._heard(said)}")

    def _completed(self, items: Iterable[Outgoing], replies: dict[int, Reply], why: str) -> dict[int, Reply]:
        lost = Lost(f"{where(self._target)}: {why}; whether it was done is not known")
        return {item.id: replies.get(item.id) or Reply(error=lost) for item in items}

    def _without_worker(self, items: Sequence[Outgoing], said: Said) -> dict[int, Reply]:
        """Return the answers where no worker came up: a plugin may have answered by itself."""
        if NONE in said.out:
            raise no_python(self._target, said.out)
        if said.rc == 0 and (result := _object(said.out)) is not None:
            return {item.id: Reply(result=dict(result)) for item in items}
        ended = f"the command ended with status {said.rc}"
        raise Unreachable(f"{where(self._target)}: the worker did not come up: {ended}{self._heard(said)}")

    def _heard(self, said: Said) -> str:
        text = b"\n".join((said.err.strip(), said.out.rpartition(READY)[2].strip())).decode("utf-8", "replace")
        lines = masked(text.strip(), self._target, self._become).splitlines()[-8:]
        return "".join(f"\n    it said: {line}" for line in lines)


def _plain(out: bytes) -> bytes:
    """Return what a worker said, also where it was said as text."""
    parts = out.split(ANSWER.encode())
    if len(parts) < 3:
        return out
    try:
        return base64.b64decode(parts[1])
    except ValueError:
        return out


def _say(item: Outgoing, head: Mapping[str, object]) -> None:
    if item.output is not None:
        item.output(str(head["stream"]), str(head["text"]))


def _object(out: bytes) -> Mapping[str, object] | None:
    try:
        found = json.loads(out)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _by_shell(text: str) -> str:
    return f"/bin/sh -c {shlex.quote(text)}"


def _unique() -> str:
    return f"ansible-tmp-{time.time():.6f}-{secrets.token_hex(6)}"


def _expanding(path: str) -> str:
    """Return a path as a word in which a shell expands ``~`` and variables, and nothing else."""
    head, slash, rest = path.partition("/") if path.startswith("~") else ("", "", path)
    if not head.removeprefix("~").replace("-", "").replace("_", "").replace(".", "").isalnum() and head != "~":
        head, slash, rest = "", "", path
    quoted = "".join(f"\\{each}" if each in '"\\`' else each for each in rest)
    return f'{head}{slash}"{quoted}"' if rest else head


def _written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path
