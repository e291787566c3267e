"""What words and requirements files ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.galaxy.requirement import collection_of_word, read_requirements, role_of_word


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("owner.role", ("owner.role", "galaxy", "owner.role", "")),
        ("owner.role,1.2", ("owner.role", "galaxy", "owner.role", "1.2")),
        ("git+https://h/x/role.git,main,mine", ("mine", "git", "https://h/x/role.git", "main")),
        ("git@h:x/role.git", ("role", "git", "git@h:x/role.git", "")),
        ("https://h/x/role.tar.gz", ("role", "url", "https://h/x/role.tar.gz", "")),
        ("https://github.com/x/role", ("role", "git", "https://github.com/x/role", "")),
        ("./role.tar", ("role", "file", "./role.tar", "")),
        ("hg+http://h/role", ("role", "hg", "http://h/role", "")),
    ],
)
def test_a_word_means_a_role(word: str, expected: tuple[str, str, str, str]) -> None:
    found = role_of_word(word)
    assert (found.name, found.way, found.place, found.version) == expected


def test_a_word_means_a_collection(tmp_path: Path) -> None:
    named = collection_of_word("ns.coll:>=1.0.0")
    assert (named.name, named.version, named.way) == ("ns.coll", ">=1.0.0", "galaxy")
    cloned = collection_of_word("git+https://h/x.git#/sub/folder/,v2")
    assert (cloned.way, cloned.place, cloned.inside, cloned.version) == ("git", "https://h/x.git", "sub/folder", "v2")
    archive = tmp_path / "a.tar.gz"
    archive.touch()
    assert collection_of_word(str(archive)).way == "file"
    assert collection_of_word(str(tmp_path)).way == "subdirs"
    assert collection_of_word("https://h/a.tar.gz").way == "url"


def test_a_word_that_names_no_collection_is_refused() -> None:
    with pytest.raises(InputError, match="not an FQCN"):
        collection_of_word("nothing")


def test_a_file_may_hold_both_sections_and_include_others(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text("- src: owner.more\n  version: v3\n")
    (tmp_path / "r.yml").write_text(
        "roles:\n- owner.one\n- {src: 'git+file:///x/two.git', name: second, version: dev}\n- include: more.yml\n"
        "- {src: 'https://h/three.git', scm: git}\n"
        "collections:\n- ns.a\n- {name: ns.b, version: '>1.0.0', source: 'https://g/'}\n- {name: ../c, type: dir}\n"
        "- {name: 'https://h/d.git', type: git, version: main}\n"
    )
    found = read_requirements(tmp_path / "r.yml")
    assert [(r.name, r.way, r.version) for r in found.roles] == [
        ("owner.one", "galaxy", ""), ("second", "git", "dev"), ("owner.more", "galaxy", "v3"), ("three", "git", ""),
    ]  # fmt: skip
    assert [(c.name, c.way, c.version, c.server) for c in found.collections] == [
        ("ns.a", "galaxy", "*", ""), ("ns.b", "galaxy", ">1.0.0", "https://g/"), ("", "dir", "", ""),
        ("", "git", "main", ""),
    ]  # fmt: skip
    assert found.collections[2].place == str(tmp_path / "../c")


def test_a_list_alone_means_roles(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text("- name: x\n  src: owner.x\n")
    assert [each.name for each in read_requirements(tmp_path / "r.yml").roles] == ["x"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("roles: {a: b}\n", "list"), ("other: []\n", "only 'roles'"), ("", "No requirements"),
        ("collections: [{version: 1.0.0}]\n", "key name"), ("collections: [{name: ns.a, type: x}]\n", "must be one of"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "r.yml").write_text(text)
    with pytest.raises(InputError, match=told):
        read_requirements(tmp_path / "r.yml")
