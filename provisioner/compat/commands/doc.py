"""Show the documentation of modules and plugins that provisioner has."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Sequence
from importlib import util

from provisioner import catalog
from provisioner.compat import messages
from provisioner.compat import options as shared
from provisioner.compat.showing import say
from provisioner.diagnostics.errors import UnmetNeed
from provisioner.reporting.reference import Described, ParameterText, described, docstring, module_names

KINDS = {
    "module": "module", "filter": "filter", "test": "test", "lookup": "lookup", "connection": "connection",
    "callback": "renderer",
}  # fmt: skip
"""What can be described, and what it is called here."""

OTHERS = (
    "become",
    "cache",
    "cliconf",
    "httpapi",
    "inventory",
    "netconf",
    "shell",
    "vars",
    "strategy",
    "role",
    "keyword",
)
WIDTH = 78
NAME_WIDTH = 38
COLLECTION = "ansible.builtin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("plugin", nargs="*", help="what to describe; with -l, a collection whose names are wanted")
    shared.add_module_path(parser)
    shared.add_basedir(parser)
    parser.add_argument("-t", "--type", default="module", choices=(*KINDS, *OTHERS), help="default: %(default)s")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON")
    parser.add_argument("-r", "--roles-path", action="append", default=[], help="accepted: roles are not described")
    parser.add_argument("--no-fail-on-errors", action="store_true", help="accepted")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("-e", "--entry-point", help="accepted: roles are not described")
    action.add_argument("-s", "--snippet", action="store_true", help="print a task to paste into a playbook")
    action.add_argument("-F", "--list_files", action="store_true", help="list names with their files")
    action.add_argument("-l", "--list", action="store_true", help="list names with their summaries")
    action.add_argument("--metadata-dump", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    if arguments.type in OTHERS:
        raise UnmetNeed(f"plugins of the type {arguments.type} are not described here", "see the pages of docs/")
    kind = KINDS[arguments.type]
    names = sorted(module_names() if kind == "module" else catalog.names(kind))
    if arguments.metadata_dump:
        say(json.dumps({"all": {arguments.type: {_full(name): _document(kind, name) for name in names}}}, indent=4))
    elif arguments.list or arguments.list_files:
        _list(kind, [name for name in names if _is_within(name, arguments.plugin)], arguments)
    else:
        _describe(kind, arguments, frozenset(names))
    return 0


def _is_within(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(_full(name).startswith(f"{each.rstrip('.')}.") or each == name for each in wanted)


def _list(kind: str, names: Sequence[str], arguments: argparse.Namespace) -> None:
    shown = {_full(name): _file(kind, name) if arguments.list_files else _summary(kind, name) for name in names}
    if arguments.json:
        say(json.dumps(shown, indent=4, ensure_ascii=False))
    else:
        say("\n".join(f"{name:<{NAME_WIDTH}} {text}" for name, text in shown.items()))


def _describe(kind: str, arguments: argparse.Namespace, known: frozenset[str]) -> None:
    if not arguments.plugin:
        raise UnmetNeed("nothing to describe", "name a module, or list them with -l")
    found: dict[str, object] = {}
    texts = []
    for written in arguments.plugin:
        name = catalog.short_name("action", written) if kind == "module" else written.rpartition(".")[2]
        if name not in known or name is None:
            messages.tell_warning(f"{written} was not found")
            continue
        found[_full(name)] = _document(kind, name)
        texts.append(_snippet(name) if arguments.snippet else "\n".join(_text(kind, name)))
    if arguments.json:
        say(json.dumps(found, indent=4, ensure_ascii=False))
    elif texts:
        say("\n\n".join(texts))


def _full(name: str) -> str:
    return f"{COLLECTION}.{name}"


def _file(kind: str, name: str) -> str:
    for each in (kind, "action") if kind == "module" else (kind,):
        for file in (name, f"{name}_"):
            if (spec := util.find_spec(f"{catalog.FOLDERS[each]}.{file}")) is not None:
                return spec.origin or ""
    return ""


def _summary(kind: str, name: str) -> str:
    return described(name).summary if kind == "module" else docstring(kind, name).partition("\n")[0]


def _document(kind: str, name: str) -> dict[str, object]:
    """Return the description in the structure of ``ansible-doc --json``."""
    text = described(name).text if kind == "module" else docstring(kind, name)
    doc: dict[str, object] = {
        "short_description": _summary(kind, name),
        "description": [part.replace("\n", " ") for part in text.strip().split("\n\n")],
        "collection": COLLECTION,
        "filename": _file(kind, name),
        "plugin_name": _full(name),
        "plugin_type": kind,
    }
    if kind != "module":
        return {"doc": {"name": name, **doc, "options": {}}, "examples": None, "metadata": None, "return": None}
    about = described(name)
    options = {each.name: _option(each) for each in about.parameters if "." not in each.name}
    returns = {key: {"description": [meaning]} for key, meaning in about.returns.items()}
    return {
        "doc": {"module": name, **doc, "options": options},
        "examples": f"\n{about.examples}\n" if about.examples else None,
        "metadata": None,
        "return": returns or None,
    }


def _option(each: ParameterText) -> dict[str, object]:
    found: dict[str, object] = {"description": [each.help], "type": each.kind, "required": each.required}
    if each.default:
        found["default"] = each.default
    if each.aliases:
        found["aliases"] = list(each.aliases)
    if each.choices:
        found["choices"] = list(each.choices)
    return found


def _snippet(name: str) -> str:
    about = described(name)
    lines = [f"- name: {about.summary}", f"  {name}:"]
    for each in (one for one in about.parameters if "." not in one.name):
        helped = textwrap.wrap(f"{'(required) ' if each.required else ''}{each.help}", 48)
        value = f"{each.name}: {each.default}".rstrip() if each.default else f"{each.name}:"
        first, *rest = helped or [""]
        lines.append(f"      {value:<22} # {first}".rstrip())
        lines += [f"{'':<28} # {line}" for line in rest]
    return "\n".join(lines)


def _text(kind: str, name: str) -> Iterator[str]:
    yield f"> {kind.upper()} {_full(name)} ({_file(kind, name)})"
    yield ""
    about = described(name) if kind == "module" else None
    for part in (about.text if about else docstring(kind, name)).strip().split("\n\n"):
        yield from textwrap.wrap(part, WIDTH, initial_indent="  ", subsequent_indent="  ")
        yield ""
    if about is not None:
        yield from _module_text(about)


def _module_text(about: Described) -> Iterator[str]:
    if about.parameters:
        yield "OPTIONS (= indicates it is required):"
        yield ""
    for each in about.parameters:
        head = f"{'=' if each.required else '-'} {each.name}"
        lines = textwrap.wrap(each.help, WIDTH - 8, initial_indent=" " * 8, subsequent_indent=" " * 8)
        yield from [head, *lines]
        for key, value in _option(each).items():
            if key in {"default", "type", "aliases", "choices"}:
                yield f"        {key}: {value}"
        yield ""
    if about.returns:
        yield "RETURN VALUES:"
        yield ""
        yield from (f"- {key}\n        {meaning}" for key, meaning in about.returns.items())
        yield ""
    if about.examples:
        yield "EXAMPLES:"
        yield ""
        yield about.examples
