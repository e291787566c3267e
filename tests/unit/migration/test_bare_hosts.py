"""Scripts for hosts without Python, run by this machine's own shell on a temporary home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from provisioner.migration import bare_hosts
from provisioner.migration.bare_hosts import Use, let_in, pack, serving, take_away
from provisioner.remote.transfers import Transfer

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIADFP1jxe6ouPVQOxZM"
HOST_KEYS = "cat /etc/ssh/ssh_host_*_key.pub"


@pytest.fixture(name="use")
def a_use(tmp_path: Path) -> Use:
    (tmp_path / "it's a tree").mkdir()
    return Use(Transfer(str(tmp_path / "moves"), "uploads"), [{"path": str(tmp_path / "it's a tree")}])


def run(script: str, home: Path, **environment: str) -> str:
    script = script.replace("home=$(eval echo ~root)", f"home={home}").replace(HOST_KEYS, "true")
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_key_is_let_in_once_and_others_stay(use: Use, tmp_path: Path) -> None:
    keys = tmp_path / ".ssh" / "authorized_keys"
    keys.parent.mkdir()
    keys.write_text("ssh-rsa AAAA someone\n")

    first = run(let_in(use, KEY, ["192.0.2.7"]), tmp_path)
    second = run(let_in(use, KEY, ["192.0.2.7"]), tmp_path)

    assert ("changed" in first, "changed" in second) == (True, False)
    old, ours = keys.read_text().splitlines()
    assert old == "ssh-rsa AAAA someone"
    assert ours.startswith(
        'no-pty,no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-user-rc,from="192.0.2.7",'
    )
    assert f"path = {tmp_path}/it's a tree\nread only = yes" in Path(use.file).read_text()


def test_a_new_key_takes_the_place_of_the_old_and_taking_away_leaves_the_others(use: Use, tmp_path: Path) -> None:
    keys = tmp_path / ".ssh" / "authorized_keys"
    run(let_in(use, KEY, ["192.0.2.7"]), tmp_path)
    keys.write_text(keys.read_text() + "ssh-rsa AAAA someone\n")

    run(let_in(use, KEY + "new", ["192.0.2.7"]), tmp_path)

    assert keys.read_text().count("provisioner-transfer-moves-uploads") == 1
    assert "changed" in run(take_away(use.moved, "root"), tmp_path)
    assert keys.read_text() == "ssh-rsa AAAA someone\n"
    assert "changed" not in run(take_away(use.moved, "root"), tmp_path)
    assert not Path(use.file).exists()


def test_without_a_key_only_what_it_may_do_is_said_anew(use: Use, tmp_path: Path) -> None:
    writable = Use(use.moved, use.trees, writable=True)

    assert "changed" in run(let_in(writable, "", []), tmp_path)

    assert "read only = no" in Path(use.file).read_text()
    assert not (tmp_path / ".ssh").exists()


def test_a_directory_that_is_not_there_is_named(use: Use, tmp_path: Path) -> None:
    shutil.rmtree(str(use.trees[0]["path"]))

    done = subprocess.run(["sh", "-c", let_in(use, KEY, ["192.0.2.7"])], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "it's a tree is no directory here" in done.stderr


@pytest.mark.parametrize("word", ["", "id", "pack 0001", "unpack 0000", "pack 0000; id", "pack 0000\nid"])
def test_the_serving_script_does_nothing_but_what_it_is_for(use: Use, word: str) -> None:
    done = subprocess.run(
        ["sh", "-c", serving(use.trees, writable=False)],
        capture_output=True,
        check=False,
        env={**os.environ, "SSH_ORIGINAL_COMMAND": word},
    )

    assert (done.returncode, done.stdout) == (64, b"")


def test_the_serving_script_packs_and_unpacks(use: Use, tmp_path: Path) -> None:
    top = Path(str(use.trees[0]["path"]))
    (top / "-file").write_text("inside")
    script = ["sh", "-c", serving(use.trees, writable=True)]
    packed = subprocess.run(
        script, capture_output=True, check=True, env={**os.environ, "SSH_ORIGINAL_COMMAND": "pack 0000"}
    ).stdout
    (top / "-file").unlink()

    subprocess.run(script, input=packed, check=True, env={**os.environ, "SSH_ORIGINAL_COMMAND": "unpack 0000"})

    assert (top / "-file").read_text() == "inside"


def test_what_is_packed_has_its_checksums_beside_it_and_is_packed_once(use: Use, tmp_path: Path) -> None:
    top = Path(str(use.trees[0]["path"]))
    (top / "file").write_text("inside")
    (top / "left.tmp").write_text("x")
    base = f"{tmp_path}/spool/site"
    script = pack(base, [str(top)], [{"name": "d.sql", "command": "echo 'it is'"}], ["*.tmp"], 7)

    assert "changed" in run(script, tmp_path)
    assert "changed" not in run(script, tmp_path)

    note = json.loads(Path(f"{base}.json").read_text())
    assert (note["sums"], note["ending"], note["moving"], note["keep_days"]) == (True, ".tar.gz", 0, 7)
    listed = subprocess.run(["tar", "-tzf", f"{base}.tar.gz"], capture_output=True, text=True, check=True).stdout
    assert "d.sql" in listed
    assert "left.tmp" not in listed
    assert "left.tmp" not in Path(f"{base}.sums").read_text()
    assert note["files"] == 2
    assert "changed" in run(bare_hosts.drop(base), tmp_path)
    assert not Path(f"{base}.tar.gz").exists()
