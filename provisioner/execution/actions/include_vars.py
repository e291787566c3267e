"""Load variables from a file or folder, chosen while running."""

from __future__ import annotations

import re
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.execution.needs import Result
from provisioner.execution.task_run import ActionCall
from provisioner.loading.variables import load_vars_file
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, mutually_exclusive, optional

TRAITS = Traits()


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
    """Read the files on the controller."""
    params = Params.parse(call.args)
    paths = list(_folder(call, params)) if params.dir else [call.find_file(str(params.file), "vars")]
    values: dict[str, object] = {}
    for path in paths:
        values.update(load_vars_file(path, call.run.play.run.loading.vault))
    found = {params.name: values} if params.name else values
    call.effects.included.update(found)
    files = [str(p.absolute()) for p in paths]
    return {"changed": False, "ansible_included_var_files": files, "included": sorted(found)}


def _folder(call: ActionCall, params: Params) -> list[Path]:
    root = call.find_file(str(params.dir), "vars")
    if not root.is_dir():
        raise InputError.at(call.run.operation.position, f"include_vars: '{root}' is not a folder")
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        depth = len(path.relative_to(root).parts)
        ending = path.suffix.lstrip(".")
        if (params.depth and depth > params.depth) or any(re.search(i, path.name) for i in params.ignore_files or []):
            continue
        if params.files_matching and not re.search(params.files_matching, path.name):
            continue
        if ending not in params.extensions:
            if params.ignore_unknown_extensions or params.files_matching:
                continue
            raise InputError.at(call.run.operation.position, f"include_vars: '{path}' has none of the known endings")
        found.append(path)
    return found


EXAMPLES = """
- name: Variables of this system
  include_vars: "{{ ansible_distribution }}.yml"
"""
