"""XPath 1.0 over a document of ``markup``: a recursive-descent parser whose rules return functions of the context."""

import math
import re
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from . import markup
from .xpath_values import AXES, FUNCTIONS, KINDS, OF_CONTEXT, BadXpath, compare, number_of, truth_of

NCNAME = r"[^\W\d][\w.\-]*"
TOKEN = re.compile(
    r"\s*(\d+(?:\.\d*)?|\.\d+|\"[^\"]*\"|'[^']*'|::|//|\.\.|!=|<=|>=|[/.@()\[\],|+\-*=<>]|%s(?::(?:%s|\*))?)"
    % (NCNAME, NCNAME)
)
NODE_TESTS = {
    "text": (KINDS.TEXT_NODE, KINDS.CDATA_SECTION_NODE),
    "comment": (KINDS.COMMENT_NODE,),
    "processing-instruction": (KINDS.PROCESSING_INSTRUCTION_NODE,),
    "node": (),
}
LEVELS: Tuple[Tuple[str, ...], ...] = (
    ("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod")
)  # fmt: skip


class Context(NamedTuple):
    """Where an expression is looked at: the node, and its place among how many."""

    node: Any
    position: int
    size: int


Value = Callable[[Context], Any]


def select(document: Any, expression: str, namespaces: Dict[str, str]) -> Any:
    """Return the nodes that ``expression`` finds, in the order of the document, or its value where it is no path."""
    order = {id(node): at for at, node in enumerate(markup.walk(document))}
    parser = _Parser(_tokens(expression), namespaces, order)
    value = parser.whole()
    return value(Context(document, 1, 1))


