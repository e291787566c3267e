"""Makes the folders of a new role or collection: our own small ones, or copies of a folder the user names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from provisioner.diagnostics.errors import InputError

ROLE = {
    "README.md": "# {name}\n\nWhat this role does, the variables it takes, a playbook that uses it.\n",
    "defaults/main.yml": "---\n# defaults of {name}: what users of the role may change\n",
    "files/.gitkeep": "",
    "handlers/main.yml": "---\n# handlers of {name}\n",
    "meta/main.yml": (
        "---\ngalaxy_info:\n  author: {author}\n  description: {description}\n  license: {license}\n"
        "  min_ansible_version: '2.15'\n  galaxy_tags: []\ndependencies: []\n"
    ),
    "tasks/main.yml": "---\n# tasks of {name}\n",
    "templates/.gitkeep": "",
    "tests/inventory": "localhost\n",
    "tests/test.yml": "---\n- hosts: localhost\n  remote_user: root\n  roles:\n    - {name}\n",
    "vars/main.yml": "---\n# variables of {name} that users of the role do not change\n",
}
COLLECTION = {
    "README.md": "# {namespace}.{name}\n\nWhat this collection is for.\n",
    "docs/.gitkeep": "",
    "galaxy.yml": (
        "namespace: {namespace}\nname: {name}\nversion: 1.0.0\nreadme: README.md\nauthors:\n- {author}\n"
        "description: {description}\nlicense:\n- {license}\nlicense_file: ''\ntags: []\ndependencies: {{}}\n"
        "repository: http://example.com/repository\ndocumentation: http://docs.example.com\n"
        "homepage: http://example.com\nissues: http://example.com/issue/tracker\nbuild_ignore: []\n"
    ),
    "meta/runtime.yml": "---\nrequires_ansible: '>=2.15.0'\n",
    "plugins/README.md": "Plugins: `modules`, `module_utils`, `action`, `filter`, `lookup`, `test`, `inventory`, ...\n",
    "roles/.gitkeep": "",
}
PLAIN = {
    "author": "your name", "description": "your description", "license": "license (GPL-2.0-or-later, MIT, etc)",
}  # fmt: skip


def make(files: Mapping[str, str], target: Path, values: Mapping[str, str]) -> None:
    """Write the files of a skeleton."""
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format_map({**PLAIN, **values}), encoding="utf-8")


def copy(source: Path, target: Path, ignored: Sequence[str], render: Callable[[str], str]) -> None:
    """Copy a folder; files that end in ``.j2`` outside ``templates`` are templates, names may hold variables."""
    if not source.is_dir():
        raise InputError.at(
            None, f"- the skeleton path {source} does not exist, please specify a valid path to the skeleton"
        )
    expressions = [re.compile(each) for each in (*ignored, r"^\.git$")]
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        if any(each.match(str(part)) for part in (inside, *inside.parents) for each in expressions):
            continue
        place = target / render(str(inside))
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif path.suffix == ".j2" and "templates" not in inside.parts[:-1]:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.with_suffix("").write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place, follow_symlinks=False)


def prepare(target: Path, name: str, *, force: bool) -> None:
    """See to it that the folder may be written."""
    if target.is_file():
        raise InputError.at(None, f"- the path {target} already exists, but is a file - aborting")
    if target.exists() and any(target.iterdir()) and not force:
        raise InputError.at(None, f"- the directory {target} already exists; {name} was not made",
                            hint="--force writes the files of the skeleton over those of the same names")  # fmt: skip
