"""The reference pages of everything that is one file: modules, filters, tests, lookups and so on, made from the code.

Equal code makes equal pages, so a stale page is found by making it again.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from importlib import util
from pathlib import Path
from types import ModuleType

from provisioner import catalog
from provisioner.diagnostics import errors
from provisioner.diagnostics.errors import Exit
from provisioner.model.encoding import EVENT_TYPES
from provisioner.records import dataclass
from provisioner.remote.params import Param, Parameters

NOTICE = "<!-- made from the code by 'make docs'; do not edit -->"


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that lists all extensions of one kind."""

    kind: str
    title: str
    text: str


LISTINGS = (
    Listing("filter", "Filters", "Used in templates as `{{ value | name }}`."),
    Listing("test", "Tests", "Used in templates and conditions as `value is name`."),
    Listing("lookup", "Lookups", "Used as `lookup('name', ...)`, `query('name', ...)` and `with_name`."),
    Listing("connection", "Connections", "Values of `ansible_connection` and `--connection`."),
    Listing("inventory", "Inventory", "What `-i` can name; a YAML file says with `plugin: name` who is to read it."),
    Listing("check", "Checks", "Items of `verify:`."),
    Listing("fact", "Facts", "What `setup` gathers, one source a file."),
    Listing("mover", "Movers", "What `data:` of a migration names: how data get from the old server to the new one."),
    Listing("switcher", "Switchers", "What `switch:` of a migration names: how requests get to the new server."),
    Listing("scope", "Scopes", "What `provisioner discover` looks at, one part of a server each."),
    Listing("finding", "Findings", "What `provisioner assess` looks for."),
    Listing("recurrence", "Windows", "How the spans of a `window:` come again; a rule of it names one of them."),
    Listing("renderer", "Outputs", "What shows a run; `--output`, `--junit` and `--report` choose among them."),
)
EXIT_TEXTS: Mapping[str, str] = {
    "OK": "everything went well",
    "ERROR": "something this machine lacks, or a run that could not be carried out",
    "HOSTS_FAILED": "a task failed on a host, or a check does not hold",
    "HOSTS_UNREACHABLE": "a host could not be reached, or contact with it was lost",
    "BAD_INPUT": "a mistake in a playbook, inventory, variable or vault; no host was touched",
    "BAD_OPTIONS": "a wrong option or command",
    "WINDOW_SHUT": "a play was not started: it is outside its window",
    "INTERRUPTED": "interrupted from the keyboard",
    "DEFECT": "a defect of provisioner; the message names the file that holds the traceback",
}


def pages() -> dict[str, str]:
    """Return every page by its path below ``docs/reference``."""
    found = {f"modules/{name}.md": _module_page(name) for name in sorted(module_names())}
    found["modules/README.md"] = _module_index()
    for listing in LISTINGS:
        if names := sorted(_names(listing.kind)):
            found[f"{listing.title.lower()}.md"] = _listing_page(listing, names)
    found["exit-codes.md"] = _exit_codes()
    found["events.md"] = _events()
    return found


def module_names() -> frozenset[str]:
    """Return everything a task can name: what runs on the target and what runs on the controller."""
    return _names("module") | _names("action")


