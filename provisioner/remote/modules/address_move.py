"""Move an address from host to host: given up here, taken there, announced, never at both.

``absent`` gives it up and sees to it that this host cannot answer for it any more, after a restart neither; ``present``
takes it once nobody else answers for it, and announces it (gratuitous ARP, neighbour discovery of IPv6). With
``lease_s`` the kernel gives it up by itself unless ``kept`` makes it last. ``held`` lets connections wait
before it moves.
"""

import ipaddress
import json
import re
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System, arp, ndisc
from ..system.link import Link

TRAITS = Traits(reach="others", locks=("addresses",))
STATES = ("present", "absent", "kept", "held", "released", "current")
WANTS = "/etc/systemd/system/multi-user.target.wants"
NAP_S = 0.01
GRACE_S = 1.0
CLOCK_MS, TOGETHER_MS = 8, 40
PLACES = ("/etc/network/interfaces", "/etc/network/interfaces.d", "/etc/netplan", "/etc/systemd/network",
          "/etc/NetworkManager/system-connections", "/etc/sysconfig/network-scripts")  # fmt: skip
UNIT = """\
[Unit]
Description=Address %(address)s, moved by provisioner
After=%(after)s
Before=%(before)s
Wants=%(after)s

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%(command)s

[Install]
WantedBy=multi-user.target
"""


class Family(NamedTuple):
    """What differs between IPv4 and IPv6: words of nftables and ip, and how others are told."""

    number: str
    word: str
    kind: str
    barred_in: str
    flags: Tuple[str, ...]


IPV4 = Family("-4", "ip", "ipv4_addr", "arp", ())
IPV6 = Family("-6", "ip6", "ipv6_addr", "ip6", ("nodad",))


class Params(Parameters):
    """Which address, and what becomes of it on this host."""

    address: str = required("str", "The address with its network's length: 10.0.0.80/24, 2001:db8::80/64.")
    state: str = required("str", "What becomes of it.", choices=STATES)
    interface: Optional[str] = optional("str", "Where it belongs; the interface that has an address of its network.")
    lease_s: float = optional("float", "present: the kernel takes it away after so many seconds; 0 for never.", 0.0)
    wait_s: float = optional("float", "present: how long to wait until nobody else has it; held: for requests.", 3.0)
    limit_s: float = optional("float", "held: after so many seconds connections pass, whatever happened.", 20.0)
    ports: List[str] = optional("list", "held: the TCP ports of the service.", (), elements="str")
    expect: Optional[bool] = optional("bool", "current: fail unless it is here (true), or is not (false).")


class State(NamedTuple):
    """Where the address is on this host, whether for ever, and what keeps it away."""

    interface: str
    is_here: bool
    is_leased: bool
    is_barred: bool
    is_held: bool
    unit: str
    configured_in: List[str]


def inspect(params: Params, system: System) -> State:
    """Ask the kernel, and look where the host's own configuration has the address."""
    _check(params)
    family = _family(params)
    links = json.loads(_run(system, "ip", "-j", family.number, "addr", "show").out or "[]")
    mine = [
        (link["ifname"], each) for link in links for each in link.get("addr_info", []) if each["local"] == _ip(params)
    ]
    return State(
        params.interface or (mine[0][0] if mine else _interface(params, links)),
        bool(mine),
        bool(mine) and not all(each["valid_life_time"] >= 4294967295 for _, each in mine),
        _has_table(system, family.barred_in, _table(params)),
        "elements" in _listed(system, "inet", _table(params)),
        (system.files.read_or_none(_unit_path(params)) or b"").decode(),
        _mentions(_ip(params), system),
    )


def _check(params: Params) -> None:
    try:
        ipaddress.ip_interface(params.address)
    except ValueError:
        is_address = False
    else:
        is_address = "/" in params.address
    if not is_address:
        raise Failed("'%s' is no address with the length of its network (10.0.0.80/24)" % params.address)


def _family(params: Params) -> Family:
    return IPV6 if ":" in params.address else IPV4


def _run(system: System, *argv: str, **more: Any) -> Any:
    done = system.commands.run(argv, **more)
    if done.rc != 0:
        raise Failed("%s: %s" % (" ".join(argv), (done.err or done.out).strip()), rc=done.rc)
    return done


def _interface(params: Params, links: List[Dict[str, Any]]) -> str:
    network = _bits(params.address)
    for link in links:
        for each in link.get("addr_info", []):
            if _bits("%s/%d" % (each["local"], each["prefixlen"])) == network:
                return str(link["ifname"])
    raise Failed("no interface has an address of the network of %s; name one with 'interface'" % params.address)


