"""A stand-in for an installed ansible-core: just enough of a library for modules of tests, written by us."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

BASIC = """
import json
import os
import sys

_ANSIBLE_ARGS = None


class AnsibleModule(object):
    def __init__(self, argument_spec):
        given = json.loads(_ANSIBLE_ARGS)["ANSIBLE_MODULE_ARGS"]
        self.internal = {k: v for k, v in given.items() if k.startswith("_ansible_")}
        self.check_mode = self.internal.get("_ansible_check_mode")
        self.tmpdir = self.internal.get("_ansible_tmpdir")
        self.params = {k: given.get(k) for k in argument_spec}
        self.spec = argument_spec

    def exit_json(self, **result):
        shown = {k: "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" if self.spec[k] else v for k, v in self.params.items()}
        print(json.dumps(dict(result, invocation={"module_args": shown})))
        sys.exit(0)
"""

TELLING = """
#!/usr/bin/python
import os
import sys
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.own.words import WORD

module = AnsibleModule({"name": False, "secret": True})
module.exit_json(
    changed=True, name=module.params["name"], got=len(module.params["secret"] or ""), word=WORD, pid=os.getpid(),
    parent=os.getppid(), argv=sys.argv, env=os.environ.get("FOREIGN_WORD"), check=module.check_mode, tmp=module.tmpdir,
    there=os.path.isdir(module.tmpdir), internal=sorted(module.internal), optimised=sys.flags.optimize,
    me=sys.modules[__name__].WORD,
)
"""


def library(folder: Path) -> Path:
    """Make the installation's package folder."""
    package = folder / "ansible"
    files: Mapping[str, str] = {
        "__init__.py": "",
        "release.py": "__version__ = '2.18.1'\n",
        "module_utils/__init__.py": "",
        "module_utils/basic.py": BASIC,
        "module_utils/common/__init__.py": "",
        "module_utils/common/parameters.py": "PASS_VARS = dict.fromkeys(['check_mode', 'tmpdir', 'version'])\n",
        "modules/__init__.py": "",
        "modules/told.py": "from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json(ok=1)\n",
        "modules/acted.py": "from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json(ok=1)\n",
        "plugins/action/acted.py": "",
        "config/ansible_builtin_runtime.yml": "plugin_routing:\n  modules:\n    gone:\n      redirect: ns.coll.here\n",
    }
    write(package, files)
    write(folder, {"yaml.py": "import json\nsafe_load = json.load\n"})
    return package


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by name."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
