"""Fence a server that has moved: nobody reaches its service ports any more, or is led on to the new one, and is noted.

``fenced`` resets connections to the ports, old and new ones; ``forwarding`` leads new ones on to the server that took
over; ``open`` takes the fence away. Who came is counted by the kernel: address, port, how often, first and last time.
``read`` returns that ledger. The fence and the ledger survive a restart. Needs nftables.
"""

import hashlib
import json
import re
import socket
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits, text_diff
from ..params import Parameters, optional, required
from ..system import System, straggler_ledger
from ..system.straggler_ledger import Entries, Ledger

TRAITS = Traits(reach="others", locks=("nftables",))
PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")
FORWARDS = {4: "/proc/sys/net/ipv4/ip_forward", 6: "/proc/sys/net/ipv6/conf/all/forwarding"}
WANTS = "/etc/systemd/system/multi-user.target.wants"
CHAINS = {
    "ledger": "type filter hook prerouting priority -150; policy accept;",
    "onward": "type nat hook prerouting priority -110; policy accept;",
    "masked": "type nat hook postrouting priority 100; policy accept;",
    "fence": "type filter hook input priority -5; policy accept;",
}
UNIT = """\
[Unit]
Description=Fence around services that have moved (%(id)s)
DefaultDependencies=no
After=local-fs.target systemd-sysctl.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
%(settings)sExecStart=%(nft)s -f %(rules)s
ExecStop=/bin/sh -c 'umask 077; %(nft)s -j list table inet %(table)s > %(dump)s'
ExecStop=-%(nft)s delete table inet %(table)s

[Install]
WantedBy=multi-user.target
"""


class Params(Parameters):
    """Which ports, and what becomes of those who come to them."""

    id: str = required("str", "The fence's name: the same in all uses.")
    state: str = required("str", "What to do.", choices=("fenced", "forwarding", "open", "read"))
    ports: List[str] = optional(
        "list", "TCP ports; ``80:8080`` where it is another on the new server.", (), elements="str"
    )
    to: Optional[str] = optional("str", "forwarding: the new server's address.")
    exempt: List[str] = optional(
        "list", "Addresses and networks that are let through, and not counted.", (), elements="str"
    )
    masquerade: bool = optional("bool", "forwarding: the new server sees this host as the client; it has to, unless "
                                "its way back to the clients is through this host.", True)  # fmt: skip
    resolve: bool = optional("bool", "read: look up the names of the addresses.", False)
    quiet_s: float = optional("float", "read: clients not seen for so long are not counted any more.", 86400.0)
    folder: str = optional("path", "Where rules and ledger are kept.", "/var/lib/provisioner/stragglers")


class State(NamedTuple):
    """The table's mark and what its sets hold; the rules for the next start; what the ledger holds in all."""

    mark: str
    counted: Entries
    total: Entries
    rules: str
    wanted: str
    is_enabled: bool
    forwards: bool
    since: float
    now: float
    counts: bool


def inspect(params: Params, system: System) -> State:
    """Ask the kernel, and read the files."""
    _check(params)
    now = time.time()
    told = _table(params, system)
    chains = [each["chain"]["name"] for each in told if "chain" in each]
    counted = straggler_ledger.from_kernel([each["set"] for each in told if "set" in each], now)
    ledger = Ledger(system, _folder(params), bool(told))
    address = _address(params.to) if params.state == "forwarding" else None
    kind = 6 if address and ":" in address else 4
    return State(
        next((name for name in chains if name.startswith("mark_")), ""),
        counted,
        ledger.total(counted),
        (system.files.read_or_none(_rules_path(params)) or b"").decode(),
        _rules(params, address) if params.state in ("fenced", "forwarding") else "",
        system.files.exists(WANTS + "/" + _unit(params)),
        address is None or (system.files.read_or_none(FORWARDS[kind]) or b"").strip() == b"1",
        ledger.since,
        now,
        bool(told),
    )


def _check(params: Params) -> None:
    if not PLAIN.match(params.id):
        raise Failed("'%s' is no name of a fence: letters, digits, dot, dash and underscore" % params.id)
    if params.state in ("fenced", "forwarding") and not params.ports:
        raise Failed("state is %s but all of the following are missing: ports" % params.state)
    if params.state == "forwarding" and not params.to:
        raise Failed("state is forwarding but all of the following are missing: to")
    for port in params.ports:
        if not re.match(r"\d{1,5}(:\d{1,5})?\Z", port) or not all(0 < int(n) < 65536 for n in port.split(":")):
            raise Failed("'%s' is neither a port nor two of them (80:8080)" % port)


def _networks(params: Params) -> List[str]:
    """Return the exempted addresses and networks; names stand for their addresses."""
    found: List[str] = []
    for each in params.exempt:
        if re.match(r"[0-9a-fA-F:.]+(/\d+)?\Z", each) and re.search(r"[:.]", each):
            found.append(each)
        elif re.match(r"[A-Za-z0-9_.-]+\Z", each):
            found.append(_address(each))
        else:
            raise Failed("'%s' is neither an address nor a network nor a name" % each)
    return found


