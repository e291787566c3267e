"""What the modules dnf and dnf5 share: what rpm's database says of the wishes, and which calls fulfil them."""

import fnmatch
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .change import Change, Failed
from .params import Parameters, optional
from .running import forward
from .system import System
from .system.commands import PLAIN, Completed

FORMAT = "%{NAME} %{EPOCHNUM} %{VERSION} %{RELEASE} %{ARCH}\\n"
UPDATE = re.compile(r"^(\S+)\.(\w+)\s+(\S+)\s+(\S+)\s*$")
SAME = {"installed": "present", "removed": "absent"}
UNKNOWN_GROUP = re.compile(r"^Module or Group '(.+)' is not available", re.M)
HAS_UPDATES = 100
WITH_VERSION = re.compile(r"^(.+?)\s*(>=|<=|=|>|<)\s*(\S+)$")


class DnfParameters(Parameters):
    """Packages, groups (@name), files and addresses; what rpm's database answers never starts dnf."""

    name: List[str] = optional(
        "list", "name, name-1.2*, name >= 1.2, name.arch, @group, a file, an address, or *.", (), elements="str",
        aliases=("pkg",),
    )  # fmt: skip
    state: Optional[str] = optional(
        "str", "What is wanted; present if not given, absent with autoremove.",
        choices=("absent", "present", "installed", "removed", "latest"),
    )  # fmt: skip
    list_: Optional[str] = optional("str", "Only tell: installed, updates, available, repos, or a package.")
    autoremove: bool = optional("bool", "Remove dependencies nothing needs any more.", False)
    allow_downgrade: bool = optional("bool", "Accept an older version than the installed one.", False)
    allowerasing: bool = optional("bool", "Remove packages that are in the way.", False)
    best: Optional[bool] = optional("bool", "Only the newest version will do.")
    nobest: Optional[bool] = optional("bool", "An older version will do; the opposite of best.")
    bugfix: bool = optional("bool", "With state latest: only updates that fix bugs.", False)
    security: bool = optional("bool", "With state latest: only updates for security.", False)
    cacheonly: bool = optional("bool", "Use the metadata that is there.", False)
    conf_file: Optional[str] = optional("str", "dnf's configuration file.")
    disable_excludes: Optional[str] = optional("str", "Do not heed excludes: all, main, or a repository.")
    disable_gpg_check: bool = optional("bool", "Accept packages without a good signature.", False)
    disable_plugin: List[str] = optional("list", "Plugins not to use.", (), elements="str")
    enable_plugin: List[str] = optional("list", "Plugins to use.", (), elements="str")
    disablerepo: List[str] = optional("list", "Repositories not to use.", (), elements="str")
    enablerepo: List[str] = optional("list", "Repositories to use.", (), elements="str")
    exclude: List[str] = optional("list", "Packages to leave alone.", (), elements="str")
    download_only: bool = optional("bool", "Fetch, do not install.", False)
    download_dir: Optional[str] = optional("str", "Where to, with download_only.")
    install_repoquery: bool = optional("bool", "Accepted; nothing is needed.", True)
    install_weak_deps: bool = optional("bool", "Install weak dependencies too.", True)
    installroot: str = optional("str", "The system to work on.", "/")
    lock_timeout: int = optional("int", "Accepted; dnf waits for its lock.", 30)
    releasever: Optional[str] = optional("str", "The release to take packages of.")
    skip_broken: bool = optional("bool", "Leave out what cannot be installed.", False)
    sslverify: bool = optional("bool", "Check certificates of repositories.", True)
    validate_certs: bool = optional("bool", "Check the certificate of an address in name.", True)
    update_cache: bool = optional("bool", "Fetch metadata first.", False, aliases=("expire-cache",))
    update_only: bool = optional("bool", "With state latest: do not install what is not there.", False)


class Installed(NamedTuple):
    """One package in rpm's database."""

    name: str
    epoch: str
    version: str
    release: str
    arch: str

    def nevra(self) -> str:
        """Return the full name."""
        return "%s-%s:%s-%s.%s" % self


class DnfState(NamedTuple):
    """The calls that remain, what they are about, and what was asked for only to be told."""

    program: str
    calls: Tuple[Tuple[str, ...], ...] = ()
    about: Tuple[str, ...] = ()
    told: Optional[List[Dict[str, Any]]] = None


def look(params: Any, system: System, program: str) -> DnfState:
    """Compare rpm's database with the wishes; ask dnf only about what that cannot answer."""
    if system.commands.which(program) is None:
        raise Failed("there is no program %s on this host" % program)
    if params.list_ is not None:
        return DnfState(program, told=_listing(params, system, program))
    state = SAME.get(params.state or "", params.state) or ("absent" if params.autoremove else "present")
    if not params.name and not params.autoremove and not params.update_cache:
        raise Failed("one of the following is required: name, list, update_cache, autoremove")
    if state == "absent":
        return _removal(params, system, program)
    if not params.name:
        return DnfState(program)
    return _installation(params, system, program, state)


