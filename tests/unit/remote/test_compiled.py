"""Compiled code is kept for this user alone, and anything amiss with what is kept only costs compiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.remote import compiled
from provisioner.remote.compiled import FOLDER, MOST_FILES, Compiled

SOURCE = "answer = 42\n"


def answer(code: object) -> int:
    names: dict[str, int] = {}
    exec(code, names)  # type: ignore[arg-type]
    return names["answer"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


def kept(home: Path) -> list[Path]:
    return sorted((home / FOLDER).iterdir())


def test_a_source_is_compiled_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(Compiled(str(home)).code(SOURCE, "a.py")) == 42
    monkeypatch.setattr(compiled, "compile", None, raising=False)
    assert answer(Compiled(str(home)).code(SOURCE, "a.py")) == 42
    assert len(kept(home)) == 1


def test_another_source_or_another_name_is_another_file(home: Path) -> None:
    keeper = Compiled(str(home))
    keeper.code(SOURCE, "a.py")
    assert keeper.code(SOURCE, "b.py").co_filename == "b.py"
    assert answer(keeper.code("answer = 43\n", "a.py")) == 43
    assert len(kept(home)) == 3


def test_what_is_kept_is_for_its_user_alone(home: Path) -> None:
    Compiled(str(home)).code(SOURCE, "a.py")
    assert [path.stat().st_mode & 0o777 for path in (home / FOLDER, *kept(home))] == [0o700, 0o600]


@pytest.mark.parametrize("damage", [b"", b"x" * 200])
def test_a_damaged_file_is_not_used(home: Path, damage: bytes) -> None:
    Compiled(str(home)).code(SOURCE, "a.py")
    kept(home)[0].write_bytes(damage)
    assert answer(Compiled(str(home)).code(SOURCE, "a.py")) == 42


def test_a_file_that_others_may_write_is_not_used(home: Path) -> None:
    Compiled(str(home)).code(SOURCE, "a.py")
    false = compile("answer = 666\n", "a.py", "exec")
    keeper = Compiled(str(home))
    keeper.keep("\0".join(("a.py", SOURCE)), false)
    assert answer(keeper.code(SOURCE, "a.py")) == 666, "what this user wrote is believed"
    kept(home)[0].chmod(0o666)
    assert answer(keeper.code(SOURCE, "a.py")) == 42


def test_a_link_is_not_followed(home: Path) -> None:
    Compiled(str(home)).code(SOURCE, "a.py")
    path = kept(home)[0]
    path.rename(home / "elsewhere")
    path.symlink_to(home / "elsewhere")
    assert compiled._read(str(path)) is None


def test_nothing_is_kept_in_a_folder_that_is_not_ours_alone(home: Path) -> None:
    (home / ".cache").mkdir()
    (home / ".cache").chmod(0o777)
    assert Compiled(str(home)).folder == ""
    assert answer(Compiled(str(home)).code(SOURCE, "a.py")) == 42


@pytest.mark.parametrize("place", ["/", "", "/nonexistent"])
def test_without_a_home_nothing_is_kept(place: str) -> None:
    assert Compiled(place or "/").folder == ""


def test_a_full_folder_loses_its_older_half(home: Path) -> None:
    Compiled(str(home))
    for number in range(MOST_FILES + 1):
        (home / FOLDER / f"old{number}").write_text("")
    Compiled(str(home)).code(SOURCE, "a.py")
    assert len(kept(home)) == MOST_FILES - MOST_FILES // 2 + 2


def test_a_folder_that_is_removed_meanwhile_ends_keeping(home: Path) -> None:
    keeper = Compiled(str(home))
    (home / FOLDER).rmdir()
    assert answer(keeper.code(SOURCE, "a.py")) == 42
    assert keeper.folder == ""
