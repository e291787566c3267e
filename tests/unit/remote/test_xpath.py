"""XPath over small documents: what each expression finds, by the text of what is found."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.remote.system import markup, xpath
from provisioner.remote.system.xpath_values import BadXpath, text_of

BOOK = b"""<lib xmlns:p="urn:p">
<shelf n="1"><book id="a" year="1999">One</book><book id="b" year="2005">Two</book></shelf>
<shelf n="2"><book id="c" year="2010">Three<!-- x --></book><p:map id="d">Four</p:map></shelf></lib>"""


def found(expression: str, **namespaces: str) -> Any:
    """Return the texts of the nodes found, or the value."""
    value = xpath.select(markup.read(BOOK), expression, namespaces)
    return [text_of([node]) for node in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("/lib/shelf/book", ["One", "Two", "Three"]),
        ("//book[@id='b']", ["Two"]),
        ("//book[@year > 2000][1]", ["Two", "Three"]),
        ("(//book[@year > 2000])[1]", ["Two"]),
        ("//shelf[2]/*", ["Three", "Four"]),
        ("//book/@id", ["a", "b", "c"]),
        ("//book[last()]/@id", ["b", "c"]),
        ("//book[position() mod 2 = 0]", ["Two"]),
        ("//book[not(@id='a') and ../@n='1']", ["Two"]),
        ("//book[.='Three']/ancestor::shelf/@n", ["2"]),
        ("//book[.='Two']/preceding-sibling::book[1]", ["One"]),
        ("//book[@id='c']/preceding::book[1]", ["Two"]),
        ("//book[@id='a']/following::book", ["Two", "Three"]),
        ("//@n | //book[1]/@id", ["1", "a", "2", "c"]),
        ("//book[contains(., 'hr') or starts-with(., 'O')]", ["One", "Three"]),
        ("//book[string-length() = 3 and substring(., 2, 1) = 'w']", ["Two"]),
        ("//shelf[count(book) = 2]/@n", ["1"]),
        ("//shelf[book/@year = 2010]/@n", ["2"]),
        ("//comment()", [" x "]),
        ("//book[translate(., 'ONE', 'one') = 'one']", ["One"]),
        ("//*[local-name() = 'map']", ["Four"]),
        ("/lib/shelf[1]/child::node()[self::book]", ["One", "Two"]),
        ("sum(//book/@year) - 10 * 2", 5994.0),
        ("concat(//book[1], '-', 7 div 2)", "One-3.5"),
        ("normalize-space('  a   b ')", "a b"),
        ("1 < 2 and not(2 <= 1)", True),
        ("substring-after('a=b', '=')", "b"),
        ("round(2.5) + floor(-1.5) + ceiling(1.2)", 3.0),
        ("/nope//x", []),
    ],
)
def test_an_expression_finds(expression: str, expected: object) -> None:
    """In the order of the document, each node once."""
    assert found(expression) == expected


def test_prefixes_stand_for_what_the_caller_says() -> None:
    """The document's own prefixes do not count."""
    assert found("//q:map", q="urn:p") == ["Four"]
    assert found("//q:*/@id", q="urn:p") == ["d"]
    with pytest.raises(BadXpath, match="Undefined namespace prefix"):
        found("//p:map")


@pytest.mark.parametrize(
    "expression",
    ["/a[", "//", "a b", "count(", "nope()", "/a/wrong::b", "'open", "@", "", "contains('a')"],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    """With an error of its own."""
    with pytest.raises(BadXpath):
        found(expression)
