"""Joins the parts of a run: what is loaded, what renders, what connects, who listens. Everything is made here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.settings import Settings, read_settings
from provisioner.diagnostics.diagnostic import Diagnostic, Findings
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Position, Source
from provisioner.graph.arrange import arrange
from provisioner.graph.compile import CompiledPlay, Selection, compile_play
from provisioner.graph.start import start_at
from provisioner.loading.files import FileStore
from provisioner.loading.inventory import load_inventory
from provisioner.loading.playbook import load_play_text, load_playbooks
from provisioner.loading.settings import LoadSettings
from provisioner.model.inventory import Inventory
from provisioner.model.options import RunOptions
from provisioner.model.play import Playbook
from provisioner.syntax.vault import is_encrypted
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import PluginFolders, RenderSettings
from provisioner.variables.scope import Layer, Level, Scope

Ask = Callable[[str, bool], str]
ReadPlays = Callable[[LoadSettings], tuple[Playbook, Findings]]


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything known before any host is touched. ``only_proofs``: run nothing but the checks of ``verify``."""

    playbook: Playbook
    inventory: Inventory
    loading: LoadSettings
    renderer: Renderer
    settings: Settings
    warnings: tuple[Diagnostic, ...]
    only_proofs: bool = False


def load(paths: Sequence[str], options: RunOptions, credentials: Credentials) -> Loaded:
    """Load playbooks and inventories; InputError carries every mistake found in all of them."""
    folders = tuple(dict.fromkeys(str(Path(p).parent) for p in paths))
    return _load(folders, options, credentials, lambda loading: load_playbooks(paths, loading))


def load_module(pattern: str, module: tuple[str, str], options: RunOptions, credentials: Credentials) -> Loaded:
    """Load inventories and make a playbook of one task: a module with its arguments on the hosts of a pattern."""
    name, arguments = module
    task: dict[str, object] = {name: arguments or None}
    text = json.dumps([{"name": "Ad-hoc", "hosts": pattern, "gather_facts": False, "tasks": [task]}])
    return _load((".",), options, credentials, lambda loading: load_play_text(Source("command line", text), loading))


def load_suite(tests: Sequence[str], options: RunOptions, credentials: Credentials) -> Loaded:
    """Load inventories and make a playbook that proves all hosts with files of tests."""
    files = [str(Path(each).resolve()) for each in tests]
    play = {"name": "Verify", "hosts": "all", "gather_facts": False, "verify": [{"testinfra": {"files": files}}]}
    text = json.dumps([play])
    return _load((".",), options, credentials, lambda loading: load_play_text(Source("command line", text), loading))


def _load(folders: Sequence[str], options: RunOptions, credentials: Credentials, read: ReadPlays) -> Loaded:
    settings = read_settings(os.environ)
    warnings: list[Diagnostic] = []
    renderer = make_renderer(folders, credentials, settings, warnings)
    loading = make_loading(folders, options, credentials, settings, renderer)
    findings = Findings()
    inventory, found = load_inventory(options.inventories or settings.inventories, loading)
    findings.extend(found.all)
    playbook, found = read(loading)
    findings.extend(found.all)
    if findings.errors:
        raise InputError(findings.all)
    return Loaded(playbook, inventory, loading, renderer, settings, (*findings.warnings, *warnings))


def reload_inventory(loaded: Loaded, options: RunOptions) -> Inventory:
    """Read the inventories again; InputError where one became unreadable."""
    fresh = replace(loaded.loading, files=FileStore())
    inventory, findings = load_inventory(options.inventories or loaded.settings.inventories, fresh)
    if findings.errors:
        raise InputError(findings.errors)
    return inventory


def make_renderer(
    folders: Sequence[str], credentials: Credentials, settings: Settings, warnings: list[Diagnostic]
) -> Renderer:
    """Return the run's renderer, with the plugin folders beside the playbooks."""
    plugins = PluginFolders(
        filters=tuple(Path(f, "filter_plugins") for f in folders),
        tests=tuple(Path(f, "test_plugins") for f in folders),
        lookups=tuple(Path(f, "lookup_plugins") for f in folders),
    )
    return Renderer(
        RenderSettings(
            native=settings.jinja2_native,
            decrypt=credentials.vault.reveal,
            read_file=lambda path: _plain(path, credentials),
            plugin_folders=plugins,
            ansible_managed=settings.ansible_managed,
            warn=warnings.append,
        )
    )


def _plain(path: Path, credentials: Credentials) -> bytes:
    """Return a file's content, decrypted where it is a vault file."""
    content = path.read_bytes()
    if not is_encrypted(content):
        return content
    return credentials.vault.decrypt(content.decode("ascii"), Position(Source(str(path)), 1, 1))


def make_loading(
    folders: Sequence[str], options: RunOptions, credentials: Credentials, settings: Settings, renderer: Renderer
) -> LoadSettings:
    """Return what loading needs, templates checked by the run's renderer."""
    return LoadSettings(
        vault=credentials.vault,
        extra_vars=options.extra_vars,
        roles_path=settings.roles_path,
        collections_path=settings.collections_path,
        library=settings.library,
        playbook_dirs=tuple(folders),
        check_template=renderer.check_template,
        check_expression=renderer.check_expression,
        render=lambda text, values: renderer.render(text, Scope((Layer(Level.PLAY_VARS, "known", values),))),
    )


def compiled_plays(loaded: Loaded, options: RunOptions) -> list[CompiledPlay]:
    """Return the graph of every play, in the order in which they run."""
    tags = frozenset(options.tags) or frozenset({"all"})
    selection = Selection(tags, frozenset(options.skip_tags), loaded.only_proofs)
    plays = arrange(loaded.playbook.plays)
    if options.start_at_task:
        plays = start_at(plays, options.start_at_task)
    return [compile_play(play, number + 1, selection) for number, play in enumerate(plays)]
