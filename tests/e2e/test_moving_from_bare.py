"""A server without Python, behind an sshd of long ago, is moved whole: fenced, guarded, taken back, finalized."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioner.diagnostics.errors import ProvisionerError
from provisioner.journal import chronicle
from provisioner.lab.lab import Lab
from provisioner.migration.record import Standing, standing
from tests.e2e.conftest import Cli, Done, eventually
from tests.integration.migration.test_switchers import HAPROXY, PACKAGES
from tests.integration.migration.visitors import START

pytestmark = [pytest.mark.hosts, pytest.mark.e2e, pytest.mark.timeout(600)]
On = Callable[..., str]
ALGORITHMS = {
    "KexAlgorithms": "diffie-hellman-group14-sha1",
    "HostKeyAlgorithms": "ssh-rsa",
    "PubkeyAcceptedAlgorithms": "ssh-rsa",
    "Ciphers": "aes128-cbc",
    "MACs": "hmac-sha1",
}
OLD_SSHD = """
cd /root
[ -e ssh_host_rsa_key ] || ssh-keygen -q -t rsa -b 2048 -N '' -f ssh_host_rsa_key
cp ssh_host_rsa_key.pub /etc/ssh/
printf '%s\\n' 'Port 2222' 'HostKey /root/ssh_host_rsa_key' 'UsePAM no' {words} > old_sshd
mkdir -p /run/sshd
/usr/sbin/sshd -f /root/old_sshd
""".format(words=" ".join(f"'{name} {value}'" for name, value in ALGORITHMS.items()))
HIDE = "for each in /usr/bin/python3*; do mv $each /root/hidden-${each##*/}; done"
DEFINITION = """
- migration: shop
  hosts: { old: old, new: new, lb: lb }
  old_python: false
  guard: 6s
  observe: 1s
  data:
    - name: uploads
      files:
        paths: [/srv/uploads]
        port: 2222
        key_type: rsa
        ssh_options: %(algorithms)s
  switch:
    - name: balancer
      haproxy: { backend: site, addresses: { new: "{{ migration.addresses.new[0] }}:8080" } }
  fence: { ports: ["8080"] }
  freeze:
    - { name: Stop the writer, raw: touch /srv/frozen }
  unfreeze:
    - { name: Start the writer, raw: "rm -f /srv/frozen; date >> /srv/thawed" }
  verify:
    during:
      - name: Whatever else has to hold
        shell: while [ -e /srv/wait ]; do sleep 0.1; done; test ! -e /srv/broken
        changed_when: false
