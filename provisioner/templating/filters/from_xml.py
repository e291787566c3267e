"""Reads XML."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree


def from_xml(data: object, engine: str = "xmltodict") -> Any:
    """Return an XML text as dictionaries: attributes as ``@name``, text beside them as ``#text``, repeats as lists.

    >>> from_xml("<a x='1'><b>t</b><b>u</b></a>")
    {'a': {'@x': '1', 'b': ['t', 'u']}}
    """
    if engine != "xmltodict":
        raise ValueError(f"from_xml: engine is xmltodict, not '{engine}'")
    text = str(data)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("from_xml: document types and entities are not read")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities there is nothing to expand
    except ElementTree.ParseError as error:
        raise ValueError(f"from_xml: {error}") from error
    return {root.tag: _data(root)}


def _data(element: ElementTree.Element) -> Any:
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        value = _data(child)
        known = found.get(child.tag)
        if known is None and child.tag not in found:
            found[child.tag] = value
        else:
            found[child.tag] = [*known, value] if isinstance(known, list) else [known, value]
    text = (element.text or "").strip()
    if not found:
        return text or None
    return {**found, "#text": text} if text else found
