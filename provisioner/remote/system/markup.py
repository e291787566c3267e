"""XML as files hold it: read with prefixes, comments and CDATA kept, written in the form that libxml2 gives it.

The tree is that of ``xml.dom.minidom``; its own writer is not used, as it loses what this one keeps.
"""

import re
from typing import Any, Dict, Iterator, List, Optional, Tuple
from xml.dom import minidom
from xml.parsers import expat

DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
XMLNS = "http://www.w3.org/2000/xmlns/"
CLARK = re.compile(r"^\{(.*)\}(.+)$")
TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
VALUE = dict(TEXT, **{'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
KINDS = minidom.Node


class NotXml(ValueError):
    """The text is not well-formed."""


class NoPrefix(ValueError):
    """A name has a prefix that stands for no namespace."""


def read(content: bytes) -> Any:
    """Return the document."""
    try:
        return minidom.parseString(content)  # noqa: S318 - the files of the host itself, and expat bounds entities
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NotXml(str(error)) from None


def is_element(node: Any) -> bool:
    """Tell an element from all else."""
    return bool(node.nodeType == KINDS.ELEMENT_NODE)


def is_text(node: Any) -> bool:
    """Tell text, CDATA included."""
    return node.nodeType in (KINDS.TEXT_NODE, KINDS.CDATA_SECTION_NODE)


def elements(node: Any) -> List[Any]:
    """Return the elements among the children."""
    return [child for child in node.childNodes if is_element(child)]


def walk(node: Any) -> Iterator[Any]:
    """Yield a node and all below it in the order of the document; an element's attributes come right after it."""
    yield node
    if is_element(node):
        for attribute in attributes(node):
            yield attribute
    for child in node.childNodes:
        for each in walk(child):
            yield each


def attributes(element: Any) -> List[Any]:
    """Return an element's attributes without the declarations of namespaces."""
    return [each for each in element.attributes.values() if each.namespaceURI != XMLNS]


def clark(node: Any) -> str:
    """Return a name as ``{namespace}name``, without namespace just the name."""
    return "{%s}%s" % (node.namespaceURI, local(node)) if node.namespaceURI else local(node)


def local(node: Any) -> str:
    """Return a name without prefix."""
    return str(node.localName or node.nodeName)


def expanded(name: str, namespaces: Dict[str, str]) -> Tuple[Optional[str], str, str]:
    """Return namespace, name and wished prefix of ``name``, ``prefix:name`` or ``{namespace}name``."""
    match = CLARK.match(name)
    if match:
        return match.group(1), match.group(2), ""
    prefix, colon, rest = name.rpartition(":")
    if not colon:
        return None, name, ""
    if prefix not in namespaces:
        raise NoPrefix("Undefined namespace prefix %s" % prefix)
    return namespaces[prefix], rest, prefix


def add_element(parent: Any, name: str, namespaces: Dict[str, str]) -> Any:
    """Append a new element; its namespace is declared on it where no prefix in reach stands for it."""
    uri, rest, wished = expanded(name, namespaces)
    document = parent if parent.nodeType == KINDS.DOCUMENT_NODE else parent.ownerDocument
    prefix = _prefix(parent, uri, True) if uri else ""
    shown = wished if prefix is None else prefix
    element = document.createElementNS(uri, "%s:%s" % (shown, rest) if shown else rest)
    if uri and prefix is None:
        element.setAttributeNS(XMLNS, "xmlns:" + shown if shown else "xmlns", uri)
    return parent.appendChild(element)


def set_attribute(element: Any, name: str, value: str, namespaces: Dict[str, str]) -> bool:
    """Give an attribute its value; return whether it had another, or none."""
    uri, rest, wished = expanded(name, namespaces)
    if element.hasAttributeNS(uri, rest):
        if element.getAttributeNS(uri, rest) == value:
            return False
        element.getAttributeNodeNS(uri, rest).value = value
        return True
    prefix = _prefix(element, uri, False) if uri else ""
    if prefix is None:
        prefix = wished or "ns0"
        element.setAttributeNS(XMLNS, "xmlns:" + prefix, uri)
    element.setAttributeNS(uri, "%s:%s" % (prefix, rest) if prefix else rest, value)
    return True


def _prefix(node: Any, uri: str, default_too: bool) -> Optional[str]:
    """Return the prefix that stands for a namespace at ``node``, empty for the default one, None where none does."""
    hidden = set()
    while node is not None and is_element(node):
        for each in node.attributes.values():
            if each.namespaceURI != XMLNS:
                continue
            prefix = "" if each.nodeName == "xmlns" else local(each)
            if each.value == uri and prefix not in hidden and (prefix or default_too):
                return prefix
            hidden.add(prefix)
        node = node.parentNode
    return None


def leading_text(element: Any) -> Optional[str]:
    """Return the text before an element's first other child, None where there is none."""
    found = [node.data for node in _leading(element)]
    return "".join(found) if found else None


def _leading(element: Any) -> List[Any]:
    found = []
    for child in element.childNodes:
        if not is_text(child):
            break
        found.append(child)
    return found


def set_text(element: Any, value: str) -> bool:
    """Replace the text before an element's first other child; return whether it was another."""
    if (leading_text(element) or "") == value:
        return False
    for node in _leading(element):
        element.removeChild(node)
    element.insertBefore(element.ownerDocument.createTextNode(value), element.firstChild)
    return True


def remove(node: Any) -> None:
    """Take a node out with the blanks behind it."""
    while node.nextSibling is not None and is_text(node.nextSibling) and not node.nextSibling.data.strip():
        node.parentNode.removeChild(node.nextSibling)
    node.parentNode.removeChild(node)


def without_cdata(document: Any) -> bool:
    """Turn CDATA sections into plain text; return whether there were any."""
    found = [node for node in walk(document) if node.nodeType == KINDS.CDATA_SECTION_NODE]
    for node in found:
        node.parentNode.replaceChild(document.createTextNode(node.data), node)
    return bool(found)


def without_blanks(document: Any) -> None:
    """Take out what only indents: blank text in elements that hold other elements and no words."""
    for node in list(walk(document)):
        texts = [child for child in node.childNodes if is_text(child)] if is_element(node) else []
        if len(texts) < len(node.childNodes) and not any(child.data.strip() for child in texts):
            for child in texts:
                node.removeChild(child)


def write(document: Any, pretty: bool) -> bytes:
    """Return the document as a file's content."""
    parts = [_doctype(each) if each.nodeType == KINDS.DOCUMENT_TYPE_NODE else each for each in document.childNodes]
    end = "\n" if pretty else ""
    shown = [each if isinstance(each, str) else shown_node(each, pretty) + end for each in parts]
    return (DECLARATION + "".join(shown)).encode("utf-8")


def _doctype(node: Any) -> str:
    words = ["<!DOCTYPE", node.name]
    if node.publicId:
        words += ["PUBLIC", '"%s"' % node.publicId]
    elif node.systemId:
        words.append("SYSTEM")
    if node.systemId:
        words.append('"%s"' % node.systemId)
    if node.internalSubset:
        words.append("[%s]" % node.internalSubset)
    return " ".join(words) + ">\n"


def shown_node(node: Any, pretty: bool = False, depth: int = 0) -> str:
    """Return a node as text."""
    if is_element(node):
        return _shown_element(node, pretty, depth)
    if node.nodeType == KINDS.COMMENT_NODE:
        return "<!--%s-->" % node.data
    if node.nodeType == KINDS.PROCESSING_INSTRUCTION_NODE:
        return "<?%s%s?>" % (node.target, " " + node.data if node.data else "")
    if node.nodeType == KINDS.CDATA_SECTION_NODE:
        return "<![CDATA[%s]]>" % node.data
    return _escaped(node.data, TEXT)


def _shown_element(node: Any, pretty: bool, depth: int) -> str:
    start = "<" + str(node.tagName)
    for each in sorted(node.attributes.values(), key=lambda each: each.namespaceURI != XMLNS):
        start += ' %s="%s"' % (each.nodeName, _escaped(each.value, VALUE))
    if not node.childNodes:
        return start + "/>"
    spread = pretty and not any(is_text(child) for child in node.childNodes)
    inner = [shown_node(child, spread, depth + 1) for child in node.childNodes]
    if spread:
        inside = "\n" + "".join("  " * (depth + 1) + each + "\n" for each in inner) + "  " * depth
    else:
        inside = "".join(inner)
    return "%s>%s</%s>" % (start, inside, node.tagName)


def _escaped(text: str, table: Dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text)
