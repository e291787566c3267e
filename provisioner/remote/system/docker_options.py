"""What a container is told to be, and whether it is: each option with its place in the engine's API and its comparison.

All of this is pure: options are given in the API's own form, what there is comes from ``GET /containers/NAME/json``.
"""

import os
import re
import shlex
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ..change import Failed
from ..params import KINDS
from .docker_ports import exposed, published

Convert = Callable[[Any], Any]
DURATION = re.compile(r"^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?(?:(\d+)us)?$")
NANOSECONDS = (3600 * 10**9, 60 * 10**9, 10**9, 10**6, 10**3)


class Option(NamedTuple):
    """One option: where it lies, how parameters become what the API takes, and how two of them are made comparable.

    ``kind`` is value, list, set or dict. ``updates`` tells that the engine can change it while the container is there.
    """

    place: str
    kind: str = "value"
    wanted: Convert = lambda value: value
    same: Convert = lambda value: value
    updates: bool = False


class Wanted(NamedTuple):
    """The options a task gives, in the API's form, and what the image brings along where options add to it."""

    options: Dict[str, Any]
    base: Dict[str, Any]


class Difference(NamedTuple):
    """An option that is not as it is wanted."""

    name: str
    wanted: Any
    found: Any


def size(value: Any) -> int:
    """Return a number of bytes; -1 for ``unlimited``."""
    if str(value).strip().lower() in ("unlimited", "-1"):
        return -1
    try:
        return int(KINDS["bytes"](value))
    except ValueError as error:
        raise Failed("Failed to convert %s to bytes: %s" % (value, error)) from None


def nanoseconds(value: Any) -> int:
    """Return a duration such as 1m30s in nanoseconds; a plain number counts seconds."""
    text = str(value).strip()
    match = DURATION.match(text if not text.isdigit() else text + "s")
    if not match or not text:
        raise Failed("Invalid duration format: %s" % value)
    return sum(int(part) * unit for part, unit in zip(match.groups(), NANOSECONDS) if part)


def words(value: Any) -> List[str]:
    """Return a command's words: text is split as a shell does."""
    return shlex.split(value) if isinstance(value, str) else [str(word) for word in value]


def _texts(value: Optional[Mapping[str, Any]]) -> Dict[str, str]:
    return {str(key): _text(each) for key, each in (value or {}).items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _environment(found: Any) -> Dict[str, str]:
    return dict(each.partition("=")[::2] for each in found or [])


def _device(text: str) -> Dict[str, str]:
    parts = text.split(":")
    inside = parts[1] if len(parts) > 1 else parts[0]
    rights = parts[2] if len(parts) > 2 else "rwm"
    return {"PathOnHost": parts[0], "PathInContainer": inside, "CgroupPermissions": rights}


def _limit(text: str) -> Dict[str, Any]:
    parts = text.split(":")
    try:
        return {"Name": parts[0], "Soft": int(parts[1]), "Hard": int(parts[-1])}
    except (IndexError, ValueError):
        raise Failed("ulimits: %s is not like nofile:1024:2048" % text) from None


def _capability(name: str) -> str:
    return re.sub("^CAP_", "", name.upper())


def _security(text: str) -> str:
    return re.sub("[:=]", "=", text, count=1)


def _link(text: str) -> str:
    target, _, alias = text.partition(":")
    return "%s:%s" % (target.lstrip("/"), (alias or target).rpartition("/")[2])


def volume(text: str) -> str:
    """Return a volume with its source made absolute and its modes in order; a lone path is one without a name."""
    parts = text.split(":")
    if len(parts) == 1:
        return text.rstrip("/") or "/"
    source = parts[0]
    if source.startswith(("~", ".")):
        source = os.path.abspath(os.path.expanduser(source))
    modes = sorted(parts[2].split(",")) if len(parts) > 2 else []
    modes = modes if {"ro", "rw"} & set(modes) else sorted([*modes, "rw"])
    return "%s:%s:%s" % (source.rstrip("/") or "/", parts[1].rstrip("/") or "/", ",".join(modes))


MOUNT_KEYS = {
    "type": "Type",
    "source": "Source",
    "target": "Target",
    "read_only": "ReadOnly",
    "consistency": "Consistency",
}


def _mount(given: Any) -> Dict[str, Any]:
    told = {key: getattr(given, name) for name, key in MOUNT_KEYS.items() if getattr(given, name) is not None}
    if given.type == "bind" and given.propagation:
        told["BindOptions"] = {"Propagation": given.propagation}
    if given.type == "tmpfs":
        sizes = {"SizeBytes": size(given.tmpfs_size) if given.tmpfs_size else None}
        sizes["Mode"] = int(str(given.tmpfs_mode), 8) if given.tmpfs_mode else None
        told["TmpfsOptions"] = {key: value for key, value in sizes.items() if value is not None}
    if given.type == "volume":
        driver = {"Name": given.volume_driver, "Options": _texts(given.volume_options)} if given.volume_driver else None
        more = {"NoCopy": given.no_copy, "Labels": given.labels, "DriverConfig": driver}
        told["VolumeOptions"] = {key: value for key, value in more.items() if value}
    return told


def healthcheck(given: Any) -> Dict[str, Any]:
    """Return a health check as the API takes it; one without a test switches checks off, as documented."""
    told: Dict[str, Any] = {}
    if given.test is None:
        if not given.test_cli_compatible:
            return {"Test": ["NONE"]}
    elif isinstance(given.test, list):
        told["Test"] = [str(word) for word in given.test]
    else:
        told["Test"] = ["CMD-SHELL", str(given.test)]
    if told.get("Test") == ["NONE"]:
        return told
    for name, key in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod"),
                      ("start_interval", "StartInterval")):  # fmt: skip
        if getattr(given, name) is not None:
            told[key] = nanoseconds(getattr(given, name))
    if given.retries is not None:
        told["Retries"] = given.retries
    return told


