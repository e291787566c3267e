"""Labs for real: boot, log in, install, reset, cut, kill in the middle, two at once, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.lab.commands import Commands, LabError
from provisioner.lab.lab import Lab, LabHost
from provisioner.lab.machine import answers
from provisioner.lab.network import LINKS, namespaces
from provisioner.lab.places import Places
from provisioner.lab.processes import Running, machines_with_groups

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]
UP = "import sys; from provisioner.lab.lab import Lab; Lab(sys.argv[1]).up(2)"


@pytest.fixture(name="places")
def own_folder_and_the_shared_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    image_cache = Places.from_environment(os.environ).cache
    (tmp_path / "cache").symlink_to(image_cache)
    image_cache.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("PROVISIONER_LAB_DIR", str(tmp_path))
    return Places.from_environment(os.environ)


@pytest.fixture(name="name")
def a_name_nobody_has() -> str:
    return f"t{os.getpid()}"


@pytest.fixture(name="lab")
def a_lab_that_is_taken_down(places: Places, name: str) -> Iterator[Lab]:
    lab = Lab(name, places=places)
    yield lab
    lab.down()


def on(lab: Lab, host: LabHost, *command: str, user: str = "root") -> str:
    return Commands().run([*lab.ssh_command(host, user), *command], timeout_s=120)


def traces(name: str) -> list[str]:
    """Return everything in kernel and process table that belongs to the lab called ``name``."""
    prefix = f"prov-{name}-"
    mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if prefix in line]
    aliases = [p.parent.name for p in LINKS.glob("prov-*/ifalias") if p.read_text().strip().endswith(f"/{name}")]
    running = Commands().run(["ps", "-eo", "stat=,args="]).splitlines()
    processes = [line for line in running if prefix in line and not line.startswith("Z")]
    spaces = [space for space in namespaces() if space.startswith(prefix)]
    return [*mounts, *aliases, *processes, *spaces, *(m for m in machines_with_groups() if m.startswith(prefix))]


def tables() -> str:
    return Commands().run(["nft", "list", "tables"])


def test_hosts_boot_answer_strictly_known_keys_and_leave_nothing(lab: Lab, name: str) -> None:
    hosts = lab.up(["old", "new"])
    assert [on(lab, host, "hostname").strip() for host in hosts] == ["old", "new"]
    assert on(lab, hosts[0], "systemctl", "is-system-running", "--wait").strip() == "running"
    assert on(lab, hosts[0], "cat", "/etc/machine-id") != on(lab, hosts[1], "cat", "/etc/machine-id")
    subnet = lab.network
    assert f"prov_lab_{str(subnet).split('.')[2]}" in tables()
    lab.down()
    assert traces(name) == []
    assert f"prov_lab_{str(subnet).split('.')[2]}\n" not in tables()
    assert not lab.folder.exists()


def test_up_again_changes_nothing_and_more_hosts_join(lab: Lab) -> None:
    (first,) = lab.up(1)
    boot = on(lab, first, "cat", "/proc/1/stat")
    assert lab.up(1) == (first,)
    began = time.monotonic()
    assert lab.up(2)[0] == first
    assert time.monotonic() - began < 20
    assert on(lab, first, "cat", "/proc/1/stat").split()[21] == boot.split()[21]
    assert on(lab, first, "ping", "-c1", "-W2", lab.host("h2").address)


def test_the_users_can_become_root_as_promised(lab: Lab) -> None:
    (host,) = lab.up(1)
    assert on(lab, host, "sudo", "-n", "id", "-u", user="ops").strip() == "0"
    assert on(lab, host, "echo lab-deploy | sudo -S -p '' id -u", user="deploy").strip() == "0"
    with pytest.raises(LabError, match="password"):
        on(lab, host, "sudo", "-n", "id", user="deploy")


def test_reset_gives_back_a_clean_host_with_the_same_key(lab: Lab) -> None:
    first, second = lab.up(2)
    on(lab, first, "touch", "/root/mark")
    on(lab, second, "touch", "/root/mark")
    before = lab.known_hosts_path.read_text()
    assert lab.reset("h1") == (first,)
    assert on(lab, first, "ls", "/root").strip() == ""
    assert on(lab, second, "ls", "/root").strip() == "mark"
    assert lab.known_hosts_path.read_text() == before


def test_a_reboot_brings_the_same_host_back(lab: Lab) -> None:
    (host,) = lab.up(1)
    before = on(lab, host, "touch /root/mark; cat /proc/sys/kernel/random/boot_id")
    Commands().attempt([*lab.ssh_command(host), "reboot"])
    deadline, after = time.monotonic() + 60, ""
    while time.monotonic() < deadline:
        outcome = Commands().attempt([*lab.ssh_command(host), "ls /root; cat /proc/sys/kernel/random/boot_id"])
        after = outcome.out if outcome.ok else ""
        if after and before not in after:
            break
        time.sleep(0.1)
    assert after.startswith("mark\n")
    assert before not in after
    assert lab.is_running(host)


def test_a_host_that_was_switched_off_starts_with_its_disk(lab: Lab) -> None:
    (host,) = lab.up(1)
    Commands().attempt([*lab.ssh_command(host), "touch /root/mark; poweroff"])
    deadline = time.monotonic() + 60
    while lab.is_running(host) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not lab.is_running(host)
    lab.up(1)
    assert on(lab, host, "ls", "/root").strip() == "mark"


def test_packages_can_be_installed(lab: Lab) -> None:
    (host,) = lab.up(1)
    on(lab, host, "apt-get", "install", "-y", "-q", "--no-install-recommends", "nginx-light")
    assert on(lab, host, "systemctl", "is-active", "nginx").strip() == "active"


def test_a_host_configures_its_own_network_and_nothing_else_of_the_kernel(lab: Lab) -> None:
    first, second = lab.up(2)
    virtual = first.address.rsplit(".", 1)[0] + ".250"
    on(lab, first, "ip", "addr", "add", f"{virtual}/24", "dev", "host0")
    on(lab, second, "ping", "-c1", "-W2", virtual)
    on(lab, first, "nft", "add", "table", "inet", "own")
    on(lab, first, "sysctl", "-w", "net.ipv4.ip_nonlocal_bind=1")
    assert on(lab, second, "sysctl", "-n", "net.ipv4.ip_nonlocal_bind").strip() == "0"
    with pytest.raises(LabError):
        on(lab, first, "sysctl", "-w", "fs.file-max=1000")


def test_services_of_one_host_are_not_those_of_another(lab: Lab) -> None:
    first, second = lab.up(2)
    on(lab, first, "systemctl", "stop", "cron")
    on(lab, first, "systemctl", "kill", "--signal=KILL", "dbus")
    assert on(lab, second, "systemctl", "is-active", "cron", "dbus").split() == ["active", "active"]


def test_a_cut_host_is_silent_until_it_is_healed(lab: Lab) -> None:
    first, second = lab.up(2)
    lab.cut("h1")
    assert not answers(first.address, limit_s=0.5)
    assert answers(second.address)
    lab.heal("h1")
    assert any(answers(first.address) for _ in range(10))


def test_a_delay_either_works_or_says_that_the_kernel_lacks_it(lab: Lab) -> None:
    (host,) = lab.up(1)
    bridge = f"prov-br{str(lab.network).split('.')[2]}"
    if Commands().attempt(["tc", "qdisc", "add", "dev", bridge, "root", "netem", "delay", "1ms"]).ok:
        lab.delay("h1", 100)
        began = time.monotonic()
        assert answers(host.address)
        assert time.monotonic() - began > 0.1
    else:
        with pytest.raises(LabError, match="sch_netem"):
            lab.delay("h1", 100)
    lab.heal("h1")
    assert answers(host.address)


def test_two_labs_are_up_at_once_and_apart(lab: Lab, places: Places, name: str) -> None:
    other = Lab(f"{name}b", places=places)
    try:
        (mine,), (theirs,) = lab.up(1), other.up(1)
        assert lab.network != other.network
        other.down()
        assert on(lab, mine, "hostname").strip() == "h1"
        assert not answers(theirs.address, limit_s=0.2)
    finally:
        other.down()


@pytest.mark.parametrize("after_s", [0.1, 0.2, 0.3, 0.4])
def test_up_killed_in_the_middle_is_finished_by_the_next_one(lab: Lab, name: str, after_s: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", UP, name], stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    hosts = lab.up(2)
    assert [on(lab, host, "hostname").strip() for host in hosts] == ["h1", "h2"]
    lab.down()
    assert traces(name) == []


@pytest.mark.parametrize("after_s", [0.1, 0.15, 0.2])
def test_down_killed_in_the_middle_leaves_nothing_that_stops_up(lab: Lab, name: str, after_s: float) -> None:
    lab.up(2)
    process = subprocess.Popen([sys.executable, "-c", UP.replace("up(2)", "down()"), name], stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [on(lab, host, "hostname").strip() for host in lab.up(2)] == ["h1", "h2"]


def test_leftovers_of_every_kind_do_not_stop_up(lab: Lab, name: str) -> None:
    (host,) = lab.up(1)
    number = str(lab.network).split(".")[2]
    supervisor = Running.read(host.root.parent / "process.json")
    assert supervisor is not None
    supervisor.send(signal.SIGKILL)
    (host.root.parent / "process.json").write_text('{"pid": 1, "started": 0, "boot": ""}')
    Path(f"/run/netns/prov-{name}-h2").touch()
    Commands().run(["ip", "link", "add", f"prov-{number}-2", "type", "veth", "peer", "name", f"pv{os.getpid()}"])
    hosts = lab.up(2)
    assert [on(lab, each, "hostname").strip() for each in hosts] == ["h1", "h2"]
    lab.down()
    assert traces(name) == []


def test_a_lab_whose_folder_was_removed_can_still_be_taken_down(lab: Lab, name: str) -> None:
    (host,) = lab.up(1)
    Commands().run(["umount", "--lazy", str(host.root)])
    for path in (lab.folder / "lab.json", host.root.parent / "process.json"):
        path.unlink()
    lab.down()
    assert traces(name) == []


def test_the_same_name_elsewhere_is_refused_not_mixed_up(lab: Lab, name: str, tmp_path: Path) -> None:
    lab.up(1)
    elsewhere = Lab(name, places=Places(tmp_path / "cache", tmp_path / "other"))
    for attempt in (elsewhere.down, lambda: elsewhere.up(1)):
        with pytest.raises(LabError, match=r"is up in .* choose another name"):
            attempt()
    assert answers(lab.host("h1").address)


def test_a_host_that_does_not_boot_is_shown_with_its_console(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioner.lab.machine.answers", lambda _: False)
    monkeypatch.setattr("provisioner.lab.lab.BOOT_S", 1.0)
    with pytest.raises(LabError, match=r"(?s)host h1 \(10\.77\.\d+\.11\) has no sshd after 1 s.*console:\n.*Started"):
        lab.up(1)


def test_ansible_s_inventory_form_is_written_for_whoever_reads_it(lab: Lab) -> None:
    lab.up(["lb"])
    text = lab.inventory_path.read_text()
    assert f"ansible_host: {lab.host('lb').address}" in text
    assert str(lab.key_path) in text


@pytest.mark.parametrize("names", [["h2"], ["lb"]])
def test_an_unknown_host_is_named(lab: Lab, names: Sequence[str]) -> None:
    lab.up(1)
    with pytest.raises(InputError, match=f"has no host '{names[0]}'"):
        lab.reset(names[0])
