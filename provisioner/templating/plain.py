"""Recognizes templates and conditions so plain that nothing can be wrong with their syntax, without parsing them.

Most templates of a playbook are names in braces and most conditions compare one or two. Parsing each costs Jinja some
tenths of a millisecond, which adds up to half of the time that a large playbook takes to load. What is not recognized
here is no mistake: Jinja looks at it.
"""

from __future__ import annotations

import re

FILTERS = "default d int bool string lower upper join length first last list trim basename dirname unique sort"
TESTS = "defined undefined none string number mapping sequence"
"""Names that exist in every project; others may be misspelled."""

# small patterns used one after another: a single large one takes ten times as long to compile
_NAME = r"(?!(?:and|or|not|is|in|if|else|elif|for|recursive)\b)[A-Za-z_][A-Za-z0-9_]*"
_STRING = r"'[^'\\{}%#\n]*'|\"[^\"\\{}%#\n]*\""
_NUMBER = r"0|[1-9][0-9]*"
_ARGUMENT = rf"(?:{_STRING}|{_NUMBER}|{_NAME})"
_VALUE = re.compile(
    rf"(?:{_NAME}(?:\.[A-Za-z_][A-Za-z0-9_]*|\[(?:{_STRING}|{_NUMBER})\])*|{_STRING}|{_NUMBER})"
    rf"(?: *\| *(?:{'|'.join(FILTERS.split())})\b(?:\((?:{_ARGUMENT}(?: *, *{_ARGUMENT})*)?\))?)*"
)
_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_JINJA = re.compile(r"\{[{%#]")
_BETWEEN_PARTS = re.compile("[+~]")
_BETWEEN_CLAUSES = re.compile(" +(?:and|or) +")
_CLAUSE = re.compile(
    r"(?:not +)?(?P<left>.+?)"
    rf"(?: +is +(?:not +)?(?:{'|'.join(TESTS.split())})"
    r"| *(?:==|!=|<=|>=|<|>) *(?P<right>.+)| +(?:not +)?in +(?P<all>.+))?"
)


def is_plain_template(text: str) -> bool:
    """Tell whether a template consists of text and plain values in braces."""
    parts = _BRACES.split(text)
    return not any(map(_JINJA.search, parts[::2])) and all(
        _VALUE.fullmatch(each.strip(" ")) for inside in parts[1::2] for each in _BETWEEN_PARTS.split(inside)
    )


def is_plain_expression(text: str) -> bool:
    """Tell whether a bare expression is plain values and comparisons of them, with ``and`` and ``or`` between."""
    return all(map(_is_plain_clause, _BETWEEN_CLAUSES.split(text.strip(" "))))


def _is_plain_clause(text: str) -> bool:
    found = _CLAUSE.fullmatch(text)
    return found is not None and all(_VALUE.fullmatch(each) for each in found.groups() if each is not None)
