"""No tool is configured twice: a section in pyproject.toml would silently replace the one in setup.cfg."""

from __future__ import annotations

import tomllib
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def sections_of_setup_cfg() -> set[str]:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    names = {
        section.partition(":")[0] if not section.startswith("tool:") else section[5:] for section in parser.sections()
    }
    return {name.partition("-")[0] for name in names}


def test_no_tool_has_a_section_in_both_files() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = set(project.get("tool", {}))
    assert tools & sections_of_setup_cfg() == set()
    assert not tools & {"pytest", "mypy", "coverage", "importlinter", "setuptools"}


def test_setup_cfg_leaves_the_project_to_pyproject() -> None:
    assert "metadata" not in sections_of_setup_cfg()


def test_every_dependency_says_from_which_version_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [name for name in project["dependencies"] if ">=" not in name] == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f'__version__ = "{project["version"]}"' in (ROOT / "provisioner/__init__.py").read_text(encoding="utf-8")


def test_no_file_says_where_or_by_whom_it_was_written() -> None:
    suspicious = ("/root/.pyenv", "/tmp/prep", "/work/main")
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "provisioner").rglob("*.py")]
    found = [str(p) for p in texts for word in suspicious if word in p.read_text(encoding="utf-8")]
    assert found == []
