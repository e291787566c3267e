"""What one run and one play know: scopes for each operation and host, routes, files, memory. No decisions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from provisioner import __version__
from provisioner.bridge.bridge import Bridge, Place
from provisioner.diagnostics.errors import InputError
from provisioner.execution import connecting
from provisioner.execution.connecting import Route, Way
from provisioner.execution.connection_plugins import ConnectionPlugins, secrets_of
from provisioner.execution.fact_cache import GATHERED, KeepsFacts, Nothing
from provisioner.execution.files import FileCache
from provisioner.execution.foresight import Foresight
from provisioner.execution.inventory_state import LOCALHOST_NAMES, InventoryState
from provisioner.execution.memory import HostMemory
from provisioner.graph.compile import CompiledPlay
from provisioner.graph.expand import roles_of
from provisioner.graph.operation import Operation
from provisioner.graph.passes.once import EACH_FOR_ITSELF
from provisioner.loading.settings import LoadSettings
from provisioner.model.inventory import Inventory
from provisioner.model.keywords import UNSET, Keywords
from provisioner.model.options import RunOptions
from provisioner.model.recall import Recall
from provisioner.model.target import Plugin
from provisioner.records import dataclass
from provisioner.remote.params import boolean
from provisioner.templating.renderer import Renderer
from provisioner.variables.hostvars import HostVars
from provisioner.variables.scope import Layer, Level, Scope

ANSIBLE_VERSION = {"full": "2.18.0", "major": 2, "minor": 18, "revision": 0, "string": "2.18.0"}
"""The language version playbooks may ask for."""


class Live(Mapping[str, object]):
    """Fixed values and values computed when asked for, as one mapping."""

    def __init__(self, fixed: Mapping[str, object], computed: Mapping[str, Callable[[], object]]) -> None:
        self._fixed, self._computed = fixed, computed

    def __getitem__(self, name: str) -> object:
        if name in self._computed:
            return self._computed[name]()
        return self._fixed[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._fixed
        yield from self._computed

    def __len__(self) -> int:
        return len(self._fixed) + len(self._computed)

    def __contains__(self, name: object) -> bool:
        return name in self._fixed or name in self._computed


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a run goes by beside its playbooks: what an earlier run did, how sure things are, what a plan allows.

    ``allowed`` says whether an operation may change a host; without it every one may.
    """

    recall: Recall | None = None
    foresight: Foresight | None = None
    allowed: Callable[[str, str], bool] | None = None


@dataclass
class RunContext:
    """Everything of a run that is not one play's. Made by app, filled while running."""

    options: RunOptions
    inventory: InventoryState
    renderer: Renderer
    loading: LoadSettings
    run_id: str
    scratch: Path
    learn_secret: Callable[[str], None]
    reload_inventory: Callable[[], Inventory]
    memories: dict[str, HostMemory] = field(default_factory=dict)
    stats: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed_hosts: set[str] = field(default_factory=set)
    unreachable_hosts: set[str] = field(default_factory=set)
    set_aside: set[str] = field(default_factory=set)
    """Those of the failed hosts that were rescued from a failure which others brought on them in the last batch."""
    forgiven: set[str] = field(default_factory=set)
    """Hosts that failed in the present batch and may take part in later plays all the same."""
    files: FileCache = field(default_factory=FileCache)
    bridge: Bridge = field(default_factory=lambda: Bridge(os.environ))
    cache: KeepsFacts = field(default_factory=Nothing)
    plugins: ConnectionPlugins = field(default_factory=lambda: ConnectionPlugins(Bridge(os.environ)))

    rounds: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often each operation came to its end on each host: handlers may run several times."""
    owed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By host, the handlers that earlier runs of these playbooks left owing."""
    foresight: Foresight | None = None
    """Who says, in check mode, how sure each outcome is."""
    allowed: Callable[[str, str], bool] | None = None
    """Whether an operation may change a host; None: every one."""
    recall: Recall | None = None
    """What the run that this one resumes has done."""

    def count_round(self, operation: str, host: str) -> None:
        """Note that an operation came to its end on a host once more."""
        self.rounds[operation, host] = self.rounds.get((operation, host), 0) + 1

    def memory(self, host: str) -> HostMemory:
        """Return what the run has learnt about a host, beginning with the facts that were kept."""
        if host not in self.memories:
            memory = HostMemory(host, injects=self.options.policy.inject_facts)
            kept = self.cache.load(host)
            memory.is_gathered = bool(kept.pop(GATHERED, False))
            memory.learn_facts(kept)
            self.memories[host] = memory
        return self.memories[host]

    def keep_facts(self, host: str) -> None:
        """Have what is known of a host kept for later runs."""
        memory = self.memory(host)
        self.cache.store(host, {**memory.told, **({GATHERED: True} if memory.is_gathered else {})})