def _table(params: Params, system: System) -> List[Dict[str, Any]]:
    done = system.commands.run(["nft", "-j", "list", "table", "inet", _name(params)])
    if done.rc == 127:
        raise Failed("there is no program nft on this host: the package nftables has it")
    if done.rc != 0 and "No such file" not in done.err:
        raise Failed("nft: " + done.err.strip(), rc=done.rc)
    found: List[Dict[str, Any]] = json.loads(done.out or "{}").get("nftables", []) if done.rc == 0 else []
    return found


def _address(to: Optional[str]) -> str:
    try:
        return str(socket.getaddrinfo(to, None, 0, socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise Failed("the address of %s is not known: %s" % (to, error)) from None


def _name(params: Params) -> str:
    return "provisioner_fence_" + re.sub(r"[^A-Za-z0-9_]", "_", params.id)


def _unit(params: Params) -> str:
    return "provisioner-fence-%s.service" % params.id


def _folder(params: Params) -> str:
    return "%s/%s" % (params.folder, params.id)


def _rules_path(params: Params) -> str:
    return _folder(params) + "/rules.nft"


def _rules(params: Params, address: Optional[str]) -> str:
    """Return what nft is told: all of it in one step, and the counts stay where the table is there already."""
    name = _name(params)
    lines = ["add table inet " + name]
    for each, kind in zip(straggler_ledger.SETS, ("ipv4_addr", "ipv4_addr", "ipv6_addr", "ipv6_addr")):
        what = "type %s . inet_proto . inet_service; flags dynamic,timeout; timeout 400d; size 65535;" % kind
        lines.append("add set inet %s %s { %s }" % (name, each, what))
    for chain, what in CHAINS.items():
        lines.append("add chain inet %s %s { %s }" % (name, chain, what))
        lines.append("flush chain inet %s %s" % (name, chain))
    for chain, rule in [*_exemptions(params), *_counting(params), *_leading_on(params, address), *_refusing(params)]:
        lines.append("add rule inet %s %s %s" % (name, chain, rule))
    text = "\n".join(lines) + "\n"
    return text + "add chain inet %s mark_%s\n" % (name, hashlib.sha256(text.encode()).hexdigest()[:12])


Rules = List[Tuple[str, str]]


def _ports(params: Params) -> str:
    return "{ %s }" % ", ".join(sorted({port.partition(":")[0] for port in params.ports}, key=int))


def _exemptions(params: Params) -> Rules:
    return [
        (chain, "%s saddr %s accept" % ("ip6" if ":" in each else "ip", each))
        for each in _networks(params)
        for chain in ("ledger", "onward", "fence")
    ]


def _counting(params: Params) -> Rules:
    who = 'iifname != "lo" fib daddr type local meta nfproto %s meta l4proto tcp th dport %s ct state new'
    note = "%s @%s { %s saddr . meta l4proto . th dport timeout 400d%s }"
    return [
        ("ledger", who % (proto, _ports(params)) + " " + note % (how, kind + number, family, counter))
        for proto, family, number in (("ipv4", "ip", "4"), ("ipv6", "ip6", "6"))
        for how, kind, counter in (("add", "first", ""), ("update", "last", " counter"))
    ]


def _leading_on(params: Params, address: Optional[str]) -> Rules:
    if address is None:
        return []
    family = "ip6" if ":" in address else "ip"
    rules: Rules = []
    for port in params.ports:
        here, _, there = port.partition(":")
        where = "[%s]" % address if family == "ip6" else address
        to = "dnat %s to %s:%s" % (family, where, there or here)
        proto = "ipv6" if family == "ip6" else "ipv4"
        local = 'iifname != "lo" fib daddr type local meta nfproto %s meta l4proto tcp th dport %s' % (proto, here)
        rules.append(("onward", local + " " + to))
        if params.masquerade:
            led = "ct status dnat %s daddr %s meta l4proto tcp th dport %s masquerade"
            rules.append(("masked", led % (family, address, there or here)))
    return rules


def _refusing(params: Params) -> Rules:
    return [("fence", 'iifname != "lo" meta l4proto tcp th dport %s reject with tcp reset' % _ports(params))]


def _mark_of(rules: str) -> str:
    return rules.rpartition(" ")[2].strip()


def plan(params: Params, state: State) -> Change:
    """Compare the mark of the rules wanted with that of the table, and the file with both."""
    if params.state == "read":
        return Change(None, result=_told(params, state))
    if params.state == "open":
        is_there = bool(state.mark or state.rules or state.is_enabled)
        return Change(is_there, result={"state": "open"}, diff=_diff(params, state, "") if is_there else None)
    result = {"state": params.state, "ports": params.ports}
    is_same = state.mark == _mark_of(state.wanted) and state.rules == state.wanted and state.is_enabled
    if is_same and state.forwards:
        return Change(False, result=result)
    return Change(True, result=result, diff=_diff(params, state, state.wanted))


def _diff(params: Params, state: State, wanted: str) -> Any:
    return text_diff(_rules_path(params), state.rules.encode() if state.rules else None, wanted.encode())


def _told(params: Params, state: State) -> Dict[str, Any]:
    """Return the ledger: everybody, and how many of them came lately."""
    lately = {key.partition(" ")[0] for key, e in state.total.items() if state.now - e.last < params.quiet_s}
    latest = max((entry.last for entry in state.total.values()), default=0.0)
    begun = state.since or state.now
    return {
        "stragglers": straggler_ledger.listed(state.total, params.resolve),
        "count": len(lately),
        "connections": sum(entry.connections for entry in state.total.values()),
        "clients": len({key.partition(" ")[0] for key in state.total}),
        "quiet_for_s": round(state.now - max(latest, begun), 1),
        "watched_for_s": round(state.now - begun, 1),
        "is_fenced": bool(state.mark),
    }


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Put the rules in place, now and for the next start, or take them away; keep the ledger."""
    params, state = change.params, change.state
    began = time.monotonic()
    ledger = Ledger(system, _folder(params), state.counts)
    if params.state == "read":
        ledger.save(state.counted)
        return None
    if params.state == "open":
        ledger.save(state.counted)  # as the table's own count is about to go
        _nothing_is_counted(params, state, system)
        ledger.save(state.counted, closed=True)
        _open(params, system)
    else:
        _fence(params, state, system)
        ledger.save(state.counted)
    return {"measured": {"seconds": round(time.monotonic() - began, 4)}}


def _fence(params: Params, state: State, system: System) -> None:
    kept = state.mark in ("", _mark_of(state.wanted))
    stale = "" if kept else "delete chain inet %s %s\n" % (_name(params), state.mark)
    _nft(state.wanted + stale, system)
    for made in system.files.makedirs(_folder(params), 0o700):
        system.files.chmod(made, 0o700)
    system.files.write(_rules_path(params), state.wanted.encode(), mode=0o600)
    settings = ""
    if params.state == "forwarding":
        kind = 6 if ":" in _address(params.to) else 4
        _let_forward(params, kind, system)
        settings = "ExecStart=/bin/sh -c 'echo 1 > %s'\n" % FORWARDS[kind]
    _at_every_start(params, settings, system)


def _nft(text: str, system: System) -> None:
    done = system.commands.run(["nft", "-f", "-"], stdin=text.encode())
    if done.rc != 0:
        raise Failed("nft refuses the rules, nothing was changed: " + done.err.strip(), rc=done.rc)


def _let_forward(params: Params, kind: int, system: System) -> None:
    """Let the kernel forward packets; remember for ``open`` that it did not."""
    with open(system.files.real(FORWARDS[kind]), "r+") as stream:
        if stream.read().strip() == "1":
            return
        system.files.write(_folder(params) + "/forwarding-was-off", FORWARDS[kind].encode(), mode=0o600)
        stream.seek(0)
        stream.write("1\n")


def _at_every_start(params: Params, settings: str, system: System) -> None:
    """Let the fence be there after a restart; the running systemd need not know, but for keeping the ledger's end."""
    said = {
        "id": params.id,
        "settings": settings,
        "nft": system.commands.which("nft") or "/usr/sbin/nft",
        "rules": _rules_path(params),
        "table": _name(params),
        "dump": _folder(params) + "/at-shutdown.json",
    }
    path = "/etc/systemd/system/" + _unit(params)
    is_new = system.files.read_or_none(path) != (UNIT % said).encode()
    system.files.makedirs(WANTS, 0o755)
    system.files.write(path, (UNIT % said).encode(), mode=0o644)
    if not system.files.exists(WANTS + "/" + _unit(params)):
        system.files.symlink(path, WANTS + "/" + _unit(params))
    if params.state == "forwarding" and is_new:  # there is time now, other than in a freeze
        for words in (["daemon-reload"], ["start", "--no-block", _unit(params)]):
            system.commands.run(["systemctl", *words])


def _nothing_is_counted(params: Params, state: State, system: System) -> None:
    if state.mark:
        _nft("delete table inet %s\n" % _name(params), system)


def _open(params: Params, system: System) -> None:
    was_off = _folder(params) + "/forwarding-was-off"
    setting = (system.files.read_or_none(was_off) or b"").decode()
    if setting in FORWARDS.values():
        with open(system.files.real(setting), "w") as stream:
            stream.write("0\n")
    for path in (was_off, WANTS + "/" + _unit(params), "/etc/systemd/system/" + _unit(params), _rules_path(params)):
        system.files.remove(path)


RETURNS = """
stragglers: Who came, the latest first: address, port, connections, first_seen, last_seen, and name where asked for.
count: How many clients came within quiet_s.
clients: How many clients came in all.
connections: How many connections they began.
quiet_for_s: Seconds since the last of them, or since the fence is there.
watched_for_s: Seconds since the ledger was begun.
is_fenced: Whether the server is fenced.
measured: Seconds it took.
state: What was asked for.
"""

EXAMPLES = """
- name: Nobody writes to the old server any more
  straggler_gate:
    id: shop
    state: fenced
    ports: [80, 443]
- name: Those who still come are led on
  straggler_gate:
    id: shop
    state: forwarding
    ports: [80, 443]
    to: 10.0.0.12
- name: Who were they?
  straggler_gate:
    id: shop
    state: read
    resolve: true
  register: ledger
"""
