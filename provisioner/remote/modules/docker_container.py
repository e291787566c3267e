"""Manage Docker containers.

Speaks the HTTP API of the engine (Docker, or another that has the same) over its socket: neither the program ``docker``
nor a Python library is needed on the host. Options that are compared, and how, are as the module of community.docker
documents them. A few rare options are left to that module: a task that gives one is done by it, where it is installed.
Tested with Docker 20.10 (API 1.41), beside that module; with newer engines only against a stand-in.
"""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system import docker_options as options
from ..system.docker import Engine, EngineParameters, connect, is_id, joined, named, split_name
from ..system.docker_networks import Network, NetworkParameters, host_ip, look_up, steps
from ..system.docker_running import Container

TRAITS = Traits(predictable="partly", reach="others", locks=("docker",), settles=False)


class HealthParameters(Parameters):
    """A check of a container's health."""

    test: Any = optional("raw", "The command: text for a shell, or a list that begins with NONE, CMD or CMD-SHELL.")
    interval: Optional[str] = optional("str", "Time between checks, like 1m30s.")
    timeout: Optional[str] = optional("str", "The longest time a check may take.")
    retries: Optional[int] = optional("int", "Failures in a row that count.")
    start_period: Optional[str] = optional("str", "Time in which failures do not count.")
    start_interval: Optional[str] = optional("str", "Time between checks in that period.")
    test_cli_compatible: bool = optional("bool", "Without a test change the image's check, not switch it off.", False)


class MountParameters(Parameters):
    """A mount."""

    target: str = required("str", "The path in the container.")
    source: Optional[str] = optional("str", "A volume's name, or a path of the host.")
    type: str = optional("str", "What it is.", "volume", choices=("bind", "npipe", "tmpfs", "volume"))
    read_only: Optional[bool] = optional("bool", "Whether it cannot be written.")
    consistency: Optional[str] = optional(
        "str", "How consistent it must be.", choices=("cached", "consistent", "default", "delegated")
    )
    propagation: Optional[str] = optional(
        "str", "bind: propagation.", choices=("private", "rprivate", "shared", "rshared", "slave", "rslave")
    )
    no_copy: Optional[bool] = optional("bool", "volume: do not fill it with what lies at the target.")
    labels: Optional[Dict[str, str]] = optional("dict", "volume: labels.")
    volume_driver: Optional[str] = optional("str", "volume: its driver.")
    volume_options: Optional[Dict[str, str]] = optional("dict", "volume: options of the driver.")
    tmpfs_size: Optional[str] = optional("str", "tmpfs: its size, like 16M.")
    tmpfs_mode: Optional[str] = optional("str", "tmpfs: permissions, octal.")


