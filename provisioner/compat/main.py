"""Runs one of Ansible's commands: finds its file, parses its options, turns errors into its texts and exit codes."""

from __future__ import annotations

import argparse
import gc
import locale
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from provisioner import catalog
from provisioner.cli.main import COLLECT_EVERY
from provisioner.compat import messages
from provisioner.compat.shims import command_of, program_of
from provisioner.compat.version import version_text
from provisioner.diagnostics.errors import Defect, Exit, InputError, ProvisionerError
from provisioner.diagnostics.home import expanded

PARSE_ERROR = 4
ARGUMENT_ERROR = 2


class Parser(argparse.ArgumentParser):
    """An argument parser that says everything about a wrong option, as Ansible's does, and exits with 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, show the help, leave."""
        self.print_usage(sys.stderr)
        sys.stderr.write(f"{self.prog}: error: {message}\n \n")
        sys.stderr.write(self.format_help())
        sys.exit(ARGUMENT_ERROR)


def entry() -> NoReturn:
    """Run the command this process was started as, and exit."""
    gc.set_threshold(*COLLECT_EVERY)
    try:
        code = main(Path(sys.argv[0]).name, sys.argv[1:])
    finally:
        gc.freeze()
    sys.exit(code)


def main(program: str, argv: Sequence[str]) -> int:
    """Run ``program`` with ``argv`` and return the exit code."""
    code = int(Exit.ERROR)
    try:
        code = _dispatch(program, list(argv))
        sys.stdout.flush()
    except InputError as error:
        return messages.tell_input_error(error)
    except Defect as error:
        return _unexpected(error)
    except ProvisionerError as error:
        messages.tell_error(str(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        messages.tell_error("User interrupted execution")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except Exception as error:  # noqa: BLE001 - the outermost border
        return _unexpected(error)
    return code


def parser_of(command: str) -> argparse.ArgumentParser:
    """Return the parser of one command; a command may bring a parser of its own."""
    module = catalog.load("shim", command)
    parser = Parser(prog=program_of(command), description=module.__doc__)
    parser.add_argument("--version", action="store_true", help="show the version and where things are found, and exit")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more; may be repeated up to -vvvvvv")
    module.add_arguments(parser)
    return parser


def _dispatch(program: str, argv: list[str]) -> int:
    command = command_of(program)
    if (problem := _encoding_problem()) is not None:
        sys.stderr.write(f"ERROR: {problem}\n")
        return Exit.ERROR
    if "--version" in argv:
        sys.stdout.write(version_text(program))
        return Exit.OK
    if folder := os.environ.get("ANSIBLE_LOCAL_TEMP"):
        with suppress(OSError):  # scripts look into it; nothing of ours is there
            expanded(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    return int(catalog.load("shim", command).run(parser_of(command).parse_args(argv)))


def _encoding_problem() -> str | None:
    """Return what is wrong with the locale; Ansible works with UTF-8 alone, and scripts rely on being told."""
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error as error:
        return f"Ansible could not initialize the preferred locale: {error}"
    encoding = locale.getlocale()[1]
    if (encoding or "").lower() not in {"utf-8", "utf8"} and not sys.flags.utf8_mode:
        return f"Ansible requires the locale encoding to be UTF-8; Detected {encoding}."
    return None


def _unexpected(error: Exception) -> int:
    messages.tell_error(f"Unexpected Exception, this is probably a bug: {error}")
    sys.stderr.write("the full traceback was:\n\n" + "".join(traceback.format_exception(error)))
    return Exit.DEFECT
