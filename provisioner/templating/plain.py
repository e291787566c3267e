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

_WORDS = "and or not is in if else elif for recursive"
_NAME = rf"(?!(?:{'|'.join(_WORDS.split())})\b)[A-Za-z_][A-Za-z0-9_]*"
_STRING = r"(?:'[^'\\{}%#\n]*'|\"[^\"\\{}%#\n]*\")"
_NUMBER = r"(?:0|[1-9][0-9]*)"
_VALUE = rf"{_NAME}(?:\.{_NAME}|\[(?:{_STRING}|{_NUMBER})\])*"
_TERM = rf"(?:{_VALUE}|{_STRING}|{_NUMBER})"
_FILTER = rf" *\| *(?:{'|'.join(FILTERS.split())})\b(?:\( *(?:{_TERM}(?: *, *{_TERM})*)? *\))?"
_FILTERED = rf"{_TERM}(?:{_FILTER})*"
_SUM = rf"{_FILTERED}(?: *[+~] *{_FILTERED})*"
_TEXT = r"[^{]*(?:\{(?![{%#])[^{]*)*"
_TEMPLATE = re.compile(rf"{_TEXT}(?:\{{\{{ *{_SUM} *\}}\}}{_TEXT})*")
_TEST = rf" +is +(?:not +)?(?:{'|'.join(TESTS.split())})\b"
_COMPARISON = rf" *(?:==|!=|<=|>=|<|>) *{_FILTERED}| +(?:not +)?in +{_FILTERED}"
_CLAUSE = rf"(?:not +)?{_FILTERED}(?:{_TEST}|{_COMPARISON})?"
_CONDITION = re.compile(rf" *{_CLAUSE}(?: +(?:and|or) +{_CLAUSE})* *")


def is_plain_template(text: str) -> bool:
    """Tell whether a template consists of text and plain values in braces."""
    return _TEMPLATE.fullmatch(text) is not None


def is_plain_expression(text: str) -> bool:
    """Tell whether a bare expression is plain values and comparisons of them, with ``and`` and ``or`` between."""
    return _CONDITION.fullmatch(text) is not None