def _bits(address: str) -> str:
    return str(ipaddress.ip_interface(address).network)


def _ip(params: Params) -> str:
    """Return the address as the kernel writes it."""
    return str(ipaddress.ip_interface(params.address).ip)


def _shown(params: Params) -> str:
    """Return it as programs want it where a port may follow."""
    return "[%s]" % _ip(params) if _family(params) is IPV6 else _ip(params)


def _link(params: Params, interface: str) -> Link:
    return ndisc.Interface(interface) if _family(params) is IPV6 else arp.Interface(interface)


def _table(params: Params) -> str:
    return "provisioner_address_" + re.sub("[.:]", "_", _ip(params))


def _unit_path(params: Params) -> str:
    return "/etc/systemd/system/%s.service" % _table(params).replace("_", "-")


def _listed(system: System, family: str, name: str) -> str:
    done = system.commands.run(["nft", "list", "table", family, name])
    return done.out if done.rc == 0 else ""


def _has_table(system: System, family: str, name: str) -> bool:
    return bool(_listed(system, family, name))


def _mentions(ip: str, system: System) -> List[str]:
    """Return the files of the host's network configuration that name the address."""
    found = []
    for place in PLACES:
        names = system.files.listdir(place) if system.files.is_dir(place) else [""]
        for path in [(place + "/" + name).rstrip("/") for name in names]:
            if re.search(
                r"(?<![\da-f.:])%s(?![\da-f.:])" % re.escape(ip),
                (system.files.read_or_none(path) or b"").decode("utf-8", "replace"),
                re.IGNORECASE,
            ):
                found.append(path)
    return found


def plan(params: Params, state: State) -> Change:
    """Compare."""
    change = _planned(params, state)
    change.result = {"is_here": state.is_here, "interface": state.interface, "configured_in": state.configured_in}
    if params.state == "absent" and state.configured_in:
        said = "%s is still in %s: this host may take it again after a restart, but cannot answer for it"
        change.result["warnings"] = [said % (_ip(params), ", ".join(state.configured_in))]
    return change


def _planned(params: Params, state: State) -> Change:
    if params.state == "current":
        if params.expect is not None and params.expect is not state.is_here:
            raise Failed("%s is%s on this host" % (_ip(params), "" if state.is_here else " not"), is_here=state.is_here)
        return Change(False)
    if params.state == "present":
        return _planned_here(params, state)
    is_due = {
        "absent": state.is_here or not state.is_barred or state.unit != _unit(params, state),
        "kept": state.is_here and (state.is_leased or state.unit != _unit(params, state)),
        "held": not state.is_held,
        "released": state.is_held,
    }
    return Change(is_due[params.state])


def _planned_here(params: Params, state: State) -> Change:
    lasts = not state.is_leased and (params.lease_s > 0 or state.unit == _unit(params, state))
    return Change(not state.is_here or state.is_barred or not lasts, settles=params.lease_s == 0)


def _unit(params: Params, state: State) -> str:
    """Return the unit that has the address taken, or kept away, at every start."""
    said = {"address": params.address, "after": "network-online.target", "before": "multi-user.target"}
    if params.state == "absent":
        said.update(after="local-fs.target", before="network-pre.target")
        said["command"] = "/bin/sh -c 'nft -f - < %s'" % _rules_path(params)
    else:
        said["command"] = "/bin/sh -c 'ip addr replace %s'" % " ".join(_placed(params, state))
    return UNIT % said


def _placed(params: Params, state: State) -> List[str]:
    return [params.address, "dev", state.interface, *_family(params).flags]


def _rules_path(params: Params) -> str:
    return "/etc/provisioner/%s.nft" % _table(params)


