"""Add repositories of SUSE Linux, or remove them.

The program zypper does the work. Tested with zypper on Debian, not on SUSE Linux.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional
from xml.etree import ElementTree

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required_one_of
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits(reach="others", locks=("zypper",))


class Params(Parameters):
    """The repository."""

    name: Optional[str] = optional("str", "Its alias.")
    repo: Optional[str] = optional("str", "Its address, or that of a .repo file.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    description: Optional[str] = optional("str", "Its name in words.")
    disable_gpg_check: bool = optional("bool", "Do not look at signatures.", False)
    autorefresh: bool = optional("bool", "Fetch its lists by itself.", True, aliases=("refresh",))
    priority: Optional[int] = optional("int", "Its priority; a lower number wins.")
    overwrite_multiple: bool = optional("bool", "Replace several that fit.", False)
    auto_import_keys: bool = optional("bool", "Trust its key.", False)
    runrefresh: bool = optional("bool", "Fetch its lists now.", False)
    enabled: bool = optional("bool", "Whether it is used.", True)
    rules = (required_one_of("name", "repo"),)


class State(NamedTuple):
    """The repositories that have this alias or address."""

    found: List[Dict[str, str]]


def inspect(params: Params, system: System) -> State:
    """Ask zypper."""
    done = system.commands.run(["zypper", "--quiet", "--non-interactive", "--xmlout", "repos"], env=PLAIN)
    if done.rc == 127:
        raise Failed("Failed to find required executable zypper")
    if done.rc not in (0, 6):
        raise Failed("zypper failed: %s" % (done.err or done.out).strip(), rc=done.rc)
    try:
        listed = ElementTree.fromstring(done.out).iter("repo") if done.rc == 0 else []  # noqa: S314 - zypper's own words
    except ElementTree.ParseError as error:
        raise Failed("zypper's list cannot be read: %s" % error) from None
    found = []
    for each in listed:
        url = _address((each.findtext("url") or "").strip())
        named = params.name is not None and each.get("alias") == params.name
        at = params.repo is not None and not params.repo.endswith(".repo") and url == _address(params.repo)
        if named or at:
            found.append(dict(each.attrib, url=url))
    return State(found)


def _address(url: str) -> str:
    """Return an address as zypper lists it, which writes those of this host with one slash: dir:/srv."""
    return re.sub(r"^(cd|dir|dvd|file|hd|iso):/+", r"\1:/", url).rstrip("/")


def plan(params: Params, state: State) -> Change:
    """Compare."""
    result = {"repodata": {"alias": params.name, "url": params.repo}, "state": params.state}
    if params.state == "absent":
        todo = [["removerepo", each["alias"]] for each in state.found]
    elif len(state.found) == 1 and _is_same(params, state.found[0]):
        todo = []
    else:
        if len(state.found) > 1 and not params.overwrite_multiple:
            raise Failed("More than one repo matched; use overwrite_multiple to replace them")
        todo = [["removerepo", each["alias"]] for each in state.found] + [_added(params)]
    refresh = _refreshed(params)
    if not todo and not refresh:
        return Change(False, result=result)
    before = "".join("%s %s\n" % (each["alias"], each["url"]) for each in state.found)
    diff = {"before": before, "after": "".join(" ".join(each) + "\n" for each in todo)}
    return Change(bool(todo), todo + refresh, result, diff)


def _refreshed(params: Params) -> List[List[str]]:
    if not params.runrefresh or params.state != "present":
        return []
    keys = ["--gpg-auto-import-keys"] if params.auto_import_keys else []
    return [[*keys, "refresh", *([params.name] if params.name else [])]]


def _is_same(params: Params, now: Dict[str, str]) -> bool:
    wanted = {
        "enabled": "1" if params.enabled else "0",
        "autorefresh": "1" if params.autorefresh else "0",
        "gpgcheck": "0" if params.disable_gpg_check else "1",
        "priority": None if params.priority is None else str(params.priority),
        "alias": params.name,
        "name": params.description,
        "url": None if params.repo is None or params.repo.endswith(".repo") else _address(params.repo),
    }
    defaults = {"priority": "99", "gpgcheck": "1"}
    return all(value is None or now.get(key, defaults.get(key)) == value for key, value in wanted.items())


def _added(params: Params) -> List[str]:
    if params.repo is None:
        raise Failed("Module option state=present requires repo")
    if params.name is None and not params.repo.endswith(".repo"):
        raise Failed("Name required when adding non-repo files.")
    words = ["addrepo"]
    words.append("--no-gpgcheck" if params.disable_gpg_check else "--gpgcheck")
    words += ["--disable"] if not params.enabled else []
    words += ["--refresh"] if params.autorefresh else []
    words += ["--priority", str(params.priority)] if params.priority is not None else []
    words += ["--name", params.description] if params.description else []
    return [*words, params.repo, *([params.name] if params.name and not params.repo.endswith(".repo") else [])]


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run zypper."""
    for number, words in enumerate(change.todo):
        done = system.commands.run(["zypper", "--quiet", "--non-interactive", *words], env=PLAIN)
        if done.rc != 0:
            raise Failed("zypper failed: %s" % (done.err or done.out).strip(), rc=done.rc, changed=number > 0)
    return None


RETURNS = """
repodata: The repository.
state: What was asked for.
"""

EXAMPLES = """
- name: Newer builds
  zypper_repository:
    name: server-http
    repo: https://download.example.org/server-http/
"""
