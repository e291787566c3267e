"""What is fuzzed: each target reads foreign input as the program does, and has good input to begin from."""

from __future__ import annotations

import hashlib
import io
import json
import os
from contextlib import suppress
from pathlib import Path
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


class Said:
    """A pipe with what somebody said."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def receive(self, _timeout_s: float | None = None) -> tuple[Stream, bytes]:
        """Return the next bytes."""
        return Stream.OUT, self._stream.read(65536)


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
        try:
            log.claim("k", again=False, durable=False)
            log.remove()
        finally:
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
        journal.write(event.PluginStarted("op", "h1", "mine.py", 2.0))
        journal.write(event.ItemFinished("op", "h1", "item", Status.OK, {"item": 1}, 2.0))
        journal.write(event.FileRead("/x", "abc", 2.0))
        journal.write(event.Answered("p", "name", "value", 2.0))
        journal.write(event.RunFinished("r", 2, 3.0, 2.0, {}, ""))
        journal.close()
        whole = (self.made / "journal.jsonl").read_bytes()
        self.seeds = [whole, whole.splitlines(keepends=True)[0], b"".join(whole.splitlines(keepends=True)[:3])]

    def read(self, data: bytes) -> None:
        """Read it in every way a record is read; each may refuse it. Then as if its lines belonged together."""
        for each in (data, _chained(data)):
            self._read(each)

    def _read(self, data: bytes) -> None:
        path = self.made / "journal.jsonl"
        path.write_bytes(data)
        for way in (lambda: list(replay(path)), lambda: ends(path), lambda: verify(path), lambda: self._recall(path)):
            try:
                way()
            except InputError:
                continue

    def _recall(self, path: Path) -> object:
        return read_recall(path, {"PROVISIONER_STATE_DIR": str(self.folder)})


def _chained(data: bytes) -> bytes:
    """Return those lines that are JSON objects, numbered and chained as a journal's are."""
    lines, previous = [], ""
    for raw in data.splitlines():
        with suppress(ValueError, RecursionError):
            line = json.loads(raw)
            if isinstance(line, dict):
                text = json.dumps({**line, "v": 1, "n": len(lines) + 1, "prev": previous}).encode()
                previous = hashlib.sha256(text).hexdigest()
                lines.append(text + b"\n")
    return b"".join(lines)


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
