"""Starting programs: output, errors and time limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.lab.commands import Commands, LabError, tail, write_atomically


def test_output_comes_back() -> None:
    assert Commands().run(["cat"], text="hello") == "hello"


def test_a_failure_names_the_command_its_code_and_what_it_printed() -> None:
    with pytest.raises(LabError, match=r"'sh -c echo no such thing >&2; exit 3' ended with 3\n    no such thing"):
        Commands().run(["sh", "-c", "echo no such thing >&2; exit 3"])


def test_a_missing_program_is_an_outcome_not_a_crash() -> None:
    assert Commands().attempt(["no-such-program-here"]).code == 127


def test_a_time_limit_is_kept() -> None:
    with pytest.raises(LabError, match="did not end within"):
        Commands().run(["sleep", "5"], timeout_s=0.1)


def test_the_tail_is_short_and_free_of_colours() -> None:
    text = "".join(f"line {i}\r\n" for i in range(50)) + "\x1b[0;1;31mred\x1b[0m\n"
    assert tail(text, 2) == "    line 49\n    red"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    write_atomically(path, "new", 0o600)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
