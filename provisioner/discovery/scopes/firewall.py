"""Packet filters as the kernel has them: nftables, or iptables where there is no nft. Counters are left out."""

from __future__ import annotations

import re

from provisioner.discovery.judging import Difference, Kind, Rule, Severity, Verdict, extra_is_informative
from provisioner.discovery.sections import Finding, Sections, texts
from provisioner.discovery.snapshot import Item

PROBE = r"""
if ! is_root; then nothing 'only root may see packet filters'; return 0; fi
done_any=
if have nft; then
  section nft
  if limited 5 nft -s list ruleset 2>/dev/null || limited 5 nft list ruleset; then done_any=1; else
    partly 'nft does not tell its rules'; fi
fi
for each in iptables ip6tables; do
  legacy=$each-legacy-save; have $legacy || legacy=$each-save
  if have $legacy && { [ -z "$done_any" ] || [ "$legacy" = "$each-legacy-save" ]; }; then
    section $each
    if limited 5 $legacy 2>/dev/null; then done_any=1; fi
  fi
done
[ -n "$done_any" ] || nothing 'neither nft nor iptables is there, or they do not tell their rules'
"""
COUNTER = re.compile(r"\s*(?:\bcounter packets \d+ bytes \d+|# handle \d+)")
RULES: tuple[Rule, ...] = (extra_is_informative("more than the old server has"),)


def judge(difference: Difference, _old: Item, new: Item) -> Verdict:
    """A filter that the old server does not have may keep out what has to come in."""
    rules = texts(new.get("rules"))
    if difference.kind is Kind.EXTRA and (any("hook" in str(rule) for rule in rules) or new.get("policy") == "DROP"):
        return Severity.BLOCKING, "filters packets that the old server lets through"
    return None


def read(said: Sections) -> Finding:
    """Return an item for each chain and set, its rules in order."""
    items: dict[str, Item] = {}
    _nft(said, items)
    for tool in ("iptables", "ip6tables"):
        _saved(said, tool, items)
    return Finding(items)


def _nft(said: Sections, items: dict[str, Item]) -> None:
    table, block, rules = "", "", list[str]()
    for line in said.lines("nft"):
        text = " ".join(COUNTER.sub("", line).split())
        if match := re.fullmatch(r"table (\S+ \S+) \{", text):
            table = match.group(1)
        elif not block and (
            match := re.fullmatch(r"((?:chain|set|map|flowtable|ct \w+|counter|quota|limit) \S+) \{", text)
        ):
            block, rules = f"nft {table} {match.group(1)}", []
        elif text == "}" and block:
            items[block] = {"rules": list(rules)}
            block = ""
        elif block and text:
            rules.append(text)


def _saved(said: Sections, tool: str, items: dict[str, Item]) -> None:
    table = ""
    chains: dict[str, tuple[str, list[str]]] = {}
    for line in said.lines(tool):
        if line.startswith("*"):
            table = line[1:].strip()
        elif match := re.match(r":(\S+) (\S+)", line):
            chains[f"{tool} {table} {match.group(1)}"] = (match.group(2).strip("-"), [])
        elif match := re.match(r"(?:\[\d+:\d+\] )?-A (\S+) (.*)", line):
            chains.setdefault(f"{tool} {table} {match.group(1)}", ("", []))[1].append(match.group(2))
    for key, (policy, rules) in chains.items():
        if rules or policy not in ("", "ACCEPT"):
            items[key] = {"policy": policy, "rules": list(rules)}