class Params(EngineParameters):
    """The container."""

    name: str = required("str", "Its name, or the number of one that is there.")
    state: str = optional(
        "str", "What is wanted.", "started", choices=("absent", "healthy", "present", "started", "stopped")
    )
    image: Optional[str] = optional("str", "The image; without a tag latest.")
    pull: Any = optional(
        "raw", "When to pull the image.", "missing", choices=("always", "missing", "never", True, False)
    )
    pull_check_mode_behavior: str = optional(
        "str", "When check mode foretells a change by a pull.", "image_not_present",
        choices=("always", "image_not_present"),
    )  # fmt: skip
    image_name_mismatch: str = optional(
        "str", "The right image under another name.", "recreate", choices=("ignore", "recreate")
    )
    comparisons: Optional[Dict[str, Any]] = optional(
        "dict", "How options of a container that is there count: strict, ignore or allow_more_present; * for all."
    )
    container_default_behavior: str = optional(
        "str", "Whether some options have defaults.", "no_defaults", choices=("compatibility", "no_defaults")
    )
    recreate: bool = optional("bool", "Make it anew even where it is as wanted.", False)
    restart: bool = optional("bool", "Restart it where it is as wanted.", False)
    detach: Optional[bool] = optional("bool", "Do not wait for its end; the default.")
    cleanup: bool = optional("bool", "Remove it when it has ended; with detach=false.", False)
    paused: Optional[bool] = optional("bool", "started: whether its processes are frozen.")
    force_kill: bool = optional("bool", "Kill instead of stopping.", False, aliases=("forcekill",))
    kill_signal: Optional[str] = optional("str", "The signal for that.")
    keep_volumes: bool = optional("bool", "Keep nameless volumes of a container that is removed.", True)
    stop_timeout: Optional[int] = optional("int", "Seconds to wait for its end before it is killed.")
    removal_wait_timeout: Optional[float] = optional("float", "Seconds to wait until a removed one is gone.")
    healthy_wait_timeout: float = optional("float", "Seconds to wait for health; 0: without end.", 300)
    default_host_ip: Optional[str] = optional("str", "The address of published ports that name none.")
    networks: Optional[List[NetworkParameters]] = optional(
        "list", "The networks it is in.", elements="dict", options=NetworkParameters
    )
    networks_cli_compatible: bool = optional("bool", "With networks given: not in the default network.", True)
    command: Any = optional("raw", "The command: text or a list.")
    command_handling: str = optional(
        "str", "How lists of words are taken.", "correct", choices=("compatibility", "correct")
    )
    entrypoint: Optional[List[str]] = optional("list", "What the command is given to.", elements="str")
    env: Optional[Dict[str, Any]] = optional("dict", "Environment variables.")
    env_file: Optional[str] = optional("path", "A file of the host with more of them.")
    exposed_ports: Optional[List[str]] = optional("list", "Ports.", elements="str", aliases=("exposed", "expose"))
    published_ports: Optional[List[str]] = optional(
        "list", "Ports on the host: [[address:]port:]port[/protocol].", elements="str", aliases=("ports",)
    )
    publish_all_ports: Optional[bool] = optional("bool", "Publish every exposed port.")
    volumes: Optional[List[str]] = optional("list", "Volumes: [source:]path[:modes].", elements="str")
    mounts: Optional[List[MountParameters]] = optional("list", "Mounts.", elements="dict", options=MountParameters)
    volumes_from: Optional[List[str]] = optional("list", "Containers whose volumes it gets.", elements="str")
    volume_driver: Optional[str] = optional("str", "The driver of its volumes.")
    tmpfs: Optional[List[str]] = optional("list", "Paths in memory: path[:options].", elements="str")
    network_mode: Optional[str] = optional("str", "bridge, host, none, container:NAME, default, or a network.")
    links: Optional[List[str]] = optional("list", "Containers to link to, as name:alias.", elements="str")
    hostname: Optional[str] = optional("str", "Its host name.")
    domainname: Optional[str] = optional("str", "Its domain.")
    etc_hosts: Optional[Dict[str, str]] = optional("dict", "Lines of its hosts file, name to address.")
    dns_servers: Optional[List[str]] = optional("list", "Name servers.", elements="str")
    dns_opts: Optional[List[str]] = optional("list", "Options of its resolver.", elements="str")
    dns_search_domains: Optional[List[str]] = optional("list", "Domains to search.", elements="str")
    user: Optional[str] = optional("str", "Who it runs as: user[:group].")
    groups: Optional[List[str]] = optional("list", "Further groups.", elements="str")
    working_dir: Optional[str] = optional("str", "Where its command starts.")
    tty: Optional[bool] = optional("bool", "With a terminal.")
    interactive: Optional[bool] = optional("bool", "Keep standard input open.")
    init: Optional[bool] = optional("bool", "With an init process.")
    stop_signal: Optional[str] = optional("str", "The signal that stops it.")
    restart_policy: Optional[str] = optional(
        "str", "When the engine starts it again.", choices=("always", "no", "on-failure", "unless-stopped")
    )
    restart_retries: Optional[int] = optional("int", "How often.")
    auto_remove: Optional[bool] = optional("bool", "The engine removes it when it has ended.")
    healthcheck: Optional[HealthParameters] = optional("dict", "A check of its health.", options=HealthParameters)
    labels: Optional[Dict[str, Any]] = optional("dict", "Labels.")
    log_driver: Optional[str] = optional("str", "Where its output goes.")
    log_options: Optional[Dict[str, Any]] = optional("dict", "Options of that.", aliases=("log_opt",))
    memory: Optional[str] = optional("str", "The most memory, like 512M.")
    memory_reservation: Optional[str] = optional("str", "The memory it should keep to.")
    memory_swap: Optional[str] = optional("str", "Memory and swap; unlimited or -1.")
    memory_swappiness: Optional[int] = optional("int", "Inclination to swap, 0 to 100.")
    shm_size: Optional[str] = optional("str", "The size of /dev/shm.")
    cpus: Optional[float] = optional("float", "The most processors, like 1.5.")
    cpu_period: Optional[int] = optional("int", "The scheduler's period.")
    cpu_quota: Optional[int] = optional("int", "Its share of that.")
    cpu_shares: Optional[int] = optional("int", "Its relative weight.")
    cpuset_cpus: Optional[str] = optional("str", "The processors, like 0-2.")
    cpuset_mems: Optional[str] = optional("str", "The memory nodes.")
    blkio_weight: Optional[int] = optional("int", "Its weight for disks.")
    pids_limit: Optional[int] = optional("int", "The most processes.")
    oom_killer: Optional[bool] = optional("bool", "Whether it is spared when memory is short.")
    oom_score_adj: Optional[int] = optional("int", "Its preference for that.")
    privileged: Optional[bool] = optional("bool", "With all rights.")
    read_only: Optional[bool] = optional("bool", "Its root cannot be written.")
    capabilities: Optional[List[str]] = optional("list", "Capabilities to add.", elements="str")
    cap_drop: Optional[List[str]] = optional("list", "Capabilities to take.", elements="str")
    security_opts: Optional[List[str]] = optional("list", "Security options.", elements="str")
    devices: Optional[List[str]] = optional("list", "Devices: path[:path[:rights]].", elements="str")
    device_cgroup_rules: Optional[List[str]] = optional("list", "Rules for devices.", elements="str")
    ulimits: Optional[List[str]] = optional("list", "Limits: name:soft[:hard].", elements="str")
    sysctls: Optional[Dict[str, Any]] = optional("dict", "Settings of the kernel.")
    storage_opts: Optional[Dict[str, Any]] = optional("dict", "Options of its storage.")
    ipc_mode: Optional[str] = optional("str", "Whose IPC namespace.")
    pid_mode: Optional[str] = optional("str", "Whose PID namespace.")
    uts: Optional[str] = optional("str", "Whose UTS namespace.")
    userns_mode: Optional[str] = optional("str", "Whose user namespace.")
    cgroupns_mode: Optional[str] = optional("str", "Whose cgroup namespace.", choices=("host", "private"))
    cgroup_parent: Optional[str] = optional("str", "The cgroup above its own.")
    runtime: Optional[str] = optional("str", "The program that runs it.")
    original = "community.docker.docker_container"
    beyond = EngineParameters.beyond | frozenset(
        ["device_read_bps", "device_read_iops", "device_requests", "device_write_bps", "device_write_iops",
         "image_comparison", "image_label_mismatch", "kernel_memory", "mac_address", "output_logs", "platform"]
    )  # fmt: skip