def _check_found(found: Any) -> Dict[str, Any]:
    there = {key: value for key, value in (found or {}).items() if value}
    return {"Test": ["NONE"]} if there.get("Test") == ["NONE"] or not there else there


def _network_mode(mode: Any) -> str:
    return "bridge" if mode in (None, "", "default") else str(mode)


def _sorted_ports(found: Any) -> Dict[str, Any]:
    return {
        port: sorted((each.get("HostIp") or "", str(each.get("HostPort") or "")) for each in places or [])
        for port, places in (found or {}).items()
    }


def _many(convert: Convert) -> Convert:
    return lambda values: [convert(each) for each in values or []]


def _keys(found: Any) -> List[str]:
    return sorted(found or [])


OPTIONS: Dict[str, Option] = {
    "command": Option("Cmd", "list", words),
    "entrypoint": Option("Entrypoint", "list", words),
    "env": Option("Env", "dict", lambda env: ["%s=%s" % pair for pair in sorted(env.items())], _environment),
    "exposed_ports": Option("ExposedPorts", "set", lambda ports: {port: {} for port in ports}, _keys),
    "hostname": Option("Hostname"),
    "domainname": Option("Domainname"),
    "user": Option("User"),
    "working_dir": Option("WorkingDir"),
    "tty": Option("Tty"),
    "interactive": Option("OpenStdin"),
    "stop_signal": Option("StopSignal"),
    "stop_timeout": Option("StopTimeout"),
    "labels": Option("Labels", "dict", _texts, _texts),
    "healthcheck": Option("Healthcheck", "dict", healthcheck, _check_found),
    "volumes": Option("Binds", "set", lambda given: [volume(each) for each in given], _many(volume)),
    "mounts": Option("HostConfig.Mounts", "set", _many(_mount)),
    "published_ports": Option("HostConfig.PortBindings", "dict", same=_sorted_ports),
    "publish_all_ports": Option("HostConfig.PublishAllPorts"),
    "network_mode": Option("HostConfig.NetworkMode", same=_network_mode),
    "restart_policy": Option("HostConfig.RestartPolicy.Name", same=lambda name: name or "no", updates=True),
    "restart_retries": Option("HostConfig.RestartPolicy.MaximumRetryCount", updates=True),
    "memory": Option("HostConfig.Memory", wanted=size, updates=True),
    "memory_reservation": Option("HostConfig.MemoryReservation", wanted=size, updates=True),
    "memory_swap": Option("HostConfig.MemorySwap", wanted=size, updates=True),
    "memory_swappiness": Option("HostConfig.MemorySwappiness"),
    "shm_size": Option("HostConfig.ShmSize", wanted=size),
    "blkio_weight": Option("HostConfig.BlkioWeight", updates=True),
    "cpus": Option("HostConfig.NanoCpus", wanted=lambda cpus: round(cpus * 10**9)),
    "cpu_period": Option("HostConfig.CpuPeriod", updates=True),
    "cpu_quota": Option("HostConfig.CpuQuota", updates=True),
    "cpu_shares": Option("HostConfig.CpuShares", updates=True),
    "cpuset_cpus": Option("HostConfig.CpusetCpus", updates=True),
    "cpuset_mems": Option("HostConfig.CpusetMems", updates=True),
    "pids_limit": Option("HostConfig.PidsLimit"),
    "oom_killer": Option("HostConfig.OomKillDisable"),
    "oom_score_adj": Option("HostConfig.OomScoreAdj"),
    "privileged": Option("HostConfig.Privileged"),
    "read_only": Option("HostConfig.ReadonlyRootfs"),
    "init": Option("HostConfig.Init"),
    "auto_remove": Option("HostConfig.AutoRemove"),
    "capabilities": Option("HostConfig.CapAdd", "set", same=_many(_capability)),
    "cap_drop": Option("HostConfig.CapDrop", "set", same=_many(_capability)),
    "security_opts": Option("HostConfig.SecurityOpt", "set", same=_many(_security)),
    "devices": Option("HostConfig.Devices", "set", _many(_device)),
    "device_cgroup_rules": Option("HostConfig.DeviceCgroupRules", "set"),
    "dns_servers": Option("HostConfig.Dns", "list"),
    "dns_opts": Option("HostConfig.DnsOptions", "set"),
    "dns_search_domains": Option("HostConfig.DnsSearch", "list"),
    "etc_hosts": Option("HostConfig.ExtraHosts", "set", lambda given: ["%s:%s" % pair for pair in given.items()]),
    "groups": Option("HostConfig.GroupAdd", "set", _many(str)),
    "ipc_mode": Option("HostConfig.IpcMode"),
    "pid_mode": Option("HostConfig.PidMode"),
    "uts": Option("HostConfig.UTSMode"),
    "userns_mode": Option("HostConfig.UsernsMode"),
    "cgroupns_mode": Option("HostConfig.CgroupnsMode"),
    "cgroup_parent": Option("HostConfig.CgroupParent"),
    "runtime": Option("HostConfig.Runtime"),
    "links": Option("HostConfig.Links", "set", _many(_link), _many(_link)),
    "log_driver": Option("HostConfig.LogConfig.Type"),
    "log_options": Option("HostConfig.LogConfig.Config", "dict", _texts, _texts),
    "sysctls": Option("HostConfig.Sysctls", "dict", _texts, _texts),
    "storage_opts": Option("HostConfig.StorageOpt", "dict", _texts, _texts),
    "tmpfs": Option("HostConfig.Tmpfs", "dict", lambda given: dict(each.partition(":")[::2] for each in given)),
    "ulimits": Option("HostConfig.Ulimits", "set", _many(_limit)),
    "volume_driver": Option("HostConfig.VolumeDriver"),
    "volumes_from": Option("HostConfig.VolumesFrom", "set"),
}
"""Every option that is compared, by the name of its parameter."""
NOT_COMPARED = frozenset(["stop_timeout"])
"""What is told to a new container and does not count later, unless ``comparisons`` says so."""
COMPATIBLE = {
    "auto_remove": False, "init": False, "interactive": False, "memory": "0", "privileged": False, "read_only": False,
    "tty": False,
}  # fmt: skip
"""What container_default_behavior=compatibility sets."""


