"""The ``provisioner`` command: finds the verb asked for, imports that one alone, and turns errors into exit codes.

This is the one place where exceptions end: a mistake in the input is shown as its diagnostics, anything unforeseen as
one line and the path of a file with the traceback.
"""

from __future__ import annotations

import argparse
import ast
import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import util
from pathlib import Path
from typing import NoReturn

from provisioner import __version__, catalog
from provisioner.diagnostics.diagnostic import Severity
from provisioner.diagnostics.errors import Defect, Exit, InputError, ProvisionerError, nearest
from provisioner.journal.places import state_dir
from provisioner.reporting.spelling import printable

PROGRAM = "provisioner"
NO_PLACE = frozenset({errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EISDIR, errno.ENOTDIR})
"""What a file that is written or read can be in the way of, outside of what is expected of it."""
COLLECT_EVERY = (20_000, 20, 20)
"""How many new objects, and how many passes over them, there are between two looks for garbage."""


class Parser(argparse.ArgumentParser):
    """An argument parser that exits with our code for wrong options."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave."""
        self.print_usage(sys.stderr)
        self.exit(Exit.BAD_OPTIONS, f"{self.prog}: error: {message}\n")


def entry() -> NoReturn:
    """Run the command line of this process and exit.

    Nearly everything a run makes lives as long as the run. So Python looks for garbage less often than it would, and
    not at all at the end, where that look at everything would cost a fifth of a small run.
    """
    gc.set_threshold(*COLLECT_EVERY)
    try:
        code = main(sys.argv[1:])
    finally:
        gc.freeze()
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run ``argv`` and return the exit code; nothing is raised except SystemExit for ``--help`` and wrong options."""
    code = int(Exit.ERROR)
    try:
        code = int(_dispatch(list(argv)))
        sys.stdout.flush()
    except InputError as error:
        return _bad_input(error)
    except Defect as error:
        return _defect(error)
    except ProvisionerError as error:
        _tell(f"{PROGRAM}: {error}")
        return int(error.exit_code)
    except KeyboardInterrupt:
        _tell(f"{PROGRAM}: interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # the reader went away (| head); give Python's own flush at exit somewhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        return _no_place(error) if error.errno in NO_PLACE else _defect(error)
    except Exception as error:  # noqa: BLE001 - the outermost border
        return _defect(error)
    return code


def parser_of(command: str) -> argparse.ArgumentParser:
    """Return the parser of one command; the reference pages are made from it too."""
    module = catalog.load("command", command)
    parser = Parser(prog=f"{PROGRAM} {command}", description=module.__doc__)
    module.add_arguments(parser)
    return parser


def summaries() -> dict[str, str]:
    """Return every command with the first line of its docstring, importing none of them."""
    found = {}
    for name in sorted(catalog.names("command")):
        spec = util.find_spec(f"{catalog.FOLDERS['command']}.{name}")
        text = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        found[name] = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    return found


def _dispatch(argv: list[str]) -> int:
    if argv[:1] == ["--version"]:
        print(f"{PROGRAM} {__version__} (Python {sys.version.split()[0]})")
        return Exit.OK
    if not argv or argv[0] in {"-h", "--help", "help"}:
        print(_overview())
        return Exit.OK if argv else Exit.BAD_OPTIONS
    command, rest = argv[0], argv[1:]
    if command.startswith("-") or command not in catalog.names("command"):
        hint = nearest(command, catalog.names("command")) or f"'{PROGRAM} --help' lists them"
        _tell(f"{PROGRAM}: error: there is no command '{command}'; {hint}")
        return Exit.BAD_OPTIONS
    return int(catalog.load("command", command).run(_parsed(parser_of(command), rest)))


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Parse; options may stand between positional arguments where the command has no verbs of its own.

    Help is asked for in the plain way: in the other, argparse takes the defaults of positional arguments away.
    """
    has_verbs = any(action.nargs in (argparse.PARSER, argparse.REMAINDER) for action in parser._actions)
    asks = {word for action in parser._actions if action.dest == "help" for word in action.option_strings}
    return parser.parse_args(words) if has_verbs or asks & set(words) else parser.parse_intermixed_args(words)


def _overview() -> str:
    commands = summaries()
    width = max(map(len, commands), default=0)
    lines = [f"usage: {PROGRAM} COMMAND [OPTIONS]", "", "Ansible's language, run as a task graph over SSH.", ""]
    lines += [f"  {name:<{width}}  {summary}" for name, summary in commands.items()]
    return "\n".join([*lines, "", f"'{PROGRAM} COMMAND --help' shows a command's options; --version the version."])


def _bad_input(error: InputError) -> int:
    _tell(str(error))
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in error.diagnostics)
    if errors > 1:
        _tell(f"\n{errors} errors found; no host was touched")
    return int(error.exit_code)


def _no_place(error: OSError) -> int:
    """Tell of a file or a disk that nothing can be written to, or that may not be read: no fault of the program's."""
    _tell(f"{PROGRAM}: {error.filename or 'cannot write'}: {error.strerror}")
    return Exit.ERROR


def _defect(error: Exception) -> int:
    """Keep the traceback in a file and say in one line where."""
    folder = state_dir(os.environ) / "crashes"
    path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    text = "".join(traceback.format_exception(error))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"{PROGRAM} {__version__}\n{text}", encoding="utf-8")
    except OSError:
        _tell(text)
    _tell(f"{PROGRAM}: defect: {type(error).__name__}: {error}; the traceback is in {path}")
    return Exit.DEFECT


def _tell(text: str) -> None:
    print(printable(text), file=sys.stderr)
