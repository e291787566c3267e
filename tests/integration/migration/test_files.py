"""The mover of files between two real hosts: everything arrives, what differs is noticed, and the way back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from provisioner.lab.lab import Lab
from provisioner.migration.movers import archive, files
from tests.integration.migration.steps_playbook import Trial

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(240)]
On = Callable[..., str]
TOP = "/srv/up loads"
FOLDER = "/var/lib/provisioner/migration/trial"
TREE = """
import os, socket, struct
top = b"/srv/up loads"
for number in range(%d):
    folder = top + b"/d%%d" %% (number // 100)
    os.makedirs(folder, exist_ok=True)
    with open(folder + b"/f%%d" %% number, "wb") as stream:
        stream.write(b"%%d" %% number * 200)
hard = top + b"/hard"
os.makedirs(hard)
names = [b"new\\nline", b"-rf", b"--delete", b"latin \\xe9", b" blank ", b"semi;$(touch x)`y`", b"star*[a]?", b"q'\\""]
for name in [*names, b"back\\\\#012"]:
    open(hard + b"/" + name, "wb").write(name)
os.makedirs(hard + b"/-dir\\n/inner")
os.link(hard + b"/-rf", hard + b"/the same")
os.symlink(b"/nowhere\\n", hard + b"/dangling")
os.symlink(b"-rf", hard + b"/link")
os.mkfifo(hard + b"/pipe")
socket.socket(socket.AF_UNIX).bind(b"/srv/up loads/hard/socket")
os.setxattr(hard + b"/-rf", "user.\\u00e9", b"\\0\\xff")
none = 2**32 - 1
acl = struct.pack("<IHHIHHIHHIHHIHHI", 2, 1, 6, none, 2, 4, 4242, 4, 4, none, 16, 4, none, 32, 0, none)
os.setxattr(hard + b"/--delete", "system.posix_acl_access", acl)
os.chown(hard + b"/ blank ", 54321, 54322)
os.chmod(hard + b"/ blank ", 0o4711)
with open(hard + b"/sparse", "wb") as stream:
    stream.truncate(50000000)
"""


@pytest.fixture(autouse=True)
def _clean(pair: Lab, on: On) -> Iterator[None]:
    yield
    pair.heal("old")
    for host in ("old", "new"):
        on(host, "sed -i /provisioner-transfer/d /root/.ssh/authorized_keys; rm -rf /root/.ssh/authorized_keys.next")
        on(
            host,
            f"pkill -x rsync; umount -l '{TOP}'; rm -rf /srv/* {FOLDER} /run/provisioner; pkill -x ssh; true",
        )


class Moving:
    """One data set's verbs, run on the hosts."""

    def __init__(self, trial: Trial, **more: object) -> None:
        self.trial, self.params = trial, files.Params.parse({"paths": [TOP], **more})

    def __call__(self, *verbs: str, phase: str = "cutover") -> int:
        steps = [step for verb in verbs for step in getattr(files, verb)("uploads", self.params)]
        return self.trial(steps, phase=phase)

    def result(self, title: str, host: str = "new") -> dict[str, Any]:
        return self.trial.results[f"uploads: {title}"][host]


@pytest.fixture(name="moving")
def the_mover(trial: Trial) -> Moving:
    return Moving(trial)


def make_tree(on: On, number: int = 300) -> None:
    on("old", TREE % number, "python3 -")


def test_everything_about_files_arrives_and_a_second_run_changes_nothing(moving: Moving, on: On) -> None:
    make_tree(on)

    assert moving("prepare", "seed", "delta", "final", "verify") == 0, moving.trial.said

    assert moving.result("both hosts hold the same")["msg"].startswith("311 files")
    assert moving.result("count and sum up")["left_special"] == 0
    assert moving.result("count and sum up", "old")["left_special"] == 2
    assert on(
        "new", f"cd '{TOP}/hard'; stat -c %h -- -rf; stat -c '%a %u %g' ' blank '; test -e pipe || echo no pipe"
    ) == ("2\n4711 54321 54322\nno pipe\n")
    assert int(on("new", f"stat -c %b '{TOP}/hard/sparse'")) < 100
    assert moving("prepare", "seed", "delta") == 0
    assert moving.trial.changed() == []


def test_what_changed_vanished_and_appeared_is_carried_over(moving: Moving, on: On) -> None:
    make_tree(on)
    assert moving("prepare", "seed") == 0
    on("old", f"cd '{TOP}'; rm -r d0 -- hard/-rf; echo more >> d1/f100; mkdir x; touch x/y; chmod 600 d1/f101")

    assert moving("delta", "final", "verify") == 0, moving.trial.said

    assert moving.result("what changed since")["measured"]["files"] == 2
    assert moving.result("what changed since")["deleted"] >= 101
    assert moving.result("the last difference")["changed"] is False


DAMAGES = (
    "printf X | dd of=d1/f150 bs=1 seek=5 conv=notrunc && touch -r d1/f151 d1/f150",
    "chmod 640 d1/f152",
    "chown 7 d1/f153",
    'python3 -c \'import os; os.removexattr("hard/-rf", "user.\u00e9")\'',
    'python3 -c \'import os; os.removexattr("hard/--delete", "system.posix_acl_access")\'',
    "rm d1/f154",
    "touch hard/surplus",
    "touch -r d1/f155 /tmp/stamp; printf X | dd of=d1/f155 bs=1 seek=5 conv=notrunc; touch -r /tmp/stamp d1/f155",
)
NAMED = {
    "d1": "time",
    "d1/f150": "time, content",
    "d1/f152": "mode (644 there, 640 here)",
    "d1/f153": "user (0 there, 7 here)",
    "d1/f154": "it is not on the new host",
    "d1/f155": "content",
    "hard": "time",
    "hard/-rf": "attributes or access list",
    "hard/--delete": "attributes or access list",
    "hard/surplus": "it is not on the old host",
    "hard/the same": "attributes or access list",
}


def test_whatever_differs_is_noticed_and_named(moving: Moving, on: On) -> None:
    make_tree(on)
    assert moving("prepare", "seed", "delta", "delta", "verify") == 0, moving.trial.said
    on("new", f"cd '{TOP}'; " + "\n".join(DAMAGES))

    assert moving("verify") == 2

    told = moving.result("what differs")
    assert {each["path"].removeprefix(f"{TOP}/"): each["differs"] for each in told["differences"]} == NAMED
    assert told["msg"].startswith(f"{len(NAMED)} of the names differ between the two hosts: {TOP}/d1: time; ")


def test_rsync_that_is_killed_in_the_middle_goes_on_where_it_was(trial: Trial, on: On) -> None:
    moving = Moving(trial, throttle="8M")
    on("old", f"mkdir -p '{TOP}'; head -c 40000000 /dev/urandom > '{TOP}/large'")
    assert moving("prepare") == 0
    told: list[int] = []
    seeding = threading.Thread(target=lambda: told.append(moving("seed")))
    seeding.start()
    _wait(lambda: int(on("new", f"du -s '{TOP}' 2>/dev/null | cut -f1 || echo 0").strip() or 0) > 8000)
    on("new", "pkill -x rsync")
    seeding.join()
    assert told == [2]
    assert int(on("new", f"stat -c %s '{TOP}/.provisioner-partial/large'")) > 5_000_000

    assert Moving(trial)("seed", "final", "verify") == 0, trial.said

    assert trial.results["uploads: first copy"]["new"]["measured"]["bytes"] < 36_000_000
    assert on("new", f"ls -A '{TOP}'") == "large\n"


def test_a_link_that_is_cut_is_made_again_and_the_copy_goes_on(pair: Lab, trial: Trial, on: On) -> None:
    moving = Moving(trial, throttle="4M")
    on("old", f"mkdir -p '{TOP}'; head -c 24000000 /dev/urandom > '{TOP}/large'")
    assert moving("prepare") == 0
    on("new", f"sed -i 's/ServerAliveInterval 5/ServerAliveInterval 1/' {FOLDER}/uploads.ssh")
    told: list[int] = []
    seeding = threading.Thread(target=lambda: told.append(moving("seed")))
    seeding.start()
    _wait(lambda: int(on("new", f"du -s '{TOP}' 2>/dev/null | cut -f1 || echo 0").strip() or 0) > 4000)
    pair.cut("old")
    time.sleep(4)
    pair.heal("old")
    seeding.join()

    assert told == [0], trial.said
    assert Moving(trial)("final", "verify") == 0


def test_after_the_switch_nothing_is_fetched_any_more_and_what_is_new_comes_back(moving: Moving, on: On) -> None:
    make_tree(on)
    assert moving("prepare", "seed", "delta", "freeze", "final", "verify", "promote") == 0
    on("new", f"cd '{TOP}'; echo new > written; rm d0/f1")
    assert moving("seed") == 2
    assert "the copy here is the one that counts" in moving.result("first copy")["msg"]

    assert moving("reverse", "reverse") == 0, moving.trial.said
    on("new", f"echo last > '{TOP}/later'")
    assert moving("back", "back", "verify") == 0, moving.trial.said

    assert on("old", f"cat '{TOP}/written' '{TOP}/later'; ls '{TOP}/d0/f1' 2>&1 | tail -c 9") == "new\nlast\nirectory\n"
    assert moving("seed") == 0


def test_going_back_before_the_switch_does_not_touch_the_old_files(moving: Moving, on: On) -> None:
    make_tree(on)
    assert moving("prepare", "seed") == 0
    on("old", f"echo precious > '{TOP}/written meanwhile'")

    assert moving("back") == 0, moving.trial.said

    assert on("old", f"cat '{TOP}/written meanwhile'") == "precious\n"


def test_a_rehearsal_on_the_new_host_alone_may_be_seeded_again(moving: Moving, on: On) -> None:
    make_tree(on)
    assert moving("prepare", "seed") == 0

    assert moving("promote", "seed", phase="rehearse") == 0, moving.trial.said


def test_a_directory_of_the_new_host_that_holds_something_else_is_not_replaced_unasked(trial: Trial, on: On) -> None:
    make_tree(on)
    on("new", f"mkdir -p '{TOP}'; touch '{TOP}/mine'")
    moving = Moving(trial)
    assert moving("prepare") == 0

    assert moving("delta") == 2
    assert "is not empty and nothing of it comes from this transfer" in moving.result("what changed since")["msg"]
    assert Moving(trial, overwrite=True)("delta", "verify") == 0, trial.said


def test_frozen_directories_refuse_writes_until_they_are_thawed(trial: Trial, on: On) -> None:
    moving = Moving(trial, freeze="read_only")
    make_tree(on)
    assert moving("prepare", "seed", "delta", "freeze", "final", "verify") == 0, trial.said
    assert "Read-only file system" in on("old", f"touch '{TOP}/x' 2>&1 || true")
    assert "Read-only" in on("old", f"systemd-run -qPp PrivateTmp=yes touch '{TOP}/x' 2>&1 || true")

    assert moving("freeze") == 0
    assert trial.changed() == []
    assert moving("back", "back") == 0

    on("old", f"touch '{TOP}/x'")


def test_a_program_that_still_writes_is_named_and_nothing_stays_frozen(trial: Trial, on: On) -> None:
    moving = Moving(trial, freeze="read_only")
    make_tree(on)
    on("old", f"setsid sleep 60 > '{TOP}/log of it' 2>/dev/null < /dev/null &")

    assert moving("freeze") == 2

    assert "sleep (process " in moving.result("nobody writes", "old")["msg"]
    on("old", f"touch '{TOP}/x'; pkill -x sleep")


def test_the_key_opens_nothing_but_these_directories(moving: Moving, on: On) -> None:
    make_tree(on, 1)
    assert moving("prepare") == 0
    shell = f"ssh -F {FOLDER}/uploads.ssh -o ControlPath=none peer"

    assert "@RSYNCD" in on("new", f"{shell} id < /dev/null 2>&1 || true")
    assert "uid=" not in on("new", f"{shell} id < /dev/null 2>&1 || true")
    refused = on("new", f"rsync -e 'ssh -F {FOLDER}/uploads.ssh' /etc/hostname peer::uploads-0000/ 2>&1 || true")
    assert "read only" in refused
    assert "forward" in on("new", f"{shell} -N -o ExitOnForwardFailure=yes -R 9999:localhost:22 2>&1 || true")
    assert moving("finish", "finish") == 0, moving.trial.said
    assert "provisioner" not in on("old", "cat /root/.ssh/authorized_keys")
    assert on("new", f"ls -A {FOLDER}") == ""


def _wait(is_so: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.2)


def test_patterns_mean_the_same_to_the_copy_and_to_the_comparison(trial: Trial, on: On) -> None:
    names = "a.log keep.log sub/a.log sub/keep.log cache/x sub/cache/x sub/deep/er/tmp/y tmpfile x/1/c x/1/2/c q1 q2"
    on("old", f"mkdir -p '{TOP}'; cd '{TOP}'; for n in {names}; do mkdir -p $(dirname $n); echo $n > $n; done")
    exclude = ["*.log", "/cache/", "tmp**", "/x/*/c", "q[!1]"]
    moving = Moving(trial, include=["sub/keep.log"], exclude=exclude)

    assert moving("prepare", "seed", "delta", "final", "verify") == 0, trial.said

    found = on("new", f"cd '{TOP}'; find . -type f | sort").split()
    assert found == ["./q1", "./sub/cache/x", "./sub/keep.log", "./x/1/2/c"]


def test_preparing_and_copying_may_be_tried_in_check_mode_and_touch_nothing(moving: Moving, on: On) -> None:
    make_tree(on, 10)
    steps = [*files.prepare("uploads", moving.params), *files.seed("uploads", moving.params)]

    assert moving.trial(steps, "--check") == 0, moving.trial.said

    assert on("new", f"ls -d '{TOP}' {FOLDER} 2>/dev/null || true") == ""
    assert "provisioner" not in on("old", "cat /root/.ssh/authorized_keys")
    assert moving("prepare", "seed") == 0
    on("old", f"echo more > '{TOP}/more'")
    assert moving.trial(files.delta("uploads", moving.params), "--check", "--diff") == 0, moving.trial.said
    assert moving.result("what changed since")["changed"] is True
    assert "more" in str(moving.result("what changed since")["diff"])
    assert on("new", f"ls '{TOP}/more' 2>/dev/null || true") == ""


@pytest.fixture(name="without_python")
def an_old_host_without_python(on: On) -> Iterator[None]:
    on("old", "for each in /usr/bin/python3*; do mv $each /root/hidden-${each##*/}; done")
    yield
    on("old", "cd /root; for each in hidden-*; do mv $each /usr/bin/${each#hidden-}; done")


def test_an_old_host_without_python_is_moved_and_gets_back_what_is_new(
    trial: Trial, on: On, request: pytest.FixtureRequest
) -> None:
    make_tree(on)
    request.getfixturevalue("without_python")
    moving = Moving(trial, old_python=False)

    assert moving("prepare", "seed", "delta", "final", "verify", "promote", "reverse") == 0, trial.said
    on("new", f"echo new > '{TOP}/written'; chmod 600 '{TOP}/d1/f150'")
    assert moving("verify") == 2
    assert "d1/f150" in moving.result("both hosts hold the same")["msg"]
    assert moving("back", "verify", "prepare") == 0, trial.said
    assert on("old", f"cat '{TOP}/written'; stat -c %a '{TOP}/d1/f150'") == "new\n600\n"
    assert moving("finish") == 0
    assert "provisioner" not in on("old", "cat /root/.ssh/authorized_keys; ls /var/lib/provisioner/migration/trial")


OLD_SSHD = """
cd /root
ssh-keygen -q -t rsa -b 2048 -N '' -f ssh_host_rsa_key
cp ssh_host_rsa_key.pub /etc/ssh/
printf '%s\\n' 'Port 2222' 'HostKey /root/ssh_host_rsa_key' 'KexAlgorithms diffie-hellman-group14-sha1' 'UsePAM no' \\
  'HostKeyAlgorithms ssh-rsa' 'Ciphers aes128-cbc' 'MACs hmac-sha1' 'PubkeyAcceptedAlgorithms ssh-rsa' > old_sshd
mkdir -p /run/sshd
/usr/sbin/sshd -f /root/old_sshd
"""


@pytest.fixture(name="old_sshd")
def a_server_that_speaks_only_what_was_usual_long_ago(on: On) -> Iterator[dict[str, object]]:
    on("old", OLD_SSHD)
    options = {
        "KexAlgorithms": "diffie-hellman-group14-sha1",
        "HostKeyAlgorithms": "ssh-rsa",
        "PubkeyAcceptedAlgorithms": "ssh-rsa",
        "Ciphers": "aes128-cbc",
        "MACs": "hmac-sha1",
    }
    yield {"port": 2222, "key_type": "rsa", "ssh_options": options}
    on("old", "pkill -f /root/old_sshd; rm -f /root/old_sshd /root/ssh_host_rsa_key* /etc/ssh/ssh_host_rsa_key.pub")


def test_a_server_with_old_algorithms_only_is_moved_and_that_is_said(
    trial: Trial, on: On, old_sshd: dict[str, object]
) -> None:
    make_tree(on)
    assert Moving(trial, port=2222)("prepare") == 2
    moving = Moving(trial, **old_sshd)

    assert moving("prepare", "seed", "delta", "verify") == 0, trial.said

    assert "Ciphers=aes128-cbc" in str(moving.result("the old host's own keys")["warnings"])


class Archiving:
    """The verbs of an archive, run on the hosts."""

    def __init__(self, trial: Trial, **more: object) -> None:
        self.trial, self.params = trial, archive.Params.parse({"paths": [TOP], "to": "/srv/kept", **more})

    def __call__(self, *verbs: str) -> int:
        return self.trial([step for verb in verbs for step in getattr(archive, verb)("backup", self.params)])


def test_an_archive_is_fetched_proven_and_kept(trial: Trial, on: On) -> None:
    make_tree(on)
    moving = Archiving(trial, dumps=[{"name": "d.sql", "command": "echo dumped"}], install=False)

    assert moving("prepare", "seed") == 0, trial.said
    assert moving("prepare", "seed", "verify") == 0, trial.said

    assert trial.changed() == []
    listed = on("new", "cd /srv/kept; tar -tf backup-old.tar.*; ls -a | sort")
    assert "d.sql" in listed
    assert listed.splitlines()[-4:] == [
        "backup-old.json",
        "backup-old.manifest",
        "backup-old.proven",
        "backup-old.tar.gz",
    ]
    assert "tar" not in on("old", f"ls {FOLDER}/backup-old.spool")
    on("new", "printf x | dd of=/srv/kept/backup-old.tar.gz bs=1 seek=500 conv=notrunc; rm /srv/kept/*.proven")
    assert moving("verify") == 2
    assert "is damaged" in trial.said
    assert moving("finish", "finish") == 0
    assert on("new", "ls /srv/kept").count("backup-old") == 3


def test_a_host_without_python_is_archived(trial: Trial, on: On, request: pytest.FixtureRequest) -> None:
    make_tree(on)
    request.getfixturevalue("without_python")
    moving = Archiving(trial, old_python=False, dumps=[{"name": "d.sql", "command": "echo dumped"}])

    assert moving("prepare", "seed", "prepare", "seed", "verify", "finish") == 0, trial.said

    assert on("new", "tar -xzOf /srv/kept/backup-old.tar.gz --wildcards '*d.sql'") == "dumped\n"
    assert "compared" in on("new", "cat /srv/kept/backup-old.proven")


def test_an_old_host_with_nothing_but_tar_is_moved_and_gets_back_what_is_new(
    trial: Trial, on: On, request: pytest.FixtureRequest
) -> None:
    make_tree(on)
    request.getfixturevalue("without_python")
    on("old", "mv /usr/bin/rsync /root/hidden-rsync")
    moving = Moving(trial, old_python=False, method="tar", exclude=["*.tmp"])

    assert moving("prepare", "seed", "verify") == 0, trial.said
    assert moving.result("first copy")["measured"]["files"] == 310
    on("old", f"cd '{TOP}'; rm -r d0; echo more >> d1/f100; chmod 600 d1/f101; touch x.tmp")
    assert moving("delta", "final", "verify") == 0, trial.said
    assert moving.result("what changed since")["deleted"] == 101
    assert moving.result("the last difference")["changed"] is False
    flip = "touch -r d1/f150 /tmp/stamp; printf X | dd of=d1/f150 bs=1 conv=notrunc; touch -r /tmp/stamp d1/f150"
    on("new", f"cd '{TOP}'; {flip}")
    assert moving("verify") == 2
    assert moving.result("both hosts hold the same")["msg"] == "the hosts do not hold the same: d1/f150"
    on("new", f"echo new > '{TOP}/written'")

    assert moving("promote", "reverse", "back") == 0, trial.said

    assert on("old", f"cat '{TOP}/written'") == "new\n"
    assert moving("finish") == 0
    backup = Archiving(trial, old_python=False, method="tar")
    assert backup("prepare", "seed", "verify", "finish") == 0, trial.said
    assert "compared" in on("new", "cat /srv/kept/backup-old.proven")
