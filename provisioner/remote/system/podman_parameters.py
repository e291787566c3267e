"""What ``podman create`` can be told of a container, as parameters."""

from typing import Any, Dict, List, Optional

from ..params import Parameters, optional


class LogParameters(Parameters):
    """Options of a log driver."""

    max_size: Optional[str] = optional("str", "The most a file may grow to.")
    path: Optional[str] = optional("str", "The file.")
    tag: Optional[str] = optional("str", "What each line is marked with.")


class MakingParameters(Parameters):
    """Options of ``podman create``; most are handed on as they are written."""

    annotation: Optional[Dict[str, Any]] = optional("dict", "As ``podman create --annotation``.")
    arch: Optional[str] = optional("str", "As ``podman create --arch``.")
    attach: Optional[List[str]] = optional(
        "list", "As ``podman create --attach``.", elements="str", choices=("stdin", "stdout", "stderr")
    )
    authfile: Optional[str] = optional("path", "As ``podman create --authfile``.")
    blkio_weight: Optional[int] = optional("int", "As ``podman create --blkio-weight``.")
    blkio_weight_device: Optional[Dict[str, Any]] = optional("dict", "As ``podman create --blkio-weight-device``.")
    cap_add: Optional[List[str]] = optional("list", "Capabilities to add.", elements="str", aliases=("capabilities",))
    cap_drop: Optional[List[str]] = optional("list", "Capabilities to take.", elements="str")
    cgroup_conf: Optional[Dict[str, Any]] = optional("dict", "As ``podman create --cgroup-conf``.")
    cgroup_parent: Optional[str] = optional("path", "As ``podman create --cgroup-parent``.")
    cgroupns: Optional[str] = optional("str", "As ``podman create --cgroupns``.")
    cgroups: Optional[str] = optional("str", "As ``podman create --cgroups``.")
    chrootdirs: Optional[str] = optional("str", "As ``podman create --chrootdirs``.")
    cidfile: Optional[str] = optional("path", "As ``podman create --cidfile``.")
    conmon_pidfile: Optional[str] = optional("path", "As ``podman create --conmon-pidfile``.")
    cpu_period: Optional[int] = optional("int", "As ``podman create --cpu-period``.")
    cpu_quota: Optional[int] = optional("int", "As ``podman create --cpu-quota``.")
    cpu_rt_period: Optional[int] = optional("int", "As ``podman create --cpu-rt-period``.")
    cpu_rt_runtime: Optional[int] = optional("int", "As ``podman create --cpu-rt-runtime``.")
    cpu_shares: Optional[int] = optional("int", "As ``podman create --cpu-shares``.")
    cpus: Optional[str] = optional("str", "As ``podman create --cpus``.")
    cpuset_cpus: Optional[str] = optional("str", "As ``podman create --cpuset-cpus``.")
    cpuset_mems: Optional[str] = optional("str", "As ``podman create --cpuset-mems``.")
    decryption_key: Optional[str] = optional("str", "As ``podman create --decryption-key``.")
    detach_keys: Optional[str] = optional("str", "As ``podman create --detach-keys``.")
    device: Optional[List[str]] = optional("list", "As ``podman create --device``.", elements="str")
    device_cgroup_rule: Optional[str] = optional("str", "As ``podman create --device-cgroup-rule``.")
    device_read_bps: Optional[List[str]] = optional("list", "As ``podman create --device-read-bps``.", elements="str")
    device_read_iops: Optional[List[str]] = optional("list", "As ``podman create --device-read-iops``.", elements="str")
    device_write_bps: Optional[List[str]] = optional("list", "As ``podman create --device-write-bps``.", elements="str")
    device_write_iops: Optional[List[str]] = optional(
        "list", "As ``podman create --device-write-iops``.", elements="str"
    )
    dns: Optional[List[str]] = optional("list", "As ``podman create --dns``.", elements="str", aliases=("dns_servers",))
    dns_option: Optional[str] = optional("str", "As ``podman create --dns-option``.", aliases=("dns_opts",))
    dns_search: Optional[List[str]] = optional(
        "list", "As ``podman create --dns-search``.", elements="str", aliases=("dns_search_domains",)
    )
    entrypoint: Optional[str] = optional("str", "What the command is given to.")
    env: Optional[Dict[str, Any]] = optional("dict", "Environment variables.")
    env_file: Optional[List[str]] = optional(
        "list", "As ``podman create --env-file``.", elements="path", aliases=("env_files",)
    )
    env_host: Optional[bool] = optional("bool", "As ``podman create --env-host``.")
    env_merge: Optional[Dict[str, Any]] = optional("dict", "As ``podman create --env-merge``.")
    etc_hosts: Optional[Dict[str, Any]] = optional(
        "dict", "Lines of its hosts file, name to address.", aliases=("add_hosts",)
    )
    expose: Optional[List[str]] = optional(
        "list", "As ``podman create --expose``.", elements="str", aliases=("exposed", "exposed_ports")
    )
    gidmap: Optional[List[str]] = optional("list", "As ``podman create --gidmap``.", elements="str")
    gpus: Optional[str] = optional("str", "As ``podman create --gpus``.")
    group_add: Optional[List[str]] = optional(
        "list", "As ``podman create --group-add``.", elements="str", aliases=("groups",)
    )
    group_entry: Optional[str] = optional("str", "As ``podman create --group-entry``.")
    health_startup_cmd: Optional[str] = optional("str", "As ``podman create --health-startup-cmd``.")
    health_startup_interval: Optional[str] = optional("str", "As ``podman create --health-startup-interval``.")
    health_startup_retries: Optional[int] = optional("int", "As ``podman create --health-startup-retries``.")
    health_startup_success: Optional[int] = optional("int", "As ``podman create --health-startup-success``.")
    health_startup_timeout: Optional[str] = optional("str", "As ``podman create --health-startup-timeout``.")
    healthcheck: Optional[str] = optional("str", "The command that checks its health.", aliases=("health_cmd",))
    healthcheck_failure_action: Optional[str] = optional(
        "str",
        "As ``podman create --health-on-failure``.",
        aliases=("health_on_failure",),
        choices=("none", "kill", "restart", "stop"),
    )
    healthcheck_interval: Optional[str] = optional(
        "str", "As ``podman create --health-interval``.", aliases=("health_interval",)
    )
    healthcheck_retries: Optional[int] = optional(
        "int", "As ``podman create --health-retries``.", aliases=("health_retries",)
    )
    healthcheck_start_period: Optional[str] = optional(
        "str", "As ``podman create --health-start-period``.", aliases=("health_start_period",)
    )
    healthcheck_timeout: Optional[str] = optional(
        "str", "As ``podman create --health-timeout``.", aliases=("health_timeout",)
    )
    hooks_dir: Optional[List[str]] = optional("list", "As ``podman create --hooks-dir``.", elements="str")
    hostname: Optional[str] = optional("str", "Its host name.")
    hostuser: Optional[str] = optional("str", "As ``podman create --hostuser``.")
    http_proxy: Optional[bool] = optional("bool", "As ``podman create --http-proxy``.")
    image_volume: Optional[str] = optional(
        "str", "As ``podman create --image-volume``.", choices=("bind", "tmpfs", "ignore")
    )
    init: Optional[bool] = optional("bool", "As ``podman create --init``.")
    init_ctr: Optional[str] = optional("str", "As ``podman create --init-ctr``.", choices=("once", "always"))
    init_path: Optional[str] = optional("str", "As ``podman create --init-path``.")
    interactive: Optional[bool] = optional("bool", "As ``podman create --interactive``.")
    ip: Optional[str] = optional("str", "As ``podman create --ip``.")
    ip6: Optional[str] = optional("str", "As ``podman create --ip6``.")
    ipc: Optional[str] = optional("str", "As ``podman create --ipc``.", aliases=("ipc_mode",))
    kernel_memory: Optional[str] = optional("str", "As ``podman create --kernel-memory``.")
    label: Optional[Dict[str, Any]] = optional("dict", "Labels.", aliases=("labels",))
    label_file: Optional[str] = optional("str", "As ``podman create --label-file``.")
    log_driver: Optional[str] = optional("str", "Where its output goes.", choices=("k8s-file", "journald", "json-file"))
    log_level: Optional[str] = optional(
        "str", "As ``podman create --log-level``.", choices=("debug", "info", "warn", "error", "fatal", "panic")
    )
    mac_address: Optional[str] = optional("str", "As ``podman create --mac-address``.")
    memory: Optional[str] = optional("str", "The most memory, like 512m.")
    memory_reservation: Optional[str] = optional("str", "As ``podman create --memory-reservation``.")
    memory_swap: Optional[str] = optional("str", "As ``podman create --memory-swap``.")
    memory_swappiness: Optional[int] = optional("int", "As ``podman create --memory-swappiness``.")
    mount: Optional[List[str]] = optional("list", "As ``podman create --mount``.", elements="str", aliases=("mounts",))
    network: Optional[List[str]] = optional(
        "list",
        "Its networks: bridge, host, none, container:NAME, or names of networks.",
        elements="str",
        aliases=("net", "network_mode"),
    )
    network_aliases: Optional[List[str]] = optional(
        "list", "As ``podman create --network-alias``.", elements="str", aliases=("network_alias",)
    )
    no_healthcheck: Optional[bool] = optional("bool", "As ``podman create --no-healthcheck``.")
    no_hosts: Optional[bool] = optional("bool", "As ``podman create --no-hosts``.")
    oom_kill_disable: Optional[bool] = optional("bool", "As ``podman create --oom-kill-disable``.")
    oom_score_adj: Optional[int] = optional("int", "As ``podman create --oom-score-adj``.")
    os: Optional[str] = optional("str", "As ``podman create --os``.")
    passwd: Optional[bool] = optional("bool", "As ``podman create --passwd``.")
    passwd_entry: Optional[str] = optional("str", "As ``podman create --passwd-entry``.")
    personality: Optional[str] = optional("str", "As ``podman create --personality``.")
    pid: Optional[str] = optional("str", "As ``podman create --pid``.", aliases=("pid_mode",))
    pid_file: Optional[str] = optional("path", "As ``podman create --pidfile``.")
    pids_limit: Optional[str] = optional("str", "As ``podman create --pids-limit``.")
    platform: Optional[str] = optional("str", "As ``podman create --platform``.")
    pod: Optional[str] = optional("str", "As ``podman create --pod``.")
    pod_id_file: Optional[str] = optional("path", "As ``podman create --pod-id-file``.")
    preserve_fd: Optional[List[str]] = optional("list", "As ``podman create --preserve-fd``.", elements="str")
    preserve_fds: Optional[str] = optional("str", "As ``podman create --preserve-fds``.")
    privileged: Optional[bool] = optional("bool", "With all rights.")
    publish: Optional[List[str]] = optional(
        "list",
        "Ports on the host: [[address:]port:]port[/protocol].",
        elements="str",
        aliases=("ports", "published", "published_ports"),
    )
    publish_all: Optional[bool] = optional("bool", "As ``podman create --publish-all``.")
    pull: Optional[str] = optional("str", "When to pull the image.", choices=("missing", "always", "never", "newer"))
    rdt_class: Optional[str] = optional("str", "As ``podman create --rdt-class``.")
    read_only: Optional[bool] = optional("bool", "Its root cannot be written.")
    read_only_tmpfs: Optional[bool] = optional("bool", "As ``podman create --read-only-tmpfs``.")
    restart_policy: Optional[str] = optional(
        "str", "When it is started again: no, always, on-failure[:retries], unless-stopped."
    )
    retry: Optional[int] = optional("int", "As ``podman create --retry``.")
    retry_delay: Optional[str] = optional("str", "As ``podman create --retry-delay``.")
    rm: Optional[bool] = optional("bool", "Podman removes it when it has ended.", aliases=("remove", "auto_remove"))
    rootfs: Optional[bool] = optional("bool", "As ``podman create --rootfs``.")
    sdnotify: Optional[str] = optional("str", "As ``podman create --sdnotify``.")
    seccomp_policy: Optional[str] = optional("str", "As ``podman create --seccomp-policy``.")
    secrets: Optional[List[str]] = optional("list", "As ``podman create --secret``.", elements="str")
    security_opt: Optional[List[str]] = optional("list", "As ``podman create --security-opt``.", elements="str")
    shm_size: Optional[str] = optional("str", "As ``podman create --shm-size``.")
    shm_size_systemd: Optional[str] = optional("str", "As ``podman create --shm-size-systemd``.")
    sig_proxy: Optional[bool] = optional("bool", "As ``podman create --sig-proxy``.")
    stop_signal: Optional[int] = optional("int", "As ``podman create --stop-signal``.")
    stop_timeout: Optional[int] = optional("int", "As ``podman create --stop-timeout``.")
    subgidname: Optional[str] = optional("str", "As ``podman create --subgidname``.")
    subuidname: Optional[str] = optional("str", "As ``podman create --subuidname``.")
    sysctl: Optional[Dict[str, Any]] = optional("dict", "As ``podman create --sysctl``.")
    systemd: Optional[str] = optional("str", "As ``podman create --systemd``.")
    timeout: Optional[int] = optional("int", "As ``podman create --timeout``.")
    timezone: Optional[str] = optional("str", "As ``podman create --tz``.")
    tls_verify: Optional[bool] = optional("bool", "As ``podman create --tls-verify``.")
    tmpfs: Optional[Dict[str, Any]] = optional("dict", "Paths in memory, with their options.")
    tty: Optional[bool] = optional("bool", "As ``podman create --tty``.")
    uidmap: Optional[List[str]] = optional("list", "As ``podman create --uidmap``.", elements="str")
    ulimit: Optional[List[str]] = optional(
        "list", "As ``podman create --ulimit``.", elements="str", aliases=("ulimits",)
    )
    umask: Optional[str] = optional("str", "As ``podman create --umask``.")
    unsetenv: Optional[List[str]] = optional("list", "As ``podman create --unsetenv``.", elements="str")
    unsetenv_all: Optional[bool] = optional("bool", "As ``podman create --unsetenv-all``.")
    user: Optional[str] = optional("str", "Who it runs as: user[:group].")
    userns: Optional[str] = optional("str", "As ``podman create --userns``.", aliases=("userns_mode",))
    uts: Optional[str] = optional("str", "As ``podman create --uts``.")
    variant: Optional[str] = optional("str", "As ``podman create --variant``.")
    volume: Optional[List[str]] = optional(
        "list", "Volumes: [source:]path[:modes].", elements="str", aliases=("volumes",)
    )
    volumes_from: Optional[List[str]] = optional("list", "As ``podman create --volumes-from``.", elements="str")
    workdir: Optional[str] = optional("str", "Where its command starts.", aliases=("working_dir",))
    log_opt: Optional[LogParameters] = optional(
        "dict", "Options of where its output goes.", aliases=("log_options",), options=LogParameters
    )
    requires: Optional[List[str]] = optional("list", "Containers that have to run before.", elements="str")
