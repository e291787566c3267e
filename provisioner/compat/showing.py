"""Chooses the renderers of a run from Ansible's settings for callbacks."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from provisioner import catalog
from provisioner.compat.callbacks import Callbacks
from provisioner.compat.terminal import configuration_of, settings_of
from provisioner.configuration.configuration import Configuration
from provisioner.diagnostics.home import expanded
from provisioner.reporting.printable import safe
from provisioner.reporting.renderer import EventRenderer, Settings
from provisioner.reporting.screen import Screen

OUTPUTS = {
    "default": "ansible", "debug": "ansible", "yaml": "ansible", "minimal": "minimal", "oneline": "oneline",
    "json": "json_document", "jsonl": "json_lines", "null": "null", "dense": "plain", "unixy": "plain",
}  # fmt: skip
"""Callbacks that own the output, and the renderer that shows the same."""

BESIDE = {"timer": "timer", "profile_tasks": "profile_tasks", "junit": "junit", "tree": "tree"}
"""Callbacks that listen besides, and the renderer that does the same."""

EXACT = frozenset({"json_lines", "junit", "tree"})
"""Renderers whose readers want every character; they print nothing or escape by themselves."""

_COLLECTIONS = ("ansible.builtin.", "ansible.posix.", "community.general.", "ansible.legacy.")


@contextmanager
def renderers(arguments: argparse.Namespace, default: str) -> Iterator[Sequence[EventRenderer]]:
    """Yield the renderers that the settings ask for and close them whatever happens."""
    found = configuration_of(os.environ)
    settings = settings_of(found, verbosity_of(arguments, found), diff=getattr(arguments, "diff", False))
    made = [_output(found, settings, default, arguments), *_beside(found, settings, arguments)]
    if _loads_plugins(found, default):
        made += _plugins(found, settings, arguments).besides(found.texts("CALLBACKS_ENABLED"))
    greet(found, settings)
    try:
        yield made
    finally:
        for renderer in made:
            renderer.close()


def verbosity_of(arguments: argparse.Namespace, found: Configuration) -> int:
    """Return how much to say: as often as ``-v`` is given, or what the configuration says."""
    return arguments.verbose or int(found.number("DEFAULT_VERBOSITY") or 0)


def greet(found: Configuration, settings: Settings) -> None:
    """Say which configuration file counts, where anything more than results is wanted."""
    if settings.verbosity > 0:
        text = f"Using {found.source} as config file" if found.source else "No config file found; using defaults"
        Screen(settings).say(text, "blue")


def short(name: str) -> str:
    """Return a callback's name without its collection."""
    return next((name.removeprefix(prefix) for prefix in _COLLECTIONS if name.startswith(prefix)), name)


def _loads_plugins(found: Configuration, default: str) -> bool:
    """Tell whether callbacks count at all: with ``ansible`` only where that is configured."""
    return default == "ansible" or found.flag("DEFAULT_LOAD_CALLBACK_PLUGINS")


def _plugins(found: Configuration, settings: Settings, arguments: argparse.Namespace) -> Callbacks:
    return Callbacks(found, settings, getattr(arguments, "playbooks", ()))


def _output(found: Configuration, settings: Settings, default: str, arguments: argparse.Namespace) -> EventRenderer:
    if not _loads_plugins(found, default):
        return _make(default, settings)
    written = found.text("DEFAULT_STDOUT_CALLBACK") or "default"
    wanted = short(written)
    if wanted not in OUTPUTS:
        plugins = _plugins(found, settings, arguments)
        path = plugins.find(written) or plugins.find(wanted)
        made = plugins.output(path, _make("ansible", settings)) if path else None
        if made is not None:
            return safe(made)
        Screen(settings).warn(f"the callback {wanted} is not available here: the output is that of 'default'")
    if wanted == "yaml":
        settings = replace(settings, display=replace(settings.display, result_format="yaml", pretty=True))
    return _make(OUTPUTS.get(wanted, "ansible"), settings)


def _beside(found: Configuration, settings: Settings, arguments: argparse.Namespace) -> list[EventRenderer]:
    wanted = [short(name) for name in found.texts("CALLBACKS_ENABLED")]
    made = []
    for name in dict.fromkeys(wanted):
        if name in BESIDE:
            made.append(_make(BESIDE[name], replace(settings, path=_path(name, found, arguments))))
    if getattr(arguments, "tree", None):
        made.append(_make("tree", replace(settings, path=Path(arguments.tree))))
    return made


def _path(name: str, found: Configuration, arguments: argparse.Namespace) -> Path | None:
    """Return where a callback writes that writes files."""
    if name == "tree":
        return expanded(found.text("callback/tree/directory") or "~/.ansible/tree")
    if name != "junit":
        return None
    folder = expanded(found.text("callback/junit/output_dir") or "~/.ansible.log")
    first = Path(next(iter(getattr(arguments, "playbooks", [])), "adhoc")).stem
    return folder / f"{first}-{datetime.now(UTC).timestamp():.6f}.xml"


def _make(name: str, settings: Settings) -> EventRenderer:
    made: EventRenderer = catalog.load("renderer", name).Renderer(settings)
    return made if name in EXACT else safe(made)


def say(text: str) -> None:
    """Write a line of an answer."""
    sys.stdout.write(text + "\n")
