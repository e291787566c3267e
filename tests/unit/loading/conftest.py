"""A small playbook folder to load from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.loading.playbook import load_playbooks
from provisioner.loading.settings import LoadSettings
from provisioner.model.play import Play, Playbook

Write = Callable[[dict[str, str]], Path]
Load = Callable[..., tuple[Playbook, Findings]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files by relative path; the folder becomes the working directory."""
    monkeypatch.chdir(tmp_path)

    def write_files(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write_files


@pytest.fixture
def load(write: Write) -> Load:
    """Write a playbook ``site.yml`` with other files and load it."""

    def load_text(text: str, files: dict[str, str] | None = None, **settings: object) -> tuple[Playbook, Findings]:
        write({"site.yml": text, **(files or {})})
        return load_playbooks(["site.yml"], LoadSettings(**settings))  # type: ignore[arg-type]

    return load_text


@pytest.fixture
def good_play(load: Load) -> Callable[..., Play]:
    """Load a playbook that must be without a mistake and return its only play."""

    def load_good(text: str, files: dict[str, str] | None = None, **settings: object) -> Play:
        playbook, findings = load(text, files, **settings)
        assert [d.render() for d in findings.errors] == []
        (play,) = playbook.plays
        return play

    return load_good


@pytest.fixture
def mistakes(load: Load) -> Callable[..., list[str]]:
    """Load a playbook and return its errors, a line each with the place in front and the hint behind."""

    def find(text: str, files: dict[str, str] | None = None, **settings: object) -> list[str]:
        _playbook, findings = load(text, files, **settings)
        return [f"{d.position}: {d.summary}" + (f" ({d.hint})" if d.hint else "") for d in findings.errors]

    return find
