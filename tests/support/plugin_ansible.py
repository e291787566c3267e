"""A stand-in for an installed ansible-core that runs connection plugins: just what is asked of it, written by us."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

LOADER = """
import importlib.util
import os
from types import SimpleNamespace

STARTED = os.environ.get("STAND_IN_FAILS")
if STARTED:
    raise ImportError(STARTED)


class Loader:
    def __init__(self):
        self.folders = []

    def add_directory(self, folder):
        self.folders.append(folder)

    def find_plugin_with_context(self, name):
        path = self._path(name)
        reason = None if path else "no match for " + name
        return SimpleNamespace(resolved=path is not None, exit_reason=reason)

    def _path(self, name):
        paths = [os.path.join(folder, name + ".py") for folder in self.folders]
        return next((path for path in paths if os.path.isfile(path)), None)

    def get(self, name, *args, class_only=False):
        path = self._path(name)
        if path is None:
            return None
        spec = importlib.util.spec_from_file_location("stand_in_" + name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.Connection._load_name = name
        return module.Connection if class_only else module.Connection(*args)


class Shell:
    _load_name = "sh"
    SHELL_FAMILY = "sh"

    def __init__(self):
        self.options = {}

    def set_options(self, var_options):
        self.options = {"remote_tmp": var_options.get("ansible_remote_tmp", "~/.ansible/tmp")}

    def has_option(self, name):
        return name in self.options

    def get_option(self, name):
        return self.options[name]


class Become:
    def __init__(self, name):
        self.name, self.options = name, {}

    def has_option(self, name):
        return name.startswith("become_")

    def set_options(self, direct):
        self.options = direct

    def build_become_command(self, command, shell):
        return "AS=%s; echo BECOME-SUCCESS-abc; %s" % (self.options["become_user"], command)


connection_loader = Loader()
shell_loader = SimpleNamespace(get=lambda name: Shell())
become_loader = SimpleNamespace(get=lambda name: Become(name) if name == "sudo" else None)
"""

BASE = """
from ansible.plugins.loader import Shell


class ConnectionBase:
    has_pipelining = False
    transport = "base"

    def __init__(self, play_context, new_stdin):
        self._play_context = play_context
        self._shell = Shell()
        self._shell.SHELL_FAMILY = getattr(play_context, "shell", None) or "sh"
        self.become, self.options, self._connected = None, {}, False

    def set_options(self, task_keys, var_options):
        self.options = dict(task_keys, **{k[len("ansible_"):]: v for k, v in var_options.items()})

    def has_option(self, name):
        return name in self.options

    def get_option(self, name):
        return self.options[name]

    def set_become_plugin(self, plugin):
        self.become = plugin

    def reset(self):
        pass

    def close(self):
        pass
"""

DISPLAY = """
class Display:
    verbosity = 0

    def display(self, msg, color=None, stderr=False, **more):
        raise AssertionError("it is replaced before anything is shown")
"""

CONSTANTS = """
from types import SimpleNamespace


def _value(name, plugin_type, plugin_name, variables):
    given = variables.get("ansible_" + name)
    return (False, "default") if given is None else (given not in (False, "no"), "var: ansible_" + name)


VARIABLES = {"sh": ["ansible_remote_tmp"]}
config = SimpleNamespace(
    get_plugin_vars=lambda kind, name: VARIABLES.get(name, ["ansible_word", "ansible_pipelining"]),
    get_config_value_and_origin=_value,
)
BECOME_ALLOW_SAME_USER = False
DEFAULT_KEEP_REMOTE_FILES = False
DEFAULT_LOCAL_TMP = "/nowhere"
"""

ERRORS = """
class AnsibleError(Exception):
    pass


class AnsibleConnectionFailure(AnsibleError):
    pass
"""

HERE = '''
import shutil
import subprocess

from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    """Runs everything on this machine."""

    transport = "here"
    has_pipelining = True

    def exec_command(self, cmd, in_data=None, sudoable=True):
        done = subprocess.run(cmd, shell=True, input=in_data or b"", capture_output=True)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        shutil.copyfile(in_path, out_path)
'''

PACKAGE: Mapping[str, str] = {
    "__init__.py": "",
    "constants.py": CONSTANTS,
    "errors.py": ERRORS,
    "playbook/__init__.py": "",
    "playbook/play_context.py": "class PlayContext:\n    remote_user = None\n",
    "plugins/__init__.py": "",
    "plugins/loader.py": LOADER,
    "plugins/connection/__init__.py": BASE,
    "utils/__init__.py": "",
    "utils/display.py": DISPLAY,
}


def interpreter(folder: Path) -> str:
    """Make the installation below ``folder``; return its interpreter."""
    for name, text in PACKAGE.items():
        path = folder / "site" / "ansible" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexport PYTHONPATH={folder / "site"}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)


def write(folder: Path, **plugins: str) -> tuple[str, ...]:
    """Write plugins into a folder; return it as what a plugin's ``folders`` are."""
    folder.mkdir(exist_ok=True)
    for name, text in plugins.items():
        (folder / f"{name}.py").write_text(text)
    return (str(folder),)
