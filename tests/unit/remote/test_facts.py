"""Fact collectors on captured files of several kinds of hosts."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote import facts
from provisioner.remote.change import Failed
from provisioner.remote.facts import (
    capabilities,
    cmdline,
    devices,
    distribution,
    dns,
    lsb,
    lvm,
    memory,
    mounts,
    network,
    pkg_mgr,
    platform,
    processor,
    selinux,
    service_mgr,
    ssh_host_keys,
    virtual,
)
from provisioner.remote.modules import setup
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System


def host(tmp_path: Path, files: dict[str, str]) -> System:
    for path, content in files.items():
        real = tmp_path / path.lstrip("/")
        real.parent.mkdir(parents=True, exist_ok=True)
        if content is DIRECTORY:
            real.mkdir(exist_ok=True)
        else:
            real.write_text(content)
    return System(root=str(tmp_path))


DIRECTORY = "<directory>"
DISTRIBUTIONS: list[Any] = [
    (
        {
            "/etc/os-release": 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
            "/etc/debian_version": "12.11\n",
        },
        ("Debian", "12.11", "12", "bookworm", "Debian"),
    ),
    (
        {
            "/etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\n',
            "/etc/debian_version": "forky/sid\n",
        },
        ("Debian", "forky/sid", "forky/sid", "forky", "Debian"),
    ),
    (
        {
            "/etc/os-release": 'ID=ubuntu\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n',
            "/etc/debian_version": "trixie/sid\n",
        },
        ("Ubuntu", "24.04", "24", "noble", "Debian"),
    ),
    (
        {
            "/etc/os-release": 'ID="rocky"\nNAME="Rocky Linux"\nVERSION_ID="9.3"\n',
            "/etc/redhat-release": "Rocky Linux release 9.3 (Blue Onyx)\n",
        },
        ("Rocky", "9.3", "9", "Blue Onyx", "RedHat"),
    ),
    (
        {"/etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n", "/etc/alpine-release": "3.20.1\n"},
        ("Alpine", "3.20.1", "3", "NA", "Alpine"),
    ),
    ({"/etc/os-release": 'ID="opensuse-leap"\nVERSION_ID="15.6"\n'}, ("openSUSE Leap", "15.6", "15", "6", "Suse")),
]


@pytest.mark.parametrize(("files", "expected"), DISTRIBUTIONS)
def test_distributions_are_told_apart(files: dict[str, str], expected: tuple[str, ...], tmp_path: Path) -> None:
    found = distribution.collect(host(tmp_path, files))
    names = ("distribution", "distribution_version", "distribution_major_version", "distribution_release", "os_family")
    assert tuple(found[name] for name in names) == expected


def test_lsb_comes_from_os_release_where_lsb_release_is_there(tmp_path: Path) -> None:
    files = {
        "/usr/bin/lsb_release": "",
        "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\nVERSION_CODENAME=bookworm\n',
    }
    expected = {
        "id": "Debian",
        "description": "Debian 12",
        "release": "12",
        "major_release": "12",
        "codename": "bookworm",
    }
    assert lsb.collect(host(tmp_path, files)) == {"lsb": expected}


def test_lsb_is_empty_where_the_host_has_none(tmp_path: Path) -> None:
    assert lsb.collect(host(tmp_path, {"/etc/os-release": "ID=debian\n"})) == {"lsb": {}}


CPU = (
    "processor\t: {n}\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nphysical id\t: {s}\nsiblings\t: 4\n"
    "core id\t: {c}\ncpu cores\t: 2\nflags\t: fpu vme\n\n"
)


def test_sockets_cores_and_threads_are_counted(tmp_path: Path) -> None:
    text = "".join(CPU.format(n=n, s=n // 4, c=n % 2) for n in range(8))
    found = processor.collect(host(tmp_path, {"/proc/cpuinfo": text}))
    assert (found["processor_count"], found["processor_cores"]) == (2, 2)
    assert (found["processor_threads_per_core"], found["processor_vcpus"]) == (2, 8)
    assert found["processor"][:3] == ["0", "GenuineIntel", "Xeon"]
    assert found["flags"] == ["fpu", "vme"]


def test_processors_without_sockets_count_one_by_one(tmp_path: Path) -> None:
    text = "processor\t: 0\nBogoMIPS\t: 50\n\nprocessor\t: 1\nBogoMIPS\t: 50\n"
    found = processor.collect(host(tmp_path, {"/proc/cpuinfo": text}))
    assert (found["processor_count"], found["processor_vcpus"]) == (2, 2)


def test_memory_is_given_in_megabytes(tmp_path: Path) -> None:
    text = (
        "MemTotal: 2048000 kB\nMemFree: 1024000 kB\nBuffers: 10240 kB\nCached: 102400 kB\n"
        "SwapTotal: 1024 kB\nSwapFree: 1024 kB\n"
    )
    found = memory.collect(host(tmp_path, {"/proc/meminfo": text, "/proc/uptime": "123.45 0\n"}))
    assert (found["memtotal_mb"], found["swaptotal_mb"], found["uptime_seconds"]) == (2000, 1, 123)
    assert found["memory_mb"]["real"] == {"total": 2000, "used": 1000, "free": 1000}
    assert found["memory_mb"]["nocache"] == {"free": 1110, "used": 890}


def test_only_mounts_that_hold_files_are_listed(tmp_path: Path) -> None:
    table = (
        "proc /proc proc rw 0 0\n/dev/vda1 / ext4 rw,relatime 0 1\n"
        "nas:/data /mnt/my\\040data nfs4 ro 0 0\ntmpfs /run tmpfs rw 0 0\n"
    )
    found = mounts.collect(host(tmp_path, {"/proc/mounts": table}))["mounts"]
    assert [(m["device"], m["mount"], m["fstype"], m["passno"]) for m in found] == [
        ("/dev/vda1", "/", "ext4", 1),
        ("nas:/data", "/mnt/my data", "nfs4", 0),
    ]
    assert found[0]["size_total"] > 0
    assert "size_total" not in found[1]


def test_devices_have_sizes_and_partitions(tmp_path: Path) -> None:
    files = {
        "/sys/block/sda/size": "2097152\n",
        "/sys/block/sda/queue/rotational": "1\n",
        "/sys/block/sda/queue/scheduler": "none [mq-deadline]\n",
        "/sys/block/sda/device/model": "Disk One\n",
        "/sys/block/sda/sda1/start": "2048\n",
        "/sys/block/sda/sda1/size": "2048\n",
    }
    found = devices.collect(host(tmp_path, files))["devices"]["sda"]
    assert (found["size"], found["model"], found["scheduler_mode"]) == ("1.00 GB", "Disk One", "mq-deadline")
    assert found["partitions"]["sda1"]["size"] == "1.00 MB"
    assert found["partitions"]["sda1"]["start"] == "2048"


def test_resolv_conf_is_taken_apart(tmp_path: Path) -> None:
    text = "# ours\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch a.example b.example\noptions ndots:2 rotate\n"
    assert dns.collect(host(tmp_path, {"/etc/resolv.conf": text})) == {
        "dns": {
            "nameservers": ["192.0.2.1", "192.0.2.2"],
            "search": ["a.example", "b.example"],
            "options": {"ndots": "2", "rotate": True},
        }
    }


def test_repeated_boot_options_are_all_kept(tmp_path: Path) -> None:
    found = cmdline.collect(host(tmp_path, {"/proc/cmdline": "quiet console=tty0 console=ttyS0 root=UUID=1\n"}))
    assert found["cmdline"] == {"quiet": True, "console": "ttyS0", "root": "UUID=1"}
    assert found["proc_cmdline"]["console"] == ["tty0", "ttyS0"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/usr/bin/apt-get": "", "/usr/bin/dnf": "", "/etc/os-release": "ID=debian\n"}, "apt"),
        ({"/usr/bin/apt-get": "", "/usr/bin/dnf": "", "/etc/os-release": "ID=fedora\n"}, "dnf"),
        ({"/sbin/apk": "", "/etc/os-release": "ID=alpine\n"}, "apk"),
        ({}, "unknown"),
    ],
)
def test_the_package_manager_of_the_family_wins(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert pkg_mgr.collect(host(tmp_path, files)) == {"pkg_mgr": expected}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/run/systemd/system": DIRECTORY, "/proc/1/comm": "init\n"}, "systemd"),
        ({"/proc/1/comm": "runit-init\n"}, "runit"),
        ({"/proc/1/comm": "init\n", "/sbin/openrc": ""}, "openrc"),
        ({"/proc/1/comm": "init\n", "/etc/init.d": DIRECTORY}, "sysvinit"),
        ({"/proc/1/comm": "sh\n"}, "service"),
    ],
)
def test_the_service_manager_is_recognised(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert service_mgr.collect(host(tmp_path, files)) == {"service_mgr": expected}


@pytest.mark.parametrize(
    ("files", "kind", "role", "guests"),
    [
        ({"/.dockerenv": ""}, "docker", "guest", ["container", "docker"]),
        ({"/proc/1/environ": "HOME=/\0container=lxc\0"}, "lxc", "guest", ["container", "lxc"]),
        (
            {"/proc/1/environ": "container=systemd-nspawn\0", "/run/systemd/container": "systemd-nspawn"},
            "container",
            "guest",
            ["container", "systemd-nspawn"],
        ),
        ({"/sys/devices/virtual/dmi/id/product_name": "KVM\n"}, "kvm", "guest", ["kvm"]),
        ({"/sys/devices/virtual/dmi/id/sys_vendor": "QEMU\n"}, "kvm", "guest", ["kvm"]),
        ({"/sys/devices/virtual/dmi/id/product_name": "VMware Virtual Platform\n"}, "VMware", "guest", ["VMware"]),
        ({"/proc/modules": "kvm 1 0\n"}, "kvm", "host", []),
        ({}, "NA", "NA", []),
    ],
)
def test_guests_containers_and_hosts_are_told_apart(
    files: dict[str, str], kind: str, role: str, guests: list[str], tmp_path: Path
) -> None:
    found = virtual.collect(host(tmp_path, files))
    assert (found["virtualization_type"], found["virtualization_role"]) == (kind, role)
    assert found["virtualization_tech_guest"] == guests


def test_selinux_is_read_without_its_python_binding(tmp_path: Path) -> None:
    files = {
        "/sys/fs/selinux/enforce": "1",
        "/sys/fs/selinux/policyvers": "33",
        "/etc/selinux/config": "SELINUX=permissive\nSELINUXTYPE=targeted\n",
    }
    found = selinux.collect(host(tmp_path, files))["selinux"]
    expected = {
        "status": "enabled",
        "mode": "enforcing",
        "config_mode": "permissive",
        "type": "targeted",
        "policyvers": 33,
    }
    assert found == expected


def test_selinux_is_off_where_the_kernel_has_none(tmp_path: Path) -> None:
    assert selinux.collect(host(tmp_path, {}))["selinux"] == {"status": "disabled"}


@pytest.mark.parametrize(
    ("files", "asks"),
    [
        ({}, False),
        ({"/sys/class/block/sda/dev": "8:0\n"}, False),
        ({"/sys/class/block/sda/dev": "8:0\n", "/dev/sda": "", "/run/udev/data/b8:0": "E:ID_FS_TYPE=ext4\n"}, False),
        ({"/sys/class/block/sda/dev": "8:0\n", "/dev/sda": ""}, True),
        (
            {"/sys/class/block/sda/dev": "8:0\n", "/dev/sda": "", "/run/udev/data/b8:0": "E:ID_FS_TYPE=LVM2_member\n"},
            True,
        ),
    ],
    ids=["no device", "not given to us", "something else on it", "not looked at", "a physical volume"],
)
def test_volumes_are_only_looked_for_where_some_may_be(
    files: dict[str, str], asks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = host(tmp_path, {"/sbin/vgs": "", **files})
    asked: list[str] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(stat, "S_ISBLK", stat.S_ISREG)  # no device can be made here
    monkeypatch.setattr(lvm, "_table", lambda _system, program, _columns: asked.append(program) or [])
    assert lvm.collect(system) == {"lvm": {"vgs": {}, "lvs": {}, "pvs": {}}}
    assert bool(asked) == asks


def test_host_keys_come_with_their_type(tmp_path: Path) -> None:
    found = ssh_host_keys.collect(host(tmp_path, {"/etc/ssh/ssh_host_ed25519_key.pub": "ssh-ed25519 AAAA root@h\n"}))
    assert found == {"ssh_host_key_ed25519_public": "AAAA", "ssh_host_key_ed25519_public_keytype": "ssh-ed25519"}


def test_every_capability_means_nothing_is_enforced(tmp_path: Path) -> None:
    files = {"/proc/self/status": "CapEff:\t000001ffffffffff\n", "/proc/sys/kernel/cap_last_cap": "40\n"}
    found = capabilities.collect(host(tmp_path, files))
    assert found == {"system_capabilities": [], "system_capabilities_enforced": "False"}


def test_a_name_server_that_does_not_answer_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda: time.sleep(5))
    monkeypatch.setattr(platform, "NAME_SERVICE_S", 0.05)
    assert platform.full_name("here") == "here"


def test_the_loopback_interface_is_always_found() -> None:
    found = network.collect(System())
    assert found["lo"]["ipv4"] == {
        "address": "127.0.0.1",
        "netmask": "255.0.0.0",
        "network": "127.0.0.0",
        "prefix": "8",
        "broadcast": found["lo"]["ipv4"]["broadcast"],
    }
    assert found["lo"]["type"] == "loopback"
    assert "lo" in found["interfaces"]
    assert "127.0.0.1" not in found["all_ipv4_addresses"]
    assert "127.0.0.0/8" in found["locally_reachable_ips"]["ipv4"]


def test_every_collector_of_the_folder_is_used_and_says_its_subset() -> None:
    folder = Path(next(iter(facts.__path__)))
    there = {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}
    assert {module.__name__.rpartition(".")[2] for module in setup.COLLECTORS} == there
    assert all(isinstance(module.SUBSET, str) and module.__doc__ for module in setup.COLLECTORS)


KNOWN: list[tuple[str, tuple[str, ...], bool]] = [("a", ("a1",), True), ("b", ("b1", "b2"), False), ("c", (), False)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["all"], {"a", "b", "c"}),
        (["min"], {"a"}),
        (["!all"], {"a"}),
        (["!all", "!min"], set()),
        (["!all", "!min", "b1"], {"b"}),
        (["b"], {"a", "b"}),
        (["!b"], {"a"}),
        (["all", "!b"], {"a", "c"}),
        (["!all", "c"], {"a", "c"}),
        (["!a", "b"], {"b"}),
    ],
)
def test_subsets_are_added_and_taken_away(asked: list[str], expected: set[str]) -> None:
    assert setup.select(asked, KNOWN) == expected


@pytest.mark.parametrize("name", ["iscsi", "nvme", "hostnqn", "fibre_channel_wwn"])
def test_names_towards_storage_networks_can_be_asked_for_by_each_name_ansible_has(name: str) -> None:
    known = [(each.SUBSET, each.FACTS, each.MINIMAL) for each in setup.COLLECTORS]
    assert setup.select(["!all", "!min", name], known) == {"iscsi"}


def test_an_unknown_subset_fails_with_what_there_is() -> None:
    with pytest.raises(Failed, match=r"Bad subset 'x' given to Ansible\. gather_subset options allowed: a, a1, all"):
        setup.select(["x"], KNOWN)


def test_a_collector_that_fails_costs_only_its_own_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_system: System) -> dict[str, Any]:
        raise OSError("no such luck")

    monkeypatch.setattr(dns, "collect", broken)
    result = run_module(setup, {}, Mode(), System())
    assert "ansible_dns" not in result["ansible_facts"]
    assert result["ansible_facts"]["ansible_system"] == "Linux"
    assert result["warnings"] == ["not gathered: dns: OSError: no such luck"]
