"""dpkg's database and Debian's order of versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioner.remote.system import System, dpkg

STATUS = """Package: mawk
Status: install ok installed
Priority: required
Architecture: amd64
Version: 1.3.4-3
Provides: awk, posix-awk (= 1)
Description: Pattern scanning
 Version: not this one
 .
 more

Package: libc6
Status: hold ok installed
Architecture: i386
Multi-Arch: same
Version: 2.36-9

Package: libc6
Status: install ok unpacked
Architecture: amd64
Version: 2.37-1

Package: old
Status: deinstall ok config-files
Architecture: all
Version: 1.0
"""


def system_with(tmp_path: Path, status: str = STATUS) -> System:
    path = tmp_path / "var/lib/dpkg/status"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(status)
    return System(root=str(tmp_path))


def test_fields_are_read_and_continued_lines_are_not(tmp_path: Path) -> None:
    package = dpkg.read(system_with(tmp_path)).find("mawk")
    assert package is not None
    assert (package.version, package.architecture, package.installed) == ("1.3.4-3", "amd64", True)


def test_an_architecture_can_be_asked_for(tmp_path: Path) -> None:
    database = dpkg.read(system_with(tmp_path))
    found = {name: database.find(name) for name in ("libc6", "libc6:i386", "libc6:amd64", "libc6:arm64")}
    assert found["libc6"] == found["libc6:i386"]
    assert found["libc6:i386"] is not None
    assert found["libc6:i386"].held
    assert found["libc6:amd64"] is not None
    assert not found["libc6:amd64"].installed
    assert found["libc6:amd64"].leaves_files
    assert found["libc6:arm64"] is None


def test_configuration_left_behind_is_not_installed(tmp_path: Path) -> None:
    package = dpkg.read(system_with(tmp_path)).find("old")
    assert package is not None
    assert (package.installed, package.leaves_files) == (False, True)


def test_virtual_packages_are_found_at_their_providers(tmp_path: Path) -> None:
    database = dpkg.read(system_with(tmp_path))
    assert [p.name for p in database.providers("posix-awk")] == ["mawk"]
    assert database.providers("mail-transport-agent") == []


def test_the_database_is_read_again_only_when_it_was_replaced(tmp_path: Path) -> None:
    system = system_with(tmp_path)
    first = dpkg.read(system)
    assert dpkg.read(system) is first
    path = tmp_path / "var/lib/dpkg/status"
    replacement = path.with_name("status-new")
    replacement.write_text(STATUS.replace("1.3.4-3", "1.3.4-4"))
    os.replace(replacement, path)
    package = dpkg.read(system).find("mawk")
    assert package is not None
    assert package.version == "1.3.4-4"


def test_a_host_without_dpkg_has_no_packages(tmp_path: Path) -> None:
    assert dpkg.read(System(root=str(tmp_path))).find("mawk") is None


def test_a_thousand_packages_are_read(tmp_path: Path) -> None:
    text = "\n".join(
        STATUS.partition("\n\n")[0].replace("mawk", f"package-{n}") + "\n" + " line\n" * 12 for n in range(1000)
    )
    system = system_with(tmp_path, text)
    database = dpkg.read(system)
    assert len(database.by_name) == 1000


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.0~rc1-1", "1.0-1"),
        ("1.9", "1.10"),
        ("1.0-1", "1.0-1+deb12u1"),
        ("1.0-1~bpo12+1", "1.0-1"),
        ("9.9", "1:0.1"),
        ("1.0", "1.0a"),
        ("1.0a", "1.0+b"),
        ("2.36-9+deb12u9", "2.36-9+deb12u10"),
        ("1.0-9-1", "1.0-10-1"),
    ],
)
def test_versions_are_ordered_as_debian_orders_them(lower: str, higher: str) -> None:
    assert dpkg.compare(lower, higher) == -1
    assert dpkg.compare(higher, lower) == 1


@pytest.mark.parametrize(("one", "other"), [("1.0", "0:1.0"), ("1.0", "1.0-0"), ("1.01", "1.1")])
def test_equal_versions_can_be_written_differently(one: str, other: str) -> None:
    assert dpkg.compare(one, other) == 0
