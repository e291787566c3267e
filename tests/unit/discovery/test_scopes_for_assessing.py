"""Scopes that assess looks at: captured answers of hosts that are unwell, and silence where all is well."""

from __future__ import annotations

import pytest

from provisioner.discovery.scopes import backups, health, licences, pending
from provisioner.discovery.sections import Sections

MDSTAT = """Personalities : [raid1]
md0 : active raid1 sdb1[1] sda1[0](F)
      976630464 blocks super 1.2 [2/1] [_U]
md1 : active raid1 sdb2[1] sda2[0]
      976630464 blocks super 1.2 [2/2] [UU]
unused devices: <none>
"""


def test_a_degraded_array_is_told_and_a_whole_one_is_not() -> None:
    assert health.read(Sections({"mdstat": MDSTAT})).measured["arrays"] == ["array md0: 1 of 2 disks"]


def test_errors_a_file_system_noted_and_mounts_that_became_read_only() -> None:
    found = health.read(Sections({
        "ext4": "sda1\t3\nsdb1\t0\n",
        "readonly": "/srv\n/media\n/run/host\n",
        "fstab": "/dev/sdc1 /srv ext4 defaults 0 2\n/dev/sdd1 /media ext4 ro,noatime 0 2\n",
    }))  # fmt: skip
    assert found.measured["file_systems"] == [
        "sda1: 3 errors noted by the file system",
        "/srv: mounted read-only, as the kernel does after an error",
    ]


def test_counters_of_disks_that_are_not_nothing_are_told() -> None:
    smart = (
        "sda\tReallocated_Sector_Ct\t0\nsda\tCurrent_Pending_Sector\t8\nnvme0\tpercentage used\t12%\n"
        "nvme1\tpercentage used\t97%\nnvme0\tcritical warning\t0x00\nnvme0\tmedia errors\t0\n"
    )
    assert health.read(Sections({"smart": smart})).measured["smart"] == [
        "sda: Current_Pending_Sector 8", "nvme1: percentage used 97%",
    ]  # fmt: skip


def test_messages_of_the_kernel_come_once_and_without_their_time() -> None:
    kernel = "[ 12.1] sda: I/O error\n[ 13.9] sda: I/O error\nnvme0: timeout\n"
    assert health.read(Sections({"kernel": kernel})).measured["kernel"] == ["nvme0: timeout", "sda: I/O error"]


@pytest.mark.parametrize("scope", [health, pending, backups])
def test_a_host_that_says_nothing_has_nothing(scope: object) -> None:
    found = scope.read(Sections({}))  # type: ignore[attr-defined]
    assert not any(found.measured.values())
    assert found.items == {}


def test_a_reboot_is_due_for_packages_or_a_kernel_that_is_gone() -> None:
    said = {
        "required": "linux-image-6.1\nlibc6\n",
        "running": "6.1.0-1",
        "kernels": "6.1.0-2\n",
        "images": "vmlinuz-6.1.0-2\n",
    }
    assert pending.read(Sections(said)).measured["reboot"] == [
        "libc6", "linux-image-6.1", "the running kernel 6.1.0-1 is not installed any more",
    ]  # fmt: skip


def test_a_container_without_kernels_of_its_own_needs_no_reboot() -> None:
    assert pending.read(Sections({"running": "6.1.0-1", "kernels": "", "images": ""})).measured["reboot"] == []
    said = {"running": "6.1.0-1", "kernels": "6.1.0-2\n", "images": ""}
    assert pending.read(Sections(said)).measured["reboot"] == []


def test_half_installed_packages_are_named() -> None:
    assert pending.read(Sections({"states": "iF \tfoo\niU \tbar\n"})).measured["packages"] == [
        "foo: dpkg says 'iF'", "bar: dpkg says 'iU'",
    ]  # fmt: skip


OWN = (
    "address\t192.0.2.7\nmac\t52:54:00:12:34:56\nname\tweb1.example.com\nmachine id\t0123456789abcdef0123456789abcdef\n"
)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("INCREMENT x HOSTID=525400123456", ["mac"]),
        ("HOSTID=aabbccddeeff", ["mac"]),
        ("SERVER this_host 525400123456 27000", ["mac"]),
        ("bound to 192.0.2.7", ["address"]),
        ("bound to 192.0.2.70", []),
        ("<host>WEB1.example.com</host> <id>0123456789abcdef0123456789abcdef</id>", ["machine id", "name"]),
        ("KEY=ABCD-EFGH", []),
    ],
)
def test_a_licence_file_is_told_by_what_of_the_machine_is_in_it(text: str, kinds: list[str]) -> None:
    found = licences.read(Sections({"own": OWN, "files": f"@@ /opt/app/license.dat\n{text}\n"}))
    assert found.measured["files"] == {"/opt/app/license.dat": kinds}


def test_the_content_of_a_licence_does_not_leave_the_probe() -> None:
    found = licences.read(Sections({"own": OWN, "files": "@@ /a.lic\nSECRET-KEY-1234\n"}))
    assert "SECRET" not in repr(found)


def test_programs_that_need_licences_are_known_by_process_and_package() -> None:
    said = {"programs": "nginx\nlmgrd\nsplunkd\n", "packages": "plesk-core\n"}
    assert licences.read(Sections(said)).measured["programs"] == ["lmgrd", "plesk-core", "splunkd"]


def test_signs_of_backups_and_the_newest_file_but_for_the_systems_own_copies() -> None:
    found = backups.read(Sections({
        "tools": "restic\nborg\n",
        "jobs": "0 3 * * * root restic backup / --password=verysecret\n",
        "last": "1700000000 /var/backups/dpkg.status.0\n1600000000 /backup/db.sql.gz\n",
    }))  # fmt: skip
    assert found.measured["tools"] == ["borg", "restic"]
    assert "verysecret" not in repr(found.measured["jobs"])
    assert found.measured["last"] == 1_600_000_000
