"""The names of ansible that a project's own filter, test and lookup plugins may import where it is not installed.

Everything here is ours; it does what the documentation of those names says, as far as such plugins use them.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import types
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import (
    Callable,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    MutableSequence,
    Sequence,
    Set,
)
from functools import partial
from typing import Any

from provisioner.diagnostics.position import Unsafe
from provisioner.remote.params import boolean
from provisioner.templating import network_names
from provisioner.templating.filters.human_readable import human_readable
from provisioner.templating.filters.human_to_bytes import human_to_bytes
from provisioner.templating.lookup_base import AnsibleError, AnsibleOptionsError, Display, LookupBase
from provisioner.templating.merging import merge
from provisioner.templating.passwords import hashed, random_salt
from provisioner.templating.versions import Loose

BOOLEANS_TRUE = frozenset({"y", "yes", "on", "1", "true", "t", 1})
BOOLEANS_FALSE = frozenset({"n", "no", "off", "0", "false", "f", 0})


class AnsibleFilterError(AnsibleError):
    """What filters raise."""


class AnsibleFilterTypeError(AnsibleError, TypeError):
    """What filters raise for a value of a wrong type."""


class AnsibleLookupError(AnsibleError):
    """What lookups raise."""


class AnsibleParserError(AnsibleError):
    """What readers raise."""


class AnsibleAction(AnsibleError):
    """What a plugin raises to end with a result."""

    def __init__(self, message: object = "", *_args: object, result: Mapping[str, Any] | None = None, **_: Any) -> None:
        super().__init__(message)
        self.result = dict(result or {})


class AnsibleActionFail(AnsibleAction):
    """The task failed."""


class AnsibleActionSkip(AnsibleAction):
    """The task is skipped."""


class ActionDone(AnsibleAction):
    """The task is at its end, with this result."""


class AnsibleConnectionFailure(AnsibleError):
    """The host cannot be reached; ``cause`` is our own error, where there is one."""

    def __init__(self, message: object = "", *_args: object, cause: Exception | None = None, **_: object) -> None:
        super().__init__(message)
        self.cause = cause


class AnsibleUndefinedVariable(AnsibleError):
    """What is raised for a name without a value."""


class ImmutableDict(dict[Any, Any]):
    """A dictionary nobody changes."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def to_text(value: object, encoding: str = "utf-8", errors: str | None = None, nonstring: str = "simplerepr") -> Any:
    """Return text for bytes or anything else."""
    if isinstance(value, bytes):
        return value.decode(
            encoding, "surrogateescape" if (errors or "surrogate_").startswith("surrogate_") else errors or "strict"
        )
    return value if isinstance(value, str) else _no_text(value, nonstring, "")


def to_bytes(value: object, encoding: str = "utf-8", errors: str | None = None, nonstring: str = "simplerepr") -> Any:
    """Return bytes for text or anything else."""
    if isinstance(value, str):
        return value.encode(
            encoding, "surrogateescape" if (errors or "surrogate_").startswith("surrogate_") else errors or "strict"
        )
    if isinstance(value, bytes):
        return value
    other = _no_text(value, nonstring, b"")
    return other.encode(encoding) if isinstance(other, str) else other


def _no_text(value: object, nonstring: str, empty: str | bytes) -> Any:
    if nonstring == "passthru":
        return value
    if nonstring == "empty":
        return empty
    if nonstring == "strict":
        raise TypeError(f"{value!r} is no text")
    return str(value)


def is_sequence(value: object, include_strings: bool = False) -> bool:
    """Tell whether the value is a list or tuple."""
    return (isinstance(value, Sequence) and not isinstance(value, (str, bytes))) or (
        include_strings and isinstance(value, (str, bytes))
    )


def is_iterable(value: object, include_strings: bool = False) -> bool:
    """Tell whether one can go through the value."""
    return isinstance(value, Iterable) and (include_strings or not isinstance(value, (str, bytes)))


def is_string(value: object) -> bool:
    """Tell whether the value is text or bytes."""
    return isinstance(value, (str, bytes))


def camel_to_snake(name: str, reversible: bool = False) -> str:
    """Return ``someName`` as ``some_name``."""
    if reversible:
        return re.sub(r"([A-Z])", r"_\1", name).lower().lstrip("_")
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def snake_to_camel(name: str, capitalize_first: bool = False) -> str:
    """Return ``some_name`` as ``someName``."""
    first, *rest = name.split("_")
    return "".join([first.capitalize() if capitalize_first else first, *(word.capitalize() for word in rest)])


def camel_dict_to_snake_dict(value: Any, reversible: bool = False, ignore_list: Iterable[str] = ()) -> Any:
    """Return a dictionary with its keys as ``some_name``, those inside too."""
    if isinstance(value, list):
        return [camel_dict_to_snake_dict(item, reversible, ignore_list) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        camel_to_snake(key, reversible): item
        if key in ignore_list
        else camel_dict_to_snake_dict(item, reversible, ignore_list)
        for key, item in value.items()
    }


