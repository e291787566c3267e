"""Options of ``podman create``: from a task's parameters, and read back from what podman keeps of a container's making.

Podman keeps the words a container was made with (``Config.CreateCommand``). An option counts as equal when the same
values were given then, in whatever order and spelling, so no default of podman's has to be known here.
"""

import shlex
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

Given = Dict[str, List[str]]

FLAGS = (
    "env_host", "http_proxy", "init", "interactive", "no_healthcheck", "no_hosts", "oom_kill_disable",
    "passwd", "privileged", "publish_all", "read_only", "read_only_tmpfs", "rm", "rootfs", "sig_proxy",
    "tls_verify", "tty", "unsetenv_all",
)  # fmt: skip
"""Parameters that are true or false."""
LISTS = (
    "attach", "cap_add", "cap_drop", "device", "device_read_bps", "device_read_iops", "device_write_bps",
    "device_write_iops", "dns", "dns_search", "env_file", "expose", "gidmap", "group_add", "hooks_dir",
    "mount", "network", "network_aliases", "preserve_fd", "publish", "secrets", "security_opt", "uidmap",
    "ulimit", "unsetenv", "volume", "volumes_from",
)  # fmt: skip
"""Parameters whose every item is an option of its own."""
PAIRS = {
    "annotation": "=", "blkio_weight_device": ":", "cgroup_conf": "=", "env": "=", "env_merge": "=",
    "etc_hosts": ":", "label": "=", "sysctl": "=", "tmpfs": ":",
}  # fmt: skip
"""Parameters that are mappings, with what stands between a key and its value."""
VALUES = (
    "arch", "authfile", "blkio_weight", "cgroup_parent", "cgroupns", "cgroups", "chrootdirs", "cidfile",
    "conmon_pidfile", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus",
    "cpuset_cpus", "cpuset_mems", "decryption_key", "device_cgroup_rule", "detach_keys", "dns_option",
    "entrypoint", "gpus", "group_entry", "health_startup_cmd", "health_startup_interval",
    "health_startup_retries", "health_startup_success", "health_startup_timeout", "healthcheck",
    "healthcheck_failure_action", "healthcheck_interval", "healthcheck_retries", "healthcheck_start_period",
    "healthcheck_timeout", "hostname", "hostuser", "image_volume", "init_ctr", "init_path", "ip", "ip6", "ipc",
    "kernel_memory", "label_file", "log_driver", "log_level", "mac_address", "memory", "memory_reservation",
    "memory_swap", "memory_swappiness", "oom_score_adj", "os", "passwd_entry", "personality", "pid",
    "pid_file", "pids_limit", "platform", "pod", "pod_id_file", "preserve_fds", "pull", "rdt_class",
    "restart_policy", "retry", "retry_delay", "sdnotify", "seccomp_policy", "shm_size", "shm_size_systemd",
    "stop_signal", "stop_timeout", "subgidname", "subuidname", "systemd", "timeout", "timezone", "umask",
    "user", "userns", "uts", "variant", "workdir",
)  # fmt: skip
"""Parameters that are one value."""
SPELLED = {
    "etc_hosts": "--add-host", "healthcheck": "--health-cmd", "healthcheck_failure_action": "--health-on-failure",
    "healthcheck_interval": "--health-interval", "healthcheck_retries": "--health-retries", "log_opt": "--log-opt",
    "healthcheck_start_period": "--health-start-period", "healthcheck_timeout": "--health-timeout",
    "network_aliases": "--network-alias", "pid_file": "--pidfile", "restart_policy": "--restart", "secrets": "--secret",
    "shm_size_systemd": "--shm-size-systemd", "timezone": "--tz", "log_level": "--log-level",
}  # fmt: skip
"""Options that are not spelled like their parameter."""
SHORT = {
    "-a": "--attach", "-c": "--cpu-shares", "-d": "--detach", "-e": "--env", "-h": "--hostname", "-i": "--interactive",
    "-l": "--label", "-m": "--memory", "-P": "--publish-all", "-p": "--publish", "-q": "--quiet", "-t": "--tty",
    "-u": "--user", "-v": "--volume", "-w": "--workdir", "--net": "--network", "--dns-opt": "--dns-option",
    "--healthcheck-command": "--health-cmd", "--healthcheck-interval": "--health-interval",
    "--healthcheck-retries": "--health-retries", "--healthcheck-start-period": "--health-start-period",
    "--healthcheck-timeout": "--health-timeout",
}  # fmt: skip
"""Other spellings that a container may have been made with."""
ALONE = frozenset(["--detach", "--help", "--quiet", "--replace", "--rmi"])
"""Options without a value that no parameter stands for."""
NOT_KEPT = frozenset(
    ["pull", "authfile", "tls_verify", "retry", "retry_delay", "decryption_key", "cidfile", "log_level"]
)
"""What matters while a container is made and is no part of it."""


