"""A line that no inventory needs is refused before it is taken apart, which costs the square of its length."""

from __future__ import annotations

from pathlib import Path

from provisioner.loading.inventory import load_inventory
from provisioner.loading.settings import LoadSettings


def test_a_line_without_end_is_an_error_of_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("[web]\nw1\nw2 x=" + "y" * 150_000 + "\nw3\n")
    _, findings = load_inventory([str(path)], LoadSettings(basedir=str(tmp_path)))
    said = "\n".join(each.render() for each in findings.all)
    assert "too long for an inventory" in said
    assert "hosts:3" in said
    assert len(said) < 5_000, "the line itself is not shown"
