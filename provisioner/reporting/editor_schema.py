"""The JSON schema of playbooks and task files: for editors that complete and check while somebody writes.

A template may stand wherever a value may, and one-line forms (``k=v``) are text; the loader looks into those. Names of
modules are those that are installed, short and with the collections they are known by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.catalog import COLLECTIONS, SAME_AS
from provisioner.loading.action import STATIC
from provisioner.loading.migrations import KEYS as MIGRATION_KEYS
from provisioner.loading.plays import ORDERS, PLAY_KEYS, STRATEGIES
from provisioner.loading.tasks import BLOCK_KEYS, TASK_KEYS
from provisioner.loading.windowing import KINDS as WINDOW_KINDS
from provisioner.remote.params import Param, Parameters
from provisioner.reporting.reference import described, module_names, parameters_of

KINDS = ("playbook", "tasks")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
BUILT_IN = ("ansible.builtin.", "ansible.legacy.")

Schema = dict[str, Any]

TEMPLATE: Schema = {"type": "string", "pattern": r"\{[{%]"}
TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}
ANY: Schema = {}
WORDS = ("yes", "no", "on", "off", "true", "false", "y", "n", "Yes", "No", "True", "False", "1", "0")
TRUTH: Schema = {"anyOf": [{"type": ["boolean", "null"]}, {"enum": [*WORDS, 0, 1]}, TEMPLATE]}
NUMBER: Schema = {"anyOf": [{"type": ["number", "null"]}, {"type": "string", "pattern": r"^-?[0-9.]+$"}, TEMPLATE]}
MAPPING: Schema = {"anyOf": [{"type": ["object", "null"]}, {"type": "array"}, TEMPLATE]}
LIST: Schema = {"anyOf": [{"type": ["array", "string", "null"]}]}
TASKS: Schema = {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/entry"}}, {"type": "null"}]}

KEYWORDS: Mapping[str, Schema] = {
    **dict.fromkeys(
        ("become", "check_mode", "diff", "no_log", "ignore_errors", "ignore_unreachable", "any_errors_fatal",
         "run_once", "delegate_facts", "gather_facts", "force_handlers"), TRUTH),
    **dict.fromkeys(("port", "timeout", "throttle", "retries", "delay", "async", "poll", "gather_timeout"), NUMBER),
    **dict.fromkeys(
        ("name", "become_user", "become_method", "become_flags", "become_exe", "connection", "remote_user", "user",
         "delegate_to", "register", "fact_path", "debugger", "id"), TEXT),
    **dict.fromkeys(("vars", "module_defaults", "args", "environment", "loop_control"), MAPPING),
    **dict.fromkeys(("tags", "notify", "listen", "collections", "lock", "needs", "vars_files", "gather_subset"), LIST),
    **dict.fromkeys(("block", "rescue", "always", "revert", "tasks", "pre_tasks", "post_tasks", "handlers"), TASKS),
    "strategy": {"anyOf": [{"enum": [*STRATEGIES, *(f"ansible.builtin.{name}" for name in STRATEGIES)]}, TEMPLATE]},
    "order": {"anyOf": [{"enum": [*ORDERS, None]}, TEMPLATE]},
    "hosts": {"type": ["string", "array"]},
    "roles": {"type": ["array", "null"], "items": {"type": ["string", "object"]}},
    "window": {"$ref": "#/$defs/window"},
    "vars_prompt": {"type": ["array", "null"], "items": {"type": "object", "required": ["name"]}},
}  # fmt: skip


def schema(kind: str) -> Schema:
    """Return the schema of a ``playbook``, or of a file of ``tasks``."""
    whole: Schema = {"$schema": DIALECT, "title": f"provisioner {kind}"}
    if kind == "tasks":
        whole.update(TASKS)
    else:
        entries = [{"$ref": f"#/$defs/{name}"} for name in ("play", "import", "migration")]
        whole.update(type=["array", "null"], items={"anyOf": entries})
    return {**whole, "$defs": _definitions()}


def _definitions() -> Schema:
    modules = sorted((module_names() | set(SAME_AS)) - TASK_KEYS)  # second names are completed, too
    return {
        "play": _object(PLAY_KEYS, "hosts"),
        "import": _import(),
        "migration": _migration(),
        "window": _window(),
        "entry": {
            "if": {"anyOf": [{"required": [key]} for key in ("block", "rescue", "always")]},
            "then": {"$ref": "#/$defs/block"},
            "else": {"$ref": "#/$defs/task"},
        },
        "block": _object(BLOCK_KEYS, "block"),
        "task": _task(modules),
        **{f"module.{name}": _module(SAME_AS.get(name, name)) for name in modules},
    }


def _object(keys: Iterable[str], *required: str) -> Schema:
    properties = {key: KEYWORDS.get(key, ANY) for key in sorted(keys)}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _migration() -> Schema:
    """Return the form of a migration; what stands in its sections is left to the loader."""
    found = _object(MIGRATION_KEYS, "migration", "hosts")
    parts: Schema = {"type": "array", "items": {"type": "object"}}
    found["properties"].update({"hosts": {"type": "object"}, "data": parts, "switch": parts, "verify": ANY})
    return found


def _window() -> Schema:
    """Return the form of a window: a file, a rule or a list of rules."""
    rules = [_rule(keys, key) for key, keys in WINDOW_KINDS.items()]
    return {"anyOf": [{"type": "string"}, *rules, {"type": "array", "items": {"anyOf": rules}, "minItems": 1}]}


def _rule(keys: Iterable[str], *required: str) -> Schema:
    texts = ("cron", "rrule", "calendar", "summary", "duration", "zone")
    properties: Schema = {key: {"type": "string"} if key in texts else ANY for key in sorted(keys)}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _import() -> Schema:
    shared = {"name", "vars", "tags", "when", "id", "needs"}
    names = [f"{prefix}import_playbook" for prefix in ("", *BUILT_IN)]
    found = _object(shared | set(names))
    return {**found, "anyOf": [{"required": [name]} for name in names]}


def _task(modules: Iterable[str]) -> Schema:
    written = {name: f"module.{module}" for module in modules for name in _names(module)}
    found = _object(TASK_KEYS)
    found["properties"].update({name: {"$ref": f"#/$defs/{ref}"} for name, ref in written.items()})
    static = [f"{prefix}{name}" for name in sorted(STATIC) for prefix in ("", *BUILT_IN) if name != "import_playbook"]
    static = [name for name in static if name not in written]
    found["properties"].update({name: {"type": ["string", "object"]} for name in static})
    found["patternProperties"] = {"^with_[a-z_.]+$": ANY}
    found["oneOf"] = [{"required": [name]} for name in ("action", "local_action", *written, *static)]
    return found


def _names(module: str) -> list[str]:
    return [module, *(f"{prefix}{module}" for prefix in COLLECTIONS)]


def _module(name: str) -> Schema:
    """Return what may stand behind a module's name: parameters, or text that the loader takes apart."""
    params = parameters_of(name)
    about: Schema = {"description": described(name).summary}
    if params is None:
        return about
    one_line: Schema = {"type": ["string", "null"]}
    return {**about, "anyOf": [_parameters(params), one_line, *([{"type": "array"}] if params.free_form else [])]}


