"""Values get into a statement as literals only, each into its place."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.remote.change import Failed
from provisioner.remote.modules import mysql_query, postgresql_query
from provisioner.remote.system.sql_places import filled

LITERALS = pytest.mark.parametrize("literal", [mysql_query.literal, postgresql_query.literal])


@LITERALS
def test_a_value_cannot_end_its_literal(literal: Any) -> None:
    statement = filled("SELECT %s", ["x'; DROP TABLE t; --"], None, literal)
    assert statement.startswith("SELECT ")
    assert "x'; DROP" not in statement


@LITERALS
def test_places_by_number_and_name_are_filled(literal: Any) -> None:
    assert filled("SELECT %s, %s", [1, None], None, literal) == "SELECT 1, NULL"
    assert filled("SELECT %(a)s, '100%%'", None, {"a": 2}, literal) == "SELECT 2, '100%'"
    assert filled("SELECT '%s'", None, None, literal) == "SELECT '%s'"


@LITERALS
@pytest.mark.parametrize(
    ("query", "positional", "named", "told"),
    [
        ("SELECT %s", [], None, "not enough arguments"),
        ("SELECT %s", [1, 2], None, "not all arguments"),
        ("SELECT %(a)s", None, {"b": 1}, "wants a"),
    ],
)
def test_values_and_places_must_fit(query: str, positional: Any, named: Any, told: str, literal: Any) -> None:
    with pytest.raises(Failed, match=told):
        filled(query, positional, named, literal)
