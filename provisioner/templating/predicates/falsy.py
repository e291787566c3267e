"""Whether a value counts as false."""

from __future__ import annotations

from provisioner.templating.predicates.truthy import truthy


def falsy(value: object, convert_bool: bool = False) -> bool:
    """Tell whether Python takes the value for false; with ``convert_bool`` the words for yes and no count.

    >>> falsy(""), falsy("off", convert_bool=True)
    (True, True)
    """
    return not truthy(value, convert_bool)
