"""Stand-ins for the few names of ansible that a project's own filter, test and lookup plugins import.

They exist only where ansible itself is not installed, and only once a plugin that names it is loaded.
"""

from __future__ import annotations

import importlib.util
import io
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from provisioner.templating.errors import LookupFailed
from provisioner.templating.filters.bool import bool as to_bool
from provisioner.templating.filters.flatten import flatten
from provisioner.templating.search import find_file


def provide_for(plugin: Path) -> None:
    """Make ``import ansible...`` work for a plugin that says it, unless ansible is installed."""
    if b"ansible" not in plugin.read_bytes() or "ansible" in sys.modules:
        return
    if importlib.util.find_spec("ansible") is not None:
        return
    for name, contents in _modules().items():
        module = ModuleType(name, "A stand-in of provisioner for project plugins.")
        module.__path__ = []
        vars(module).update(contents)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


class AnsibleError(LookupFailed):
    """What plugins raise; the text is its message."""

    def __init__(self, message: object = "", *_args: object, **_kwargs: object) -> None:
        self.message = str(message)
        super().__init__(self.message)


class LookupBase:
    """What a project's LookupModule inherits."""

    def __init__(self, loader: object = None, templar: object = None, **_kwargs: object) -> None:
        self._loader, self._templar = loader, templar
        self._options: dict[str, Any] = {}

    def set_options(
        self, var_options: Mapping[str, Any] | None = None, direct: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the options of the call."""
        del var_options
        self._options = dict(direct or {})

    def get_option(self, name: str, default: object = None) -> Any:
        """Return an option of the call."""
        return self._options.get(name, default)

    def get_options(self) -> dict[str, Any]:
        """Return all options of the call."""
        return dict(self._options)

    def find_file_in_search_path(
        self, variables: Mapping[str, Any], folder: str, name: str, ignore_missing: bool = False
    ) -> str | None:
        """Return where a file is, looked for as tasks do."""
        paths = variables.get("ansible_search_path") or [variables.get("playbook_dir", ".")]
        found = find_file(name, folder, [Path(str(path)) for path in paths])
        if found is None and not ignore_missing:
            raise AnsibleError(f"file '{name}' was not found")
        return None if found is None else str(found)

    def get_basedir(self, variables: Mapping[str, Any]) -> str:
        """Return the role's or playbook's folder."""
        return str(variables.get("role_path") or variables.get("playbook_dir") or ".")

    @staticmethod
    def _flatten(terms: Iterable[object]) -> list[object]:
        return flatten(list(terms))


class Display:
    """Takes messages; a plugin's remarks are not part of a run's record."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: None


def to_text(value: object, encoding: str = "utf-8", errors: str | None = None, **_kwargs: object) -> str:
    """Return text for bytes or anything else."""
    return value.decode(encoding, errors or "surrogateescape") if isinstance(value, bytes) else str(value)


def to_bytes(value: object, encoding: str = "utf-8", errors: str | None = None, **_kwargs: object) -> bytes:
    """Return bytes for text or anything else."""
    return value if isinstance(value, bytes) else str(value).encode(encoding, errors or "surrogateescape")


def _modules() -> dict[str, dict[str, Any]]:
    """Return the modules and what is in them, parents first."""
    errors = ["Error", "FilterError", "FilterTypeError", "LookupError", "OptionsError", "ParserError", "RuntimeError",
              "UndefinedVariable", "TemplateError", "TypeError", "PluginError"]  # fmt: skip
    texts = {"to_text": to_text, "to_native": to_text, "to_bytes": to_bytes}
    kinds = {
        "string_types": (str,),
        "integer_types": (int,),
        "text_type": str,
        "binary_type": bytes,
        "iteritems": lambda mapping: iter(mapping.items()),
        "StringIO": io.StringIO,
        "PY3": True,
        "PY2": False,
    }
    collections = {"Mapping": Mapping, "MutableMapping": dict, "Sequence": (list, tuple), "is_sequence": _is_sequence}
    return {
        "ansible": {"__version__": "2.18.0"},
        "ansible.errors": {f"Ansible{name}": AnsibleError for name in errors},
        "ansible.module_utils": {},
        "ansible.module_utils._text": texts,
        "ansible.module_utils.six": kinds,
        "ansible.module_utils.common": {},
        "ansible.module_utils.common.text": {},
        "ansible.module_utils.common.text.converters": texts,
        "ansible.module_utils.common.collections": collections,
        "ansible.module_utils.common._collections_compat": collections,
        "ansible.module_utils.parsing": {},
        "ansible.module_utils.parsing.convert_bool": {"boolean": lambda value, strict=True: to_bool(value)},  # noqa: ARG005
        "ansible.plugins": {},
        "ansible.plugins.lookup": {"LookupBase": LookupBase},
        "ansible.utils": {},
        "ansible.utils.display": {"Display": Display},
    }


def _is_sequence(value: object, include_strings: bool = False) -> bool:
    return isinstance(value, (list, tuple)) or (include_strings and isinstance(value, str))
