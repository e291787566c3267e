"""Collections: built, installed from everywhere, checked, listed; what is needed comes along."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.app.galaxy import Asked, Galaxy
from provisioner.configuration.configuration import read_configuration
from provisioner.diagnostics.errors import InputError
from provisioner.galaxy import artifact
from provisioner.galaxy.requirement import Requirement, collection_of_word

MakeCollection = Callable[..., Path]


class Told:
    """A galaxy with what it said."""

    def __init__(self, tmp_path: Path, server: str = "", **asked: object) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.root = tmp_path / "collections/ansible_collections"
        environ = {
            "HOME": str(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "collections"),
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "no", "ANSIBLE_GALAXY_SERVER": server or "http://127.0.0.1:9/",
        }  # fmt: skip
        configuration = read_configuration(environ, tmp_path)
        self.galaxy = Galaxy(Asked(**asked), self.said.append, self.warned.append, configuration)  # type: ignore[arg-type]

    def install(self, *words: str) -> None:
        self.galaxy.install_collections([collection_of_word(word) for word in words])

    def version(self, name: str) -> str | None:
        path = self.root / name.replace(".", "/") / "MANIFEST.json"
        return json.loads(path.read_text())["collection_info"]["version"] if path.is_file() else None


def test_an_artifact_holds_its_manifests_first_and_nothing_that_is_ignored(
    tmp_path: Path, make_collection: MakeCollection
) -> None:
    path = artifact.build(make_collection("ns.a"), tmp_path)
    with tarfile.open(path) as tar:
        names = tar.getnames()
    assert names[:2] == ["MANIFEST.json", "FILES.json"]
    assert "README.md" in names
    assert "x.secret" not in names
    assert "galaxy.yml" not in names


def test_the_same_sources_give_the_same_artifact(tmp_path: Path, make_collection: MakeCollection) -> None:
    folder = make_collection("ns.a")
    first = artifact.build(folder, tmp_path).read_bytes()
    assert artifact.build(folder, tmp_path, force=True).read_bytes() == first
    with pytest.raises(InputError, match="already exists"):
        artifact.build(folder, tmp_path)


def test_files_chosen_by_directives_are_refused_not_ignored(tmp_path: Path, make_collection: MakeCollection) -> None:
    folder = make_collection("ns.a")
    with (folder / "galaxy.yml").open("a") as file:
        file.write("manifest: {directives: [graft x]}\n")
    with pytest.raises(InputError, match="not supported"):
        artifact.build(folder, tmp_path)


@pytest.mark.parametrize("version", ["1.0", "'1.0'", "[1.0.0]", "{a: b}"])
def test_a_version_that_is_none_is_refused(tmp_path: Path, make_collection: MakeCollection, version: str) -> None:
    folder = make_collection("ns.a")
    text = (folder / "galaxy.yml").read_text().replace("version: 1.0.0", f"version: {version}")
    (folder / "galaxy.yml").write_text(text)
    with pytest.raises(InputError, match="SemVer-compliant"):
        artifact.about_folder(folder)


def test_an_artifact_is_installed_verified_and_listed(tmp_path: Path, make_collection: MakeCollection) -> None:
    told = Told(tmp_path)
    told.install(str(artifact.build(make_collection("ns.a", "1.2.3"), tmp_path)))
    assert told.version("ns.a") == "1.2.3"
    assert told.galaxy.verify_collections([Requirement("ns.a")])
    told.galaxy.list_collections()
    assert "ns.a       1.2.3" in told.said[-1]
    (told.root / "ns/a/README.md").write_text("changed\n")
    (told.root / "ns/a/plugins/filter/f.py").unlink()
    assert not told.galaxy.verify_collections([Requirement("ns.a")])
    assert [each.strip() for each in told.said[-2:]] == ["README.md", "plugins/filter/f.py"]


def test_what_is_installed_already_stays_unless_forced(tmp_path: Path, make_collection: MakeCollection) -> None:
    told = Told(tmp_path)
    path = str(artifact.build(make_collection("ns.a"), tmp_path))
    told.install(path)
    told.install(path)
    assert "Nothing to do" in told.said[-1]
    (told.root / "ns/a/README.md").write_text("changed\n")
    Told(tmp_path, force=True).install(path)
    assert (told.root / "ns/a/README.md").read_text() == "ns.a 1.0.0\n"


def test_a_repository_gives_one_folder_or_all(
    tmp_path: Path, make_collection: MakeCollection, as_repository: Callable[[Path], Path]
) -> None:
    repository = tmp_path / "repo"
    for name in ("a", "b"):
        make_collection(f"ns.{name}", below=repository)
    as_repository(repository)
    told = Told(tmp_path)
    told.install(f"git+file://{repository}#/b/")
    assert (told.version("ns.a"), told.version("ns.b")) == (None, "1.0.0")
    told.install(f"git+file://{repository}")
    assert told.version("ns.a") == "1.0.0"
    assert not (told.root / "ns/a/x.secret").exists()
    with pytest.raises(InputError, match="no folder"):
        told.install(f"git+file://{repository}#../..")


def test_a_repository_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Failed to clone a Git repository from `file://"):
        Told(tmp_path).install(f"git+file://{tmp_path}/nowhere")


def test_repositories_that_need_each_other_come_once(
    tmp_path: Path, make_collection: MakeCollection, as_repository: Callable[[Path], Path]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    make_collection("ns.a", needs={f"git+file://{two}#b/": "*"}, below=one)
    make_collection("ns.b", needs={f"git+file://{one}#a/": "HEAD"}, below=two)
    as_repository(one)
    as_repository(two)
    told = Told(tmp_path)
    told.install(f"git+file://{one}#a/")
    assert (told.version("ns.a"), told.version("ns.b")) == ("1.0.0", "1.0.0")


def test_the_newest_version_that_suits_everything_is_chosen(
    tmp_path: Path, make_collection: MakeCollection, stand_in: object
) -> None:
    server = stand_in
    for version in ("1.0.0", "1.5.0", "2.0.0", "3.0.0-beta"):
        server.put(make_collection("ns.low", version), tmp_path)  # type: ignore[attr-defined]
    server.put(make_collection("ns.high", "1.0.0", {"ns.low": "<2.0.0"}), tmp_path)  # type: ignore[attr-defined]
    told = Told(tmp_path, server.url)  # type: ignore[attr-defined]
    told.install("ns.high")
    assert (told.version("ns.high"), told.version("ns.low")) == ("1.0.0", "1.5.0")
    with pytest.raises(InputError, match=r"ns\.low:>=2\.0\.0"):
        Told(tmp_path, server.url, force=True).install("ns.high", "ns.low:>=2.0.0")  # type: ignore[attr-defined]
    Told(tmp_path, server.url, upgrades=True).install("ns.low")  # type: ignore[attr-defined]
    assert told.version("ns.low") == "2.0.0"


def test_an_artifact_with_another_checksum_than_announced_is_refused(
    tmp_path: Path, make_collection: MakeCollection, stand_in: object
) -> None:
    stand_in.put(make_collection("ns.a"), tmp_path)  # type: ignore[attr-defined]
    stand_in.lies = True  # type: ignore[attr-defined]
    told = Told(tmp_path, stand_in.url)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="Mismatch"):
        told.install("ns.a")
    assert told.version("ns.a") is None


def test_a_server_is_shown_its_token(tmp_path: Path, make_collection: MakeCollection, stand_in: object) -> None:
    stand_in.put(make_collection("ns.a"), tmp_path)  # type: ignore[attr-defined]
    stand_in.token = "t0ken"  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="404"):
        Told(tmp_path, stand_in.url).install("ns.a")  # type: ignore[attr-defined]
    told = Told(tmp_path, stand_in.url, token="t0ken")  # type: ignore[attr-defined]
    told.install("ns.a")
    assert told.version("ns.a") == "1.0.0"


def test_what_a_server_does_not_have_is_told_with_who_needs_it(
    tmp_path: Path, make_collection: MakeCollection, stand_in: object
) -> None:
    stand_in.put(make_collection("ns.a", needs={"ns.gone": ">=1.0.0"}), tmp_path)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"ns\.gone:>=1\.0\.0 \(dependency of ns\.a:1\.0\.0\)"):
        Told(tmp_path, stand_in.url).install("ns.a")  # type: ignore[attr-defined]


def test_downloads_come_with_a_requirements_file(
    tmp_path: Path, make_collection: MakeCollection, stand_in: object
) -> None:
    stand_in.put(make_collection("ns.low"), tmp_path)  # type: ignore[attr-defined]
    told = Told(tmp_path, stand_in.url)  # type: ignore[attr-defined]
    folder = make_collection("ns.a", needs={"ns.low": "*"})
    told.galaxy.download_collections([collection_of_word(str(folder))], str(tmp_path / "kept"))
    assert sorted(each.name for each in (tmp_path / "kept").iterdir()) == [
        "ns-a-1.0.0.tar.gz", "ns-low-1.0.0.tar.gz", "requirements.yml",
    ]  # fmt: skip


def test_a_changed_artifact_is_not_installed(tmp_path: Path, make_collection: MakeCollection) -> None:
    path = artifact.build(make_collection("ns.a"), tmp_path)
    bad = tmp_path / "bad.tar.gz"
    with tarfile.open(path) as source, tarfile.open(bad, "w:gz") as target:
        for member in source.getmembers():
            stream = source.extractfile(member)
            if member.name == "README.md":
                member.size = 0
                stream = None
            target.addfile(member, stream)
    told = Told(tmp_path)
    with pytest.raises(InputError, match=r"README\.md"):
        told.install(str(bad))
    assert not (told.root / "ns").exists() or not list((told.root / "ns").iterdir())


def test_a_new_collection_can_be_built_at_once(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.galaxy.make_collection("ns.fresh", str(tmp_path), "", {})
    told.galaxy.build_collections([str(tmp_path / "ns/fresh")], str(tmp_path))
    assert (tmp_path / "ns-fresh-1.0.0.tar.gz").is_file()
    assert told.warned == []
    with pytest.raises(InputError, match="format"):
        told.galaxy.make_collection("nothing", str(tmp_path), "", {})