def _removal(params: Any, system: System, program: str) -> DnfState:
    here = _installed(params, system)
    gone = sorted({each.name for wish in params.name for each in here if _is_it(wish, each)})
    groups = [wish for wish in params.name if wish.startswith("@")]
    if gone or groups:
        keep = [] if params.autoremove else ["--setopt=clean_requirements_on_remove=False"]
        return DnfState(program, ((*keep, "remove", *gone, *groups),), tuple("Removed: %s" % each for each in gone))
    if params.autoremove and not params.name:
        done = _ask(params, system, program, ["autoremove"])
        return DnfState(program, () if "Nothing to do" in done.out + done.err else (("autoremove",),), ("autoremove",))
    return DnfState(program)


def _installation(params: Any, system: System, program: str, state: str) -> DnfState:
    here = _installed(params, system)
    missing = [wish for wish in params.name if not any(_is_it(wish, each) for each in here)]
    calls: List[Tuple[str, ...]] = []
    new = _to_install(params, system, program, missing)
    about = list(new)
    if new and not (state == "latest" and params.update_only):
        calls.append(("install", *new))
    there = [wish for wish in params.name if wish not in missing or wish == "*"]
    if state == "latest" and there:
        updates = _updates(params, system, program, there)
        about += updates
        if updates:
            calls.append(("upgrade", *([] if "*" in there else there)))
    return DnfState(program, tuple(calls), tuple("Installed: %s" % each for each in about))


def _to_install(params: Any, system: System, program: str, missing: List[str]) -> List[str]:
    """Return what of the wishes is to be installed; about groups, files and patterns dnf has the say."""
    plain = [wish for wish in missing if not _is_vague(wish)]
    vague = [wish for wish in missing if _is_vague(wish) and wish != "*"]
    if vague:
        done = _ask(params, system, program, ["install", *vague])
        unknown = UNKNOWN_GROUP.findall(done.out + done.err)
        if unknown:
            raise Failed("No group %s available." % unknown[0], rc=1, results=[])
        if "Nothing to do" not in done.out + done.err:
            plain += vague
    return plain


def _is_vague(wish: str) -> bool:
    """Tell whether rpm's database alone cannot say that the wish is fulfilled."""
    return wish.startswith("@") or "/" in wish or "*" in wish


def _is_it(wish: str, package: Installed) -> bool:
    """Tell whether an installed package is what the wish names."""
    versioned = WITH_VERSION.match(wish)
    if versioned:
        name, operator, version = versioned.groups()
        here = "%s-%s" % (package.version, package.release) if "-" in version else package.version
        order = compare(here, version.rpartition(":")[2])
        fits = {"=": order == 0, ">=": order >= 0, "<=": order <= 0, ">": order > 0, "<": order < 0}
        return name == package.name and fits[operator]
    base, full = package.name, "%s-%s-%s" % (package.name, package.version, package.release)
    forms = (base, "%s-%s" % (base, package.version), full)
    return any(fnmatch.fnmatchcase(form + tail, wish) for form in forms for tail in ("", "." + package.arch))


def compare(left: str, right: str) -> int:
    """Compare two versions as rpm does: digits as numbers, letters as text, ``~`` before all else."""
    ones, others = (re.findall(r"\d+|[A-Za-z]+|~|\^", text) for text in (left, right))
    for one, other in zip(ones, others):
        order = _compare_parts(one, other)
        if order:
            return order
    rest = ones[len(others) :] or others[len(ones) :]
    if not rest:
        return 0
    longer = 1 if len(ones) > len(others) else -1
    return -longer if rest[0] == "~" else longer


def _compare_parts(one: str, other: str) -> int:
    if "~" in (one, other):
        return (other == "~") - (one == "~")
    if one.isdigit() and other.isdigit():
        return (int(one) > int(other)) - (int(one) < int(other))
    if one.isdigit() or other.isdigit():
        return 1 if one.isdigit() else -1
    return (one > other) - (one < other)


def _installed(params: Any, system: System) -> List[Installed]:
    root = ["--root", params.installroot] if params.installroot != "/" else []
    done = system.commands.run(["rpm", *root, "-qa", "--qf", FORMAT], env=PLAIN)
    if done.rc != 0:
        raise Failed("rpm cannot list its packages: %s" % (done.err or done.out).strip(), rc=done.rc)
    return [Installed(*line.split()) for line in done.out.splitlines() if line.count(" ") == 4]


