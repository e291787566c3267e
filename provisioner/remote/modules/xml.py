"""Read and change parts of an XML file that an XPath expression finds.

Needs nothing but Python's standard library on the host, no lxml. Of XPath 1.0 all is there but variables, ``id()``,
``lang()`` and the namespace axis. The file is written in the form that lxml gives it: comments, prefixes, CDATA stay.
An attribute may be named in the expression (``/a/@b``) to set or read it, and ``print_match`` returns the paths found.
"""

import io
import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, text_diff
from ..params import FileParameters, mutually_exclusive, optional, required_one_of
from ..system import System, attributes, markup, xpath
from ..system.placing import Placing, place
from ..system.xpath_values import BadXpath

STEP = re.compile(r"^(@?)([^\[\]@/()*]+)((?:\[[^\[\]]*\])*)$")
PREDICATE = re.compile(r"\[\s*(@?)([^\s=@\]]+)\s*=\s*(\"[^\"]*\"|'[^']*')\s*\]")
WORDS = re.compile(r"/|\"[^\"]*\"|'[^']*'|\[|\]|[^/\"'\[\]]+")


class Params(FileParameters):
    """The file, the expression, and what to do with what it finds."""

    path: Optional[str] = optional("path", "The file; it must be there.", aliases=("dest", "file"))
    xmlstring: Optional[str] = optional("str", "XML to work on in the place of a file; the result has it changed.")
    xpath: Optional[str] = optional("str", "The expression.")
    namespaces: Dict[str, str] = optional("dict", "What the prefixes in the expression stand for.", {})
    state: str = optional("str", "Whether it is there.", "present", aliases=("ensure",), choices=("absent", "present"))
    attribute: Any = optional("raw", "The attribute that gets the value.")
    value: Any = optional("raw", "The text of the elements, or of their attribute.")
    add_children: Optional[List[Any]] = optional("list", "Elements to add: a name, or a name with its text or parts.")
    set_children: Optional[List[Any]] = optional("list", "Elements that take the place of those inside.")
    count: bool = optional("bool", "Count what is found.", False)
    print_match: bool = optional("bool", "Return the path of each thing found.", False)
    content: Optional[str] = optional(
        "str", "Return the text or the attributes of what is found.", choices=("attribute", "text")
    )
    input_type: str = optional("str", "How children are written.", "yaml", choices=("xml", "yaml"))
    insertbefore: bool = optional("bool", "Add the children before the first element found.", False)
    insertafter: bool = optional("bool", "Add the children after the last element found.", False)
    pretty_print: bool = optional("bool", "Indent the whole file.", False)
    strip_cdata_tags: bool = optional("bool", "Turn CDATA sections into plain text.", False)
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)
    rules = (
        required_one_of("path", "xmlstring"),
        mutually_exclusive("path", "xmlstring"),
        mutually_exclusive("add_children", "content", "count", "print_match", "set_children", "value"),
        mutually_exclusive("insertbefore", "insertafter"),
    )


class State(NamedTuple):
    """The text, and the attributes of the file."""

    content: bytes
    want: attributes.Wanted
    now: Optional[attributes.Current]


def inspect(params: Params, system: System) -> State:
    """Read the file."""
    want = attributes.wanted(params)
    if params.path is None:
        return State((params.xmlstring or "").encode("utf-8"), want, None)
    system.files.look(params.path)
    content = system.files.read_or_none(params.path) if not system.files.is_dir(params.path) else None
    if content is None:
        raise Failed("The target XML source '%s' does not exist." % params.path)
    return State(content, want, attributes.current(system, params.path, want))


def plan(params: Params, state: State) -> Change:
    """Work on a tree of its own and compare what it gives with the file."""
    _check(params)
    try:
        document = markup.read(state.content)
    except markup.NotXml as error:
        raise Failed("Error while parsing document: %s (%s)" % (params.path or "xml_string", error)) from None
    shown = {"xpath": params.xpath, "namespaces": params.namespaces, "state": params.state}
    result: Dict[str, Any] = {"actions": shown} if params.xpath is not None else {}
    edited = _edited(params, document, result)
    after = markup.write(document, params.pretty_print)
    changed = edited or (params.pretty_print and after != state.content and not _only_reads(params))
    if params.path is None:
        result["xmlstring"] = after.decode("utf-8")
        return Change(changed, None, result, text_diff("", state.content, after) if changed else None, settles=False)
    return _compared(params, state, after if changed else None, result)


def _edited(params: Params, document: Any, result: Dict[str, Any]) -> bool:
    stripped = params.strip_cdata_tags and markup.without_cdata(document)
    try:
        edited = _work(params, document, result)
    except BadXpath as error:
        raise Failed("Syntax error in xpath expression: %s (%s)" % (params.xpath, error)) from None
    except markup.NoPrefix as error:
        raise Failed("Xpath %s causes a failure: %s" % (params.xpath, error)) from None
    if params.pretty_print:
        markup.without_blanks(document)
    return edited or (stripped and not _only_reads(params))


