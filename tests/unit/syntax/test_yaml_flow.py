"""Plain words with colons inside flow collections."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source
from provisioner.syntax import yaml


def test_colons_inside_words_of_flow_collections_are_part_of_the_word() -> None:
    text = "a: [http://a/b, x:y]\nb: {hosts: h1:h2, port: yes}\n"
    assert yaml.load(Source("x", text)) == {"a": ["http://a/b", "x:y"], "b": {"hosts": "h1:h2", "port": True}}


def test_positions_are_kept_where_the_slower_parser_reads() -> None:
    loaded = yaml.load(Source("x", "a: [http://a/b]\n"))
    assert isinstance(loaded, dict)
    assert str(loaded["a"][0].position) == "x:1:5"


def test_what_no_parser_accepts_is_told_with_its_place() -> None:
    with pytest.raises(InputError, match="x:2"):
        yaml.load(Source("x", "a: 1\nb: [1, {]\n"))
