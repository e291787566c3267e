"""Feeds mutated input to what reads foreign input: every case must end in a value or in an error meant for users.

    python -m bench.fuzz TARGET [--seconds N] [--seed S] [--cases N] [--keep FOLDER]

Targets: loader (playbooks), inventory, vault, protocol (frames on both sides), journal (replay, resume), template. A
case is a pure function of target, seed and number, so a finding is made again with ``--seed S --first N --cases 1``.
Seconds are CPU time. A case fails by any other exception, by taking longer than five of them, or by more than a
gigabyte. What failed is printed once for each place and kept; the exit code is the number of these places.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source
from provisioner.journal.journal import Journal
from provisioner.journal.recall import read_recall
from provisioner.journal.replay import ends, replay, verify
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_play_text
from provisioner.loading.settings import LoadSettings
from provisioner.model import event
from provisioner.model.status import Status
from provisioner.remote import protocol
from provisioner.remote.oplog import OpLog
from provisioner.remote.spool import Listening
from provisioner.syntax.vault import Vault, VaultSecret
from provisioner.syntax.yaml import load_all
from provisioner.templating.renderer import Renderer
from provisioner.transport.incoming import reply_of
from provisioner.transport.pipe import Inbound, Stream
from provisioner.variables.scope import Layer, Level, Scope

TOP = Path(__file__).resolve().parents[1]
CASE_S = 5.0
MEMORY = 1 << 30
TOKENS = (
    b"{{", b"}}", b"{%", b"%}", b"&a ", b"*a", b"<<: ", b"!vault |", b"!unsafe ", b"!!python/object:os.system ", b"- ",
    b": ", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", "\u202e\u0085".encode(), b"\x1b]0;x\x07", b"'", b'"', b"\\", b"\n",
    b"\r\n", b"\t", b"[", b"]", b"{", b"}", b"null", b"true", b"-1", b"1e999", b"9" * 400, b".nan", b"0x", b"__class__",
    b"hosts: all", b"block:", b"include_tasks: x", b"loop: ", b"$ANSIBLE_VAULT;1.1;AES256\n", b"=", b"[a:children]",
    b"host[1:99999999]",
)  # fmt: skip


class Hang(Exception):
    """A case took too long."""


class Said:
    """A pipe with what somebody said."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def receive(self, _timeout_s: float | None = None) -> tuple[Stream, bytes]:
        """Return the next bytes."""
        return Stream.OUT, self._stream.read(65536)


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return one of ``seeds`` with a few changes."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8, 20))):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 4, 16, 200))
        match chance.randrange(9):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * chance.choice((1, 2, 50))
            case 3:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) + 1)
                data[at:at] = other[start : start + 40 * length]
            case 4:
                data[at:at] = chance.randbytes(length)
            case 5:
                data[at:at] = chance.choice(TOKENS) * chance.choice((1, 1, 1, 3, 3000))
            case 6:
                lines = bytes(data).splitlines(keepends=True)
                chance.shuffle(lines)
                data = bytearray(b"".join(lines))
            case 7:
                del data[at:]
            case _:
                data[at:at] = chance.choice(TOKENS)
    return bytes(data[:1_000_000])


class Target:
    """Something that reads foreign input. ``seeds`` are good inputs; ``expected`` are the errors that are meant."""

    expected: tuple[type[Exception], ...] = (InputError,)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seeds: list[bytes] = []

    def read(self, data: bytes) -> None:
        """Read one input."""
        raise NotImplementedError


class Loader(Target):
    """Playbooks and task files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        found = [*(TOP / "playbooks").rglob("*.yml"), *(TOP / "tests/compat/playbooks").glob("*.yml")]
        self.seeds = [path.read_bytes() for path in sorted(found)][:120]
        self.settings = LoadSettings(basedir=str(folder))

    def read(self, data: bytes) -> None:
        """Read it as a playbook."""
        _, findings = load_play_text(Source("site.yml", data.decode("utf-8", "replace")), self.settings)
        for each in findings.all:
            each.render()


class InventoryFiles(Target):
    """Inventory files of every form."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        found = [path for path in (TOP / "tests/fixtures/inventories").rglob("*") if path.is_file()]
        found += [path for path in (TOP / "inventories").rglob("*.yml")]
        self.seeds = [path.read_bytes() for path in sorted(found)]
        self.seeds.append(b"[a]\nh[1:3] x=1\n[b:children]\na\n[b:vars]\ny=2\n")
        self.settings = LoadSettings(basedir=str(folder))
        self.number = 0

    def read(self, data: bytes) -> None:
        """Read it as a file of each name."""
        self.number += 1
        path = self.folder / ("hosts", "hosts.yml", "hosts.ini")[self.number % 3]
        path.write_bytes(data.removeprefix(b"#!"))
        _, findings = load_inventory([str(path)], self.settings)
        for each in findings.all:
            each.render()