class PlayContext:
    """One play while it runs: its hosts, and the scope of every operation on each of them."""

    def __init__(self, run: RunContext, compiled: CompiledPlay, layers: Sequence[Layer], hosts: Sequence[str]) -> None:
        self.run = run
        self.compiled = compiled
        self.all_hosts = list(hosts)
        self.batch: list[str] = list(hosts)
        self.cut: list[str] = list(hosts)
        """The batch with those of its hosts that were out before it began."""
        self.out_before = frozenset(run.failed_hosts | run.unreachable_hosts)
        """Hosts that were out when the play began."""
        self.live: Callable[[], list[str]] = lambda: list(self.batch)
        self._layers = (*compiled.public, *layers, Layer(Level.EXTRA_VARS, "extra vars", run.options.extra_vars))
        self._scopes: dict[str, Scope] = {}
        self._places: dict[str, tuple[Layer, ...]] = {}
        self._routes: dict[tuple[object, ...], tuple[int, Route]] = {}
        self._plugins: dict[str, Plugin | None] = {}
        self.handlers: list[Operation] = list(compiled.handlers)
        self.module_places: dict[tuple[str, ...], Place] = {}
        self.pending: dict[str, tuple[Layer, ...]] = {}
        """What operations under way are about to set, while another is looked at ahead of its turn."""
        self.host_layers: Callable[[str, Scope], tuple[Layer, ...]] = lambda _host, _scope: ()
        """Layers that depend on the host's other variables (``vars_files`` with templates in their names)."""

    # ------------------------------------------------------------------ scopes

    def add_layers(self, *layers: Layer) -> None:
        """Show more to the whole play (a public role that was included)."""
        self._layers = (*self._layers, *layers)
        self._scopes.clear()

    def scope(self, host: str) -> Scope:
        """Return what a host sees in this play, without any task."""
        if host not in self._scopes:
            memory = self.run.memory(host)
            known = Layer(Level.COMMAND_LINE, "connection", self._reached(host), rendered=True)
            layers = (known, *self.run.inventory.layers(host), *memory.layers, *self._layers, self._magic(host))
            scope = Scope(layers, merge=self.run.renderer.settings.merges)
            self._scopes[host] = scope.with_layers(*self.host_layers(host, scope))
        return self._scopes[host]

    def _reached(self, host: str) -> Mapping[str, object]:
        """Return what is known of the way to a host where no variable says otherwise."""
        password = self.run.options.connection_password
        secret = {"ansible_password": password, "ansible_ssh_pass": password} if password else {}
        return {"ansible_host": host, "ansible_ssh_host": host, **secret}

    def decided(self, operation: Operation, host: str) -> Operation:
        """Return an operation with what a host says of ``run_once`` and ``throttle``."""
        scope = self.operation_scope(operation, host)
        throttle = self._rendered(operation.keywords.throttle, scope)
        try:
            once = self._waits_for_all and boolean(self._rendered(operation.keywords.run_once, scope))
        except ValueError:
            once = False
        number = int(str(throttle)) if str(throttle).isdigit() else 0
        keywords = replace(operation.keywords, throttle=number)
        return replace(operation, keywords=keywords, runs_once=operation.runs_once or once, asks_first=False)

    @property
    def _waits_for_all(self) -> bool:
        """Whether hosts wait for each other, so that one of them can run something for all."""
        return self.compiled.play.strategy not in EACH_FOR_ITSELF

    def _rendered(self, written: Any, scope: Scope) -> Any:
        try:
            return False if written is UNSET else self.run.renderer.render(written, scope)
        except InputError:
            return False  # the task itself fails with it, on every host

    def operation_scope(self, operation: Operation, host: str) -> Scope:
        """Return what an operation sees on a host."""
        return self.scope(host).with_layers(*operation.layers, *self._place(operation))

    def forget_scopes(self, host: str | None = None) -> None:
        """What scopes are made from changed (the inventory, or facts that a file name depends on): make them anew."""
        if host is not None:
            self._scopes.pop(host, None)
            return
        self._scopes.clear()
        self._routes.clear()

    def _place(self, operation: Operation) -> tuple[Layer, ...]:
        if operation.id not in self._places:
            task_folder = str(Path(operation.position.source.name).parent.absolute())
            paths = [task_folder, self.compiled.play.basedir]
            values: dict[str, object] = {}
            if operation.role is not None:
                role = operation.role
                paths = [role.path, *reversed(role.parents), *paths]
                values = {"role_name": role.name, "role_path": role.path, "ansible_role_name": role.full_name}
                if role.parents:
                    nearest_first = list(reversed(role.parents))
                    values["ansible_parent_role_paths"] = nearest_first
                    values["ansible_parent_role_names"] = [Path(each).name for each in nearest_first]
            values["ansible_search_path"] = list(dict.fromkeys(paths))
            action = operation.task.action if operation.task is not None else ""
            kind = next((kind for kind in ("template", "var") if kind in action), "file")
            values["ansible_lookup_folder"] = f"{kind}s"
            self._places[operation.id] = (Layer(Level.MAGIC, "magic", values, rendered=True),)
        return self._places[operation.id]

    def _magic(self, host: str) -> Layer:
        run, play, options = self.run, self.compiled.play, self.run.options
        own = [use.role.name for use in play.roles]
        every = list(dict.fromkeys(use.role.name for use in roles_of(play)))
        fixed: dict[str, object] = {
            "inventory_hostname": host,
            "inventory_hostname_short": host.split(".", maxsplit=1)[0],
            **run.inventory.origin(host),
            "playbook_dir": str(Path(play.basedir).resolve()),
            "ansible_play_name": play.name,
            "ansible_check_mode": options.check,
            "ansible_diff_mode": options.diff,
            "ansible_verbosity": options.verbosity,
            "ansible_forks": options.forks,
            "ansible_version": ANSIBLE_VERSION,
            "provisioner_version": __version__,
            "provisioner_run": run.run_id,
            "ansible_playbook_python": sys.executable,
            "ansible_run_tags": sorted(options.tags),
            "ansible_skip_tags": sorted(options.skip_tags),
            "ansible_config_file": "",
            "ansible_inventory_sources": list(run.inventory.inventory.sources),
            "role_names": own,
            "ansible_role_names": every,
            "ansible_play_role_names": own,
            "ansible_dependent_role_names": [name for name in every if name not in own],
        }
        if options.limit:
            fixed["ansible_limit"] = options.limit
        fixed["environment"] = []
        computed: dict[str, Callable[[], object]] = {
            "groups": lambda: run.inventory.groups,
            "group_names": lambda: run.inventory.group_names(host),
            "hostvars": lambda: self.hostvars,
            "ansible_play_hosts": self.live_hosts,
            "play_hosts": self._live_batch,
            "ansible_play_hosts_all": lambda: list(self.all_hosts),
            "ansible_play_batch": self._live_batch,
        }
        return Layer(Level.MAGIC, "magic", Live(fixed, computed), rendered=True)

    def _live_batch(self) -> list[str]:
        """Return the hosts of the batch that have not failed, in the play's order."""
        now = set(self.live())
        return [h for h in self.batch if h in now]

    def live_hosts(self) -> list[str]:
        """Return the hosts of the play that have not failed, those of other batches included."""
        now, out = set(self.live()), self.run.failed_hosts | self.run.unreachable_hosts
        return [h for h in self.all_hosts if h in now or (h not in self.batch and h not in out)]

    @property
    def hostvars(self) -> HostVars:
        """Return ``hostvars``: every host's variables, rendered when looked at."""
        return HostVars(self.run.inventory.inventory.hosts, self._shown, self.run.renderer)

    def _shown(self, host: str) -> Scope:
        """Return what other hosts see of a host: what is its own, not what a play, role or task says."""
        own = [layer for layer in reversed(self.scope(host).layers) if layer.level not in _OF_THE_PLAY]
        return Scope((*own, *self.pending.get(host, ())), merge=self.run.renderer.settings.merges)

    # ------------------------------------------------------------------ routes

    def route(self, host: str, keywords: Keywords, scope: Scope, *, of: str = "") -> Route:
        """Return how ``host`` is reached for a task whose keywords are rendered already.

        ``of`` names the task's own host where it is delegated: ``scope`` is then that of the delegate.
        """
        memory = self.run.memory(host)
        shown = (keywords.become, keywords.become_user, keywords.become_method, keywords.become_flags)
        key = (host, of, *shown, keywords.connection, keywords.remote_user, keywords.port)
        own = tuple(layer for layer in scope.layers if not connecting.NAMES.isdisjoint(layer.values))
        cacheable = not any(layer.level in _CHANGING for layer in own)
        if cacheable and key in self._routes and self._routes[key][0] == memory.version:
            return self._routes[key][1]
        way = Way(host, self._is_implicit(host), lambda name: self._plugin(name, scope))
        found = connecting.route(way, keywords, lambda name: self._variable(name, scope), self.run.options)
        self._learn(found)
        if cacheable and found.target.plugin is None:
            self._routes[key] = (memory.version, found)
        return found

    def _plugin(self, name: str, scope: Scope) -> Plugin | None:
        """Return the connection plugin that a name means in this play, and what it is told: what somebody said."""
        if name not in self._plugins:
            play = self.compiled.play
            homes = dict.fromkeys((play.basedir, *(use.role.path for use in roles_of(play))))
            self._plugins[name] = self.run.plugins.find(name, homes, self.run.loading.collections)
        found = self._plugins[name]
        return None if found is None else self.run.plugins.told(found, lambda each: self._said(each, scope))

    def _variable(self, name: str, scope: Scope) -> Any:
        found = scope.find(name)
        if found is None:
            return None
        return found.value if found.layer.rendered else self.run.renderer.render(found.value, scope)

    def _said(self, name: str, scope: Scope) -> Any:
        found = scope.find(name)
        return None if found is None or found.layer.level is Level.COMMAND_LINE else self._variable(name, scope)

    def _is_implicit(self, host: str) -> bool:
        return host in LOCALHOST_NAMES and not self.run.inventory.knows(host)

    def _learn(self, route: Route) -> None:
        secrets = (
            route.target.password,
            route.target.private_key_passphrase,
            route.become.password if route.become else "",
            *(secrets_of(route.target.plugin) if route.target.plugin else ()),
        )
        for secret in secrets:
            if secret:
                self.run.learn_secret(secret)


_OF_THE_PLAY = frozenset(
    {Level.ROLE_DEFAULTS, Level.PLAY_VARS, Level.VARS_PROMPT, Level.VARS_FILES, Level.ROLE_VARS, Level.ROLE_PARAMS}
)
_CHANGING = frozenset({Level.BLOCK_VARS, Level.TASK_VARS, Level.ROLE_PARAMS, Level.INCLUDE_PARAMS, Level.LOOP})