"""


@pytest.fixture(scope="module", name="lab")
def three_hosts() -> Iterator[Lab]:
    made = Lab(f"bare{os.environ.get('PYTEST_XDIST_WORKER', '')}")
    try:
        made.up(["old", "new", "lb"])
    except ProvisionerError as error:
        pytest.fail(f"lab hosts cannot be started ({error}); --no-hosts leaves these tests out", pytrace=False)
    yield made
    made.down()


class Move:
    """The migration of the shop, as its user sees it."""

    def __init__(self, cli: Cli, lab: Lab, on: On) -> None:
        self.cli, self.lab, self.on = cli, lab, on

    def words(self, *words: str) -> list[str]:
        verb, *rest = words
        return ["migrate", verb, "shop", *rest, "-d", "move.yml", "-i", self.cli.inventory, "-i", "old.ini"]

    def __call__(self, *words: str) -> Done:
        return self.cli.call(*self.words(*words))

    def standing(self) -> Standing:
        return standing(chronicle.read(self.cli.state / "migrations/shop/record.jsonl"))

    def stage(self) -> str:
        entered = [each for each in chronicle.read(self.cli.state / "migrations/shop/record.jsonl")
                   if each.kind == "entered"]  # fmt: skip
        return str(entered[-1].data["stage"]) if entered else ""

    def served_by(self, host: str = "lb", port: int = 80) -> str:
        with urllib.request.urlopen(f"http://{self.lab.host(host).address}:{port}/", timeout=10) as answer:
            return str(answer.read().decode().strip('"'))


@pytest.fixture(name="move")
def a_shop_on_a_bare_host(cli: Cli, lab: Lab, on: On, tmp_path: Path) -> Iterator[Move]:
    address = {host.name: host.address for host in lab.hosts}
    key = tmp_path / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(key)], check=True)
    for host in ("old", "new"):
        on(host, START)
    on("old", 'mkdir -p /srv/uploads/a; for n in 1 2 3 4 5; do echo $n > "/srv/uploads/a/it\'s $n"; done')
    on("old", f"{OLD_SSHD}\necho '{(tmp_path / 'rsa.pub').read_text().strip()}' >> ~/.ssh/authorized_keys\n{HIDE}")
    on("lb", PACKAGES % "haproxy")
    on("lb", f"cat > /etc/haproxy/haproxy.cfg <<'END'\n{HAPROXY.format(**address)}\nEND\nsystemctl restart haproxy")
    public = on("old", "cat /root/ssh_host_rsa_key.pub").split()
    cli.write("known", f"[{address['old']}]:2222 {public[0]} {public[1]}\n")
    legacy = " ".join(f"-o {name}={value}" for name, value in ALGORITHMS.items())
    words = f"ansible_port=2222 ansible_connection=openssh ansible_ssh_private_key_file={key}"
    known = f"-o UserKnownHostsFile={tmp_path}/known"
    arguments = f'ansible_ssh_common_args="{legacy} {known}"'
    cli.write("old.ini", f"old {words} {arguments}\n")
    cli.write("move.yml", DEFINITION % {"algorithms": str(ALGORITHMS)})
    yield Move(cli, lab, on)
    on("old", "cd /root; for each in hidden-*; do mv $each /usr/bin/${each#hidden-}; done")


def test_a_server_without_python_is_moved_fenced_taken_back_and_finalized(move: Move, on: On) -> None:
    it_goes_back_where_the_smoke_test_fails(move, on)
    it_goes_back_alone_where_the_controller_is_killed(move, on)
    it_moves_and_leads_on_those_who_still_come(move, on)
    it_goes_back_with_what_was_written_since(move, on)
    it_is_finalized_and_silent(move, on)


def it_goes_back_where_the_smoke_test_fails(move: Move, on: On) -> None:
    ready = move("run", "--pause-after", "ready")
    assert ready.code == 0, ready.text
    on("new", "touch /srv/broken")
    failed = move("resume")
    assert "Whatever else has to hold on new" in failed.text, failed.text
    assert move.standing().because.startswith("gone back"), failed.text
    assert move.served_by() == "old"
    assert on("old", "ls -d /srv/frozen 2>/dev/null || nft list tables | grep fence || true") == ""
    on("new", "rm /srv/broken")


def it_goes_back_alone_where_the_controller_is_killed(move: Move, on: On) -> None:
    thaws = int(on("old", "wc -l < /srv/thawed"))
    on("new", "touch /srv/wait")
    walking = move.cli.start(*move.words("run"))
    move.cli.until(walking, lambda: move.standing().state == "cutting_over" and move.stage() == "smoke test", 90)
    walking.send_signal(signal.SIGKILL)
    move.cli.end(walking)
    on("new", "rm /srv/wait")
    on("old", "systemctl list-timers --all | grep provisioner-undo-migration-shop")
    eventually(lambda: int(on("old", "wc -l < /srv/thawed")) > thaws, 60)
    eventually(lambda: move.served_by() == "old", 60)
    assert on("old", "ls -d /srv/frozen 2>/dev/null || nft list tables | grep fence || true") == ""


def it_moves_and_leads_on_those_who_still_come(move: Move, on: On) -> None:
    moved = move("run")
    assert moved.code == 0, moved.text
    assert move.standing().state == "observing", moved.text
    assert move.served_by() == "new"
    assert move.served_by("old", 8080) == "new", "who still asks the old server is led on"
    on("lb", f"curl -fs http://{move.lab.host('old').address}:8080/")
    assert on("new", "ls /srv/uploads/a | wc -l").strip() == "5"
    assert move("observe").code == 0
    count = move.standing().stragglers["count"]
    assert count == 2, "the balancer and this machine"


def it_goes_back_with_what_was_written_since(move: Move, on: On) -> None:
    on("new", "echo later > /srv/uploads/later")
    back = move("rollback", "--reason", "to show it")
    assert back.code == 0, back.text
    assert on("old", "cat /srv/uploads/later") == "later\n"
    assert move.served_by() == "old"
    assert move.served_by("old", 8080) == "old"


def it_is_finalized_and_silent(move: Move, on: On) -> None:
    assert move("run").code == 0
    assert move.served_by() == "new"
    move("waive", "--gate", "stragglers", "--reason", "these are tests")
    time.sleep(1)  # what `observe` asks for
    done = move("finalize", "--yes", "finalize shop")
    assert done.code == 0, done.text
    assert "provisioner" not in on("old", "cat ~/.ssh/authorized_keys")
    done = move("decommission", "--yes", "decommission shop")
    assert done.code == 0, done.text
    address = move.lab.host("old").address
    assert on("lb", f"curl -s -m 5 http://{address}:8080/ || echo refused") == "refused\n"
