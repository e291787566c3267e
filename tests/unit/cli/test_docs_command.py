"""The reference pages: made from the code, found stale when they differ."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from provisioner.cli.commands import docs
from provisioner.remote.params import Parameters, optional, required
from provisioner.reporting import reference


class Inner(Parameters):
    """Options of an item."""

    name: str = required("str", "Its name.")


class Params(Parameters):
    """A module's parameters."""

    path: str = required("path", "Where.", aliases=("dest",))
    state: str = optional("str", "What | how.", "present", choices=("present", "absent"))
    secret: str = optional("str", "The password.", no_log=True)
    items: list[object] = optional("list", "Many.", elements="dict", options=Inner)


def test_parameters_are_listed_with_type_default_choices_and_options() -> None:
    rows = {row[0]: row[1:] for row in reference._rows(Params)}
    assert rows["`path` (also: `dest`)"] == ("path", "required", "Where.")
    assert rows["`state`"] == ("str", "`present`", "What | how. One of `present`, `absent`.")
    assert rows["`secret`"] == ("str", "", "The password. Never shown.")
    assert rows["`items`"] == ("list of dict", "", "Many.")
    assert rows["`items[].name`"] == ("str", "required", "Its name.")


def test_a_table_keeps_its_columns_whatever_the_text_holds() -> None:
    assert reference.table(("a", "b"), [("x | y", "two\nlines")]) == "| a | b |\n| --- | --- |\n| x \\| y | two lines |"
    assert reference.table(("a",), []) == ""


def test_a_command_with_verbs_has_a_section_for_each() -> None:
    text = docs._command_page("vault")
    assert "## vault encrypt-string" in text
    assert text.count("## vault encrypt-string") == 1, "an alias has no section of its own"
    assert "| `--vault-id ID@SOURCE` |" in text


def test_stale_missing_and_left_over_pages_are_named_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "every_page", lambda: {"a.md": "A\n", "sub/b.md": "B\n", "c.md": "C\n"})
    (tmp_path / "a.md").write_text("A\n")
    (tmp_path / "c.md").write_text("old\n")
    (tmp_path / "gone.md").write_text("x")
    assert docs.run(argparse.Namespace(folder=tmp_path, check=True)) == 1
    said = capsys.readouterr().out
    assert [name in said for name in ("a.md", "b.md", "c.md", "gone.md")] == [False, True, True, True]
    assert docs.run(argparse.Namespace(folder=tmp_path, check=False)) == 0
    assert docs.run(argparse.Namespace(folder=tmp_path, check=True)) == 0
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == ["a.md", "b.md", "c.md"]