class Vaults(Target):
    """Encrypted texts, and YAML with encrypted values."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.vault = Vault((VaultSecret("default", b"secret"), VaultSecret("id", b"other")))
        text = self.vault.encrypt(b"key: value\n")
        inner = "\n".join(f"    {line}" for line in text.splitlines())
        self.seeds = [text.encode(), self.vault.encrypt(b"x", "id").encode(), f"a: !vault |\n{inner}\nb: 1\n".encode()]

    def read(self, data: bytes) -> None:
        """Decrypt it, and read it as YAML."""
        text = data.decode("utf-8", "surrogateescape")
        for document in load_all(Source("vars.yml", text), vault=self.vault):
            values = document.values() if isinstance(document, dict) else ()
            for value in values:
                if type(value).__name__ == "VaultText":
                    self.vault.reveal(value)
        self.vault.decrypt(data)


class Protocol(Target):
    """Frames from a host, frames from a controller, and the host's own records."""

    expected = (InputError, protocol.Broken, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError)
    # what a session and a worker take for a broken link (worker_session._read, worker._read)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        result = {"id": 1, "result": {"changed": True, "stdout": "x" * 50}, "started": 1.0, "seconds": 0.1}
        frames = [
            protocol.pack(protocol.HELLO, {"protocol": 1, "pid": 1, "python": [3, 11, 0]}),
            protocol.pack(protocol.RESULT, result, b"body"),
            protocol.pack(protocol.OUTPUT, {"id": 1, "stream": "stdout", "text": "line\n"}),
            protocol.pack_sources({"a.py": "x = 1\n"}),
            protocol.pack_files({"digest": b"content"}),
            protocol.pack(protocol.RESULT, {"id": 2, "unknown": "why"}),
        ]
        record = b'{"own":1,"born":"2","boot":"x"}\n{"op":"k","pid":1}\n{"op":"k","end":{"rc":0}}\n["k","stdout","x"]\n'
        self.seeds = [*frames, b"".join(frames), record]

    def read(self, data: bytes) -> None:
        """Read it as a stream of frames, as bodies, and as a host's record."""
        self._record(data)
        said: Any = Said(data)
        inbound = Inbound(said, lambda _data: None)
        while (frame := protocol.read_head(inbound)) is not None:
            kind, head, size = frame
            if kind == protocol.LOAD:
                protocol.unpack_sources(protocol.read_exactly(inbound, size))
            elif kind == protocol.STORE:
                protocol.unpack_files(head, protocol.read_exactly(inbound, size))
            else:
                reply_of(head, size, inbound, self.folder / "body" if size % 2 else None)

    def _record(self, data: bytes) -> None:
        path = self.folder / "run.ops"
        path.write_bytes(data)
        log = OpLog(str(path))
        log.claim("k", again=False, durable=False)
        log.remove()
        os.close(log._descriptor)
        path.write_bytes(data)
        Listening(str(path), "k", 0).more()


