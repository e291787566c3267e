"""Reading YAML: values, positions, merge keys, tags, repeated keys."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.diagnostic import Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source, Text, Unsafe
from provisioner.syntax import yaml
from provisioner.syntax.vault import VaultText

READERS = ["c", "pure"]


@pytest.fixture(params=READERS, autouse=True)
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure":
        monkeypatch.setattr(yaml, "CParser", None)
    else:
        assert yaml.CParser is not None, "ruamel.yaml.clib is a dependency and must be installed"


def read(text: str, findings: Findings | None = None) -> object:
    return yaml.load(Source("a.yml", text), findings=findings)


def where(value: object) -> tuple[int, int]:
    assert isinstance(value, Text)
    assert value.position is not None
    return value.position.line, value.position.column


def test_keys_and_strings_know_their_line_and_column() -> None:
    content = read("- name: one\n  copy:\n    src: 'a b'\n    text: |\n      x\n  tags: [p, \"q\"]\n")
    assert content == [{"name": "one", "copy": {"src": "a b", "text": "x\n"}, "tags": ["p", "q"]}]
    assert isinstance(content, list)
    task = content[0]
    assert [where(key) for key in task] == [(1, 3), (2, 3), (6, 3)]
    assert where(task["name"]) == (1, 9)
    assert where(task["copy"]["src"]) == (3, 10)
    assert where(task["copy"]["text"])[0] == 4
    assert [where(tag) for tag in task["tags"]] == [(6, 10), (6, 13)]


def test_quoted_scalars_stay_text_and_plain_ones_get_their_type() -> None:
    content = read("a: yes\nb: 'yes'\nc: 0644\nd: \"0644\"\ne:\nf: !!str 12\ng: !!int '12'\nyes: 1\n")
    assert content == {"a": True, "b": "yes", "c": 420, "d": "0644", "e": None, "f": "12", "g": 12, True: 1}


def test_merge_keys_give_way_to_written_ones_and_earlier_mappings_win() -> None:
    content = read(
        "base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\none:\n  <<: *b\n  x: 9\nboth:\n  <<: [*b, *m]\n'<<': text\n"
    )
    assert isinstance(content, dict)
    assert content["one"] == {"x": 9, "y": 1}
    assert content["both"] == {"x": 1, "y": 1, "z": 2}
    assert content["<<"] == "text"


def test_an_anchor_gives_the_same_value_wherever_it_is_used() -> None:
    content = read("a: &x [1, two]\nb: *x\n")
    assert isinstance(content, dict)
    assert content["b"] is content["a"]


def test_a_repeated_key_warns_with_both_places_and_the_last_value_counts() -> None:
    findings = Findings()
    assert read("a: 1\nb: 2\na: 3\n", findings) == {"a": 3, "b": 2}
    (warning,) = findings.warnings
    assert str(warning.position) == "a.yml:3:1"
    assert "a.yml:1:1" in warning.detail


def test_tags_for_unsafe_and_vault_values() -> None:
    content = read("a: !unsafe '{{ x }}'\nb: !unsafe [p, {k: q}]\nc: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n")
    assert isinstance(content, dict)
    assert type(content["a"]) is Unsafe
    assert type(content["b"][0]) is Unsafe
    assert type(content["b"][1]["k"]) is Unsafe
    assert type(content["c"]) is VaultText


def test_an_unknown_tag_is_an_error_at_its_place() -> None:
    with pytest.raises(InputError, match=r"a\.yml:2:4: error: unknown tag '!Ref'"):
        read("a: 1\nb: !Ref x\n")


def test_other_standard_collections_are_built() -> None:
    content = read("s: !!set {a, b}\no: !!omap [{a: 1}, {b: 2}]\nb: !!binary aGk=\n")
    assert content == {"s": {"a", "b"}, "o": [("a", 1), ("b", 2)], "b": b"hi"}


def test_an_empty_text_is_nothing_and_several_documents_are_refused() -> None:
    assert read("") is None
    assert read("# only this\n") is None
    assert yaml.load_all(Source("a.yml", "---\n1\n---\n2\n")) == [1, 2]
    with pytest.raises(InputError, match="one YAML document is expected"):
        read("---\n1\n---\n2\n")


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n\tb: 1\n", "2:", "spaces"),
        ("a: {{ x }}\n", "1:", "quoted"),
        ("a: {{ x }}/more\n", "1:", "quoted"),
        ("- a: 1\n  b: 'x\n- c: 2\n", "2:6", "never closed"),
        ('a: "x" y\n', "1:", "one pair of quotes"),
        ("a: b: c\n", "1:", "quoted"),
        ("a:\n    b: 1\n  c: 2\n", "3:", "indentation"),
        ("a: %x\n", "1:4", "quoted"),
        ("a: @x\n", "1:4", "quoted"),
        ("a: *nope\n", "1:4", "quoted"),
        ("a: 1\n b: 2\n", "2:", "indentation"),
    ],
)
def test_a_syntax_error_names_the_place_and_the_usual_cause(text: str, place: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    (found,) = caught.value.diagnostics
    assert str(found.position).startswith(f"a.yml:{place}")
    assert hint in found.hint
    assert "^" in found.render()


def test_a_colon_inside_a_word_of_a_flow_collection_is_part_of_the_word() -> None:
    assert read("{hosts: a:b, urls: [http://x/y?z=1, c:d], n: 010}") == {
        "hosts": "a:b",
        "urls": ["http://x/y?z=1", "c:d"],
        "n": 8,
    }
