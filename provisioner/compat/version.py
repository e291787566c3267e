"""What ``--version`` says: the version of Ansible's language that is spoken, and where things are found."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import jinja2

import provisioner
from provisioner.app.settings import read_settings
from provisioner.execution.context import ANSIBLE_VERSION


def version_text(program: str) -> str:
    """Return the text of ``--version``, in the lines that scripts look for."""
    settings = read_settings(os.environ)
    home = Path("~/.ansible").expanduser()
    modules = list(settings.library) or [str(home / "plugins/modules"), "/usr/share/ansible/plugins/modules"]
    started = sys.argv[0] if "/" in sys.argv[0] else shutil.which(sys.argv[0]) or sys.argv[0]
    lines = [
        f"{program} [core {ANSIBLE_VERSION['full']}]",
        f"  config file = {settings.source or None}",
        f"  configured module search path = {modules}",
        f"  ansible python module location = {Path(provisioner.__file__).parent}",
        f"  ansible collection location = {':'.join(settings.collections_path)}",
        f"  executable location = {started}",
        f"  python version = {sys.version.replace(chr(10), ' ')} ({sys.executable})",
        f"  jinja version = {jinja2.__version__}",
        "  libyaml = True",
        f"  provided by = provisioner {provisioner.__version__}",
    ]
    return "\n".join(lines) + "\n"
