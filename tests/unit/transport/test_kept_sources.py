"""What is made of the worker's sources is kept, and used for exactly the source it was made of."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner.remote.compiled import Compiled
from provisioner.transport import bundle
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.kept_sources import KeptSources

PING = "from ..change import Change\n\n\ndef inspect():\n    '''Said.'''\n"
FILES = {
    "__init__.py": "",
    "change.py": "class Change:\n    pass\n",
    "compiled.py": "",
    "loader.py": "def start(inbound, sources):\n    pass\n",
    "worker.py": "",
    "modules/__init__.py": "",
    "modules/ping.py": PING,
}


def written(folder: Path) -> Path:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def keeper(home: Path) -> KeptSources:
    os.chmod(home, 0o700)
    return KeptSources(lambda: Compiled(str(home), "sources"))


def unable(_source: str, _tree: object = None) -> str:
    raise AssertionError("slimmed once more")


def test_what_was_kept_is_what_would_be_made(tmp_path, monkeypatch) -> None:
    (tmp_path / "remote").mkdir()
    remote = written(tmp_path / "remote")
    made = ModuleSources(remote)
    ModuleSources(remote, keeper(tmp_path)).start()
    first = ModuleSources(remote, keeper(tmp_path))
    wanted = (made.start(), made.module("ping"), made.load_frame(made.module("ping")))
    assert (first.start(), first.module("ping"), first.load_frame(first.module("ping"))) == wanted
    monkeypatch.setattr(bundle, "slim", unable)
    again = ModuleSources(remote, keeper(tmp_path))
    assert (again.start(), again.module("ping"), again.load_frame(again.module("ping"))) == wanted


def test_a_changed_source_is_made_anew(tmp_path) -> None:
    (tmp_path / "remote").mkdir()
    remote = written(tmp_path / "remote")
    assert "change.py" in ModuleSources(remote, keeper(tmp_path)).module("ping")
    (remote / "modules" / "ping.py").write_text("def inspect():\n    pass\n", encoding="utf-8")
    assert "change.py" not in ModuleSources(remote, keeper(tmp_path)).module("ping")


def test_without_a_keeper_nothing_is_kept(tmp_path) -> None:
    (tmp_path / "remote").mkdir()
    ModuleSources(written(tmp_path / "remote")).start()
    assert [each.name for each in tmp_path.iterdir()] == ["remote"]


def test_the_code_a_worker_starts_from_stands_behind_its_length() -> None:
    sources = ModuleSources()
    length, _, code = sources.start().partition(b"\n")
    assert int(length) == len(code)
    assert code == sources.blob()
