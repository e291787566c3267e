"""The host's own facts: *.fact files, run where executable, read otherwise."""

import configparser
import json
import os
from typing import Any, Dict

from ..system import System

SUBSET = "local"
FACTS = ()
MINIMAL = True
DEFAULT_PATH = "/etc/ansible/facts.d"
TIMEOUT_S = 10.0


def collect(system: System) -> Dict[str, Any]:
    """Gather from ``fact_path`` as setup was told, or from the usual folder."""
    folder = system.memory.get("fact_path") or DEFAULT_PATH
    found: Dict[str, Any] = {}
    if not system.files.is_dir(folder):
        return {"local": found}
    for name in system.files.listdir(folder):
        if name.endswith(".fact"):
            found[name[: -len(".fact")]] = _fact(system, os.path.join(folder, name))
    return {"local": found}


def _fact(system: System, path: str) -> Any:
    real = system.files.real(path)
    try:
        os.stat(real)
    except OSError as error:
        return "Could not stat fact (%s): %s" % (path, error.strerror or error)
    if os.access(real, os.X_OK) and system.files.is_file(path) and os.stat(real).st_mode & 0o111:
        done = system.commands.run([real], timeout_s=TIMEOUT_S)
        if done.rc != 0:
            return "Failure executing fact script (%s), rc: %s, err: %s" % (path, done.rc, done.err)
        return _parsed(path, done.out)
    try:
        return _parsed(path, system.files.read(path).decode("utf-8"))
    except (OSError, ValueError) as error:
        return "error loading facts as ini - %s could not be read: %s" % (path, error)


def _parsed(path: str, content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        pass  # then it has to be INI
    parser = configparser.ConfigParser()
    try:
        parser.read_string(content)
        return {section: dict(parser.items(section)) for section in parser.sections()}
    except configparser.Error as error:
        return "error loading facts as ini - please check content: %s: %s" % (path, error)
