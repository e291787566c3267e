"""A list of keys and values as a dictionary."""

from __future__ import annotations

from collections.abc import Mapping


def items2dict(mylist: object, key_name: str = "key", value_name: str = "value") -> dict[object, object]:
    """Return the dictionary that ``dict2items`` would list so.

    >>> items2dict([{"key": "a", "value": 1}])
    {'a': 1}
    """
    if not isinstance(mylist, (list, tuple)):
        raise ValueError(f"items2dict requires a list, got {type(mylist).__name__} instead")
    if not all(isinstance(item, Mapping) for item in mylist):
        raise ValueError(f"items2dict requires a list of dictionaries, not {str(mylist)[:60]}")
    lacking = next((item for item in mylist if key_name not in item or value_name not in item), None)
    if lacking is not None:
        raise ValueError(
            f"items2dict requires each dictionary in the list to contain the keys '{key_name}' and '{value_name}', "
            f"but one is {str(lacking)[:60]}"
        )
    return {item[key_name]: item[value_name] for item in mylist}