def page(title: str, *parts: str) -> str:
    """Return a page of these parts, each a paragraph."""
    return "\n\n".join([NOTICE, f"# {title}", *(part.strip("\n") for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; nothing where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _names(kind: str) -> frozenset[str]:
    try:
        found = util.find_spec(catalog.FOLDERS[kind])
    except ModuleNotFoundError:
        return frozenset()
    return catalog.names(kind) if found else frozenset()


def _declaring(name: str) -> tuple[ModuleType, ...]:
    """Return the files that make up a module: the controller's side first."""
    return tuple(catalog.load(kind, name) for kind in ("action", "module") if name in _names(kind))


@dataclass(frozen=True, slots=True)
class ParameterText:
    """One parameter in words; ``default`` is empty where there is none."""

    name: str
    kind: str
    help: str
    required: bool
    default: str
    aliases: tuple[str, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A module in words."""

    name: str
    summary: str
    text: str
    parameters: tuple[ParameterText, ...]
    accepts_any: bool
    returns: Mapping[str, str]
    traits: Mapping[str, str]
    examples: str
    beyond: str = ""


def parameters_of(name: str) -> type[Parameters] | None:
    """Return the parameters a module declares, None where it takes any."""
    return next((file.Params for file in _declaring(name) if hasattr(file, "Params")), None)


def described(name: str) -> Described:
    """Return a module in words."""
    files = _declaring(name)
    text = next((file.__doc__ for file in files if file.__doc__), "")
    params = parameters_of(name)
    traits = next((file.TRAITS for file in files if hasattr(file, "TRAITS")), None)
    examples = next((file.EXAMPLES for file in files if hasattr(file, "EXAMPLES")), "")
    return Described(
        name,
        _first_line(text),
        text,
        tuple(_parameter_texts(params)) if params is not None else (),
        params is None or params.accepts_any,
        returns_of(name),
        {key: _plain(value) for key, value in _traits(traits)} if traits is not None else {},
        examples.strip(),
        beyond_of(params),
    )


def beyond_of(params: type[Parameters] | None) -> str:
    """Return in words what is left to the module that ours stands for; empty where nothing is."""
    if params is None or not params.beyond:
        return ""
    return f"Left to {params.original}, over the bridge: {', '.join(sorted(params.beyond))}."


def returns_of(name: str) -> dict[str, str]:
    """Return what the module's ``RETURNS`` says of its return values: ``key: meaning``, one a line."""
    text = next((file.RETURNS for file in _declaring(name) if hasattr(file, "RETURNS")), "")
    pairs = (line.partition(": ") for line in text.strip().splitlines())
    return {key: meaning for key, colon, meaning in pairs if colon}


def _parameter_texts(params: type[Parameters], prefix: str = "") -> Iterator[ParameterText]:
    for name, param in sorted(params.declared.items()):
        if name.startswith("_"):
            continue
        public = prefix + name.rstrip("_")
        default = "" if param.required or param.default is None else _plain(param.default)
        choices = tuple(_plain(choice) for choice in param.choices or ())
        yield ParameterText(public, _type(param), param.help, param.required, default, param.aliases, choices)
        if param.options is not None:
            yield from _parameter_texts(param.options, f"{public}{'[]' if param.kind == 'list' else ''}.")


def _module_page(name: str) -> str:
    files = _declaring(name)
    doc = next((file.__doc__ for file in files if file.__doc__), "")
    params = parameters_of(name)
    examples = next((file.EXAMPLES for file in files if hasattr(file, "EXAMPLES")), "")
    traits = next((file.TRAITS for file in files if hasattr(file, "TRAITS")), None)
    parts = [doc]
    if params is not None:
        parts.append("## Parameters\n\n" + (table(_HEAD, list(_rows(params))) or "None."))
        if params.accepts_any:
            parts.append("Any further names are accepted.")
        parts.append(beyond_of(params))
    returns = returns_of(name)
    if returns:
        parts.append("## Return values\n\n" + table(("key", "meaning"), [(f"`{k}`", v) for k, v in returns.items()]))
    if traits is not None:
        parts.append("## Traits\n\n" + "\n".join(f"- {key}: {_plain(value)}" for key, value in _traits(traits)))
    if examples:
        parts.append(f"## Examples\n\n```yaml\n{examples.strip()}\n```")
    return page(name, *parts)


_HEAD = ("parameter", "type", "default", "meaning")


def _rows(params: type[Parameters], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    for name, param in sorted(params.declared.items()):
        if name.startswith("_"):
            continue
        public = prefix + name.rstrip("_")
        aliases = f" (also: {', '.join(f'`{alias}`' for alias in param.aliases)})" if param.aliases else ""
        default = "required" if param.required else "" if param.default is None else f"`{_plain(param.default)}`"
        yield f"`{public}`{aliases}", _type(param), default, _meaning(param)
        if param.options is not None:
            yield from _rows(param.options, f"{public}{'[]' if param.kind == 'list' else ''}.")


def _type(param: Param) -> str:
    return f"list of {param.elements}" if param.elements else param.kind


def _meaning(param: Param) -> str:
    choices = f" One of {', '.join(f'`{_plain(choice)}`' for choice in param.choices)}." if param.choices else ""
    return param.help + choices + (" Never shown." if param.no_log else "")


def _traits(traits: object) -> Iterator[tuple[str, object]]:
    names = getattr(traits, "_fields", None) or [field.name for field in fields(traits)]  # type: ignore[arg-type]
    for name in names:
        yield name, getattr(traits, name)


def _plain(value: object) -> str:
    if isinstance(value, (tuple, frozenset, set)):
        return ", ".join(sorted(str(item) for item in value)) or "none"
    return json.dumps(value, default=str) if not isinstance(value, str) else value


def _module_index() -> str:
    rows = []
    for name in sorted(module_names()):
        files = _declaring(name)
        where = "controller" if name in _names("action") else "host"
        rows.append((f"[{name}]({name}.md)", where, _first_line(next((f.__doc__ for f in files if f.__doc__), ""))))
    text = "Short names, `ansible.builtin.` names and the names of their collections all resolve."
    return page("Modules", text, table(("module", "runs on", "what it does"), rows))


def _listing_page(listing: Listing, names: Sequence[str]) -> str:
    parts = []
    for name in names:
        parts.append(f"## {name}\n\n{docstring(listing.kind, name).strip()}")
        if listing.kind == "check":
            parts.append(_check_parameters(name))
        elif listing.kind in ("mover", "switcher"):
            parts.append(table(_HEAD, list(_rows(catalog.load(listing.kind, name).Params))))
    return page(listing.title, listing.text, *parts)


def _check_parameters(name: str) -> str:
    params = catalog.load("check", name).Params
    return table(_HEAD, list(_rows(params))) + f"\n\nA single value (`{name}: x`) is `{params.free_form}`."


def docstring(kind: str, name: str) -> str:
    """Return an extension's docstring, read from its file where it is ours so that nothing need be imported."""
    for file in (name, f"{name}_"):
        spec = util.find_spec(f"{catalog.FOLDERS[kind]}.{file}")
        if spec and spec.origin:
            return ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return catalog.load(kind, name).__doc__ or ""


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _exit_codes() -> str:
    rows = [(str(int(code)), EXIT_TEXTS[name]) for name, code in Exit.__members__.items()]
    intro = (
        "Those of ansible-playbook, where it documents one. A host that cannot be reached outweighs one that failed."
    )
    return page("Exit codes", intro, table(("code", "meaning"), rows), f"```\n{(errors.__doc__ or '').strip()}\n```")


def _events() -> str:
    parts = []
    for name, kind in EVENT_TYPES.items():
        rows = [(f"`{field.name}`", f"`{field.type}`") for field in fields(kind)]
        parts.append(f"## {name}\n\n{_flat(kind.__doc__)}\n\n{table(('field', 'type'), rows)}")
    intro = "What a journal holds and `--output json` prints. See `docs/internals/journal.md` for the file itself."
    return page("Events", intro, *parts)


def _flat(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").strip().splitlines())
