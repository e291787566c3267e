"""Ranges and ports in host names."""

from __future__ import annotations

import time

import pytest

from provisioner.loading.hostnames import BadRange, expand, split_port


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
        ("web[:2]", ["web0", "web1", "web2"], None),
        ("web[3:1]", [], None),
        ("[::1]:2222", ["::1"], 2222),
        ("[fe80::1]", ["fe80::1"], None),
        ("fe80::1", ["fe80::1"], None),
        ("10.0.0.1:22", ["10.0.0.1"], 22),
    ],
)
def test_a_word_stands_for_these_hosts(word: str, names: list[str], port: int | None) -> None:
    assert expand(word) == (names, port)


@pytest.mark.parametrize("word", ["web[1:]", "web[01:100]", "web[a:3]", "web[c:a]", "web[1:3:0]", "web[aa:cc]"])
def test_a_range_that_cannot_be_counted_is_refused(word: str) -> None:
    with pytest.raises(BadRange, match="range"):
        expand(word)


@pytest.mark.parametrize(
    ("word", "name", "port"),
    [
        ("web1", "web1", None), ("web1:22", "web1", 22), ("web[1:3]", "web[1:3]", None), ("[::1]:22", "::1", 22),
        ("[fe80::1]", "fe80::1", None), ("fe80::1", "fe80::1", None),
    ],
)  # fmt: skip
def test_a_port_is_split_off_and_a_range_left_alone(word: str, name: str, port: int | None) -> None:
    assert split_port(word) == (name, port)


@pytest.mark.parametrize(
    "word",
    [
        "web[1:99999999]",
        "web[1:9" + "9" * 5000 + "]",
        "w[1:1000][1:1000]",
        "w[a:z][a:z][a:z][a:z]",
        "w[01:99999999999]",
    ],
)
def test_a_word_that_stands_for_too_many_hosts_is_refused_at_once(word: str) -> None:
    began = time.process_time()
    with pytest.raises(BadRange):
        expand(word)
    assert time.process_time() - began < 10
