"""Manage rules, chains and policies of the kernel's packet filter."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(locks=("iptables",))
LEVELS = ("0", "1", "2", "3", "4", "5", "6", "7", *"emerg alert crit error warning notice info debug".split())
DIRECTIONS = ("src", "dst", "src,dst", "dst,src", "dst,dst", "src,src")
MOST_COPIES = 100


class Flags(Parameters):
    """Which TCP flags are looked at, and which of these must be set."""

    flags: List[str] = optional("list", "Those looked at.", (), elements="str")
    flags_set: List[str] = optional("list", "Those that must be set.", (), elements="str")


class Params(Parameters):
    """A value that begins with ``!`` stands for everything else; what is set lasts until the next start."""

    table: str = optional("str", "The table.", "filter", choices=("filter", "nat", "mangle", "raw", "security"))
    state: str = optional("str", "Whether the rule is there.", "present", choices=("absent", "present"))
    action: str = optional("str", "Where a new rule goes.", "append", choices=("append", "insert"))
    rule_num: Optional[str] = optional("str", "The number it is inserted at.")
    ip_version: str = optional("str", "For which of the two protocols.", "ipv4", choices=("ipv4", "ipv6"))
    chain: Optional[str] = optional("str", "The chain.")
    chain_management: bool = optional("bool", "Make a chain that is missing; remove it where no rule is named.", False)
    flush: bool = optional("bool", "Remove all rules of the chain, or of the table.", False)
    policy: Optional[str] = optional(
        "str", "What becomes of what no rule decides.", choices=("ACCEPT", "DROP", "QUEUE", "RETURN")
    )
    numeric: bool = optional("bool", "Accepted; addresses are never looked up.", False)
    wait: Optional[str] = optional("str", "How long to wait for another one's lock, in seconds.")
    protocol: Optional[str] = optional("str", "Protocol.")
    source: Optional[str] = optional("str", "Source address.")
    destination: Optional[str] = optional("str", "Destination address.")
    tcp_flags: Optional[Flags] = optional("dict", "TCP flags.", options=Flags)
    match: List[str] = optional("list", "Match modules.", (), elements="str")
    jump: Optional[str] = optional("str", "The target.")
    gateway: Optional[str] = optional("str", "Where a copy goes; needs jump TEE.")
    log_prefix: Optional[str] = optional("str", "What a log line begins with; means jump LOG.")
    log_level: Optional[str] = optional("str", "How the line is logged; means jump LOG.", choices=LEVELS)
    goto: Optional[str] = optional("str", "The chain to go on in.")
    in_interface: Optional[str] = optional("str", "Interface it comes in by.")
    out_interface: Optional[str] = optional("str", "Interface it leaves by.")
    fragment: Optional[str] = optional("str", "For fragments but the first.")
    set_counters: Optional[str] = optional("str", "Packets and bytes to begin counting with.")
    source_port: Optional[str] = optional("str", "Source port or first:last.")
    destination_port: Optional[str] = optional("str", "Destination port or first:last.")
    destination_ports: List[str] = optional("list", "Several destination ports.", (), elements="str")
    to_ports: Optional[str] = optional("str", "Ports to redirect to.")
    to_destination: Optional[str] = optional("str", "Address of DNAT.")
    to_source: Optional[str] = optional("str", "Address of SNAT.")
    syn: str = optional("str", "For packets that open a connection.", "ignore", choices=("ignore", "match", "negate"))
    set_dscp_mark: Optional[str] = optional("str", "Mark of the header, as a number.")
    set_dscp_mark_class: Optional[str] = optional("str", "Mark of the header, as a class.")
    comment: Optional[str] = optional("str", "A comment on the rule.")
    ctstate: List[str] = optional("list", "States of the connection.", (), elements="str")
    src_range: Optional[str] = optional("str", "Source addresses from-to.")
    dst_range: Optional[str] = optional("str", "Destination addresses from-to.")
    match_set: Optional[str] = optional("str", "A set of addresses.")
    match_set_flags: Optional[str] = optional("str", "What is looked up in it.", choices=DIRECTIONS)
    limit: Optional[str] = optional("str", "Most matches per second, minute, ...")
    limit_burst: Optional[str] = optional("str", "Matches before the limit counts.")
    uid_owner: Optional[str] = optional("str", "User who sends it.")
    gid_owner: Optional[str] = optional("str", "Group that sends it.")
    reject_with: Optional[str] = optional("str", "The answer; means jump REJECT.")
    icmp_type: Optional[str] = optional("str", "Kind of ICMP message.")
    rules = (mutually_exclusive("set_dscp_mark", "set_dscp_mark_class"), mutually_exclusive("flush", "policy"))


class State(NamedTuple):
    """What the kernel says: is the rule there, the policy, are there rules at all, is the chain there."""

    has_rule: bool = False
    policy: str = ""
    has_rules: bool = False
    has_chain: bool = True


def inspect(params: Params, system: System) -> State:
    """Ask for what matters here."""
    _check(params)
    asked = params.flush or params.policy is not None or params.chain_management
    if not asked:
        return State(_has_rule(params, system))
    where = [params.chain] if params.chain else []
    done = system.commands.run([*_program(params), "-S", *where], env=PLAIN)
    if done.rc in (2, 3, 4, 126, 127) and "does not exist" not in done.err and "No chain" not in done.err:
        raise Failed((done.err or done.out).strip(), rc=done.rc)
    lines = done.out.splitlines()
    policy = next((line.split()[2] for line in lines if line.startswith("-P ")), "")
    state = State(False, policy, any(line.startswith("-A ") for line in lines), done.rc == 0)
    return state._replace(has_rule=_has_rule(params, system)) if _rule(params) and state.has_chain else state


def _check(params: Params) -> None:
    if params.chain is None and not params.flush:
        raise Failed("flush is False but all of the following are missing: chain")
    if params.jump == "TEE" and params.gateway is None:
        raise Failed("jump is TEE but all of the following are missing: gateway")
    if params.match_set and not params.match_set_flags:
        raise Failed("missing parameter(s) required by 'match_set': match_set_flags")
    if (params.set_dscp_mark or params.set_dscp_mark_class) and (params.jump or "").upper() != "DSCP":
        raise Failed("set_dscp_mark and set_dscp_mark_class need jump DSCP")
    if (params.log_prefix or params.log_level) and params.jump not in (None, "LOG"):
        raise Failed("Logging options can only be used with the LOG jump target.")


def _program(params: Params) -> List[str]:
    return ["iptables" if params.ip_version == "ipv4" else "ip6tables", "-t", params.table]


def _has_rule(params: Params, system: System) -> bool:
    done = system.commands.run([*_program(params), "-C", params.chain or "", *_rule(params)], env=PLAIN)
    if done.rc == 127 or "Permission denied" in done.err:
        raise Failed((done.err or done.out).strip(), rc=done.rc)
    return done.rc == 0


def _rule(params: Params) -> List[str]:
    """Return the rule's words, in the one order that rules made by Ansible have too."""
    words: List[str] = []
    for option, value in _first(params):
        words += _words(option, value)
    for option, value in _second(params):
        words += _words(option, value)
    return words