def wanted(params: Any, env: Mapping[str, Any], image: Optional[Mapping[str, Any]], host_ip: str) -> Wanted:
    """Return what the parameters say; ``env`` is the environment with its file read, ``host_ip`` where ports bind."""
    given: Dict[str, Any] = {name: getattr(params, name) for name in OPTIONS}
    if params.container_default_behavior == "compatibility":
        given.update({name: value for name, value in COMPATIBLE.items() if given[name] is None})
    given.update(env=_texts(env) if env or params.env is not None else None)
    ports = published(params.published_ports, host_ip) if params.published_ports is not None else None
    if params.exposed_ports is not None or ports is not None:
        given["exposed_ports"] = sorted({*exposed(params.exposed_ports or []), *(ports or {})})
    given["published_ports"] = ports
    if params.command_handling == "compatibility":
        given.update(_joined_words(given))
    options = {name: OPTIONS[name].wanted(value) for name, value in given.items() if value is not None}
    return Wanted(options, base_of(image))


def _joined_words(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return commands as text to be split again; an empty one counts as none."""
    there = [name for name in ("command", "entrypoint") if given[name] is not None]
    return {name: " ".join(words(given[name])) or None for name in there}


def base_of(image: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """Return what an image sets that a container adds to."""
    config = (image or {}).get("Config") or {}
    return {
        "env": _environment(config.get("Env")),
        "labels": _texts(config.get("Labels")),
        "exposed_ports": _keys(config.get("ExposedPorts")),
        "volumes": [volume(each) for each in config.get("Volumes") or []],
    }


def found(container: Mapping[str, Any], name: str) -> Any:
    """Return an option's value in what the engine tells of a container."""
    if name == "volumes":
        binds = (container.get("HostConfig") or {}).get("Binds") or []
        inside = {volume(each).split(":")[1] for each in binds}
        loose = [each for each in (container.get("Config") or {}).get("Volumes") or [] if each not in inside]
        return [*binds, *loose]
    place = OPTIONS[name].place
    value: Any = container if place.startswith("HostConfig.") else container.get("Config")
    for step in place.split("."):
        value = (value or {}).get(step)
    return value


def differences(container: Mapping[str, Any], want: Wanted, rules: Mapping[str, str]) -> List[Difference]:
    """Return every option that is not as wanted, by the rule for its comparison."""
    different = []
    for name, value in want.options.items():
        option, rule = OPTIONS[name], rules[name]
        if rule == "ignore":
            continue
        asked, there = option.same(value), option.same(found(container, name))
        if not _fits(option.kind, rule, asked, there, want.base.get(name)):
            different.append(Difference(name, asked, there))
    return different


def _fits(kind: str, rule: str, asked: Any, there: Any, base: Any) -> bool:
    if kind == "value":
        return bool(asked == (type(asked)() if there is None else there))
    if kind == "list":
        there = list(there or [])
        return bool(asked == there) if rule == "strict" else _is_within(asked, there)
    if kind == "dict":
        return _is_mapping_as_asked(rule, asked, dict(there or {}), base or {})
    return _is_set_as_asked(rule, asked, list(there or []), base or ())


def _is_mapping_as_asked(rule: str, asked: Any, there: Dict[str, Any], base: Mapping[str, Any]) -> bool:
    if rule == "strict":
        return dict(base, **asked) == there
    return all(key in there and there[key] == value for key, value in asked.items())


def _is_set_as_asked(rule: str, asked: Any, there: List[Any], base: Sequence[Any]) -> bool:
    if not all(any(_is_like(each, other) for other in there) for each in asked):
        return False
    known = [*asked, *base]
    return rule != "strict" or all(any(_is_like(each, other) for each in known) for other in there)


def _is_like(asked: Any, there: Any) -> bool:
    """Tell whether an item is the one asked for: of a mapping, what is asked counts, and nothing is like empty."""
    if isinstance(asked, dict) and isinstance(there, dict):
        return all(_is_like(value, there.get(key)) for key, value in asked.items())
    return bool(asked == there) or (not asked and not there)


def _is_within(asked: Sequence[Any], there: Sequence[Any]) -> bool:
    rest = iter(there)
    return all(any(each == other for other in rest) for each in asked)


def rules_of(comparisons: Optional[Mapping[str, Any]], names: Mapping[str, str]) -> Dict[str, str]:
    """Return how each option is compared: ``names`` leads from every accepted parameter to its own name."""
    rules = {name: "strict" if option.kind in ("value", "list") else "allow_more_present"
             for name, option in OPTIONS.items()}  # fmt: skip
    rules.update(dict.fromkeys(NOT_COMPARED, "ignore"), image="strict", networks="allow_more_present")
    given = dict(comparisons or {})
    every = given.pop("*", None)
    if every is not None:
        if every not in ("strict", "ignore"):
            raise Failed('The wildcard can only be used with comparison modes "strict" and "ignore"!')
        rules = dict.fromkeys(rules, str(every))
    for key, rule in given.items():
        name = names.get(str(key), "")
        if name not in rules:
            raise Failed("Unknown module option '%s' in comparisons dict!" % key)
        if rule not in ("strict", "ignore", "allow_more_present"):
            raise Failed("Unknown comparison mode '%s'!" % rule)
        is_single = name == "image" or (name in OPTIONS and OPTIONS[name].kind == "value")
        if rule == "allow_more_present" and is_single:
            raise Failed("Option '%s' is a value and not a set/list/dict, so its comparison cannot be %s" % (key, rule))
        rules[name] = str(rule)
    return rules


def body_of(want: Wanted) -> Dict[str, Any]:
    """Return what ``POST /containers/create`` is told."""
    body: Dict[str, Any] = {"HostConfig": {}}
    for name, value in want.options.items():
        if name == "volumes":
            body["HostConfig"]["Binds"] = [each for each in value if ":" in each]
            body["Volumes"] = {each: {} for each in value if ":" not in each}
            continue
        place = body
        *steps, last = OPTIONS[name].place.split(".")
        for step in steps:
            place = place.setdefault(step, {})
        place[last] = value
    return body


def update_of(want: Wanted, names: Sequence[str]) -> Dict[str, Any]:
    """Return what ``POST /containers/NAME/update`` is told to change these options."""
    chosen: Dict[str, Any] = {name: want.options[name] for name in names}
    if "restart_retries" in chosen or "restart_policy" in chosen:
        policy: Dict[str, Any] = {
            name: want.options[name] for name in ("restart_policy", "restart_retries") if name in want.options
        }
        chosen.update(policy)
    body: Dict[str, Any] = body_of(Wanted(chosen, {}))["HostConfig"]
    return body