def _options(params: Any) -> List[str]:
    words = ["-y", "-q"]
    for option, values in (
        ("--disablerepo", params.disablerepo),
        ("--enablerepo", params.enablerepo),
        ("--exclude", params.exclude),
        ("--disableplugin", params.disable_plugin),
        ("--enableplugin", params.enable_plugin),
    ):
        words += ["%s=%s" % (option, value) for value in values]
    nobest = params.nobest if params.nobest is not None else params.best is False
    for is_given, word in (
        (params.conf_file, "--config=%s" % params.conf_file),
        (params.disable_excludes, "--disableexcludes=%s" % params.disable_excludes),
        (params.disable_gpg_check, "--nogpgcheck"),
        (params.installroot != "/", "--installroot=%s" % params.installroot),
        (params.releasever, "--releasever=%s" % params.releasever),
        (params.best, "--best"),
        (nobest, "--nobest"),
        (params.allowerasing, "--allowerasing"),
        (params.cacheonly, "--cacheonly"),
        (params.skip_broken, "--skip-broken"),
        (not params.install_weak_deps, "--setopt=install_weak_deps=False"),
        (not params.sslverify, "--setopt=sslverify=False"),
        (params.download_only, "--downloadonly"),
        (params.download_dir, "--destdir=%s" % params.download_dir),
    ):
        words += [word] if is_given else []
    return words


def _chosen(params: Any) -> List[str]:
    return (["--bugfix"] if params.bugfix else []) + (["--security"] if params.security else [])


def _ask(params: Any, system: System, program: str, words: Sequence[str]) -> Completed:
    """Let dnf say what it would do."""
    options = [word for word in _options(params) if word not in ("-y", "-q")]
    return system.commands.run([program, "--assumeno", *options, *words], env=PLAIN)


def _updates(params: Any, system: System, program: str, wishes: Sequence[str]) -> List[str]:
    names = [] if "*" in wishes else list(wishes)
    done = system.commands.run([program, *_options(params), *_chosen(params), "check-update", *names], env=PLAIN)
    if done.rc not in (0, HAS_UPDATES):
        raise Failed("Failed to look for updates: %s" % (done.err or done.out).strip(), rc=done.rc, results=[])
    if done.rc == 0:
        return []
    listed = done.out.partition("Obsoleting")[0].splitlines()
    found = [match for match in map(UPDATE.match, listed) if match]
    return ["%s-%s.%s" % (match.group(1), match.group(3), match.group(2)) for match in found]


def _listing(params: Any, system: System, program: str) -> List[Dict[str, Any]]:
    if params.list_ == "installed":
        return [_told(each, "installed", "installed") for each in _installed(params, system)]
    if params.list_ == "repos":
        done = system.commands.run([program, *_options(params), "repolist", "--enabled"], env=PLAIN)
        return [{"repoid": line.split()[0], "state": "enabled"} for line in done.out.splitlines()[1:] if line.split()]
    if params.list_ == "updates":
        return [{"name": each, "yumstate": "available"} for each in _updates(params, system, program, ["*"])]
    asked = [] if params.list_ == "available" else [params.list_]
    form = FORMAT.strip("\\n").replace("EPOCHNUM", "EPOCH").lower() + " %{repoid}\n"
    done = system.commands.run([program, *_options(params), "repoquery", "--qf", form, *asked], env=PLAIN)
    here = [_told(e, "installed", "installed") for e in _installed(params, system) if asked and _is_it(asked[0], e)]
    rows = [line.split() for line in done.out.splitlines()]
    return here + [_told(Installed(*row[:5]), row[5], "available") for row in rows if len(row) == 6]


def _told(package: Installed, repository: str, state: str) -> Dict[str, Any]:
    nevra = package.nevra()
    envra = "%s:%s-%s-%s.%s" % (package.epoch, package.name, package.version, package.release, package.arch)
    return dict(package._asdict(), repo=repository, nevra=nevra, envra=envra, yumstate=state)


def decide(params: Any, state: DnfState) -> Change:
    """Return the calls to make."""
    if state.told is not None:
        return Change(False, result={"results": state.told, "msg": "", "rc": 0})
    result: Dict[str, Any] = {"results": list(state.about), "msg": "", "rc": 0}
    if not state.calls:
        if not params.name and params.update_cache:
            result["msg"] = "Cache updated"
            return Change(True, result=dict(result, changed=False), settles=False)
        return Change(False, result=dict(result, msg="Nothing to do", results=[]))
    told = {"prepared": "\n".join(state.about) + "\n"}
    return Change(True, result=result, diff=told, settles=not params.download_only)


def carry_out(change: Change, system: System) -> Dict[str, Any]:
    """Fetch metadata where asked, then make the calls."""
    params, state = change.params, change.state
    options = _options(params)
    if params.update_cache:
        _call(system, [state.program, *options, "makecache", "--refresh"], "Failed to fetch metadata")
    for words in state.calls:
        chosen = _chosen(params) if words[0] == "upgrade" else []
        _call(system, [state.program, *options, *chosen, *words], "Failed to install or remove packages")
    return {}


def _call(system: System, argv: List[str], failed: str) -> None:
    done = system.commands.run(argv, env=PLAIN, hear=forward(system.emit))
    if done.rc != 0:
        said = (done.err or done.out).strip()
        missing = re.findall(r"(?:No match for argument|Unable to find a match): (.+)", done.out + done.err)
        failures = ["No package %s available." % each.strip() for each in missing] or [said]
        raise Failed("%s: %s" % (failed, said), rc=done.rc, failures=failures, results=[])
