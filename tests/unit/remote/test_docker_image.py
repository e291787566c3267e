"""The module docker_image against a stand-in for an engine; ``tests/integration/modules`` has a real one."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import docker_image
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.docker import authority, is_id, split_name
from provisioner.remote.system.docker_images import context
from tests.support.docker_engine import DockerEngine, archive, image


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DockerEngine]:
    made = DockerEngine(tmp_path / "docker.sock")
    yield made
    made.stop()


def run(engine: DockerEngine, *, check: bool = False, **params: Any) -> dict[str, Any]:
    given = {"docker_host": f"unix://{engine.path}", **params}
    return run_module(docker_image, given, Mode(check, diff=True), System())


def foretold(engine: DockerEngine, **params: Any) -> dict[str, Any]:
    """Run in check mode, which must only ask, then for real, which must do what was foretold, then again: nothing."""
    engine.heard.clear()
    check = run(engine, check=True, **params)
    assert engine.heard == [], "check mode does more than ask"
    real = run(engine, **params)
    assert not real.get("failed"), real
    assert (check["changed"], check.get("diff")) == (real["changed"], real.get("diff"))
    engine.heard.clear()
    again = run(engine, **{key: value for key, value in params.items() if not key.startswith("force")})
    assert (again["changed"], engine.heard) == (False, []), again
    return real


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "context"
    (place / "sub/deep").mkdir(parents=True)
    for name in ("Dockerfile", "a.txt", "b.key", "sub/c.key", "sub/deep/d.txt", "keep.key"):
        (place / name).write_text(name)
    return place


def test_an_image_is_pulled_once_and_one_that_cannot_be_had_is_named(engine: DockerEngine) -> None:
    engine.registry["shop:2"] = image("3")
    pulled = foretold(engine, name="shop", tag="2", source="pull")
    assert pulled["actions"] == ["Pulled image shop:2"]
    assert pulled["image"]["Id"] == image("3")["Id"]
    failed = run(engine, name="no", source="pull")
    assert failed["msg"] == "Error pulling image no:latest - not found"


def test_a_forced_pull_that_brings_the_same_image_is_no_change(engine: DockerEngine) -> None:
    engine.registry["bb:1"] = engine.images["bb:1"]
    assert run(engine, name="bb:1", source="pull", force_source=True)["changed"] is False
    engine.registry["bb:1"] = image("4")
    assert run(engine, name="bb:1", source="pull", force_source=True)["changed"] is True


def test_an_image_is_built_from_a_folder_without_what_is_to_be_ignored(engine: DockerEngine, folder: Path) -> None:
    (folder / ".dockerignore").write_text("# keys\n**/*.key\n!keep.key\nsub/deep\n")
    built = foretold(engine, name="shop", source="build", build={"path": str(folder), "args": {"V": 3}})
    assert engine.contexts == [[".dockerignore", "Dockerfile", "a.txt", "keep.key", "sub"]]
    assert built["image"]["Config"]["Labels"] == {"args": '{"V": "3"}'}
    assert built["stdout_lines"][-1] == "Successfully built"
    assert built["actions"] == [f"Built image shop:latest from {folder}"]


def test_a_file_to_build_by_may_lie_elsewhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "Other").write_text("FROM bb:1\n")
    with (
        context(System(), str(folder), str(tmp_path / "Other")) as (stream, name),
        tarfile.open(fileobj=stream) as sent,
    ):
        member = sent.extractfile(name)
        assert member is not None
        assert member.read() == b"FROM bb:1\n"
    with context(System(), str(folder), "sub/c.key") as (stream, name):
        assert name == "sub/c.key"


def test_what_cannot_be_built_or_loaded_is_named(engine: DockerEngine, folder: Path, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    assert gone in run(engine, name="a", source="build", build={"path": gone})["msg"]
    assert gone in run(engine, name="a", source="load", load_path=gone)["msg"]
    missing = run(engine, name="a", source="build", build={"path": str(folder), "dockerfile": "No"})
    assert missing["msg"] == "Cannot find the Dockerfile No"
    assert "source" in run(engine, name="a")["msg"]
    assert "must not be an image ID" in run(engine, name="sha256:" + "1" * 64, source="pull", force_source=True)["msg"]
    assert run(engine, name="a", source="local")["msg"] == "Cannot find the image a:latest locally."


def test_an_image_is_loaded_and_another_one_in_the_archive_is_a_mistake(engine: DockerEngine, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(archive(image("7"), "loaded:1"))
    assert foretold(engine, name="loaded:1", source="load", load_path=str(path))["changed"] is True
    wrong = run(engine, name="wrong:1", source="load", load_path=str(path))
    assert wrong["msg"] == "The archive did not contain image 'wrong:1'. Instead, found 'loaded:1'."


def test_an_archive_is_written_when_it_is_not_of_the_image(engine: DockerEngine, tmp_path: Path) -> None:
    path = tmp_path / "out.tar"
    written = foretold(engine, name="bb:1", source="local", archive_path=str(path))
    assert written["actions"] == [f"Archived image bb:1 to {path}"]
    engine.images["bb:1"] = image("5")
    changed = foretold(engine, name="bb:1", source="local", archive_path=str(path))
    assert changed["diff"]["before"]["archive"]["id"] == image("1")["Id"]


def test_a_further_name_is_given_and_taken_from_another_image_only_by_force(engine: DockerEngine) -> None:
    assert foretold(engine, name="bb:1", source="local", repository="again")["changed"] is True
    assert "again:latest" in engine.images
    engine.images["again:latest"] = image("8")
    assert run(engine, name="bb:1", source="local", repository="again")["changed"] is False
    assert foretold(engine, name="bb:1", source="local", repository="again", force_tag=True)["changed"] is True


def test_an_image_is_pushed(engine: DockerEngine) -> None:
    pushed = run(engine, name="bb:1", source="local", repository="reg.example.org/bb:1", push=True)
    assert pushed["actions"][-1] == "Pushed image reg.example.org/bb:1"
    assert engine.heard[-1] == "POST /images/reg.example.org/bb/push"
    assert run(engine, name="bb:1", source="local", push=True)["changed"] is True


def test_an_image_is_removed_once(engine: DockerEngine) -> None:
    assert foretold(engine, name="bb", tag="1", state="absent")["actions"] == ["Removed image bb:1"]
    assert engine.images == {}


def test_a_registry_is_told_who_asks_from_the_clients_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = base64.b64encode(b"ann:pass:word").decode()
    logins = {"https://index.docker.io/v1/": {"auth": secret}, "reg.example.org:5000": {"auth": secret}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": logins}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for repository, place in (("shop", "https://index.docker.io/v1/"), ("reg.example.org:5000/a/b",) * 2):
        told = json.loads(base64.urlsafe_b64decode(authority(repository)))
        assert (told["username"], told["password"]) == ("ann", "pass:word")
        assert told["serveraddress"] == place.partition("/a/")[0]
    assert authority("elsewhere.example.org/a") == ""


def test_names_of_images_are_taken_apart_as_docker_does() -> None:
    assert split_name("a") == ("a", "latest")
    assert split_name("reg:5000/a/b") == ("reg:5000/a/b", "latest")
    assert split_name("reg:5000/a/b:2", "3") == ("reg:5000/a/b", "2")
    assert split_name("a@sha256:ff") == ("a", "sha256:ff")
    assert (is_id("sha256:" + "a" * 64), is_id("a" * 64), is_id("abc")) == (True, True, False)
