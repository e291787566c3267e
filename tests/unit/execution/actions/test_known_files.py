"""Controller files are read once, and as little as possible is asked of the disk about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.execution import files
from provisioner.execution.files import FileCache, tree
from provisioner.execution.needs import Call, Local
from provisioner.remote.params import BadParameters
from provisioner.syntax.vault import Vault
from tests.support.stage import Stage


def written(folder: Path, number: int) -> list[Path]:
    paths = [folder / f"f{each}" for each in range(number)]
    for path in paths:
        path.write_text("content")
    return paths


def test_many_small_files_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, paths = FileCache(), written(tmp_path, 1000)
    known = [cache.file(path) for path in paths]
    monkeypatch.setattr(files, "_read", lambda *_: pytest.fail("read once more"))
    assert [cache.file(path) for path in paths] == known


def test_what_is_kept_is_bounded_by_files_and_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = written(tmp_path, 10)
    for limit in ("KEPT_FILES", 3), ("KEPT_BYTES", 3 * len("content")):
        with monkeypatch.context() as patched:
            patched.setattr(files, *limit)
            cache = FileCache()
            for path in paths:
                cache.file(path)
            assert [cache.has(path, decrypts=False) for path in paths] == [False] * 7 + [True] * 3


def test_a_file_that_is_read_anew_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "KEPT_BYTES", 20)
    cache, (one, two) = FileCache(), written(tmp_path, 2)
    for number in range(5):
        two.write_text(f"{number} " * (number + 1))
        cache.file(one)
        cache.file(two)
    assert cache.has(one, decrypts=False)


def test_an_encrypted_file_without_a_password_is_refused_where_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("$ANSIBLE_VAULT;1.1;AES256\n00\n")
    with pytest.raises(BadParameters, match="vault password or secret must be specified"):
        FileCache().file(path, Vault())
    assert FileCache().file(path).content == path.read_bytes()


def test_a_tree_has_links_folders_and_modes_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o750)
    (tmp_path / "d" / "f").write_text("x")
    (tmp_path / "d" / "f").chmod(0o640)
    (tmp_path / "around").symlink_to("d/..")
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "same").symlink_to("d/f")
    found = {leaf.path: leaf.words for leaf in tree(tmp_path, FileCache().file, whole=False, follows=True)}
    assert {path: words.get("mode") for path, words in found.items()} == {
        "gone": "0777", "same": "0640", "around": "0777", "d": "0750", "d/f": "0640",
    }  # fmt: skip
    assert found["gone"]["link"] == "nowhere"
    assert found["around"]["link"] == "d/.."


@pytest.mark.parametrize("follows", [True, False])
def test_a_link_that_leads_in_a_circle_stays_a_link(tmp_path: Path, follows: bool) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").write_text("x")
    found = {leaf.path: leaf.words for leaf in tree(tmp_path, FileCache().file, whole=False, follows=follows)}
    assert found["circle"]["link"] == "circle"
    assert sorted(found) == ["circle", "file"]


def test_a_tree_of_large_and_small_files_arrives(stage: Stage) -> None:
    contents = {"a": b"small", "empty": b"", "d/large": b"x" * 3_000_000}
    for name, content in contents.items():
        stage.write(f"files/t/{name}", content)
    result = stage.run("copy", {"src": "t", "dest": "/srv"})
    assert result["changed"], result
    assert {name: (stage.root / "srv" / "t" / name).read_bytes() for name in contents} == contents


@pytest.mark.parametrize("name", ["t", "large"])
def test_a_host_is_reached_while_its_files_are_read(stage: Stage, name: str) -> None:
    stage.write("files/t/a", "small")
    stage.write("files/large", b"x" * 100_000)
    stage.run("copy", {"src": name, "dest": "/srv/"})
    reading, asking = stage.needs[:2]
    assert isinstance(reading, Local)
    assert isinstance(asking, Call)
    assert reading.before is not None
    assert (reading.before.target, reading.before.become) == (asking.target, asking.become)
