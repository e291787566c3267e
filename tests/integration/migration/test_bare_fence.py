"""The fence of an old host without Python, made of what that host has: nftables, or iptables only."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest

from provisioner.lab.commands import Commands
from provisioner.lab.lab import Lab
from provisioner.migration import bare_fence
from tests.integration.migration.steps_playbook import Trial

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(240)]
On = Callable[..., str]
PARAMS: dict[str, object] = {"ports": ["80:8080"]}
SERVE = """
cat > /etc/systemd/system/serve@.service <<'END'
[Service]
WorkingDirectory=/etc
ExecStart=/usr/bin/python3 -m http.server %i
[Install]
WantedBy=multi-user.target
END
systemctl enable -q --now serve@80 serve@8080
"""
IPTABLES = """
export DEBIAN_FRONTEND=noninteractive
(apt-get -qq update; apt-get -qq install -y iptables) > /dev/null 2>&1
mv /usr/sbin/nft /root/hidden-nft
"""


@pytest.mark.parametrize("made_of", ["nftables", "iptables"])
def test_stragglers_are_refused_then_led_on_also_after_a_restart_and_at_last_served_again(
    trial: Trial, pair: Lab, on: On, made_of: str
) -> None:
    for host in ("old", "new"):
        on(host, SERVE)
    if made_of == "iptables":
        on("old", IPTABLES)
    url = f"http://{pair.host('old').address}/hostname"

    def act(*verbs: str) -> None:
        assert trial([step for verb in verbs for step in getattr(bare_fence, verb)(PARAMS)]) == 0, trial.said

    act("prepare", "fence")
    assert asked(url) == ""
    act("forward")
    assert asked(url) == "new"
    restart(pair, on)
    assert asked(url) == "new"
    act("retire")
    assert asked(url) == ""
    act("unfence", "unfence")
    assert asked(url) == "old"


def asked(url: str) -> str:
    done = subprocess.run(["curl", "-s", "-m", "5", "--retry", "0", url], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def restart(pair: Lab, on: On) -> None:
    """Boot the old host anew; its ports are open again before anybody looks whether they are fenced."""
    words = pair.ssh_command(pair.host("old"), "root")
    before = on("old", "cat /proc/sys/kernel/random/boot_id")
    Commands().attempt([*words, "reboot"])
    until = time.monotonic() + 60
    while time.monotonic() < until:
        looking = "cat /proc/sys/kernel/random/boot_id; systemctl is-active serve@80"
        done = Commands().attempt([*words, looking])
        if done.ok and before not in done.out:
            return
        time.sleep(0.2)
    pytest.fail("the old host did not come back")
