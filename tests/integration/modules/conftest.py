"""The command line on lab hosts, as the end to end tests have it."""

from __future__ import annotations

from tests.e2e.conftest import cli, on

__all__ = ["cli", "on"]