def snake_dict_to_camel_dict(value: Any, capitalize_first: bool = False) -> Any:
    """Return a dictionary with its keys as ``someName``, those inside too."""
    if isinstance(value, list):
        return [snake_dict_to_camel_dict(item, capitalize_first) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        snake_to_camel(key, capitalize_first): snake_dict_to_camel_dict(item, capitalize_first)
        for key, item in value.items()
    }


def combine_vars(low: Mapping[Any, Any], high: Mapping[Any, Any], should_merge: bool | None = None) -> dict[Any, Any]:
    """Return variables with others over them."""
    return merge(low, high) if should_merge else {**low, **high}


def jsonify(value: object, **options: Any) -> str:
    """Return JSON."""
    return json.dumps(value, default=str, **options)


def wrap_var(value: Any) -> Any:
    """Return a value whose texts are never templates."""
    if isinstance(value, Mapping):
        return {key: wrap_var(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(wrap_var(item) for item in value)
    return Unsafe(value) if isinstance(value, str) else value


def missing_required_lib(library: str, reason: str = "", url: str = "") -> str:
    """Return what to say where a Python package is missing."""
    more = f" This is required {reason}." if reason else ""
    return f"Failed to import the required Python library ({library}).{more}{f' See {url}' if url else ''}"


def _encrypt(text: str, encrypt: str, salt_size: int | None = None, salt: str | None = None, **options: Any) -> str:
    return hashed(text, encrypt, salt=salt, salt_size=salt_size, **options)


def _with_metaclass(meta: type, *bases: type) -> type:
    return meta("Temporary", bases or (object,), {})  # type: ignore[no-any-return]


def _values(mapping: Mapping[Any, Any]) -> Iterator[Any]:
    return iter(mapping.values())


def _moves() -> dict[str, Any]:
    parts = types.SimpleNamespace(parse=urllib.parse, error=urllib.error, request=urllib.request)
    return {"urllib": parts, "zip": zip, "map": map, "filter": filter, "range": range, "StringIO": io.StringIO}


def _check(kind: Callable[[Any], Any], value: Any, **_options: object) -> Any:
    return kind(value)


def _checks() -> dict[str, Any]:
    """Return ansible's checks of types, as functions of a value."""
    kinds: dict[str, Callable[[Any], Any]] = {
        "str": str, "int": int, "float": float, "bool": boolean,
        "list": lambda value: value.split(",") if isinstance(value, str) else list(value),
        "dict": lambda value: json.loads(value) if isinstance(value, str) else dict(value),
        "path": lambda value: os.path.expandvars(os.path.expanduser(str(value))),  # noqa: PTH111 - texts throughout
        "raw": lambda value: value,
        "bytes": human_to_bytes,
        "jsonarg": lambda value: value if isinstance(value, str) else jsonify(value),
    }  # fmt: skip
    return {f"check_type_{name}": partial(_check, kind) for name, kind in kinds.items()}


def interface() -> dict[str, dict[str, Any]]:
    """Return the modules and what is in them, parents first."""
    errors: dict[str, type[Exception]] = {
        "AnsibleError": AnsibleError,
        "AnsibleFilterError": AnsibleFilterError,
        "AnsibleFilterTypeError": AnsibleFilterTypeError,
        "AnsibleLookupError": AnsibleLookupError,
        "AnsibleOptionsError": AnsibleOptionsError,
        "AnsibleParserError": AnsibleParserError,
        "AnsibleUndefinedVariable": AnsibleUndefinedVariable,
        **{
            f"Ansible{name}": AnsibleError
            for name in ("RuntimeError", "TemplateError", "TypeError", "PluginError", "AssertionError", "InternalError",
                         "FileNotFound", "PluginRemovedError")
        },
        "AnsibleAction": AnsibleAction, "AnsibleActionFail": AnsibleActionFail, "AnsibleActionSkip": AnsibleActionSkip,
        "AnsibleActionDone": ActionDone, "_AnsibleActionDone": ActionDone,
        "AnsibleConnectionFailure": AnsibleConnectionFailure,
    }  # fmt: skip
    texts = {
        "to_text": to_text, "to_native": to_text, "to_bytes": to_bytes, "jsonify": jsonify,
        "container_to_text": lambda value, **_options: value, "container_to_bytes": lambda value, **_options: value,
    }  # fmt: skip
    collections = {
        "Mapping": Mapping, "MutableMapping": MutableMapping, "Sequence": Sequence, "MutableSequence": MutableSequence,
        "Set": Set, "Hashable": Hashable, "Iterable": Iterable, "ImmutableDict": ImmutableDict,
        "is_sequence": is_sequence, "is_iterable": is_iterable, "is_string": is_string,
    }  # fmt: skip
    return {**_core(errors), **_module_utils(texts, collections), **_plugins()}


def _core(errors: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    display = Display()
    return {
        "ansible": {"__version__": "2.18.0"},
        "ansible.release": {"__version__": "2.18.0", "__codename__": "", "__author__": ""},
        "ansible.errors": dict(errors),
        "ansible.constants": {"DEFAULT_VAULT_IDENTITY": "default", "DEFAULT_HASH_BEHAVIOUR": "replace"},
        "ansible.utils": {},
        "ansible.utils.display": {"Display": Display, "display": display},
        "ansible.utils.vars": {"combine_vars": combine_vars, "merge_hash": merge},
        "ansible.utils.unsafe_proxy": {"AnsibleUnsafeText": Unsafe, "AnsibleUnsafe": Unsafe, "wrap_var": wrap_var},
        "ansible.utils.encrypt": {"random_salt": random_salt, "do_encrypt": _encrypt, "passlib_or_crypt": _encrypt},
        "ansible.utils.path": {"unfrackpath": lambda path, **_options: os.path.abspath(os.path.expanduser(path))},  # noqa: PTH100, PTH111
        "ansible.template": {"Templar": object},
        "ansible.parsing": {},
        "ansible.parsing.yaml": {},
        "ansible.parsing.yaml.objects": {
            "AnsibleUnicode": str, "AnsibleMapping": dict, "AnsibleSequence": list,
            "AnsibleVaultEncryptedUnicode": type(None),
        },
        "ansible.parsing.ajson": {"AnsibleJSONEncoder": json.JSONEncoder},
        "ansible.vars": {},
        "ansible.vars.hostvars": {"HostVars": Mapping, "HostVarsVars": Mapping},
    }  # fmt: skip


def _module_utils(texts: Mapping[str, Any], collections: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    kinds = {
        "string_types": (str,), "integer_types": (int,), "class_types": (type,), "text_type": str, "binary_type": bytes,
        "iteritems": lambda mapping: iter(mapping.items()), "iterkeys": iter, "itervalues": _values,
        "StringIO": io.StringIO, "BytesIO": io.BytesIO, "PY3": True, "PY2": False, "with_metaclass": _with_metaclass,
        "b": str.encode, "u": str, "raise_from": None, "next": next, "moves": types.SimpleNamespace(**_moves()),
        "add_metaclass": lambda _meta: lambda cls: cls, "python_2_unicode_compatible": lambda cls: cls,
    }  # fmt: skip
    transformations = {
        "camel_dict_to_snake_dict": camel_dict_to_snake_dict, "snake_dict_to_camel_dict": snake_dict_to_camel_dict,
        "_camel_to_snake": camel_to_snake, "_snake_to_camel": snake_to_camel, "dict_merge": merge,
    }  # fmt: skip
    return {
        "ansible.module_utils": {},
        "ansible.module_utils._text": dict(texts),
        "ansible.module_utils.basic": {
            "missing_required_lib": missing_required_lib,
            "to_text": to_text, "to_native": to_text, "to_bytes": to_bytes,
            "json": json, "os": os, "re": re, "base64": base64,
        },
        "ansible.module_utils.six": kinds,
        "ansible.module_utils.six.moves": _moves(),
        "ansible.module_utils.six.moves.urllib": {
            "parse": urllib.parse, "error": urllib.error, "request": urllib.request,
        },
        "ansible.module_utils.six.moves.urllib.parse": vars(urllib.parse),
        "ansible.module_utils.six.moves.urllib.error": vars(urllib.error),
        "ansible.module_utils.common": {},
        "ansible.module_utils.common.text": {},
        "ansible.module_utils.common.text.converters": dict(texts),
        "ansible.module_utils.common.text.formatters": {
            "human_to_bytes": human_to_bytes, "bytes_to_human": human_readable,
        },
        "ansible.module_utils.common.collections": dict(collections),
        "ansible.module_utils.common._collections_compat": dict(collections),
        "ansible.module_utils.common.dict_transformations": transformations,
        "ansible.module_utils.common.network": dict(network_names.NAMES),
        "ansible.module_utils.common.validation": _checks(),
        "ansible.module_utils.common.warnings": {
            "warn": lambda _text: None, "deprecate": lambda *_args, **_kwargs: None,
        },
        "ansible.module_utils.parsing": {},
        "ansible.module_utils.parsing.convert_bool": {
            "boolean": lambda value, strict=True: boolean(value) if strict or value in BOOLEANS_TRUE else False,
            "BOOLEANS_TRUE": BOOLEANS_TRUE, "BOOLEANS_FALSE": BOOLEANS_FALSE,
            "BOOLEANS": BOOLEANS_TRUE | BOOLEANS_FALSE,
        },
        "ansible.module_utils.compat": {},
        "ansible.module_utils.compat.version": {"LooseVersion": Loose, "StrictVersion": Loose},
    }  # fmt: skip


def _plugins() -> dict[str, dict[str, Any]]:
    return {
        "ansible.plugins": {"AnsiblePlugin": LookupBase},
        "ansible.plugins.lookup": {"LookupBase": LookupBase},
        "ansible.plugins.filter": {},
        "ansible.plugins.test": {},
    }
