"""The image: found when it is there, cleaned up after a killed build, with a resolver that works in hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from provisioner.lab.commands import Commands, LabError, Outcome
from provisioner.lab.image import BUILDING, Images, write_resolver
from provisioner.lab.places import Places


class Builder(Commands):
    """Builds an image of two files in no time; ``lists`` says whether apt-get update works."""

    def __init__(self, *, lists: bool = True) -> None:
        self.lists = lists
        self.contained: list[Sequence[str]] = []

    def attempt(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Succeed."""
        return Outcome(0, "", "")

    def run_contained(
        self,
        argv: Sequence[str],
        *,
        root: Path | None = None,
        timeout_s: float = 900,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Note the command; leave what it would leave."""
        self.contained.append(argv)
        if argv[0] == "debootstrap":
            for folder in ("etc/apt/apt.conf.d", "etc/ssh", "usr/sbin", "var/lib/apt/lists"):
                (Path(argv[-2]) / folder).mkdir(parents=True)
        if list(argv[:2]) == ["apt-get", "update"] and root is not None and self.lists:
            (root / "var/lib/apt/lists/mirror_Packages").touch()
        return ""


@pytest.fixture(name="places")
def empty_places(tmp_path: Path) -> Places:
    return Places(tmp_path / "cache", tmp_path / "labs")


def test_an_image_is_built_once(places: Places) -> None:
    said: list[str] = []
    image = Images(Builder(), places, said.append).ensure()
    again = Builder()
    assert Images(again, places, said.append).ensure() == image
    assert again.contained == []
    assert [line.split()[1] for line in said] == ["building", "image"]
    assert not (image / "etc/dpkg/dpkg.cfg.d/lab-build").exists()
    assert not (image / "usr/sbin/policy-rc.d").exists()
    assert (image / "etc/sudoers.d/lab").stat().st_mode & 0o777 == 0o440


def test_what_a_killed_build_left_is_removed_and_old_images_with_it(places: Places) -> None:
    for name in (f"{BUILDING}bookworm-v1-x", "bookworm-v1-x", "packages"):
        (places.cache / name).mkdir(parents=True)
    image = Images(Builder(), places, lambda _: None).ensure()
    assert sorted(path.name for path in places.cache.glob("*/")) == sorted([image.name, "packages"])


def test_a_failed_build_leaves_no_image(places: Places) -> None:
    with pytest.raises(LabError, match="apt-get update"):
        Images(Builder(lists=False), places, lambda _: None).ensure()
    assert all(path.name.startswith(BUILDING) for path in places.cache.glob("*/"))


@pytest.mark.parametrize(
    ("ours", "behind", "theirs"),
    [
        ("nameserver 192.0.2.1\n", None, "nameserver 192.0.2.1\noptions timeout:1 attempts:5\n"),
        ("nameserver 192.0.2.1\noptions edns0\n", None, "nameserver 192.0.2.1\noptions edns0\n"),
        (
            "nameserver 127.0.0.53\noptions edns0\n",
            "nameserver 192.0.2.7\noptions x\n",
            "nameserver 192.0.2.7\noptions x\n",
        ),
    ],
)
def test_hosts_get_a_resolver_they_can_reach(tmp_path: Path, ours: str, behind: str | None, theirs: str) -> None:
    controller, target = tmp_path / "controller", tmp_path / "target"
    for folder in (controller / "etc", controller / "run/systemd/resolve", target / "etc"):
        folder.mkdir(parents=True)
    (controller / "etc/resolv.conf").write_text(ours)
    if behind is not None:
        (controller / "run/systemd/resolve/resolv.conf").write_text(behind)
    (target / "etc/resolv.conf").symlink_to("/run/nowhere")
    write_resolver(target, controller)
    assert (target / "etc/resolv.conf").read_text() == theirs
