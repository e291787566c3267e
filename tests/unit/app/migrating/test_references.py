"""What still names a server that is to be retired."""

from __future__ import annotations

from pathlib import Path

from provisioner.app.migrating.references import references


def test_names_and_addresses_are_found_where_they_stand_alone(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("web1:\nweb10:\nmy-web1:\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/dns.txt").write_text("shop IN A 10.0.0.1\nother IN A 10.0.0.12\nweb1.example.org\n")
    (tmp_path / "binary").write_bytes(b"web1\xff\xfe")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/x").write_text("web1")
    assert references(tmp_path, ["web1", "10.0.0.1"]) == [
        ("hosts.yml", 1, "web1"), ("sub/dns.txt", 1, "10.0.0.1"), ("sub/dns.txt", 3, "web1"),
    ]  # fmt: skip


def test_without_a_word_nothing_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert references(tmp_path, [""]) == []
