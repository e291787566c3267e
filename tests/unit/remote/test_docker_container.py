"""The module docker_container against a stand-in for an engine; ``tests/integration/modules`` has a real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import docker_container
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.docker_ports import published
from tests.support.docker_engine import DockerEngine, image


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DockerEngine]:
    made = DockerEngine(tmp_path / "docker.sock")
    yield made
    made.stop()


def run(engine: DockerEngine, *, check: bool = False, **params: Any) -> dict[str, Any]:
    """Run the module on a container named web, of an image that is there unless another is given."""
    given = {"name": "web", "docker_host": f"unix://{engine.path}", "image": "bb:1", **params}
    given = {key: value for key, value in given.items() if value is not None}
    return run_module(docker_container, given, Mode(check, diff=True), System())


def foretold(engine: DockerEngine, **params: Any) -> dict[str, Any]:
    """Run in check mode, which must only ask, then for real, which must do what was foretold, then again: nothing."""
    engine.heard.clear()
    check = run(engine, check=True, **params)
    assert engine.heard == [], "check mode does more than ask"
    real = run(engine, **params)
    assert not real.get("failed"), real
    assert (check["changed"], check.get("diff")) == (real["changed"], real.get("diff"))
    engine.heard.clear()
    again = run(engine, **{**params, "restart": None, "recreate": None})
    assert (again["changed"], engine.heard) == (False, []), again
    return real


EVERYTHING: dict[str, Any] = {
    "command": 'httpd -f "a b"', "entrypoint": ["/bin/sh", "-c"], "env": {"A": 1, "B": True},
    "published_ports": ["8081:80", "127.0.0.1:9001:9000/udp", "7000-7001:9010-9011"], "exposed_ports": ["90-91"],
    "volumes": ["/tmp:/t:ro,z", "named:/n", "/anon"], "hostname": "h", "user": "1:1", "working_dir": "/w", "tty": True,
    "restart_policy": "on-failure", "restart_retries": 3, "labels": {"a": "b", "n": 1}, "log_driver": "json-file",
    "log_options": {"max-size": "10m"}, "capabilities": ["sys_time"], "cap_drop": ["all"], "memory": "64M",
    "memory_swap": "unlimited", "cpus": 1.5, "ulimits": ["nofile:1024:2048", "core:0"], "etc_hosts": {"a": "1.2.3.4"},
    "devices": ["/dev/null:/dev/foo"], "dns_servers": ["1.1.1.1"], "sysctls": {"net.core.somaxconn": 1024},
    "tmpfs": ["/run:size=10m"], "security_opts": ["no-new-privileges:true"], "privileged": True, "stop_timeout": 3,
    "healthcheck": {"test": "true", "interval": "1m30s", "retries": 3}, "init": False, "network_mode": "bridge",
    "mounts": [{"type": "tmpfs", "target": "/m", "tmpfs_size": "1M"}], "shm_size": "128M", "log_opt": None,
}  # fmt: skip


def test_a_container_is_made_and_started_once_with_every_option_where_the_engine_looks_for_it(
    engine: DockerEngine,
) -> None:
    made = foretold(engine, **EVERYTHING)
    config, host = made["container"]["Config"], made["container"]["HostConfig"]
    assert made["diff"] == {"before": {"exists": False, "running": False}, "after": {"exists": True, "running": True}}
    assert config["Cmd"] == ["httpd", "-f", "a b"]
    assert config["Env"] == ["A=1", "B=true"]
    assert config["Volumes"] == {"/anon": {}}
    assert sorted(config["ExposedPorts"]) == ["80/tcp", "90/tcp", "9000/udp", "9010/tcp", "9011/tcp", "91/tcp"]
    assert config["Healthcheck"] == {"Test": ["CMD-SHELL", "true"], "Interval": 90 * 10**9, "Retries": 3}
    assert host["Binds"] == ["/tmp:/t:ro,z", "named:/n:rw"]
    assert host["PortBindings"]["9000/udp"] == [{"HostIp": "127.0.0.1", "HostPort": "9001"}]
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (64 << 20, -1, 1500000000)
    assert host["Ulimits"][1] == {"Name": "core", "Soft": 0, "Hard": 0}
    assert host["Devices"][0]["CgroupPermissions"] == "rwm"


OTHERS = (
    {"env": {"A": "2"}}, {"command": "true"}, {"published_ports": ["8082:80"]}, {"volumes": ["/tmp:/t"]}, {"user": "2"},
    {"labels": {"a": "c"}}, {"capabilities": ["net_admin"]}, {"memory_swap": "128M"}, {"privileged": False},
    {"healthcheck": {"test": ["NONE"]}}, {"ulimits": ["core:1"]}, {"network_mode": "host"}, {"etc_hosts": {"b": "::1"}},
)  # fmt: skip


@pytest.mark.parametrize("other", OTHERS, ids=", ".join)
def test_another_value_of_an_option_is_shown_and_held(engine: DockerEngine, other: dict[str, Any]) -> None:
    run(engine, **EVERYTHING)
    changed = foretold(engine, **{**EVERYTHING, **other})
    assert changed["changed"] is True
    assert set(changed["diff"]["after"]) - {"exposed_ports"} == set(other)
    assert changed["container"]["State"]["Running"] is True


def test_what_the_engine_can_change_in_place_does_not_cost_the_container(engine: DockerEngine) -> None:
    run(engine, restart_policy="no", memory="64M")
    engine.heard.clear()
    assert run(engine, restart_policy="always", memory="128M")["changed"] is True
    assert engine.heard == ["POST /containers/web/update"]


def test_less_than_there_is_counts_as_equal_unless_compared_strictly(engine: DockerEngine) -> None:
    run(engine, env={"A": "1", "B": "2"}, volumes=["/a:/a", "/b:/b"], labels={"x": "1", "y": "2"})
    less: dict[str, Any] = {"env": {"A": "1"}, "volumes": ["/a:/a"], "labels": {"x": "1"}}
    assert run(engine, check=True, **less)["changed"] is False
    for name in less:
        strict = run(engine, check=True, **less, comparisons={name: "strict"})
        assert (strict["changed"], list(strict["diff"]["after"])) == (True, [name])
    assert run(engine, check=True, env={"A": "9"}, comparisons={"*": "ignore"})["changed"] is False


def test_what_the_image_brings_along_is_no_difference_even_when_strict(engine: DockerEngine) -> None:
    engine.images["own:1"] = image("2", Env=["PATH=/bin"], Labels={"by": "us"}, Volumes={"/data": {}})
    given: dict[str, Any] = {"image": "own:1", "env": {"A": "1"}, "labels": {"x": "1"}, "comparisons": {"*": "strict"}}
    assert foretold(engine, **given)["changed"] is True


def test_a_comparison_that_makes_no_sense_is_refused(engine: DockerEngine) -> None:
    assert "Unknown module option 'foo'" in run(engine, comparisons={"foo": "strict"})["msg"]
    assert "Unknown comparison mode 'most'" in run(engine, comparisons={"env": "most"})["msg"]
    assert "is a value" in run(engine, comparisons={"user": "allow_more_present"})["msg"]
    assert "wildcard" in run(engine, comparisons={"*": "allow_more_present"})["msg"]


def test_an_image_that_is_not_there_is_pulled_and_one_that_cannot_be_had_is_named(engine: DockerEngine) -> None:
    engine.registry["shop:2"] = image("3")
    made = foretold(engine, image="shop:2")
    assert made["diff"]["after"] == {"pulled": True, "exists": True, "running": True}
    assert run(engine, name="b", image="no:1")["msg"] == "Error pulling image no:1 - not found"
    assert "pull=never" in run(engine, name="b", image="no:1", pull="never")["msg"]
    assert "Cannot find image with ID" in run(engine, name="b", image="sha256:" + "0" * 64)["msg"]


def test_pull_always_changes_only_where_the_registry_has_another_image(engine: DockerEngine) -> None:
    engine.registry["bb:1"] = engine.images["bb:1"]
    run(engine)
    assert run(engine, pull="always")["changed"] is False
    assert run(engine, pull=True, pull_check_mode_behavior="always", check=True)["changed"] is True
    engine.registry["bb:1"] = image("4")
    assert run(engine, pull=True, check=True)["changed"] is False
    changed = run(engine, pull=True)
    assert (changed["changed"], changed["container"]["Image"]) == (True, image("4")["Id"])
    assert list(changed["diff"]["after"]) == ["image"]


def test_the_same_image_under_another_name_is_a_reason_unless_told_otherwise(engine: DockerEngine) -> None:
    run(engine)
    engine.images["other:1"] = engine.images["bb:1"]
    assert run(engine, image="other:1", image_name_mismatch="ignore")["changed"] is False
    assert run(engine, image="other:1", comparisons={"image": "ignore"})["changed"] is False
    assert foretold(engine, image="other:1")["diff"]["after"] == {"image": "other:1"}


def test_networks_are_joined_changed_and_left(engine: DockerEngine) -> None:
    for number, name in enumerate(("front", "back"), 1):
        engine.networks[name] = {"Name": name, "Id": f"n{number}", "Driver": "bridge", "Options": {}}
    front = {"name": "front", "aliases": ["w"], "ipv4_address": "172.30.0.9"}
    made = foretold(engine, networks=[front, {"name": "back"}])
    assert made["container"]["HostConfig"]["NetworkMode"] == "front"
    assert sorted(made["container"]["NetworkSettings"]["Networks"]) == ["back", "front"]
    assert run(engine, networks=[{"name": "front"}])["changed"] is False
    moved = foretold(engine, networks=[{**front, "ipv4_address": "172.30.0.8"}])
    assert list(moved["diff"]["after"]) == ["network.front"]
    left = foretold(engine, networks=[front | {"ipv4_address": None}], comparisons={"networks": "strict"})
    assert left["diff"]["after"] == {"network.back": {"connected": False}}
    assert "network named gone could not be found" in run(engine, networks=[{"name": "gone"}])["msg"]


def test_ports_without_an_address_are_bound_where_the_bridge_says(engine: DockerEngine) -> None:
    binding = {"com.docker.network.bridge.host_binding_ipv4": "10.0.0.1"}
    engine.networks["bridge"]["Options"] = binding
    made = foretold(engine, published_ports=["80"])
    assert made["container"]["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": ""}]}


def test_ports_are_read_as_the_docker_program_reads_them() -> None:
    spelled = published(["80", "81:82", "[::1]:83:84", "1.2.3.4::85", "90-91:92-93/UDP", "100-110:5"], "0.0.0.0")
    said = {port: [f"{each['HostIp']} {each['HostPort']}" for each in places] for port, places in spelled.items()}
    assert said == {
        "80/tcp": ["0.0.0.0 "], "82/tcp": ["0.0.0.0 81"], "84/tcp": ["::1 83"], "85/tcp": ["1.2.3.4 "],
        "92/udp": ["0.0.0.0 90"], "93/udp": ["0.0.0.0 91"], "5/tcp": ["0.0.0.0 100-110"],
    }  # fmt: skip


UNREADABLE: tuple[dict[str, Any], ...] = (
    {"ports": ["host:1:2"]}, {"ports": ["x"]}, {"ports": ["9-1"]}, {"memory": "12x"}, {"ulimits": ["nofile"]},
    {"healthcheck": {"test": "a", "interval": "soon"}},
)  # fmt: skip


@pytest.mark.parametrize("wrong", UNREADABLE)
def test_a_value_that_cannot_be_read_is_named(engine: DockerEngine, wrong: dict[str, Any]) -> None:
    result = run(engine, **wrong)
    assert result["failed"] is True
    assert "Traceback" not in result.get("exception", "")
    assert engine.heard == []


def test_a_container_is_stopped_started_paused_restarted_and_removed(engine: DockerEngine) -> None:
    assert foretold(engine, state="present")["container"]["State"]["Running"] is False
    assert foretold(engine, state="started")["diff"]["after"] == {"running": True}
    assert foretold(engine, paused=True)["container"]["State"]["Paused"] is True
    assert foretold(engine, paused=False)["container"]["State"]["Paused"] is False
    assert foretold(engine, restart=True)["changed"] is True
    assert foretold(engine, recreate=True)["diff"]["after"] == {"recreated": True}
    assert foretold(engine, state="stopped", image=None)["diff"]["after"] == {"running": False}
    assert "container" not in foretold(engine, state="absent")
    assert engine.containers == {}


def test_a_running_container_is_stopped_or_killed_before_it_is_removed(engine: DockerEngine) -> None:
    for force, verb in ((False, "stop"), (True, "kill")):
        run(engine)
        engine.heard.clear()
        run(engine, state="absent", force_kill=force)
        assert engine.heard == [f"POST /containers/web/{verb}", "DELETE /containers/web"]


def test_without_detach_the_result_is_that_of_the_command(engine: DockerEngine) -> None:
    done = run(engine, detach=False, cleanup=True)
    assert (done["status"], done["container"]["Output"], engine.containers) == (0, "hi\nbye\n", {})
    engine.exit_code = 3
    failed = run(engine, detach=False)
    assert (failed["failed"], failed["status"], failed["msg"]) == (True, 3, "hi\nbye\n")


def test_what_the_engine_warns_of_is_told_and_no_failure(engine: DockerEngine) -> None:
    engine.warnings = ["Limitation discarded."]
    assert run(engine)["warnings"] == ["Limitation discarded."]


def test_an_environment_file_is_read_and_what_the_task_says_wins(engine: DockerEngine, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# a comment\nA=1\nB=2=3\n\n")
    made = foretold(engine, env_file=str(tmp_path / "env"), env={"A": "own"})
    assert made["container"]["Config"]["Env"] == ["A=own", "B=2=3"]
    assert "Error reading environment file" in run(engine, env_file=str(tmp_path / "gone"))["msg"]


def test_an_engine_that_is_not_there_or_too_old_is_named(engine: DockerEngine, tmp_path: Path) -> None:
    gone = run(engine, docker_host=f"unix://{tmp_path}/gone.sock")
    assert gone["msg"].startswith("Error connecting to the engine at unix://")
    assert "ssh://host" in run(engine, docker_host="ssh://host")["msg"]
    engine.about["ApiVersion"] = "1.20"
    assert run(engine)["msg"] == "Docker API version is 1.20. Minimum version required is 1.25."


def test_the_version_spoken_is_one_that_both_sides_know(engine: DockerEngine) -> None:
    engine.about.update(ApiVersion="1.52", MinAPIVersion="1.44")
    assert run(engine)["changed"] is True
    engine.about.update(ApiVersion="1.60", MinAPIVersion="1.50")
    assert run(engine)["changed"] is False


def test_the_engine_may_be_named_by_the_environment(engine: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.path}")
    assert run(engine, docker_host=None)["changed"] is True


def test_a_container_cannot_be_made_of_nothing(engine: DockerEngine) -> None:
    assert run(engine, image=None)["msg"] == "Cannot create container when image is not specified!"


def test_the_result_can_be_sent(engine: DockerEngine) -> None:
    json.dumps(run(engine, **EVERYTHING))
    assert json.loads(json.dumps(docker_container.Params.parse({"name": "a", "mounts": [{"target": "/a"}]}).raw()))
