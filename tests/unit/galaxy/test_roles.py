"""Roles: installed from everywhere with what they need, listed, described, removed; archives are not trusted."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.app.galaxy import Asked, Galaxy
from provisioner.configuration.configuration import read_configuration
from provisioner.diagnostics.errors import InputError
from provisioner.galaxy.requirement import role_of_word


class Told:
    """A galaxy with what it said."""

    def __init__(self, tmp_path: Path, **asked: object) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.folder = tmp_path / "roles"
        environ = {"HOME": str(tmp_path), "ANSIBLE_ROLES_PATH": str(self.folder), "ANSIBLE_GALAXY_SERVER": ""}
        configuration = read_configuration(environ, tmp_path)
        self.galaxy = Galaxy(Asked(**asked), self.said.append, self.warned.append, configuration)  # type: ignore[arg-type]

    def install(self, *words: str) -> bool:
        return self.galaxy.install_roles([role_of_word(word) for word in words])


def role(folder: Path, meta: str = "galaxy_info: {description: it}\ndependencies: []\n", **files: str) -> Path:
    (folder / "meta").mkdir(parents=True)
    (folder / "meta/main.yml").write_text(meta)
    for name, text in files.items():
        (folder / "meta" / f"{name}.yml").write_text(text)
    return folder


def archived(folder: Path, target: Path) -> Path:
    with tarfile.open(target, "w:gz") as tar:
        tar.add(folder, arcname=folder.name)
    return target


def test_an_archive_is_installed_without_its_top_folder(tmp_path: Path) -> None:
    path = archived(role(tmp_path / "src/first"), tmp_path / "named.tar.gz")
    told = Told(tmp_path)
    assert told.install(f"{path},v1,mine")
    assert (told.folder / "mine/meta/main.yml").is_file()
    told.galaxy.list_roles()
    assert told.said[-1] == "- mine, v1"


def test_a_repository_brings_what_its_role_needs(tmp_path: Path, as_repository: Callable[[Path], Path]) -> None:
    low = as_repository(role(tmp_path / "src/low"))
    high = as_repository(role(tmp_path / "src/high", requirements=f"- src: git+file://{low}\n"))
    told = Told(tmp_path)
    assert told.install(f"git+file://{high}")
    assert sorted(each.name for each in told.folder.iterdir()) == ["high", "low"]
    assert not (told.folder / "high/.git").exists()
    alone = Told(tmp_path, path=str(tmp_path / "alone"), with_dependencies=False)
    alone.install(f"git+file://{high}")
    assert [each.name for each in (tmp_path / "alone").iterdir()] == ["high"]


def test_dependencies_that_are_no_list_leave_nothing_behind(tmp_path: Path) -> None:
    path = archived(role(tmp_path / "src/bad", "dependencies: {roles: []}\n"), tmp_path / "bad.tar.gz")
    told = Told(tmp_path)
    with pytest.raises(InputError, match="Expected role dependencies to be a list"):
        told.install(str(path))
    assert not (told.folder / "bad").exists()


def test_what_is_installed_is_left_alone_unless_forced(tmp_path: Path) -> None:
    path = archived(role(tmp_path / "src/one"), tmp_path / "one.tar.gz")
    told = Told(tmp_path)
    told.install(str(path))
    (told.folder / "one/mark").touch()
    told.install(str(path))
    assert (told.folder / "one/mark").exists()
    Told(tmp_path, force=True).install(str(path))
    assert not (told.folder / "one/mark").exists()


def test_errors_may_be_passed_over(tmp_path: Path) -> None:
    path = archived(role(tmp_path / "src/one"), tmp_path / "one.tar.gz")
    told = Told(tmp_path, ignores_errors=True)
    assert not told.install("nowhere", str(path))
    assert (told.folder / "one").is_dir()
    assert any("nowhere was NOT installed" in line for line in told.said)


@pytest.mark.parametrize(
    ("kind", "name", "link"),
    [
        ("file", "r/../../out", ""), ("file", "/out", ""), ("sym", "r/link", "/etc/passwd"),
        ("sym", "r/link", "../../x"), ("hard", "r/link", "../../x"),
    ],
)  # fmt: skip
def test_an_archive_cannot_reach_outside(tmp_path: Path, kind: str, name: str, link: str) -> None:
    path = tmp_path / "r.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("r/meta/main.yml"))
        head = tarfile.TarInfo(name)
        if kind != "file":
            head.type, head.linkname = tarfile.SYMTYPE if kind == "sym" else tarfile.LNKTYPE, link
        tar.addfile(head, io.BytesIO())
    told = Told(tmp_path)
    with pytest.raises(InputError, match="is not a subpath of the role"):
        told.install(str(path))
    assert not (told.folder / "r").exists()
    assert not (tmp_path / "out").exists()


def test_a_file_behind_a_link_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "r.tar"
    with tarfile.open(path, "w") as tar:
        link = tarfile.TarInfo("r/link")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("r/link/written"))
    with pytest.raises(InputError, match="not a subpath"):
        Told(tmp_path).install(str(path))
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("name", ["..", "../x", "."])
def test_a_name_cannot_lead_out_of_the_folder_of_roles(tmp_path: Path, name: str) -> None:
    path = archived(role(tmp_path / "src/one"), tmp_path / "one.tar.gz")
    with pytest.raises(InputError, match="cannot be the name"):
        Told(tmp_path).install(f"{path},,{name}")


def test_a_role_is_made_described_and_removed(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.galaxy.make_role("fresh", str(told.folder), "", {"description": "'what it does'"})
    told.galaxy.describe_roles(["fresh", "gone"])
    assert "description: what it does" in told.said[1]
    assert "the role gone was not found" in told.said[2]
    told.galaxy.remove_roles(["fresh", "fresh"])
    assert told.said[-2:] == ["- successfully removed fresh", "- fresh is not installed, skipping."]
    assert not (told.folder / "fresh").exists()


def test_a_skeleton_of_the_user_is_rendered_without_its_history(tmp_path: Path) -> None:
    skeleton = tmp_path / "skeleton"
    (skeleton / ".git").mkdir(parents=True)
    (skeleton / ".git/x").touch()
    (skeleton / "templates").mkdir()
    (skeleton / "templates/kept.j2").write_text("{{ raw }}")
    (skeleton / "README.md.j2").write_text("{{ role_name }} by {{ who }}")
    told = Told(tmp_path)
    told.galaxy.make_role("mine", str(tmp_path), str(skeleton), {"who": "me"})
    made = tmp_path / "mine"
    assert (made / "README.md").read_text() == "mine by me"
    assert (made / "templates/kept.j2").read_text() == "{{ raw }}"
    assert not (made / ".git").exists()
