"""The fence of hosts without Python, its scripts run by this machine's own shell, with stand-ins of nft."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from provisioner.migration import bare_fence, fencing
from provisioner.remote.modules import straggler_gate
from provisioner.remote.system.straggler_ledger import KEEP_S
from tests.support.scripts import as_shell

TOOLS = ("cat", "cksum", "cmp", "cp", "cut", "getent", "grep", "ln", "mkdir", "mv", "rm", "sh", "tr", "chmod")
ADDRESSES = {"lb": ["10.0.0.3"]}
NFT = """#!/bin/sh
echo "nft $*" >> {told}
if [ "$1" = -f ]; then cp "$2" {folder}/rules; exit 0; fi
[ "$1" != list ] || [ -e {folder}/onward ]
"""
IPTABLES = """#!/bin/sh
echo "${{0##*/}} $*" >> {told}
case $0 in *-restore) cat >> {folder}/rules ;; esac
"""


class Host:
    """A folder with programs of its own, in which the scripts do their work."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self.folder, self.kept = folder, folder / "stragglers/shop"
        for program in programs:
            text = NFT if program == "nft" else IPTABLES
            (folder / program).write_text(text.format(told=folder / "told", folder=folder))
            (folder / program).chmod(0o755)
        for program in TOOLS:
            (folder / program).symlink_to(f"/usr/bin/{program}")

    def __call__(self, task: Mapping[str, object], **variables: object) -> subprocess.CompletedProcess[str]:
        values = {"migration": {"id": "shop", "addresses": ADDRESSES}, "peer_address": "10.0.0.2", **variables}
        script = as_shell(task, **values)
        places = {"/var/lib/provisioner": self.folder, "/etc/systemd": self.folder, "/run/systemd/system": "/-",
                  "/proc/sys/net": self.folder / "net", "/etc/local.d": "/-"}  # fmt: skip
        for there, here in places.items():
            script = script.replace(there, str(here))
        (self.folder / "net/ipv4").mkdir(parents=True, exist_ok=True)
        (self.folder / "net/ipv4/ip_forward").touch()
        (self.folder / "rules").unlink(missing_ok=True)
        environment = {"PATH": str(self.folder)}
        return subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False, env=environment)

    @property
    def rules(self) -> str:
        return (self.folder / "rules").read_text()

    @property
    def forwards(self) -> str:
        return (self.folder / "net/ipv4/ip_forward").read_text().strip()


def step(act: str, **params: object) -> Mapping[str, object]:
    (found,) = getattr(bare_fence, act)({"ports": ["80:8080", "443"], **params})
    task: Mapping[str, object] = found.task
    return task


def module_rules(state: str, exempt: list[str]) -> set[str]:
    """Return the rules of the module that does it where there is Python."""
    told = {"id": "shop", "state": state, "ports": ["80:8080", "443"], "exempt": exempt}
    address = "10.0.0.2" if state == "forwarding" else None
    params = straggler_gate.Params.parse({**told, "to": address} if address else told)
    return rules(straggler_gate._rules(params, address))


def rules(text: str) -> set[str]:
    return {line.replace('"lo"', "lo") for line in text.splitlines() if line.startswith("add rule")}


def test_the_rules_are_those_of_the_module(tmp_path: Path) -> None:
    host = Host(tmp_path, "nft")
    first, again = host(step("fence", exempt=["10.9.0.0/16"])), host(step("fence", exempt=["10.9.0.0/16"]))
    assert (first.stdout, again.stdout) == ("changed\n", ""), first.stderr
    through = ["10.9.0.0/16", "10.0.0.2", "10.0.0.3"]
    assert rules(host.rules) == {each for each in module_rules("fenced", through) if "onward" not in each}
    assert host(step("forward")).stdout == "changed\n"
    assert rules(host.rules) == module_rules("forwarding", ["10.0.0.2"])
    assert host.forwards == "1"


def test_opening_takes_everything_away_and_may_be_repeated(tmp_path: Path) -> None:
    host = Host(tmp_path, "nft")
    host(step("forward"))
    assert host(step("unfence")).stdout == "changed\n"
    assert host(step("unfence")).stdout == ""
    assert host.forwards == "0"
    assert not host.kept.exists()
    assert "nft delete table inet provisioner_fence_shop" in (tmp_path / "told").read_text()


def test_a_silent_old_server_leads_nobody_on_any_more(tmp_path: Path) -> None:
    host = Host(tmp_path, "nft")
    (tmp_path / "onward").touch()
    assert host(step("retire")).returncode == 0
    assert "flush chain inet provisioner_fence_shop onward" in host.rules
    assert "dnat" not in host.rules


def test_where_there_is_no_nft_it_is_made_of_iptables(tmp_path: Path) -> None:
    host = Host(tmp_path, "iptables", "iptables-restore", "ip6tables", "ip6tables-restore")
    done = host(step("forward", exempt=["2001:db8::/32"]))
    assert (done.returncode, done.stdout) == (0, "changed\n"), done.stderr
    assert host.rules.count("--dport 80 -j REJECT --reject-with tcp-reset") == 2
    assert "-s 2001:db8::/32 -j RETURN" in host.rules
    assert host.rules.count("-j DNAT --to-destination 10.0.0.2:8080") == 1
    told = (tmp_path / "told").read_text()
    assert "iptables -t filter -I INPUT 1 -j PF" in told
    assert "iptables -t nat -I PREROUTING 1 -j PF" in told


def test_where_there_is_neither_nothing_is_begun(tmp_path: Path) -> None:
    host = Host(tmp_path)
    (prepare,) = bare_fence.prepare({"ports": ["80"]})
    done = host(prepare.task)
    assert (done.returncode, done.stderr) == (1, "the fence needs nft or iptables, and neither is on this host\n")
    assert host(step("fence")).returncode == 1


@pytest.mark.parametrize("port", ["80; id", "80:", "{{ wrong }}", ":", "1:2:3"])
def test_what_is_no_port_never_becomes_a_rule(tmp_path: Path, port: str) -> None:
    host = Host(tmp_path, "nft")
    done = host(step("fence", ports=[port]), wrong="$(touch x)`id`")
    assert done.returncode == 1
    assert "is neither a port nor two of them" in done.stderr
    assert not (tmp_path / "rules").exists()


def test_what_the_kernel_counted_is_told_as_the_module_tells_it() -> None:
    element = {"val": {"concat": ["10.0.0.9", "tcp", 80]}, "expires": KEEP_S - 60, "counter": {"packets": 3}}
    sets = [{"set": {"name": name, "elem": [{"elem": element}]}} for name in ("first4", "last4")]
    text = f'{{"nftables": {sets}}}'.replace("'", '"')
    told = bare_fence.told_by(text, 3600.0)
    assert told is not None
    assert (told["count"], told["quiet_for_s"]) == (1, 60.0)
    assert told["stragglers"][0]["connections"] == 3  # type: ignore[index]
    quiet = bare_fence.told_by(text, 30.0)
    assert quiet is not None
    assert quiet["count"] == 0
    assert bare_fence.told_by("", 30.0) is None
    assert bare_fence.told_by("changed", 30.0) is None


def test_both_fences_have_the_same_verbs() -> None:
    for verb in ("prepare", "fence", "forward", "ledger", "unfence", "retire", "undo"):
        assert callable(getattr(bare_fence, verb))
        assert callable(getattr(fencing, verb))
