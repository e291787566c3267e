"""Load variables from a file or folder, chosen while running."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.execution.needs import Result
from provisioner.execution.task_run import ActionCall
from provisioner.loading.reserved import reserved
from provisioner.loading.variables import load_vars_file
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, mutually_exclusive, optional
from provisioner.syntax.vault import is_encrypted

TRAITS = Traits()
HIDDEN = "the output has been hidden due to the fact that 'no_log: true' was specified for this result"
"""What a result says instead of what encrypted files hold."""


class Params(Parameters):
    """A file or a folder, and the name to put the values under."""

    file: str | None = optional(
        "str", "The file; looked for in the role's or playbook's vars folder.", aliases=("_raw_params",)
    )
    dir: str | None = optional("str", "A folder all of whose files are read, in order of their names.")
    name: str | None = optional("str", "Put all values into one dictionary of this name.")
    depth: int = optional("int", "How many folders deep to go; 0 is without limit.", 0)
    files_matching: str | None = optional("str", "Only files whose name this regular expression finds.")
    ignore_files: list[str] = optional("list", "Names to leave out (regular expressions).", elements="str")
    extensions: list[str] = optional("list", "Endings that count.", ["json", "yaml", "yml"], elements="str")
    ignore_unknown_extensions: bool = optional("bool", "Pass over files with other endings.", False)
    hash_behaviour: str | None = optional("str", "Replace or merge dictionaries.", choices=("replace", "merge"))
    free_form = "file"
    rules = (mutually_exclusive("file", "dir"),)


def answer(call: ActionCall) -> Result:
    """Read the files on the controller; where that fails, the result says why under ``message`` as Ansible's does."""
    params = Params.parse(call.args)
    try:
        paths = list(_folder(call, params)) if params.dir else [_file(call, params.file or "")]
        values, is_secret = _read(call, paths)
    except InputError as error:
        found = error.diagnostics[0]
        message = found.known_as or found.summary
        return {"changed": False, "failed": True, "ansible_facts": {}, "ansible_included_var_files": [],
                "message": message, "msg": message}  # fmt: skip
    named: dict[str, object] = {params.name: values} if params.name else values
    if params.hash_behaviour == "merge":
        named = {name: _merged(_known(call, name), value) for name, value in named.items()}
    for remark in reserved(named):
        call.renderer.settings.warn(remark)
    call.effects.included.update(named)
    result: Result = {"changed": False, "ansible_included_var_files": [str(path.absolute()) for path in paths]}
    if is_secret:
        return {**result, "censored": HIDDEN}
    return {**result, "ansible_facts": named}


def _file(call: ActionCall, name: str) -> Path:
    if not name:
        raise InputError.at(
            call.run.operation.position, "Could not find file on the Ansible Controller: no name is given"
        )
    return call.find_file(name, "vars")


def _read(call: ActionCall, paths: Sequence[Path]) -> tuple[dict[str, object], bool]:
    """Return the variables of all files, later ones in front, and whether one of the files is encrypted."""
    values: dict[str, object] = {}
    is_secret = False
    for path in paths:
        is_secret = is_secret or is_encrypted(path.read_bytes())
        values.update(load_vars_file(path, call.run.play.run.loading.vault))
    return values, is_secret


def _known(call: ActionCall, name: str) -> object:
    found = call.scope.find(name)
    return None if found is None else call.renderer.variable(name, call.scope)


def _merged(below: object, above: object) -> object:
    """Return the dictionary of both; what is no dictionary replaces what was there."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{name: _merged(below.get(name), value) for name, value in above.items()}}


def _folder(call: ActionCall, params: Params) -> Iterator[Path]:
    root = call.find_file(str(params.dir), "vars")
    where = call.run.operation.position
    if not root.is_dir():
        raise InputError.at(where, f"{root} is not a directory")
    for folder, folders, names in os.walk(root, followlinks=True):
        folders.sort()
        depth = len(Path(folder).relative_to(root).parts) + 1
        if params.depth and depth >= params.depth:
            folders.clear()
        for name in sorted(names):
            if any(re.search(f"{each}$", name) for each in params.ignore_files or []):
                continue
            if params.files_matching and not re.search(params.files_matching, name):
                continue
            if Path(name).suffix.lstrip(".") in params.extensions:
                yield Path(folder, name)
            elif not (params.ignore_unknown_extensions or params.files_matching):
                valid = ", ".join(params.extensions)
                raise InputError.at(where, f"{Path(folder, name)} does not have a valid extension: {valid}")


RETURNS = """
ansible_facts: The variables.
ansible_included_var_files: The files they came from.
"""

EXAMPLES = """
- name: Variables of this system
  include_vars: "{{ ansible_distribution }}.yml"
"""
