"""The one border of the command line: what is found, what it costs, and which exit code an error ends in."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from provisioner import catalog
from provisioner.cli import main as cli
from provisioner.diagnostics.diagnostic import Diagnostic
from provisioner.diagnostics.errors import Defect, InputError, UnmetNeed, Unreachable
from provisioner.diagnostics.position import Position, Source


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A command called ``lab`` that does what the test tells it."""
    fake = SimpleNamespace(__doc__="Fake.", add_arguments=lambda parser: parser.add_argument("words", nargs="*"))
    monkeypatch.setattr(catalog, "load", lambda _kind, _name: fake)
    return fake


def failing(error: BaseException) -> object:
    def run(_arguments: argparse.Namespace) -> int:
        raise error

    return run


def test_version_and_help_are_quick_because_they_import_nothing_heavy() -> None:
    heavy = ["jinja2", "ruamel", "networkx", "paramiko", "fabric", "rich", "cryptography", "pytest"]
    for option in ("--version", "--help"):
        program = (
            "import sys; from provisioner.cli.main import main; main([sys.argv[1]]); "
            f"print([name for name in {heavy} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", program, option], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command_with_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name, summary in cli.summaries().items():
        assert name in text
        assert summary.endswith(".")
        assert summary in text


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["hisotry"]) == 5
    assert "there is no command 'hisotry'; did you mean 'history'?" in capsys.readouterr().err


def test_no_command_shows_the_overview_and_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 5
    assert "usage: provisioner" in capsys.readouterr().out


def test_a_wrong_option_exits_5(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["history", "--nonsense"])
    assert left.value.code == 5
    assert "unrecognized arguments: --nonsense" in capsys.readouterr().err


def test_bad_input_shows_every_diagnostic_and_exits_4(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    at = Position(Source("site.yml", "- hostz: all\n"), 1, 3)
    found = [Diagnostic("unknown key 'hostz'", at, hint="did you mean 'hosts'?"), Diagnostic("another")]
    command.run = failing(InputError(found))
    assert cli.main(["lab"]) == 4
    text = capsys.readouterr().err
    assert "site.yml:1:3: error: unknown key 'hostz'" in text
    assert "\n      ^\n" in text
    assert "2 errors found; no host was touched" in text


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UnmetNeed("root is needed", "use sudo"), 1, "provisioner: root is needed: use sudo"),
        (Unreachable("no way to h1"), 1, "no way to h1"),
        (KeyboardInterrupt(), 99, "interrupted"),
        (Defect("impossible"), 250, "defect: Defect: impossible"),
        (ZeroDivisionError("division by zero"), 250, "defect: ZeroDivisionError: division by zero"),
    ],
)
def test_every_error_has_its_exit_code(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, text: str
) -> None:
    command.run = failing(error)
    assert cli.main(["lab"]) == code
    assert text in capsys.readouterr().err


def test_a_defect_keeps_its_traceback_in_a_private_file(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVISIONER_STATE_DIR", str(tmp_path))
    command.run = failing(ZeroDivisionError("x"))
    cli.main(["lab"])
    (path,) = (tmp_path / "crashes").iterdir()
    assert str(path) in capsys.readouterr().err
    assert "Traceback" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_options_may_stand_between_positional_arguments(command: SimpleNamespace) -> None:
    seen = []
    command.add_arguments = lambda parser: (parser.add_argument("words", nargs="+"), parser.add_argument("-i"))
    command.run = lambda arguments: seen.append((arguments.words, arguments.i)) or 0
    assert cli.main(["lab", "a.yml", "-i", "hosts", "b.yml"]) == 0
    assert seen == [(["a.yml", "b.yml"], "hosts")]


@pytest.mark.parametrize("name", sorted(catalog.names("command")))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: provisioner {name}" in capsys.readouterr().out


def test_every_command_declares_options_that_have_help() -> None:
    for name in catalog.names("command"):
        for action in cli.parser_of(name)._actions:
            assert action.help or action.dest == "verb", f"{name} {action.option_strings or action.dest}"


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    program = "import sys; from provisioner.cli.main import main; sys.exit(main(['--help']))"
    script = f'{sys.executable} -c "{program}" | true; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "1"}
