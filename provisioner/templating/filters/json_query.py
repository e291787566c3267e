"""Asks questions of data in the JMESPath language."""

from __future__ import annotations

import importlib


def json_query(data: object, expr: str) -> object:
    """Return what the expression finds; needs the Python package ``jmespath`` on the controller."""
    try:
        jmespath = importlib.import_module("jmespath")
    except ImportError:
        raise ValueError("json_query needs the Python package 'jmespath' where provisioner is installed") from None
    try:
        return jmespath.search(expr, data)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"json_query: {error}") from error