Option = Tuple[str, Optional[str]]


def _first(params: Params) -> List[Option]:
    jump = params.jump
    if jump is None:
        jump = "LOG" if params.log_prefix or params.log_level else "REJECT" if params.reject_with else None
    flags = params.tcp_flags
    both = " ".join((",".join(flags.flags), ",".join(flags.flags_set))) if flags else None
    return [
        ("-w", params.wait),
        ("-p", params.protocol),
        ("-s", params.source),
        ("-d", params.destination),
        *(("-m", each) for each in params.match),
        ("--tcp-flags", both),
        ("-j", jump),
        ("--gateway", params.gateway if (jump or "").upper() == "TEE" else None),
        ("--log-prefix", params.log_prefix),
        ("--log-level", params.log_level),
        ("--to-destination", params.to_destination),
        *_module("multiport", params, ("--dports", ",".join(params.destination_ports) or None)),
        ("--to-source", params.to_source),
        ("-g", params.goto),
        ("-i", params.in_interface),
        ("-o", params.out_interface),
        ("-f", params.fragment),
        ("-c", params.set_counters),
        ("--source-port", params.source_port),
        ("--destination-port", params.destination_port),
        ("--to-ports", params.to_ports),
    ]


def _second(params: Params) -> List[Option]:
    syn = {"match": "", "negate": "!"}.get(params.syn)
    return [
        ("--set-dscp", params.set_dscp_mark),
        ("--set-dscp-class", params.set_dscp_mark_class),
        ("--syn", syn),
        *_module("conntrack", params, ("--ctstate", ",".join(params.ctstate) or None)),
        *_module("iprange", params, ("--src-range", params.src_range), ("--dst-range", params.dst_range)),
        *_module("set", params, ("--match-set", _set(params))),
        *_module("limit", params, ("--limit", params.limit), ("--limit-burst", params.limit_burst)),
        *_module("owner", params, ("--uid-owner", params.uid_owner)),
        *_module("owner", params, ("--gid-owner", params.gid_owner)),
        ("--reject-with", params.reject_with),
        ("--icmp-type" if params.ip_version == "ipv4" else "--icmpv6-type", params.icmp_type),
        *_module("comment", params, ("--comment", params.comment)),
    ]