def _parameters(params: type[Parameters]) -> Schema:
    properties: Schema = {}
    for name, param in params.declared.items():
        if not name.startswith("_"):
            value = {"description": param.help, **_value(param)}
            properties.update(dict.fromkeys((name.rstrip("_"), *param.aliases), value))
    properties.update({name: ANY for name in params.beyond if "=" not in name})
    return {"type": "object", "properties": properties, "additionalProperties": params.accepts_any}


def _value(param: Param) -> Schema:
    plain = _kind(param.kind)
    if param.kind == "list":
        items = _parameters(param.options) if param.options else _kind(param.elements or "raw")
        allowed: list[Schema] = [{"enum": list(param.choices)}] if param.choices else [items] if items else []
        each: Schema = {"anyOf": [*allowed, TEMPLATE]} if allowed else ANY
        return {"anyOf": [{"type": "array", "items": each}, {"type": ["string", "number", "null"]}]}
    if param.choices:
        words = [word for choice in param.choices for word in _spellings(choice)]
        return {"anyOf": [{"enum": [*words, None]}, TEMPLATE]}
    if param.kind == "dict" and param.options:
        return {"anyOf": [_parameters(param.options), {"type": ["string", "null"]}]}
    return plain


def _spellings(choice: object) -> list[object]:
    """Return a choice as YAML may have read it: ``no`` is a truth value to some."""
    if choice in ("yes", "no"):
        return [choice, choice == "yes"]
    if isinstance(choice, str) and choice.isdigit():
        return [choice, int(choice)]
    return [choice]


def _kind(kind: str) -> Schema:
    kinds: Mapping[str, Schema] = {
        "bool": TRUTH,
        "int": NUMBER,
        "float": NUMBER,
        "str": ANY,
        "path": TEXT,
        "dict": {"type": ["object", "string", "null"]},
        "bytes": TEXT,
    }
    return kinds.get(kind, ANY)
