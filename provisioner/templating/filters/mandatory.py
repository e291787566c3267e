"""Insists on a value."""

from __future__ import annotations

from jinja2.exceptions import FilterArgumentError
from jinja2.runtime import Undefined

from provisioner.templating.undefined import Missing


def mandatory(value: object, msg: str | None = None) -> object:
    """Return the value; an undefined one fails with ``msg``.

    >>> mandatory("here")
    'here'
    """
    if isinstance(value, Undefined):
        name = value.missing_name if isinstance(value, Missing) else ""
        shown = f"'{name}' " if name else ""
        raise FilterArgumentError(str(msg) if msg is not None else f"Mandatory variable {shown} not defined.")
    return value
