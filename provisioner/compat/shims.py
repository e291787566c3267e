"""The commands with Ansible's names: small files that start this interpreter with this provisioner.

A file names the interpreter and the folder of the package, so it works from any folder and in any environment.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import provisioner
from provisioner import catalog

ADHOC = "adhoc"

_TEXT = """\
#!/bin/sh
'''exec' {python} "$0" "$@"
'''
import sys
sys.path[0] = {folder!r}
from provisioner.compat.main import entry
entry()
"""
_PLAIN = """\
#!{python}
import sys
sys.path[0] = {folder!r}
from provisioner.compat.main import entry
entry()
"""


def program_of(command: str) -> str:
    """Return the program's name for a file of ``compat/commands``."""
    return "ansible" if command == ADHOC else f"ansible-{command}"


def command_of(program: str) -> str:
    """Return the file of ``compat/commands`` for a program's name."""
    return ADHOC if program == "ansible" else program.removeprefix("ansible-")


def install(folder: Path) -> Iterator[Path]:
    """Write every command into ``folder`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    python, package = sys.executable, str(Path(provisioner.__file__).resolve().parents[1])
    fits = " " not in python and len(python) < 120  # what the kernel takes as an interpreter line
    text = (_PLAIN if fits else _TEXT).format(python=python if fits else f"'{python}'", folder=package)
    for command in sorted(catalog.names("shim")):
        path = folder / program_of(command)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        yield path
