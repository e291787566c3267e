"""Ranges and ports in host names."""

from __future__ import annotations

import pytest

from provisioner.loading.hostnames import BadRange, expand


@pytest.mark.parametrize(
    ("word", "names", "port"),
    [
        ("web1", ["web1"], None),
        ("web1:2222", ["web1"], 2222),
        ("web[01:03]", ["web01", "web02", "web03"], None),
        ("web[8:10]x", ["web8x", "web9x", "web10x"], None),
        ("web[1:7:3]:22", ["web1", "web4", "web7"], 22),
        ("[a:c].example.org", ["a.example.org", "b.example.org", "c.example.org"], None),
        ("r[1:2]-[a:b]", ["r1-a", "r1-b", "r2-a", "r2-b"], None),
        ("[a:e:2]", ["a", "c", "e"], None),
        ("[::1]:2222", ["::1"], 2222),
        ("[fe80::1]", ["fe80::1"], None),
        ("fe80::1", ["fe80::1"], None),
        ("10.0.0.1:22", ["10.0.0.1"], 22),
    ],
)
def test_a_word_stands_for_these_hosts(word: str, names: list[str], port: int | None) -> None:
    assert expand(word) == (names, port)


@pytest.mark.parametrize("word", ["web[3:1]", "web[01:100]", "web[a:3]", "web[c:a]", "web[1:3:0]", "web[aa:cc]"])
def test_a_range_that_cannot_be_counted_is_refused(word: str) -> None:
    with pytest.raises(BadRange, match="range"):
        expand(word)