def _bar(params: Params) -> str:
    """Return the rules by which this host neither answers for the address nor speaks of it."""
    name = _table(params)
    if _family(params) is IPV6:
        target = "@th,64,128 0x%s" % ndisc.packed(_ip(params)).hex()
        return (
            "add table ip6 {0}\n"
            "add chain ip6 {0} heard {{ type filter hook input priority 0; policy accept; }}\n"
            "add chain ip6 {0} said {{ type filter hook output priority 0; policy accept; }}\n"
            "flush table ip6 {0}\n"
            "add rule ip6 {0} heard icmpv6 type nd-neighbor-solicit {1} drop\n"
            "add rule ip6 {0} said icmpv6 type nd-neighbor-advert {1} drop\n"
        ).format(name, target)
    return (
        "add table arp {0}\n"
        "add chain arp {0} heard {{ type filter hook input priority 0; policy accept; }}\n"
        "add chain arp {0} said {{ type filter hook output priority 0; policy accept; }}\n"
        "flush table arp {0}\n"
        "add rule arp {0} heard arp daddr ip {1} drop\n"
        "add rule arp {0} said arp saddr ip {1} drop\n"
    ).format(name, _ip(params))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Do it."""
    began = time.monotonic()
    result: Dict[str, Any] = APPLIES[change.params.state](change.params, change.state, system)
    return dict(result, measured=dict(result.get("measured", {}), seconds=round(time.monotonic() - began, 4)))


def _give_up(params: Params, state: State, system: System) -> Dict[str, Any]:
    """Bar it first: from then on nobody hears of the address from here. Open connections are ended."""
    if state.is_here:
        system.commands.run(["ss", "-K", "-t", "state", "established", "src", _shown(params)])
    system.files.makedirs("/etc/provisioner", 0o755)
    system.files.write(_rules_path(params), _bar(params).encode(), mode=0o644)
    _nft(_bar(params), system)
    if state.is_here:
        _run(system, "ip", "addr", "del", params.address, "dev", state.interface)
    _at_every_start(params, state, system)
    return {"is_here": False}


def _take(params: Params, state: State, system: System) -> Dict[str, Any]:
    """Take it where nobody else has it, and say so to everybody."""
    if state.is_barred:
        _nft("delete table %s %s\n" % (_family(params).barred_in, _table(params)), system)
    with _link(params, state.interface) as link:
        if not state.is_here:
            _wait_until_free(params, link)
        lasting = ["valid_lft", "forever", "preferred_lft", "forever"]
        if params.lease_s:
            lasting = ["valid_lft", "%d" % params.lease_s, "preferred_lft", "%d" % params.lease_s]
        _run(system, "ip", "addr", "replace", *_placed(params, state), *lasting)
        link.announce(_ip(params))
    if not params.lease_s:
        _at_every_start(params, state, system)
    return {"is_here": True, "lease_s": params.lease_s}


def _wait_until_free(params: Params, link: Link) -> None:
    deadline = time.monotonic() + params.wait_s
    while True:
        owner = link.owner(_ip(params), 0.06)
        if owner is None:
            return
        if time.monotonic() > deadline:
            raise Failed("%s is taken by the host with %s; it was not taken here" % (_ip(params), arp.shown(owner)))
        time.sleep(NAP_S)


def _keep(params: Params, state: State, system: System) -> Dict[str, Any]:
    forever = ["valid_lft", "forever", "preferred_lft", "forever"]
    _run(system, "ip", "addr", "replace", *_placed(params, state), *forever)
    _at_every_start(params, state, system)
    return {"is_here": True}


def _at_every_start(params: Params, state: State, system: System) -> None:
    """Link first: once the unit is what it should be, all is done."""
    path = _unit_path(params)
    system.files.makedirs(WANTS, 0o755)
    name = path.rpartition("/")[2]
    if not system.files.exists(WANTS + "/" + name):
        system.files.symlink(path, WANTS + "/" + name)
    system.files.write(path, _unit(params, state).encode(), mode=0o644)


def _hold(params: Params, state: State, system: System) -> Dict[str, Any]:
    """Let new connections wait, and each open one from the moment it is still.

    The kernel itself ends it after ``limit_s``.
    """
    name, ip = _table(params), _ip(params)
    ports = "tcp dport { %s }" % ", ".join(params.ports) if params.ports else "meta l4proto tcp"
    text = (
        "add table inet {0}\n"
        "add set inet {0} calls {{ type {4}; flags timeout; }}\n"
        "add set inet {0} still {{ type {4} . inet_service; flags timeout; }}\n"
        "add set inet {0} data {{ type {4}; flags timeout; }}\n"
        "add chain inet {0} hold {{ type filter hook input priority -10; policy accept; }}\n"
        "flush chain inet {0} hold\n"
        "add rule inet {0} hold {5} daddr @calls {1} ct state new drop\n"
        "add rule inet {0} hold {5} daddr {2} {1} {5} saddr . tcp sport @still drop\n"
        "add rule inet {0} hold {5} daddr @data {1} tcp flags & psh == psh drop\n"
        "add element inet {0} calls {{ {2} timeout {3}s }}\n"
    )
    family = _family(params)
    _nft(text.format(name, ports, ip, int(params.limit_s), family.kind, family.word), system)
    busy, held = _wait_until_still(params, system)
    if busy:
        _nft("delete table inet %s\n" % name, system)
        raise Failed("%d requests to %s are still under way after %g s; nothing is held" % (busy, ip, params.wait_s))
    return {"idle_connections": held}


def _wait_until_still(params: Params, system: System) -> Tuple[int, int]:
    """Hold and end every connection that waits for no answer, till all are; return how many are not, and how many are.

    An end in between requests is what clients are used to: they connect anew, and that waits. Those that leave no
    moment in between are sent no further request after ``GRACE_S``: such a request is lost.
    """
    held: Set[str] = set()
    begun = time.monotonic()
    deadline, is_strict = begun + params.wait_s, False
    edit = "%s element inet " + _table(params) + " still { %s }\n"
    while True:
        busy, still = _connections(params, system)
        new = still - held
        if new:
            limit = " timeout %ds" % int(params.limit_s)
            _nft(edit % ("add", ", ".join(sorted(each + limit for each in new))), system)
            held |= new
            busy, still = _connections(params, system)
            _end(params, sorted(still & held), system)
        late = held & busy  # something had arrived before it was held
        if late:
            _nft(edit % ("delete", ", ".join(sorted(late))), system)
            held -= late
        if not busy and not still - held:
            return 0, len(held)
        if time.monotonic() > deadline and busy:
            return len(busy), len(held)
        if not is_strict and time.monotonic() > begun + GRACE_S:
            is_strict = True
            what = (_table(params), _ip(params), int(params.limit_s))
            _nft("add element inet %s data { %s timeout %ds }\n" % what, system)
        time.sleep(NAP_S)


def _end(params: Params, clients: Sequence[str], system: System) -> None:
    """End connections; a kernel that cannot leaves them held, and the clients find out when the address has moved."""
    if clients:
        which = " or ".join("dst %s" % _end_of(client) for client in clients)
        system.commands.run(["ss", "-K", "-t", "state", "established", "src", _shown(params), "( %s )" % which])


def _end_of(client: str) -> str:
    address, _, port = client.partition(" . ")
    return "[%s]:%s" % (address, port) if ":" in address else "%s:%s" % (address, port)


def _connections(params: Params, system: System) -> Tuple[Set[str], Set[str]]:
    """Return the clients whose connections wait for an answer, and those whose connections are open but still.

    One waits for an answer where the last that passed came from the client, or where something is left to read or send.
    """
    out = _run(system, "ss", "-tinH", "state", "established", "src", _shown(params)).out
    busy: Set[str] = set()
    still: Set[str] = set()
    lines = out.splitlines()
    for head, detail in zip(lines[::2], lines[1::2]):
        received, sent, here, there = head.split()[:4]
        if params.ports and here.rpartition(":")[2] not in params.ports:
            continue
        address, _, port = there.rpartition(":")
        client = "%s . %s" % (address.strip("[]").replace("::ffff:", ""), port)
        is_busy = received != "0" or sent != "0" or _waits_for_an_answer(detail)
        (busy if is_busy else still).add(client)
    return busy, still


def _waits_for_an_answer(detail: str) -> bool:
    """Tell it by what passed last; the kernel's clock is coarse, so where both did at once only time tells."""
    received, sent = _number(detail, "lastrcv"), _number(detail, "lastsnd")
    if _number(detail, "data_segs_out") == 0:
        return _number(detail, "data_segs_in") > 0 or received < TOGETHER_MS
    return received < sent or (received - sent < CLOCK_MS and received < TOGETHER_MS)


def _number(detail: str, word: str) -> int:
    found = re.search(r"\b%s:(\d+)" % word, detail)
    return int(found.group(1)) if found else 0


def _release(params: Params, state: State, system: System) -> Dict[str, Any]:
    _nft("delete table inet %s\n" % _table(params), system)
    return {}


def _nft(text: str, system: System) -> None:
    _run(system, "nft", "-f", "-", stdin=text.encode())


APPLIES = {"absent": _give_up, "present": _take, "kept": _keep, "held": _hold, "released": _release}

RETURNS = """
is_here: Whether this host has the address.
configured_in: Files of the host's network configuration that name it.
idle_connections: held: connections that were open but still; they were ended, their clients connect anew.
interface: Where the address belongs.
measured: Seconds it took.
"""

EXAMPLES = """
- name: The old server gives the address up
  address_move:
    address: 10.0.0.80/24
    state: absent
- name: The new one takes it, for a minute unless that is confirmed
  address_move:
    address: 10.0.0.80/24
    state: present
    lease_s: 60
"""