class State(NamedTuple):
    """The container, the image it shall have, its networks, and what options have to be told."""

    container: Optional[Dict[str, Any]]
    image: Optional[Dict[str, Any]]
    networks: List[Network]
    env: Dict[str, Any]
    host_ip: str
    modes: Dict[str, str]
    is_pulled: bool = False


def inspect(params: Params, system: System) -> State:
    """Ask the engine."""
    engine = connect(params)
    container = Container(engine, params.name, params).look()
    if params.state == "absent":
        return State(container, None, [], {}, "", {})
    image = engine.look("/images/%s/json" % named(_full(params.image))) if params.image else None
    networks = look_up(engine, params.networks or [])
    address = params.default_host_ip
    if address is None and params.published_ports:
        address = host_ip(engine, networks)
    return State(container, image, networks, _environment(params, system), address or "", _modes(engine, params))


def _full(image: str) -> str:
    return image if is_id(image) else joined(*split_name(image))


def _environment(params: Params, system: System) -> Dict[str, Any]:
    env: Dict[str, Any] = {}
    if params.env_file:
        try:
            text = system.files.read(params.env_file).decode("utf-8", "replace")
        except OSError as error:
            raise Failed("Error reading environment file %s: %s" % (params.env_file, error.strerror)) from None
        lines = [line.strip() for line in text.splitlines()]
        env.update(line.partition("=")[::2] for line in lines if "=" in line and not line.startswith("#"))
    env.update(params.env or {})
    return env