def _only_reads(params: Params) -> bool:
    return bool(params.count or params.print_match or params.content)


def _compared(params: Params, state: State, after: Optional[bytes], result: Dict[str, Any]) -> Change:
    """Return the change of the file at a path; ``after`` is None where its content stays."""
    path = params.path or ""
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    if after is None and not delta.changed:
        return Change(False, result=result)
    diff = [] if after is None else [text_diff(path, state.content, after)]
    if delta.changed:
        diff.append({"before": delta.before, "after": delta.after})
    return Change(True, after, result, diff, settles=not params.add_children)


def _check(params: Params) -> None:
    for name, needed in (("attribute", "value"), ("value", "xpath"), ("content", "xpath"), ("add_children", "xpath"),
                         ("set_children", "xpath")):  # fmt: skip
        if getattr(params, name) is not None and getattr(params, needed) is None:
            raise Failed("missing parameter(s) required by '%s': %s" % (name, needed))
    if (params.count or params.print_match) and params.xpath is None:
        raise Failed("missing parameter(s) required by '%s': xpath" % ("count" if params.count else "print_match"))
    if params.xpath is None and not params.pretty_print and not params.strip_cdata_tags:
        raise Failed("Don't know what to do")


def _work(params: Params, document: Any, result: Dict[str, Any]) -> bool:
    """Do what is asked; return whether the tree is another now."""
    if params.xpath is None:
        return False
    found = xpath.select(document, params.xpath, params.namespaces)
    if params.count:
        number = len(found) if isinstance(found, list) else int(found)
        result.update(count=number, msg="found %d nodes" % number)
        return False
    if not isinstance(found, list):
        raise Failed("Xpath %s does not reference a node!" % params.xpath)
    if params.print_match:
        paths = [_path(node) for node in found]
        result.update(matches=paths, msg="selector '%s' match: %s" % (params.xpath, json.dumps(paths)))
        return False
    if params.content:
        _read(params, found, result)
        return False
    if params.state == "absent":
        return _removed(found)
    if params.set_children is not None:
        return _children_set(params, found)
    if params.add_children:
        return _children_added(params, found)
    return _present(params, document, found)


def _read(params: Params, found: List[Any], result: Dict[str, Any]) -> None:
    if not found or not all(map(markup.is_element, found)):
        raise Failed("Xpath %s does not reference a node!" % params.xpath)
    matches: List[Any] = []
    for node in found:
        if params.content == "text":
            matches.append({markup.clark(node): markup.leading_text(node)})
        else:
            matches.append({markup.clark(node): {markup.clark(each): each.value for each in markup.attributes(node)}})
    result.update(matches=matches, count=len(matches), msg=len(matches))


def _path(node: Any) -> str:
    if node.nodeType == markup.KINDS.ATTRIBUTE_NODE:
        return "%s/@%s" % (_path(node.ownerElement), node.nodeName)
    if node.nodeType == markup.KINDS.DOCUMENT_NODE:
        return ""
    above = _path(node.parentNode)
    if not markup.is_element(node):
        return above + ("/text()" if markup.is_text(node) else "/comment()")
    default = node.namespaceURI and not node.prefix
    like = [each for each in markup.elements(node.parentNode) if default or each.tagName == node.tagName]
    place_among = "[%d]" % (like.index(node) + 1) if len(like) > 1 else ""
    return "%s/%s%s" % (above, "*" if default else node.tagName, place_among)


def _removed(found: List[Any]) -> bool:
    for node in found:
        if node.nodeType == markup.KINDS.ATTRIBUTE_NODE:
            node.ownerElement.removeAttributeNode(node)
        elif node.parentNode is None or node is node.ownerDocument.documentElement:
            raise Failed("Couldn't delete xpath target: %s (a document must keep its root)" % _path(node))
        elif markup.is_element(node):
            markup.remove(node)
        else:
            node.parentNode.removeChild(node)
    return bool(found)


def _children_set(params: Params, found: List[Any]) -> bool:
    changed = False
    for node in found:
        old = markup.elements(node)
        before = [markup.shown_node(each) for each in old]
        new = _made(params, node, params.set_children or [])
        if before == [markup.shown_node(each) for each in new]:
            for each in new:
                node.removeChild(each)
            continue
        for each in old:
            markup.remove(each)
        changed = True
    return changed


def _children_added(params: Params, found: List[Any]) -> bool:
    if not found:
        return False
    if not params.insertbefore and not params.insertafter:
        for node in found:
            _made(params, node, params.add_children or [])
        return True
    anchor = found[0] if params.insertbefore else found[-1]
    new = _made(params, anchor.parentNode, params.add_children or [])
    behind = anchor
    if params.insertafter:
        behind = anchor.nextSibling
        while behind is not None and markup.is_text(behind):
            behind = behind.nextSibling
    for each in new:
        anchor.parentNode.insertBefore(each, behind if behind not in new else None)
    return True