def _set(params: Params) -> Optional[str]:
    return None if params.match_set is None else "%s %s" % (params.match_set, params.match_set_flags)


def _module(name: str, params: Params, *options: Option) -> List[Option]:
    """Return options with the match module they need before them, unless ``match`` names it already."""
    if all(value is None for _, value in options):
        return []
    return [*([] if name in params.match else [("-m", name)]), *options]


def _words(option: str, value: Optional[str]) -> List[str]:
    if value is None:
        return []
    negated = value.startswith("!") and option not in ("--comment", "--log-prefix")
    value = value[1:].strip() if negated else value
    pairs = option in ("--tcp-flags", "--match-set", "-c")
    return [*(["!"] if negated else []), option, *(value.split() if pairs else [value] if value else [])]


def plan(params: Params, state: State) -> Change:
    """Decide which calls are needed."""
    rule = _rule(params)
    result: Dict[str, Any] = {
        key: getattr(params, key) for key in ("ip_version", "table", "chain", "flush", "state", "chain_management")
    }
    result["rule"] = " ".join(rule)
    if params.policy is not None:
        result["policy"] = params.policy
    calls = _calls(params, state, rule)
    if not calls:
        return Change(False, calls, result)
    shown = " ".join(calls[-1]) + "\n"
    gone = calls[-1][0] in ("-D", "-X", "-F")
    return Change(True, calls, result, {"before": shown if gone else "", "after": "" if gone else shown})


def _calls(params: Params, state: State, rule: List[str]) -> List[List[str]]:
    present, chain = params.state == "present", params.chain or ""
    if params.flush:
        return [["-F", *([chain] if chain else [])]] if state.has_rules else []
    if params.policy is not None:
        if not state.policy:
            raise Failed("Can't detect current policy: %s is no built-in chain" % chain)
        return [["-P", chain, params.policy]] if state.policy != params.policy else []
    if params.chain_management and not rule:
        return [["-N" if present else "-X", chain]] if state.has_chain != present else []
    calls = [["-N", chain]] if params.chain_management and not state.has_chain and present else []
    return [*calls, _edit(params, rule)] if state.has_rule != present else calls


def _edit(params: Params, rule: List[str]) -> List[str]:
    chain = params.chain or ""
    if params.state == "absent":
        return ["-D", chain, *rule]
    number = [params.rule_num] if params.action == "insert" and params.rule_num else []
    return ["-I" if params.action == "insert" else "-A", chain, *number, *rule]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make the calls; a rule that is there twice is removed twice."""
    params = change.params
    for words in change.todo:
        for _ in range(MOST_COPIES):
            done = system.commands.run([*_program(params), *words], env=PLAIN)
            if done.rc != 0:
                raise Failed((done.err or done.out).strip(), rc=done.rc, cmd=[*_program(params), *words])
            if words[0] != "-D" or not _has_rule(params, system):
                break
    return None


RETURNS = """
ip_version: As given.
table: As given.
chain: As given.
flush: As given.
rule: The rule in words of iptables.
state: What is there now, or what was asked for.
chain_management: As given.
policy: The policy asked for.
"""

EXAMPLES = """
- name: Answers are let in
  iptables:
    chain: INPUT
    ctstate: [ESTABLISHED, RELATED]
    jump: ACCEPT
- name: And web pages asked for
  iptables:
    chain: INPUT
    protocol: tcp
    destination_ports: ["80", "443"]
    jump: ACCEPT
    comment: web
- name: Nothing else
  iptables:
    chain: INPUT
    policy: DROP
"""