class Made(NamedTuple):
    """What a container was made with: its options by their long spelling, the image, and the command."""

    options: Given
    image: str
    command: List[str]


def option_of(name: str) -> str:
    """Return the option a parameter stands for."""
    return SPELLED.get(name) or "--" + name.replace("_", "-")


def given(params: Any) -> Given:
    """Return the options of ``podman create`` that parameters say, by their long spelling."""
    options: Given = {}
    for name in FLAGS:
        if getattr(params, name) is not None:
            options[option_of(name)] = [str(bool(getattr(params, name))).lower()]
    for name in VALUES:
        if getattr(params, name) is not None:
            options[option_of(name)] = [str(getattr(params, name))]
    for name in LISTS:
        if getattr(params, name) is not None:
            options[option_of(name)] = [str(each) for each in getattr(params, name)]
    for name, between in PAIRS.items():
        if getattr(params, name) is not None:
            options[option_of(name)] = [_pair(key, between, value) for key, value in getattr(params, name).items()]
    if params.log_opt is not None:
        logs = {key.replace("_", "-"): value for key, value in params.log_opt.raw().items() if value is not None}
        options["--log-opt"] = ["%s=%s" % pair for pair in logs.items()]
    if params.requires is not None:
        options["--requires"] = [",".join(params.requires)]
    return options


def _pair(key: Any, between: str, value: Any) -> str:
    return "%s%s%s" % (key, between, value) if value not in (None, "") or between == "=" else str(key)


def words_of(options: Mapping[str, Sequence[str]]) -> List[str]:
    """Return options as words of a command line."""
    return ["%s=%s" % (option, value) for option, values in options.items() for value in values]


def command_of(value: Any) -> List[str]:
    """Return the words of a container's command."""
    return shlex.split(value) if isinstance(value, str) else [str(each) for each in value]


def made_with(words: Sequence[str]) -> Made:
    """Return what the words say that a container was made with."""
    alone = ALONE | {option_of(name) for name in FLAGS}
    rest = list(words)
    while rest and rest[0] not in ("create", "run"):
        rest.pop(0)
    rest = rest[1:]
    options: Given = {}
    while rest and rest[0].startswith("-") and rest[0] != "--":
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if not name.startswith("--") and len(name) > 2:
            _read_cluster(name, equals + value, rest, options)
            continue
        name = SHORT.get(name, name)
        if not equals:
            value = "true" if name in alone else rest.pop(0) if rest else ""
        options.setdefault(name, []).append(value.lower() if name in alone else value)
    if rest and rest[0] == "--":
        rest.pop(0)
    return Made(options, rest[0] if rest else "", rest[1:])


def _read_cluster(name: str, tail: str, rest: List[str], options: Given) -> None:
    """Read short options written as one word (-it, -p80:80)."""
    for place, letter in enumerate(name[1:], 1):
        option = SHORT.get("-" + letter, "-" + letter)
        if letter in "dPiqt":
            options.setdefault(option, []).append("true")
            continue
        value = name[place + 1 :] + tail
        options.setdefault(option, []).append(value.lstrip("=") if value else rest.pop(0) if rest else "")
        return


def differing(wanted: Given, made: Made) -> Dict[str, List[List[str]]]:
    """Return the options that a container was not made with as wanted: what it has, and what it shall have."""
    passing = {option_of(name) for name in NOT_KEPT}
    found = {}
    for option, values in wanted.items():
        there = made.options.get(option, [])
        if option in passing or sorted(values) == sorted(there):
            continue
        if values == ["false"] and not there:
            continue
        found[option.lstrip("-")] = [sorted(there), sorted(values)]
    return found


def plain_image(name: str) -> str:
    """Return an image's name without registry and namespace, with its tag."""
    last = name.rpartition("/")[2]
    return last if ":" in last or "@" in last else last + ":latest"


def same_image(wanted: str, container: Mapping[str, Any], wanted_id: Optional[str], strict: bool) -> bool:
    """Tell whether a container was made of the image that a name stands for now."""
    if wanted_id:
        return wanted_id == str(container.get("Image", ""))
    there = str((container.get("Config") or {}).get("Image") or container.get("ImageName") or "")
    return wanted == there if strict else plain_image(wanted) == plain_image(there)