def _made(params: Params, parent: Any, children: List[Any]) -> List[Any]:
    """Append the children given to ``parent`` and return them."""
    if params.input_type == "yaml":
        return [_child(parent, each, params.namespaces) for each in children]
    made = []
    for each in children:
        try:
            root = markup.read(str(each).encode("utf-8")).documentElement
        except markup.NotXml as error:
            raise Failed("Error while parsing child element: %s" % error) from None
        made.append(parent.appendChild(parent.ownerDocument.importNode(root, True)))
    return made


def _child(parent: Any, given: Any, namespaces: Dict[str, str]) -> Any:
    if not isinstance(given, dict):
        return markup.add_element(parent, _text(given), namespaces)
    if len(given) != 1:
        raise Failed("Can only create children from hashes with one key")
    name, value = next(iter(given.items()))
    element = markup.add_element(parent, str(name), namespaces)
    if isinstance(value, dict):
        parts = dict(value)
        inner = parts.pop("_", None) or []
        if not isinstance(inner, list):
            raise Failed("Invalid children type: %s, must be list." % type(inner).__name__)
        for key, each in parts.items():
            markup.set_attribute(element, str(key), _text(each), namespaces)
        for each in inner:
            _child(element, each, namespaces)
    elif value is not None:
        markup.set_text(element, _text(value))
    return element


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _present(params: Params, document: Any, found: List[Any]) -> bool:
    changed = False
    if not found:
        found = [_grown(document, params.xpath or "", params.namespaces)]
        changed = True
    if params.value is None:
        return changed
    value = _text(params.value)
    for node in found:
        if node.nodeType == markup.KINDS.ATTRIBUTE_NODE:
            changed = node.value != value or changed
            node.value = value
        elif not markup.is_element(node):
            raise Failed("Xpath %s does not reference a node!" % params.xpath)
        elif params.attribute:
            changed = markup.set_attribute(node, str(params.attribute), value, params.namespaces) or changed
        else:
            changed = markup.set_text(node, value) or changed
    return changed


def _grown(document: Any, expression: str, namespaces: Dict[str, str]) -> Any:
    """Make what the expression says, the elements above it included; return it."""
    above, last = _split(expression)
    match = STEP.match(last)
    if not above or not match:
        raise Failed("Xpath %s does not reference a node, and nothing can be made from it" % expression)
    found = xpath.select(document, above, namespaces)
    holders = [node for node in found if markup.is_element(node)] if isinstance(found, list) else []
    holder = holders[0] if holders else _grown(document, above, namespaces)
    is_attribute, name, rest = match.groups()
    if is_attribute:
        markup.set_attribute(holder, name, "", namespaces)
        uri, local, _ = markup.expanded(name, namespaces)
        return holder.getAttributeNodeNS(uri, local)
    if PREDICATE.sub("", rest):
        raise Failed("Xpath %s does not reference a node, and nothing can be made from it" % expression)
    element = markup.add_element(holder, name.strip(), namespaces)
    for mark, key, quoted in PREDICATE.findall(rest):
        if mark:
            markup.set_attribute(element, key, quoted[1:-1], namespaces)
        else:
            within = element if key in (".", "text()") else markup.add_element(element, key, namespaces)
            markup.set_text(within, quoted[1:-1])
    return element


def _split(expression: str) -> Tuple[str, str]:
    """Return what stands before the last slash that is in no brackets and no quotes, and what stands behind it."""
    depth = at = 0
    cut = -1
    for word in WORDS.findall(expression):
        depth += {"[": 1, "]": -1}.get(word, 0)
        if word == "/" and depth == 0:
            cut = at
        at += len(word)
    return expression[: max(cut, 0)].strip(), expression[cut + 1 :].strip()


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the file and set its attributes."""
    params, state = change.params, change.state
    if params.path is None:
        return None
    result: Dict[str, Any] = {}
    if change.todo is not None:
        how = Placing(params.backup, None, params.unsafe_writes)
        done = place(system, params.path, io.BytesIO(change.todo), state.want, how)
        if "backup_file" in done:
            result["backup_file"] = done["backup_file"]
    attributes.settle(system, params.path, state.want)
    return result


RETURNS = """
actions: The expression, its namespaces and what was asked for.
count: How many elements the expression finds.
matches: What was found, with content.
xmlstring: The XML, where it was given as text.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: The port that the server listens on
  xml:
    path: /etc/app/server.xml
    xpath: /Server/Service/Connector
    attribute: port
    value: "8080"
- name: A user more
  xml:
    path: /etc/app/users.xml
    xpath: /users/user[@name='jane']/role
    value: admin
- name: How many users there are
  xml:
    path: /etc/app/users.xml
    xpath: /users/user
    count: true
- name: No debug listener
  xml:
    path: /etc/app/server.xml
    xpath: //Listener[@class='debug']
    state: absent
"""