class Journals(Target):
    """Records of runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.made = folder / "made"
        journal = Journal.create(self.made, event.RunStarted("r", 1.0, "1", ("site.yml",), ("hosts",), "me", {}))
        journal.write(event.OperationPlanned("op", "p", "name", "command", "site.yml:1:1"))
        for status in (Status.CHANGED, Status.FAILED, Status.LOST):
            journal.write(event.OperationFinished("op", "h1", status, {"rc": 0, "results": [{"rc": 1}]}, 2.0, 0.1))
        journal.write(event.RunFinished("r", 2, 3.0, 2.0, {}, ""))
        journal.close()
        whole = (self.made / "journal.jsonl").read_bytes()
        self.seeds = [whole, whole.splitlines(keepends=True)[0], b"".join(whole.splitlines(keepends=True)[:3])]

    def read(self, data: bytes) -> None:
        """Read it in every way a record is read; each may refuse it."""
        path = self.made / "journal.jsonl"
        path.write_bytes(data)
        for way in (lambda: list(replay(path)), lambda: ends(path), lambda: verify(path), lambda: self._recall(path)):
            try:
                way()
            except InputError:
                continue

    def _recall(self, path: Path) -> object:
        return read_recall(path, {"PROVISIONER_STATE_DIR": str(self.folder)})


class Templates(Target):
    """Templates, which may want to reach what they must not."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.renderer = Renderer()
        texts = (
            "{{ a | default('x') | upper }}", "{% for i in b %}{{ i }}{% endfor %}", "{{ b | map('int') | sum }}",
            "{{ ''.__class__.__mro__ }}", "{{ a.b.c is defined }}", "{{ b[0:2] | join(',') }}",
            "{{ lookup('env', 'X') }}",
            "{{ (a ~ 1) * 3 if b else c }}", "{% set x = b %}{{ x | sort | unique | list }}", "{{ '%s' | format(a) }}",
            "{{ a | regex_replace('(x)', '\\\\1') }}", "{{ b | combine({}) }}", "{{ range(5) | list }}",
        )  # fmt: skip
        self.seeds = [text.encode() for text in texts]
        self.scope = Scope((Layer(Level.EXTRA_VARS, "x", {"a": "text", "b": [1, 2, 3], "c": {"d": 1}}),))

    def read(self, data: bytes) -> None:
        """Render it."""
        self.renderer.render(data.decode("utf-8", "replace")[:2000], self.scope)


TARGETS: dict[str, type[Target]] = {
    "loader": Loader,
    "inventory": InventoryFiles,
    "vault": Vaults,
    "protocol": Protocol,
    "journal": Journals,
    "template": Templates,
}


@dataclass(frozen=True, slots=True)
class Extent:
    """Which cases: from a number on, as many as there are or as fit into so many seconds of CPU time."""

    seed: int = 1
    first: int = 0
    cases: int | None = None
    seconds: float | None = None
    is_over: Callable[[], bool] = bool
    """Asked before each case: whether somebody wants it to end now."""


def fuzz(name: str, folder: Path, extent: Extent, tell: Callable[[int, bytes, BaseException], None]) -> int:
    """Run cases of a target; return how many there were. ``tell`` hears of each that failed."""
    target, number = TARGETS[name](folder), extent.first
    end = None if extent.seconds is None else time.process_time() + extent.seconds
    last = None if extent.cases is None else extent.first + extent.cases
    while (last is None or number < last) and (end is None or time.process_time() < end) and not extent.is_over():
        data = mutated(random.Random(f"{name} {extent.seed} {number}"), target.seeds)
        signal.setitimer(signal.ITIMER_PROF, CASE_S)
        try:
            target.read(data)
        except target.expected:
            pass
        except Exception as error:  # noqa: BLE001 - whatever else is raised is what is looked for
            tell(number, data, error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        number += 1
    return number - extent.first


def place_of(error: BaseException) -> str:
    """Return what stands for the place of a failure."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/provisioner/" in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "outside"
    return f"{type(error).__name__} in {where}"


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise Hang


def main() -> int:
    """Fuzz one target and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=float, help="of CPU time; without it and --cases: one minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--keep", type=Path, help="folder for inputs that failed")
    options = parser.parse_args()
    seconds = options.seconds or (None if options.cases else 60.0)
    found: dict[str, int] = {}

    def tell(number: int, data: bytes, error: BaseException) -> None:
        place = place_of(error)
        if place not in found:
            print(f"case {number}: {place}: {str(error)[:200]!r}", flush=True)
            traceback.print_tb(error.__traceback__, limit=-6)
            if options.keep:
                options.keep.mkdir(exist_ok=True)
                (options.keep / f"{options.target}-{options.seed}-{number}").write_bytes(data)
        found[place] = found.get(place, 0) + 1

    signal.signal(signal.SIGPROF, _too_long)
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.environ.setdefault("PROVISIONER_STATE_DIR", "/nonexistent")
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        extent = Extent(options.seed, options.first, options.cases, seconds, lambda: bool(asked))
        count = fuzz(options.target, Path(scratch), extent, tell)
    took = time.process_time() - began
    print(f"{options.target}: {count} cases, {took:.0f} s CPU, {json.dumps(found) if found else 'nothing found'}")
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
