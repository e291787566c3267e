"""Joins the parts of a run: what is loaded, what renders, what connects, who listens. Everything is made here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.inventory_settings import inventory_settings
from provisioner.app.rendering import Remarks, make_renderer
from provisioner.app.settings import Settings, read_settings
from provisioner.diagnostics.diagnostic import Diagnostic, Findings, Severity
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source
from provisioner.graph.arrange import arrange
from provisioner.graph.compile import CompiledPlay, Selection, compile_play
from provisioner.graph.expand import roles_of
from provisioner.graph.start import start_at
from provisioner.loading.collections import Collections
from provisioner.loading.files import FileStore
from provisioner.loading.inventory import folders_of_variables, load_inventory, with_variables
from provisioner.loading.playbook import load_play_text, load_playbooks
from provisioner.loading.settings import LoadSettings
from provisioner.loading.variables import LOCAL
from provisioner.loading.vars_files import VarsFolders
from provisioner.model.inventory import Inventory
from provisioner.model.keywords import UNSET
from provisioner.model.options import AT_RUN, RunOptions
from provisioner.model.play import Play, Playbook
from provisioner.records import dataclass
from provisioner.syntax.yaml import REPEATED
from provisioner.templating.renderer import Renderer
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
    beside: VarsFolders = field(default_factory=lambda: VarsFolders((), LoadSettings(), None))
    remarks: Remarks = field(default_factory=Remarks)


def load(paths: Sequence[str], options: RunOptions, credentials: Credentials) -> Loaded:
    """Load playbooks and inventories; InputError carries every mistake found in all of them."""
    folders = tuple(dict.fromkeys(str(Path(p).parent) for p in paths))
    return _load(folders, options, credentials, lambda loading: load_playbooks(paths, loading))


@dataclass(frozen=True, slots=True)
class Single:
    """One module to be run without a playbook. ``arguments`` are text behind its name or a mapping.

    ``keywords`` are the task's; files are looked for as if a playbook lay in ``folder``.
    """

    module: str
    arguments: str | Mapping[str, object] = ""
    keywords: Mapping[str, object] = field(default_factory=dict)
    folder: str = "."


def load_module(pattern: str, single: Single, options: RunOptions, credentials: Credentials) -> Loaded:
    """Load inventories and make a playbook of one task: a module with its arguments on the hosts of a pattern."""
    given = single.arguments
    action = f"{single.module} {given}".strip() if isinstance(given, str) else {"module": single.module, **given}
    play = {"name": "Ad-hoc", "hosts": pattern, "gather_facts": False, "tasks": [{"action": action, **single.keywords}]}
    source = Source("command line", json.dumps([play]))
    return _load((single.folder,), options, credentials,
                 lambda loading: load_play_text(source, replace(loading, basedir=single.folder)), pattern)  # fmt: skip


def load_suite(tests: Sequence[str], options: RunOptions, credentials: Credentials) -> Loaded:
    """Load inventories and make a playbook that proves all hosts with files of tests."""
    files = [str(Path(each).resolve()) for each in tests]
    play = {"name": "Verify", "hosts": "all", "gather_facts": False, "verify": [{"testinfra": {"files": files}}]}
    text = json.dumps([play])
    return _load((".",), options, credentials, lambda loading: load_play_text(Source("command line", text), loading))


def load_hosts(options: RunOptions, credentials: Credentials) -> Loaded:
    """Load inventories and a playbook that does nothing on all hosts."""
    text = json.dumps([{"name": "All hosts", "hosts": "all", "gather_facts": False}])
    return _load((".",), options, credentials, lambda loading: load_play_text(Source("command line", text), loading))


def _load(
    folders: Sequence[str], options: RunOptions, credentials: Credentials, read: ReadPlays, pattern: str = ""
) -> Loaded:
    settings = read_settings(os.environ)
    credentials.redactor.learns_names = options.mistakes != AT_RUN  # the others show what Ansible shows
    remarks, collections = Remarks(), installed(folders, settings)
    renderer = make_renderer(folders, credentials, settings, collections, remarks)
    loading = make_loading(folders, options, credentials, settings, renderer)
    findings = Findings()
    inventory, found = load_inventory(options.inventories or settings.inventories, loading)
    findings.extend(found.all)
    if not (inventory.hosts or pattern in LOCAL) and settings.configuration.flag("LOCALHOST_WARNING"):
        findings.warn("provided hosts list is empty, only localhost is available. Note that the implicit localhost "
                      "does not match 'all'")  # fmt: skip
    playbook, found = read(loading)
    findings.extend(found.all)
    findings.extend(_about_settings(settings, options))
    findings = _repeated_keys(findings, str(settings.configuration.value("DUPLICATE_YAML_DICT_KEY")))
    if findings.errors:
        raise InputError(findings.all)
    beside = folders_of_variables(inventory, loading, None)
    for use in (use for play in playbook.plays for use in roles_of(play)):
        loading.use_role(use.role.path)
    if loading.role_vars_plugins:
        inventory = _with_plugins_of_roles(inventory, loading)
    return Loaded(playbook, inventory, loading, renderer, settings, (*findings.warnings, *remarks.kept), beside=beside,
                  remarks=remarks)  # fmt: skip


def _with_plugins_of_roles(inventory: Inventory, loading: LoadSettings) -> Inventory:
    """Return an inventory with what vars plugins of the playbooks' roles say; InputError where one of them fails."""
    findings = Findings()
    inventory = with_variables(inventory, folders_of_variables(inventory, loading, findings))
    if findings.errors:
        raise InputError(findings.errors)
    return inventory


