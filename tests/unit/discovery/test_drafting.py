"""Drafts: playbooks that load as they are, and a list of everything they leave out."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

import pytest

from provisioner.app.drafting import write_draft
from provisioner.cli.main import main
from provisioner.diagnostics.errors import InputError
from provisioner.diagnostics.position import Source
from provisioner.discovery import archive
from provisioner.discovery.archive import Archive
from provisioner.discovery.drafting.draft import draft, role_name
from provisioner.discovery.snapshot import Coverage, Item, Scope, Snapshot, save
from provisioner.syntax.yaml import load as load_yaml

CONF, CRON = b"port=1\npassword=verysecret\n", b"*/5 * * * * /bin/x {{ y }}\n"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file(content: bytes, owner: str = "root") -> Item:
    return {"kind": "file", "owner": owner, "group": owner, "mode": "0640", "size": len(content),
            "sha256": digest(content)}  # fmt: skip


def package(version: str, *, automatic: bool = False, origin: str = "stable", held: bool = False) -> Item:
    return {"format": "dpkg", "version": version, "automatic": automatic, "origin": origin, "held": held}


def user(uid: int, **more: object) -> Item:
    fields = {"uid": uid, "gid": uid, "group": "app", "home": "/home/app", "shell": "/bin/sh", "comment": "{% x %}",
              "groups": ["adm"], "password": "locked"}  # fmt: skip
    return {**fields, **more}  # type: ignore[dict-item]


SERVER = Snapshot("web-1.example", "10.0.0.1", scopes={
    "os": Scope(items={"timezone": {"value": "Europe/Berlin"},
                       "locale": {"LANG": "de_DE.UTF-8", "generated": ["C", "de_DE.utf8"]},
                       "hosts": {"entries": ["127.0.0.1 localhost", "10.9.8.7 db"]}}),
    "packages": Scope(items={"nginx": package("1.22", held=True), "libx": package("2", automatic=True),
                             "own": package("1", origin="local")}),
    "configuration": Scope(items={
        "/etc/nginx/nginx.conf": {"package": "nginx", "state": "changed", "owner": "root", "group": "root",
                                  "mode": "0644", "size": 4, "sha256": digest(b"x;\n\n")},
        "/etc/nginx/koi": {"package": "nginx", "state": "deleted"}}),
    "files": Scope(items={"/opt/app": {"kind": "directory", "owner": "app", "group": "app", "mode": "0750"},
                          "/opt/app/conf": file(CONF, "app"), "/etc/apt/apt.conf.d/9x": file(b"a"),
                          "/opt/app/now": {"kind": "link", "owner": "root", "group": "root", "target": "v1"},
                          "/opt/app/big": {"kind": "file", "owner": "root", "group": "root", "mode": "0644",
                                           "size": 9**9, "sha256": ""},
                          "/etc/ssh/ssh_host_rsa_key": file(b"k"), "/srv/pipe": {"kind": "fifo"},
                          "/etc/ufw/user.rules": file(b"r")}),
    "users": Scope(items={"user:app": user(1500), "user:jo": user(1501, home="/home/jo", password="set"),
                          "user:www-data": user(33), "group:app": {"gid": 1500, "members": []},
                          "key:app:SHA256:x": {"type": "ssh-ed25519"}, "key:jo:SHA256:y": {"type": "ssh-rsa"}}),
    "services": Scope(items={
        "nginx.service": {"enabled": "enabled", "running": True, "failed": False},
        "rsync.service": {"enabled": "disabled", "running": False, "failed": False},
        "getty@.service": {"enabled": "enabled", "running": False, "failed": False},
        "hwclock.service": {"enabled": "masked", "running": False, "failed": False},
        "ufw.service": {"enabled": "enabled", "running": False, "failed": False},
        "apache.service": {"enabled": "masked", "running": True, "failed": False},
        "bad.service": {"enabled": "enabled", "running": False, "failed": True}}),
    "timers": Scope(items={
        "night.timer": {"unit": "night.service", "enabled": "enabled", "active": True},
        "cron:app:/var/spool/cron/crontabs/app:*/5 * * * * /bin/x {{ y }}": {
            "user": "app", "file": "/var/spool/cron/crontabs/app", "schedule": "*/5 * * * *",
            "command": "/bin/x {{ y }}"},
        "cron:jo:/var/spool/cron/crontabs/jo:@daily /bin/z": {
            "user": "jo", "file": "/var/spool/cron/crontabs/jo", "schedule": "@daily", "command": "/bin/z"},
        "cron:jo:/var/spool/cron/crontabs/jo:1 2 * * * x -p********": {
            "user": "jo", "file": "/var/spool/cron/crontabs/jo", "schedule": "1 2 * * *",
            "command": "x --token ********", "has_secret": True}}),
    "mounts": Scope(items={"fstab:/srv": {"source": "/dev/sdb1", "type": "ext4", "options": ["noatime"],
                                          "dump": 0, "pass": 2},
                           "fstab:/": {"source": "x"}, "mount:/srv": {"source": "/dev/sdb1", "type": "ext4"}}),
    "sysctl": Scope(items={"vm.swappiness": {"value": "1", "configured": "1", "file": "/etc/sysctl.d/x.conf"},
                           "net.core.somaxconn": {"value": "9", "configured": "8", "file": "/etc/sysctl.conf"}}),
    "ports": Scope(items={"tcp *:80": {"programs": ["nginx"]}}),
    "repositories": Scope(items={"deb http://x y z": {"file": "/etc/apt/sources.list"}}),
    "firewall": Scope(Coverage.NONE, ("only root may see packet filters",)),
    "databases": Scope(items={"postgresql:5432:shop": {"owner": "shop"}}),
}, measured={"databases": {"sizes": {"postgresql:5432:shop": 7}}})  # fmt: skip
CONTENTS = Archive({
    "/etc/nginx/nginx.conf": b"x;\n\n", "/opt/app/conf": CONF, "/etc/apt/apt.conf.d/9x": b"changed since",
    "/var/spool/cron/crontabs/app": CRON, "/home/app/.ssh/authorized_keys": b"ssh-ed25519 AAAA app\n",
    "/etc/apt/sources.list": b"deb http://x y z\n",
})  # fmt: skip


def variables(contents: Archive = CONTENTS) -> dict[str, object]:
    text = draft(SERVER, contents).files["roles/web_1/vars/main.yml"].decode()
    found = load_yaml(Source("vars", text))
    assert isinstance(found, dict)
    return {str(key): value for key, value in found.items()}


def names(value: object, key: str = "name") -> list[str]:
    assert isinstance(value, list)
    return [each[key] for each in value]


def test_the_variables_are_what_the_server_was() -> None:
    found = variables()
    assert found["draft_packages"] == ["nginx=1.22"]
    assert found["draft_packages_come_along"] == ["libx=2"]
    assert found["draft_packages_held"] == ["nginx"]
    assert names(found["draft_users"]) == ["app", "jo"]
    assert names(found["draft_members"]) == ["www-data"]
    assert names(found["draft_files"], "path") == ["/etc/nginx/nginx.conf", "/opt/app/conf"]
    assert names(found["draft_source_files"], "path") == ["/etc/apt/sources.list"]
    assert names(found["draft_folders"], "path") == ["/opt/app"]
    assert found["draft_removed"] == ["/etc/nginx/koi"]
    assert found["draft_units"] == [
        {"name": "nginx.service", "enabled": True, "state": "started"},
        {"name": "rsync.service", "enabled": False, "state": "stopped"},
        {"name": "ufw.service", "enabled": True},
        {"name": "bad.service", "enabled": True},
        {"name": "night.timer", "enabled": True, "state": "started"},
    ]
    assert names(found["draft_crontabs"], "user") == ["app"]
    assert (names(found["draft_jobs"], "user"), names(found["draft_jobs"], "special_time")) == (["jo"], ["daily"])
    assert names(found["draft_mounts"], "path") == ["/srv"]
    assert names(found["draft_sysctl"]) == ["vm.swappiness"]
    assert found["draft_hosts_entries"] == ["10.9.8.7 db"]
    assert found["draft_locales"] == ["de_DE.UTF-8"]
    assert names(found["draft_restarts"]) == ["nginx.service", "ufw.service"]


def test_what_a_server_said_is_never_a_template() -> None:
    comment = variables()["draft_users"][0]["comment"]  # type: ignore[index]
    assert type(comment).__name__ == "Unsafe"


def test_everything_left_out_is_named() -> None:
    text = draft(SERVER, CONTENTS).files["NOT-COVERED.md"].decode()
    for word in ("own", "password of user `jo`", "keys that may log in as `jo`", "/opt/app/big",
                 "/etc/apt/apt.conf.d/9x",
                 "ssh_host_rsa_key", "/srv/pipe", "`/opt/app/conf`", "it holds a secret",
                 "bad.service", "apache.service` ran", "/srv` (ext4",
                 "only root may see packet filters", "`postgresql:5432:shop`, 7 bytes", "net.core.somaxconn",
                 "what is in `/home/jo`"):  # fmt: skip
        assert word in text, word


def test_without_contents_files_are_left_to_people_and_jobs_are_written_one_by_one() -> None:
    made = draft(SERVER, Archive())
    assert "`/opt/app/conf`: its content was not fetched" in made.files["NOT-COVERED.md"].decode()
    found = variables(Archive())
    assert found["draft_files"] == []
    assert names(found["draft_jobs"], "user") == ["app", "jo"]
    assert not any(name.startswith("roles/web_1/files/") for name in made.files)


def test_the_tests_are_python_and_their_facts_are_those_of_the_server() -> None:
    files = draft(SERVER, CONTENTS).files
    ast.parse(files["tests/test_server.py"])
    facts = json.loads(files["tests/expected.json"])
    assert facts["packages"] == ["libx", "nginx"]
    assert facts["users"] == {"app": [1500, "/home/app", "/bin/sh"], "jo": [1501, "/home/jo", "/bin/sh"]}
    assert facts["files"] == {"/etc/nginx/nginx.conf": digest(b"x;\n\n"), "/opt/app/conf": digest(CONF)}
    assert facts["ports"] == [["tcp", 80]]
    assert facts["jobs"] == ["*/5 * * * * /bin/x {{ y }}", "@daily /bin/z"]


def test_a_written_draft_loads_as_it_is_and_its_secrets_are_for_the_owner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(SERVER, tmp_path / "web.json")
    archive.save(CONTENTS, tmp_path / "web.files.tar.gz")
    assert main(["draft", "web.json", "-o", "made"]) == 0
    said = capsys.readouterr()
    assert "NOT-COVERED.md" in said.out
    assert "/opt/app/conf looks as if it held a secret" in said.err
    assert (tmp_path / "made/roles/web_1/files/root/opt/app/conf").stat().st_mode & 0o777 == 0o600
    assert main(["run", "made/site.yml", "-i", "made/inventory.yml", "--list-tasks"]) == 0
    assert "Packages" in capsys.readouterr().out


def test_a_hostile_path_does_not_leave_the_drafts_folder() -> None:
    evil = "/opt/../../../../../root/.bashrc"
    server = Snapshot("x", scopes={
        "files": Scope(items={evil: file(b"evil")}),
        "users": Scope(items={"user:x": user(1500, home="/a/../../.."), "key:x:SHA256:y": {"type": "t"}}),
        "repositories": Scope(items={"deb x": {"file": evil}}),
    })  # fmt: skip
    made = draft(server, Archive({evil: b"evil", "/a/../../../.ssh/authorized_keys": b"evil"}))
    assert not any(".." in name for name in made.files)
    assert "its path is not a plain one" in made.files["NOT-COVERED.md"].decode()


def test_a_folder_with_something_in_it_is_not_written_over(tmp_path: Path) -> None:
    save(SERVER, tmp_path / "web.json")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine").touch()
    with pytest.raises(InputError, match="is not empty"):
        write_draft(tmp_path / "web.json", tmp_path / "made", overwrites=False)
    assert write_draft(tmp_path / "web.json", tmp_path / "made", overwrites=True).files


@pytest.mark.parametrize(("host", "role"), [("web1.example.com", "web1"), ("Web-1", "web_1"), ("10.0.0.1", "host_10")])
def test_a_role_has_the_hosts_name(host: str, role: str) -> None:
    assert role_name(host) == role
