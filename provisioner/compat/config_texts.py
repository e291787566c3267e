"""The texts of ``ansible-config``: dump, list, init and validate, in the words and formats scripts read."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from provisioner.configuration.configuration import Configuration, Setting
from provisioner.configuration.table import Definition, documented, table
from provisioner.diagnostics.position import Source
from provisioner.records import dataclass
from provisioner.syntax import yaml
from provisioner.templating.yaml_text import dump

KINDS = (
    "become", "cache", "callback", "cliconf", "connection", "httpapi", "inventory", "lookup", "netconf", "shell",
    "vars",
)  # fmt: skip
"""Kinds of plugins that have settings."""

FOLDERS = {"become": "BECOME_PLUGIN_PATH"} | {
    kind: name for kind in KINDS if (name := f"DEFAULT_{kind.upper()}_PLUGIN_PATH") in table().settings
}
"""The settings that say where plugins of each kind are."""

TYPES = {"bool": "boolean", "int": "integer", "str": "string", "one": "string"}


@dataclass
class Found:
    """The settings to tell of: those of the program, and those of plugins by kind and name."""

    base: list[Setting] = field(default_factory=list)
    plugins: dict[str, dict[str, list[Setting]]] = field(default_factory=dict)
    servers: Mapping[str, Mapping[str, Setting]] | None = None
    missing: list[str] = field(default_factory=list)


def gather(found: Configuration, kind: str, names: Sequence[str]) -> Found:
    """Return what ``-t kind`` and the names behind it ask for."""
    told = Found()
    if kind in ("base", "all"):
        told.base = list(found.settings())
        told.servers = found.servers()
    for each in KINDS if kind == "all" else [kind] if kind != "base" else []:
        told.plugins[each] = _of_kind(found, each)
        for name in names:
            if name not in told.plugins[each]:
                declared = _of_file(found, each, name)
                if declared:
                    told.plugins[each][name] = [found.find(one) for one in declared]
                else:
                    told.missing.append(name)
        if names:
            told.plugins[each] = {name: told.plugins[each][name] for name in names if name in told.plugins[each]}
    return told


def _of_kind(found: Configuration, kind: str) -> dict[str, list[Setting]]:
    grouped: dict[str, list[Setting]] = {}
    for setting in found.plugin_settings():
        owner, name = setting.definition.plugin
        if owner == kind:
            grouped.setdefault(name, []).append(setting)
    return grouped


def _of_file(found: Configuration, kind: str, name: str) -> list[Definition]:
    """Return the options of a user's plugin, as its file documents them."""
    for folder in found.texts(FOLDERS[kind]) if kind in FOLDERS else ():
        for path in sorted(Path(folder).rglob(f"{name}.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "DOCUMENTATION" for t in node.targets):
                    text = ast.literal_eval(node.value)
                    content = yaml.load(Source(str(path), str(text)))
                    options = content.get("options") if isinstance(content, dict) else None
                    return list(documented(kind, name, options).values()) if isinstance(options, dict) else []
    return []


# ---------------------------------------------------------------------- dump


def dump_lines(told: Found, *, only_changed: bool) -> Iterator[str]:
    """Yield the lines of ``dump``."""
    for setting in sorted(_changed(told.base, only_changed), key=_name):
        yield _line(setting, setting.definition.name)
    if told.servers is not None:
        yield from ("", "GALAXY_SERVERS:")
        for name, server in told.servers.items():
            yield from ("", "", name, "=" * len(name))
            for key in sorted(server):
                if not (only_changed and server[key].is_default):
                    yield _line(server[key], key)
    for kind, plugins in told.plugins.items():
        yield from _plugin_lines(kind, plugins, with_kind=bool(told.base), only_changed=only_changed)


def _plugin_lines(
    kind: str, plugins: Mapping[str, list[Setting]], *, with_kind: bool, only_changed: bool
) -> Iterator[str]:
    told = {name: _changed(settings, only_changed) for name, settings in sorted(plugins.items())}
    told = {name: settings for name, settings in told.items() if settings}
    if told and with_kind:
        yield from ("", "", f"{kind.upper()}:", "=" * len(kind))
    for name, settings in told.items():
        yield from ("", f"{name}:", "_" * len(name))
        for setting in sorted(settings, key=_name):
            yield _line(setting, setting.definition.option)


def _line(setting: Setting, name: str) -> str:
    return f"{name}({setting.origin}) = {_plain(setting.value)}"


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _changed(settings: Iterable[Setting], only_changed: bool) -> list[Setting]:
    return [each for each in settings if not (only_changed and each.is_default)]


def _name(setting: Setting) -> str:
    return setting.definition.option


def dump_data(told: Found, *, only_changed: bool) -> list[object]:
    """Return ``dump`` as data, for JSON and YAML."""
    data: list[object] = [_entry(each) for each in sorted(_changed(told.base, only_changed), key=_name)]
    if told.servers is not None:
        servers = {
            name: {key: [key, _plain(each.value), each.origin, None] for key, each in server.items()}
            for name, server in told.servers.items()
        }
        data.append({"GALAXY_SERVERS": servers})
    for kind, plugins in told.plugins.items():
        listed: list[object] = []
        for name, settings in sorted(plugins.items()):
            entries = [_entry(each) for each in sorted(_changed(settings, only_changed), key=_name)]
            if entries:
                listed.append({name: entries})
        data += [{f"{kind.upper()}_PLUGINS": listed}] if told.base else listed
    return data


def _entry(setting: Setting) -> dict[str, object]:
    return {"name": setting.definition.option, "origin": setting.origin, "value": _plain(setting.value)}


def written(data: object, format: str) -> str:
    """Return data as JSON or YAML."""
    return json.dumps(data, indent=4, sort_keys=True, default=str) if format == "json" else dump(data)


# ---------------------------------------------------------------------- list


def listed(told: Found) -> dict[str, object]:
    """Return what ``list`` tells: every setting with its default, kind and places."""
    data: dict[str, object] = {each.definition.name: _described(each.definition) for each in told.base}
    if told.plugins:
        data["PLUGINS"] = {
            kind: {
                name: {each.definition.option: _described(each.definition) for each in settings}
                for name, settings in sorted(plugins.items())
            }
            for kind, plugins in told.plugins.items()
        }
    return data


def _described(definition: Definition) -> dict[str, object]:
    data: dict[str, object] = {
        "default": definition.default,
        "description": definition.about,
        "type": TYPES.get(definition.kind, definition.kind),
    }
    if definition.ini:
        data["ini"] = [{"section": section, "key": key} for section, key in definition.ini]
    if definition.env:
        data["env"] = [{"name": name} for name in definition.env]
    if definition.variables:
        data["vars"] = [{"name": name} for name in definition.variables]
    if definition.choices:
        data["choices"] = list(definition.choices)
    return data


# ---------------------------------------------------------------------- init


def template(told: Found, format: str, *, disabled: bool) -> str:
    """Return a file to begin a configuration with."""
    settings = [
        *told.base,
        *(each for plugins in told.plugins.values() for group in plugins.values() for each in group),
    ]
    makers = {"ini": _ini, "env": _env, "vars": _vars}
    return makers[format](settings, ";" if disabled and format == "ini" else "#" if disabled else "")


def _ini(settings: Sequence[Setting], mark: str) -> str:
    sections: dict[str, dict[str, str]] = {}
    for setting in settings:
        definition = setting.definition
        if definition.ini:
            section, key = definition.ini[-1]
            text = f"# ({_kind(definition)}) {definition.about}\n{mark}{key}={_text(setting)}\n"
            sections.setdefault(section, {}).setdefault(key, text)
    is_base = any("/" not in each.definition.name for each in settings)
    parts = []
    for section, entries in sections.items():
        keys = list(entries) if is_base else sorted(entries)
        parts.append(f"[{section}]\n" + "\n".join(entries[key] for key in keys))
    return "\n\n".join(parts) + "\n" if parts else ""


def _env(settings: Sequence[Setting], mark: str) -> str:
    texts: dict[str, str] = {}
    for setting in settings:
        definition = setting.definition
        if definition.env:
            name = definition.env[-1]
            value = _text(setting)
            quoted = f"'{value}'" if any(c in value for c in " ~$*;") else value
            texts.setdefault(
                name, f"# {definition.option}({_kind(definition)}): {definition.about}\n{mark}{name}={quoted}\n"
            )
    return "\n".join(texts.values())


def _vars(settings: Sequence[Setting], mark: str) -> str:
    texts: dict[str, str] = {}
    for setting in settings:
        definition = setting.definition
        if definition.variables:
            name = definition.variables[-1]
            value = dump(
                {name: _plain(setting.value) if setting.value is not None else ""}, default_flow_style=False
            ).rstrip("\n")
            texts.setdefault(name, f"# {_headline(definition)}\n{mark}{value}\n")
    return "\n\n".join(texts.values()) + "\n" if texts else ""


def _headline(definition: Definition) -> str:
    return f"{definition.option}({_kind(definition)}): {definition.about}"


def _kind(definition: Definition) -> str:
    return TYPES.get(definition.kind, definition.kind)


def _text(setting: Setting) -> str:
    value = setting.value
    if isinstance(value, tuple):
        return (":" if setting.definition.kind == "pathspec" else ", ").join(map(str, value))
    return "" if value is None else str(value).replace("\n", " ")


# ---------------------------------------------------------------------- validate


def unknown_in_file(found: Configuration) -> Iterator[str]:
    """Yield what ``validate`` says about the keys of ``ansible.cfg``."""
    sections = {section for section, _ in table().by_ini} | {f"galaxy_server.{each}" for each in found.servers()}
    told = set()
    for section, key in found.cfg.values if found.cfg else ():
        if section not in sections:
            if section not in told:
                yield f"Found unknown section '{section}' in '{found.source}."
            told.add(section)
        elif (section, key) not in table().by_ini and not section.startswith("galaxy_server."):
            yield f"Found unknown key '{key}' in section '{section}' in '{found.source}."


def unknown_in_environment(found: Configuration) -> Iterator[str]:
    """Yield what ``validate -f env`` says."""
    for name in found.unknown_variables():
        yield f"Found unknown environment variable '{name}'."