def _about_settings(settings: Settings, options: RunOptions) -> list[Diagnostic]:
    """Return what to warn of: files passed over, and with ``-v`` settings nobody knows; Ansible names none."""
    tells_all = options.verbosity and options.mistakes != AT_RUN
    return [*settings.configuration.warnings, *(settings.configuration.unknown() if tells_all else ())]


def reload_inventory(loaded: Loaded, options: RunOptions) -> Inventory:
    """Read the inventories again; InputError where one became unreadable."""
    anew = replace(loaded.loading.inventory, is_flushing=True)
    fresh = replace(loaded.loading, files=FileStore(), inventory=anew)
    inventory, findings = load_inventory(options.inventories or loaded.settings.inventories, fresh)
    if findings.errors:
        raise InputError(findings.errors)
    return inventory


def _repeated_keys(findings: Findings, treated: str) -> Findings:
    """Return the findings with those about keys written twice treated as the settings say: warn, error or ignore."""
    kept = Findings()
    for each in findings.all:
        if not each.known_as.startswith(REPEATED):
            kept.add(each)
        elif treated != "ignore":
            kept.add(replace(each, severity=Severity.ERROR) if treated == "error" else each)
    return kept


def installed(folders: Sequence[str], settings: Settings) -> Collections:
    """Return the collections beside the playbooks and in the configured folders."""
    return Collections([*(f"{folder}/collections" for folder in folders), *settings.collections_path])


def make_loading(
    folders: Sequence[str], options: RunOptions, credentials: Credentials, settings: Settings, renderer: Renderer
) -> LoadSettings:
    """Return what loading needs, templates checked by the run's renderer."""
    return LoadSettings(
        vault=credentials.vault,
        extra_vars=options.extra_vars,
        roles_path=settings.roles_path,
        collections_path=settings.collections_path,
        defers_mistakes=options.mistakes == AT_RUN,
        collections=renderer.settings.collections,
        library=(*options.library, *settings.library),
        action_plugins=settings.configuration.texts("DEFAULT_ACTION_PLUGIN_PATH"),
        strategy=settings.policy.strategy,
        private_role_vars=settings.private_role_vars,
        rejected_modules=settings.rejected_modules,
        playbook_dirs=tuple(folders),
        inventory=inventory_settings(settings.configuration, options),
        add_plugins=renderer.plugins.add_beside,
        check_template=renderer.check_template,
        check_expression=renderer.check_expression,
        render=lambda text, values: renderer.render(text, Scope((Layer(Level.PLAY_VARS, "known", values),))),
    )


def _hidden(play: Play) -> Play:
    """Return a play whose tasks show no results unless one of them says otherwise."""
    hidden = play.keywords.no_log is UNSET
    return replace(play, keywords=replace(play.keywords, no_log=True)) if hidden else play


def compiled_plays(loaded: Loaded, options: RunOptions) -> list[CompiledPlay]:
    """Return the graph of every play, in the order in which they run."""
    tags = frozenset(options.tags) or frozenset({"all"})
    selection = Selection(tags, frozenset(options.skip_tags), loaded.only_proofs)
    plays = arrange(loaded.playbook.plays)
    if loaded.settings.policy.gathering == "explicit":
        plays = tuple(replace(p, gather_facts=False) if p.gather_facts is UNSET else p for p in plays)
    if loaded.settings.configuration.flag("DEFAULT_NO_LOG"):
        plays = tuple(_hidden(play) for play in plays)
    if options.start_at_task:
        plays = start_at(plays, options.start_at_task)
    return [compile_play(play, number + 1, selection) for number, play in enumerate(plays)]