def _tokens(expression: str) -> List[str]:
    found, at = [], 0
    text = expression.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise BadXpath("Invalid expression")
        found.append(match.group(1))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: List[str], namespaces: Dict[str, str], order: Dict[int, int]) -> None:
        self.tokens, self.namespaces, self.order = tokens, namespaces, order
        self.at = 0

    def whole(self) -> Value:
        value = self.level(0)
        if self.at < len(self.tokens):
            raise BadXpath("Invalid expression")
        return value

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        word = self.peek()
        if not word or (wanted and word not in wanted):
            return ""
        self.at += 1
        return word

    def must(self, wanted: str) -> None:
        if not self.take(wanted):
            raise BadXpath("Invalid expression")

    def level(self, depth: int) -> Value:
        if depth == len(LEVELS):
            return self.negative()
        left = self.level(depth + 1)
        sign = self.take(*LEVELS[depth])
        while sign:
            left = _joined(left, sign, self.level(depth + 1))
            sign = self.take(*LEVELS[depth])
        return left

    def negative(self) -> Value:
        if self.take("-"):
            inner = self.negative()
            return lambda context: -number_of(inner(context))
        paths = [self.path()]
        while self.take("|"):
            paths.append(self.path())
        return paths[0] if len(paths) == 1 else self.union(paths)

    def union(self, paths: List[Value]) -> Value:
        return lambda context: self.sorted([node for path in paths for node in _nodes(path(context))])

    def sorted(self, nodes: List[Any]) -> List[Any]:
        return sorted({id(node): node for node in nodes}.values(), key=lambda node: self.order[id(node)])

    def path(self) -> Value:
        word = self.peek()
        if word in ("/", "//"):
            return self.absolute()
        if word == "(" or word[:1] in ("'", '"') or _is_number(word) or self.is_call():
            start = self.filtered()
        else:
            start = self.step(lambda context: [context.node])
        return self.steps(start)

    def absolute(self) -> Value:
        def root(context: Context) -> Any:
            node = context.node
            return [node.ownerDocument or node]

        if self.peek() == "/":
            self.take()
            starts = self.peek() in (".", "..", "@", "*") or re.match(NCNAME, self.peek())
            return self.steps(self.step(root)) if starts else root
        return self.steps(root)

    def steps(self, start: Value) -> Value:
        sign = self.take("/", "//")
        while sign:
            if sign == "//":
                start = self.walked(start, "descendant-or-self", lambda _: True, [])
            start = self.step(start)
            sign = self.take("/", "//")
        return start

    def is_call(self) -> bool:
        return self.peek(1) == "(" and self.peek() not in NODE_TESTS

    def filtered(self) -> Value:
        start = self.primary()
        for predicate in self.predicates():
            start = self.kept(start, predicate)
        return start

    def kept(self, start: Value, predicate: Value) -> Value:
        return lambda context: _filtered(_nodes(start(context)), predicate)

    def primary(self) -> Value:
        word = self.take()
        if word == "(":
            value = self.level(0)
            self.must(")")
            return value
        if word[:1] in ("'", '"'):
            return lambda _: word[1:-1]
        if _is_number(word):
            return lambda _: float(word)
        return self.call(word)

    def call(self, name: str) -> Value:
        self.must("(")
        given: List[Value] = []
        while not self.take(")"):
            if given:
                self.must(",")
            given.append(self.level(0))
        if name in ("position", "last"):
            return lambda context: float(context.position if name == "position" else context.size)
        function = FUNCTIONS.get(name)
        if function is None:
            raise BadXpath("Unregistered function")
        if not given and name in OF_CONTEXT:
            given = [lambda context: [context.node]]
        return lambda context: _called(function, [each(context) for each in given])

    def predicates(self) -> List[Value]:
        found = []
        while self.take("["):
            found.append(self.level(0))
            self.must("]")
        return found

    def step(self, start: Value) -> Value:
        if self.take("."):
            return self.walked(start, "self", lambda _: True, self.predicates())
        if self.take(".."):
            return self.walked(start, "parent", lambda _: True, self.predicates())
        axis = "attribute" if self.take("@") else "child"
        if self.peek(1) == "::":
            axis = self.take()
            self.take()
            if axis not in AXES:
                raise BadXpath("Invalid expression")
        test = self.test(KINDS.ATTRIBUTE_NODE if axis == "attribute" else KINDS.ELEMENT_NODE)
        return self.walked(start, axis, test, self.predicates())

    def test(self, kind: int) -> Callable[[Any], bool]:
        name = self.take()
        if name == "*":
            return lambda node: bool(node.nodeType == kind)
        if not re.match(NCNAME, name):
            raise BadXpath("Invalid expression")
        if name in NODE_TESTS and self.take("("):
            kinds = NODE_TESTS[name]
            if self.peek()[:1] in ("'", '"'):
                self.take()
            self.must(")")
            return lambda node: not kinds or node.nodeType in kinds
        try:
            uri, rest, _ = markup.expanded(name, self.namespaces)
        except markup.NoPrefix:
            raise BadXpath("Undefined namespace prefix") from None
        return lambda node: bool(
            node.nodeType == kind and (node.namespaceURI or None) == uri and rest in ("*", markup.local(node))
        )

    def walked(self, start: Value, axis: str, test: Callable[[Any], bool], predicates: List[Value]) -> Value:
        def value(context: Context) -> Any:
            found: List[Any] = []
            for node in _nodes(start(context)):
                nodes = [each for each in AXES[axis](node) if test(each)]
                for predicate in predicates:
                    nodes = _filtered(nodes, predicate)
                found += nodes
            return self.sorted(found)

        return value


def _is_number(word: str) -> bool:
    return word[:1].isdigit() or (word[:1] == "." and word[1:2].isdigit())


def _nodes(value: Any) -> List[Any]:
    if not isinstance(value, list):
        raise BadXpath("Invalid type")
    return value


def _filtered(nodes: List[Any], predicate: Value) -> List[Any]:
    kept = []
    for at, node in enumerate(nodes, 1):
        value = predicate(Context(node, at, len(nodes)))
        if value == at if isinstance(value, float) else truth_of(value):
            kept.append(node)
    return kept


def _called(function: Callable[..., Any], given: List[Any]) -> Any:
    try:
        return function(*given)
    except TypeError:
        raise BadXpath("Invalid number of arguments") from None


def _joined(left: Value, sign: str, right: Value) -> Value:
    if sign == "or":
        return lambda context: truth_of(left(context)) or truth_of(right(context))
    if sign == "and":
        return lambda context: truth_of(left(context)) and truth_of(right(context))
    if sign in ("+", "-", "*", "div", "mod"):
        return lambda context: _reckoned(number_of(left(context)), sign, number_of(right(context)))
    return lambda context: compare(left(context), sign, right(context))


def _reckoned(left: float, sign: str, right: float) -> float:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    if right == 0:
        return math.nan if sign == "mod" or left == 0 or math.isnan(left) else math.copysign(math.inf, left)
    return left / right if sign == "div" else math.fmod(left, right)
