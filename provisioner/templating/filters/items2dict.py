"""A list of keys and values as a dictionary."""

from __future__ import annotations


def items2dict(mylist: object, key_name: str = "key", value_name: str = "value") -> dict[object, object]:
    """Return the dictionary that ``dict2items`` would list so.

    >>> items2dict([{"key": "a", "value": 1}])
    {'a': 1}
    """
    if not isinstance(mylist, (list, tuple)) or not all(isinstance(item, dict) for item in mylist):
        raise ValueError(f"items2dict: a list of dictionaries is wanted, not {str(mylist)[:60]}")
    lacking = next((item for item in mylist if key_name not in item or value_name not in item), None)
    if lacking is not None:
        raise ValueError(f"items2dict: each item needs '{key_name}' and '{value_name}', but one is {str(lacking)[:60]}")
    return {item[key_name]: item[value_name] for item in mylist}
