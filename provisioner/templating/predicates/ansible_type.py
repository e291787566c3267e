"""Whether data is of a type, with the types inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.templating.filters.reveal_ansible_type import reveal_ansible_type


def ansible_type(data: Any, dtype: str | Sequence[str], alias: Mapping[str, str] | None = None) -> bool:
    """Tell whether the type of the data is ``dtype`` or one of several.

    >>> ansible_type([1, 2], "list[int]"), ansible_type("a", ["int", "str"])
    (True, True)
    """
    wanted = [dtype] if isinstance(dtype, str) else list(dtype)
    return reveal_ansible_type(data, alias) in wanted
