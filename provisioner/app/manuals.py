"""Manuals of modules that are not ours, from what their collection documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from provisioner.app.settings import read_settings
from provisioner.app.wiring import installed
from provisioner.bridge.bridge import Bridge, Place
from provisioner.bridge.documents import Document, document
from provisioner.bridge.library import Foreign, Refusal
from provisioner.diagnostics.errors import InputError
from provisioner.loading.collections import Collections
from provisioner.reporting.reference import Described, ParameterText

MARKED = re.compile(r"\b([A-Z]+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
"""Words of documentation that are marked: B(bold), O(option=value), L(text, address), ..."""


def foreign_manual(written: str, environ: Mapping[str, str]) -> Described | str:
    """Return what the module of that name says of itself, or why nothing can be told."""
    collections = installed([str(Path.cwd())], read_settings(environ))
    bridge = Bridge(environ)
    there = bridge.installation
    found = bridge.elsewhere(written, Place(collections=collections))
    if isinstance(found, Refusal):
        return found.text
    everywhere = collections.beside(there.collections) if there else collections
    try:
        told = document(found.path, lambda name: _fragment(name, there.ansible if there else "", everywhere))
    except (InputError, SyntaxError, OSError, ValueError) as error:
        return f"the documentation of {found.name} cannot be read: {error}"
    return _described(found, told) if told is not None else f"{found.name} is in {found.path}, and documents nothing"


def _fragment(name: str, ansible: str, collections: Collections) -> str | None:
    """Return the file of a fragment: of a collection where its name is a full one, else of ansible-core."""
    if name.count(".") >= 2:
        plugin = collections.plugin("doc_fragments", name)
        return plugin.path if plugin else None
    path = Path(ansible, "plugins/doc_fragments", f"{name}.py")
    return str(path) if ansible and path.is_file() else None


def _described(found: Foreign, told: Document) -> Described:
    about = told.about
    text = "\n\n".join([_sentence(about.get("short_description")), *_paragraphs(about.get("description"))])
    returns = {key: " ".join(_paragraphs(_mapping(each).get("description"))) for key, each in told.returns.items()}
    traits = {"runs as": f"the module of {found.module.removeprefix('ansible_collections.')}, over the bridge"}
    parameters = tuple(_parameters(_mapping(about.get("options"))))
    summary = _sentence(about.get("short_description"))
    return Described(found.name, summary, text, parameters, False, returns, traits, told.examples)


def _parameters(options: Mapping[str, object], prefix: str = "") -> Iterator[ParameterText]:
    for name, each in sorted(options.items()):
        option = _mapping(each)
        kind = str(option.get("type") or "str")
        kind = f"list of {option['elements']}" if kind == "list" and option.get("elements") else kind
        default = "" if option.get("default") is None else str(option["default"])
        aliases, choices = (_texts(option.get(key)) for key in ("aliases", "choices"))
        help_ = " ".join(_paragraphs(option.get("description")))
        yield ParameterText(prefix + name, kind, help_, bool(option.get("required")), default, aliases, choices)
        inner = _mapping(option.get("suboptions"))
        yield from _parameters(inner, f"{prefix}{name}{'[]' if kind.startswith('list') else ''}.")


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, (list, Mapping)) else ()


def _paragraphs(value: object) -> list[str]:
    return [_plain(str(each)) for each in (value if isinstance(value, list) else [value]) if each]


def _sentence(value: object) -> str:
    text = _plain(str(value or ""))
    return text if text.endswith(".") else f"{text}."


def _plain(text: str) -> str:
    """Return text without its marks."""
    return MARKED.sub(lambda mark: _unmarked(mark.group(1), mark.group(2)), text).strip()


def _unmarked(mark: str, words: str) -> str:
    if mark in ("L", "R"):
        label, _, address = words.rpartition(",")
        return f"{label.strip()} ({address.strip()})" if mark == "L" else label.strip()
    if mark in ("I", "B", "C", "U", "V", "O", "E", "RV"):
        return words
    return words.partition("#")[0] if mark in ("M", "P") else f"{mark}({words})"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
