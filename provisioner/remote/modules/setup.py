"""Gather facts about the host."""

import fnmatch
import itertools
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from ..change import Change, Failed, Traits
from ..facts import (
    apparmor,
    capabilities,
    chroot,
    cmdline,
    date_time,
    devices,
    distribution,
    dmi,
    dns,
    env,
    fips,
    loadavg,
    local,
    lsb,
    lvm,
    memory,
    mounts,
    network,
    pkg_mgr,
    platform,
    processor,
    python,
    selinux,
    service_mgr,
    ssh_host_keys,
    storage_names,
    systemd,
    user,
    virtual,
)
from ..params import Parameters, optional
from ..patience import Outcome, one_by_one
from ..system import System

TRAITS = Traits()
COLLECTORS: Tuple[Any, ...] = (
    apparmor,
    capabilities,
    chroot,
    cmdline,
    date_time,
    devices,
    distribution,
    dmi,
    dns,
    env,
    fips,
    loadavg,
    local,
    lsb,
    lvm,
    memory,
    mounts,
    network,
    pkg_mgr,
    platform,
    processor,
    python,
    selinux,
    service_mgr,
    ssh_host_keys,
    storage_names,
    systemd,
    user,
    virtual,
)
"""Every file of the facts folder: what a module imports is what travels to the host (a test compares the two)."""
TOGETHER = ("all", "min")
NEEDS = {"network": {"platform", "distribution"}, "hardware": {"platform"}, "virtual": {"platform"}}
"""What comes along with a subset that is asked for by name."""
ELSEWHERE = ("facter", "ohai", "systemd", "fibre_channel_wwn", "hostnqn")
ALSO = {"nvme": "hostnqn"}
"""Names of subsets that are none of ours, and the fact they stand for."""


class Params(Parameters):
    """Which facts to gather, and which of them to answer with."""

    gather_subset: List[str] = optional(
        "list", "Subsets or single facts; ! leaves one out; all, min and their negation.", ("all",), elements="str"
    )
    gather_timeout: int = optional(
        "int", "Seconds each source of facts, and each file system, may take before it is given up; 0: for ever.", 10
    )
    filter: List[str] = optional("list", "Only facts whose name fits one of these shell patterns.", (), elements="str")
    fact_path: str = optional("path", "Where the host's own *.fact files lie.", "/etc/ansible/facts.d")


State = Dict[str, Any]


def inspect(params: Params, system: System) -> Dict[str, Any]:
    """Run the collectors asked for; one that fails is named in a warning and costs nobody else anything."""
    known = [(each.SUBSET, each.FACTS, each.MINIMAL) for each in COLLECTORS]
    wanted = select(list(params.gather_subset), known)
    system.memory.update(fact_path=params.fact_path, gather_timeout=params.gather_timeout)
    found: Dict[str, Any] = {}
    warnings = []
    chosen = [each for each in COLLECTORS if each.SUBSET in wanted]
    for each, outcome in zip(chosen, _outcomes(chosen, params.gather_timeout, system)):
        name = each.__name__.rpartition(".")[2]
        if outcome.is_given_up:
            warnings.append("No %s facts were gathered due to timeout: %d seconds" % (name, params.gather_timeout))
            continue
        try:
            found.update(outcome.get())
        except (OSError, ValueError, LookupError) as error:
            warnings.append("not gathered: %s: %s: %s" % (each.SUBSET, type(error).__name__, error))
    return {"facts": found, "warnings": warnings}


def _outcomes(collectors: List[Any], timeout_s: int, system: System) -> Iterator[Outcome]:
    """Yield what becomes of each collector; one that watches the time itself is left to do so."""
    rest = list(collectors)
    while rest:
        watched = list(itertools.takewhile(lambda each: not hasattr(each, "WAITS_ITSELF"), rest))
        yield from one_by_one([_collecting(each, system) for each in watched], timeout_s)
        yield from one_by_one([_collecting(each, system) for each in rest[len(watched) : len(watched) + 1]], None)
        rest = rest[len(watched) + 1 :]


def _collecting(collector: Any, system: System) -> Callable[[], Dict[str, Any]]:
    return lambda: dict(collector.collect(system))


def plan(params: Params, state: Dict[str, Any]) -> Change:
    """Name and filter what was found; nothing ever changes."""
    named = {"ansible_" + name: value for name, value in state["facts"].items()}
    named.update(gather_subset=list(params.gather_subset), module_setup=True)
    patterns = [pattern for pattern in params.filter if pattern]
    if patterns:
        named = {name: value for name, value in named.items() if _fits(name, patterns)}
    result: Dict[str, Any] = {"ansible_facts": named}
    if state["warnings"]:
        result["warnings"] = state["warnings"]
    return Change(False, result=result)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Nothing to do."""
    return None


def _fits(name: str, patterns: List[str]) -> bool:
    bare = name[len("ansible_") :] if name.startswith("ansible_") else name
    return any(fnmatch.fnmatchcase(name, p) or fnmatch.fnmatchcase(bare, p) for p in patterns)


Known = List[Tuple[str, Tuple[str, ...], bool]]


def _by_name(known: Known) -> Dict[str, Set[str]]:
    found: Dict[str, Set[str]] = {name: set() for name in ELSEWHERE}
    found["all"] = {subset for subset, _, _ in known}
    found["min"] = {subset for subset, _, minimal in known if minimal}
    for subset, facts, _ in known:
        for name in (subset, *facts):
            found.setdefault(name, set()).add(subset)
    found.update((name, found[fact]) for name, fact in ALSO.items())
    return found


def select(asked: List[str], known: Known) -> Set[str]:
    """Return the subsets that ``gather_subset`` asks for; a word nobody knows fails."""
    by_name = _by_name(known)
    for word in asked:
        if not word.startswith("!") and word.strip() not in by_name:
            choices = ", ".join(sorted(by_name))
            raise Failed("Bad subset '%s' given to Ansible. gather_subset options allowed: %s" % (word, choices))
    wanted = {word.strip() for word in asked if not word.startswith("!")}
    unwanted = {word[1:].strip() for word in asked if word.startswith("!")}
    everything = ("all" in wanted or not asked) and "all" not in unwanted
    base = by_name["all"] if everything else by_name["min"]
    removed = _union(by_name.get(word, set()) for word in unwanted if word != "all")
    named = _union(by_name[word] for word in wanted if word not in TOGETHER)
    return (base - removed) | named | _union(NEEDS.get(subset, set()) for subset in named)


def _union(sets: Iterable[Set[str]]) -> Set[str]:
    joined: Set[str] = set()
    return joined.union(*sets)


RETURNS = """
ansible_facts: The facts, each with ansible_ before its name.
"""

EXAMPLES = """
- name: Only the smallest set and the network
  setup:
    gather_subset: ["!all", network]
- name: Only names that begin with distribution
  setup:
    filter: ["ansible_distribution*"]
"""