def _modes(engine: Engine, params: Params) -> Dict[str, str]:
    """Return modes that name another container, by its number as the engine tells them."""
    modes = {}
    for name in ("network_mode", "ipc_mode", "pid_mode"):
        kind, _, other = (getattr(params, name) or "").partition(":")
        there = engine.look("/containers/%s/json" % named(other)) if kind == "container" and other else None
        if there:
            modes[name] = "container:" + there["Id"]
    return modes


def plan(params: Params, state: State) -> Change:
    """Compare what is with what is wanted."""
    return _absent(params, state) if params.state == "absent" else _Planning(params, state).change()


def _is_running(container: Optional[Dict[str, Any]]) -> bool:
    state = (container or {}).get("State") or {}
    return bool(state.get("Running"))


def _absent(params: Params, state: State) -> Change:
    if state.container is None:
        return Change(False)
    running = _is_running(state.container)
    todo = [("stop",)] if running else []
    diff = {"before": {"exists": True, "running": running}, "after": {"exists": False, "running": False}}
    return Change(True, [*todo, ("remove",)], diff=diff)


class _Planning:
    """The steps to a container as it is wanted, and what differs, gathered in the order of the steps."""

    def __init__(self, params: Params, state: State) -> None:
        self.params, self.state = params, state
        self.rules = options.rules_of(params.comparisons, Params.names())
        self.want = options.wanted(params, state.env, state.image, state.host_ip)
        self.want.options.update(state.modes)
        first = state.networks[0].name if state.networks and params.networks_cli_compatible else None
        if first and params.network_mode is None:
            self.want.options["network_mode"] = first
        self.todo: List[Any] = []
        self.before: Dict[str, Any] = {}
        self.after: Dict[str, Any] = {}

    def change(self) -> Change:
        """Return the whole."""
        params, state = self.params, self.state
        self._pull()
        running = self._exist()
        self._run(running)
        diff = {"before": self.before, "after": self.after}
        is_change = bool(self.before or self.after)
        if is_change or self.todo:
            foretold = is_change or (self.todo[0][0] == "pull" and params.pull_check_mode_behavior == "always")
            result = {"changed": foretold, "container": state.container or {}}
            return Change(True, self.todo, result, diff if is_change else None)
        return Change(False, result={"container": state.container or {}})

    def _differs(self, name: str, before: Any, after: Any) -> None:
        self.before[name], self.after[name] = before, after

    def _pull(self) -> None:
        params, state = self.params, self.state
        if not params.image or state.is_pulled:
            return
        is_always = params.pull in ("always", True)
        if is_id(params.image) or (state.image is not None and not is_always):
            if state.image is None:
                raise Failed("Cannot find image with ID %s" % params.image)
            return
        if params.pull == "never":
            raise Failed("Cannot find image with name %s, and pull=never" % _full(params.image))
        self.todo.append(("pull", params.image))
        if state.image is None:
            self._differs("pulled", False, True)

    def _exist(self) -> bool:
        """Plan what makes the container exist as it is wanted; return whether it then runs."""
        params, container = self.params, self.state.container
        if container is None:
            if not params.image:
                raise Failed("Cannot create container when image is not specified!")
            self._differs("exists", False, True)
            self._create(params.image)
            return False
        different = options.differences(container, self.want, self.rules)
        image = self._other_image(container)
        anew = image is not None or any(not options.OPTIONS[each.name].updates for each in different)
        for each in different:
            self._differs(each.name, each.found, each.wanted)
        if image:
            self._differs("image", *image)
        if anew or params.recreate:
            if not anew:
                self._differs("recreated", False, True)
            self._create_anew(container)
            return False
        self._update(container, [each.name for each in different])
        return _is_running(container)

    def _create_anew(self, container: Dict[str, Any]) -> None:
        self.todo += [("stop",)] if _is_running(container) else []
        self.todo.append(("remove",))
        self._create(self.params.image or str(container["Config"]["Image"]))

    def _update(self, container: Dict[str, Any], different: List[str]) -> None:
        """Plan what can change while the container is there."""
        if different:
            self.todo.append(("update", options.update_of(self.want, different)))
        rule = self.rules["networks"] if self.params.networks is not None else "ignore"
        todo, changed = steps(container, self.state.networks, rule)
        self.todo += todo
        for name, (before, after) in changed.items():
            self._differs(name, before, after)

    def _other_image(self, container: Dict[str, Any]) -> Any:
        params, image = self.params, self.state.image
        if not params.image or image is None or self.rules["image"] == "ignore":
            return None
        if image["Id"] != container["Image"]:
            return container["Image"], image["Id"]
        name = str((container.get("Config") or {}).get("Image", ""))
        if params.image_name_mismatch == "recreate" and _full(name) != _full(params.image) and not is_id(params.image):
            return name, _full(params.image)
        return None

    def _create(self, image: str) -> None:
        body = options.body_of(self.want)
        body["Image"] = image if is_id(image) else _full(image)
        if self.params.detach is False:
            body.update(AttachStdout=True, AttachStderr=True)
        networks = list(self.state.networks)
        if networks and body["HostConfig"].get("NetworkMode") == networks[0].name:
            first = networks.pop(0)
            body["NetworkingConfig"] = {"EndpointsConfig": {first.name: first.endpoint}}
        self.todo.append(("create", body))
        self.todo += [("connect", each.id, each.endpoint) for each in networks]

    def _run(self, running: bool) -> None:
        params, container = self.params, self.state.container or {}
        if params.state == "stopped" and running:
            self.todo.append(("stop",))
            self._differs("running", True, False)
        if params.state not in ("started", "healthy"):
            return
        if not running:
            self.todo.append(("start",))
            if not _is_running(container):
                self._differs("running", False, True)
        elif params.restart:
            self.todo.append(("restart",))
            self._differs("restarted", False, True)
        is_paused = running and not params.restart and bool((container.get("State") or {}).get("Paused"))
        if params.paused is not None and params.paused != is_paused:
            self.todo.append(("pause",) if params.paused else ("unpause",))
            self._differs("paused", is_paused, params.paused)
        if params.state == "healthy" and self._has_to_wait(running):
            self.todo.append(("healthy",))

    def _has_to_wait(self, running: bool) -> bool:
        state = (self.state.container or {}).get("State") or {}
        return not running or self.params.restart or (state.get("Health") or {}).get("Status") != "healthy"


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do the steps, and look once more."""
    params, engine = change.params, connect(change.params)
    container = Container(engine, params.name, params)
    said: Dict[str, Any] = {}
    todo = list(change.todo)
    if todo and todo[0][0] == "pull":
        container.carry_out(todo[:1])
        state = inspect(params, system)._replace(is_pulled=True)
        again = plan(params, state)
        todo, said = list(again.todo), {"changed": bool(again.changed) or _id(state) != _id(change.state)}
        if system.foretell and again.diff and not change.result["changed"]:
            said["diff"] = again.diff
    container.carry_out(todo)
    if params.state == "absent":
        return None
    if params.detach is False and params.state == "started" and ("start",) in todo:
        said.update(_finished(container, params))
    said.setdefault("container", container.look() or {})
    if container.warnings:
        said["warnings"] = container.warnings
    return said


def _id(state: State) -> Any:
    return (state.image or {}).get("Id")


def _finished(container: Container, params: Params) -> Dict[str, Any]:
    status, output = container.finish()
    facts = dict(container.look() or {}, Output=output)
    if params.cleanup and not params.auto_remove:
        container.carry_out([("remove",)])
    if status != 0:
        raise Failed(output, status=status, container=facts, changed=True)
    return {"status": status, "container": facts}


RETURNS = """
container: What the engine tells of the container; not with state=absent. With detach=false its Output, too.
status: The exit code, with detach=false.
"""

EXAMPLES = """
- name: A web server that comes back after a restart
  docker_container:
    name: web
    image: nginx:1.27
    ports: ["8080:80"]
    volumes: ["/srv/www:/usr/share/nginx/html:ro"]
    env:
      TZ: Europe/Berlin
    restart_policy: unless-stopped
- name: A container in a network of its own
  docker_container:
    name: db
    image: postgres:16
    networks:
      - name: back
        aliases: [database]
- name: No container of that name
  docker_container:
    name: old
    state: absent
"""
