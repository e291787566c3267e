"""Writes XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree


def to_xml(data: object, engine: str = "xmltodict", indent: str = "tabs", indent_width: int = 4) -> str:
    """Return the XML of what ``from_xml`` reads; ``indent`` is tabs or spaces.

    >>> print(to_xml({"a": {"@x": "1", "b": ["t", "u"]}}, indent="spaces"))
    <?xml version="1.0" encoding="utf-8"?>
    <a x="1">
        <b>t</b>
        <b>u</b>
    </a>
    """
    if engine != "xmltodict":
        raise ValueError(f"to_xml: engine is xmltodict, not '{engine}'")
    if not isinstance(data, Mapping) or len(data) != 1:
        raise ValueError("to_xml: a dictionary of one root is wanted")
    if indent not in ("tabs", "spaces"):
        raise ValueError(f"to_xml: indent is tabs or spaces, not '{indent}'")
    name, value = next(iter(data.items()))
    root = _filled(ElementTree.Element(str(name)), value)
    ElementTree.indent(root, "\t" if indent == "tabs" else " " * indent_width)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'


def _filled(element: ElementTree.Element, value: Any) -> ElementTree.Element:
    if not isinstance(value, Mapping):
        element.text = None if value is None else str(value)
        return element
    for key, item in value.items():
        if key == "#text":
            element.text = str(item)
        elif str(key).startswith("@"):
            element.set(str(key)[1:], str(item))
        else:
            for each in item if isinstance(item, (list, tuple)) else [item]:
                _filled(ElementTree.SubElement(element, str(key)), each)
    return element
