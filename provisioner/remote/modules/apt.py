"""Install, upgrade and remove packages with apt."""

import fnmatch
import os
import random
import re
import time
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional
from ..running import forward
from ..system import System, dpkg
from ..system.apt import ENVIRONMENT, Apt, Candidate, ServiceStartBlocked, does_something, summary, updated_at
from ..system.commands import Completed

TRAITS = Traits(locks=("dpkg",))
WISH = re.compile(r"^([^=<>]+?)(>=|=)(.+)$")
UPGRADES = {"dist": ["dist-upgrade"], "full": ["dist-upgrade"]}
SAFE = ["upgrade", "--with-new-pkgs"]


class Params(Parameters):
    """Package states come from dpkg's own database: what is satisfied never starts apt."""

    name: Optional[List[str]] = optional(
        "list", "Packages: name, name=1.2*, name>=1.2, name:arch, name*.", aliases=("package", "pkg"), elements="str"
    )
    state: str = optional(
        "str", "What is wanted.", "present", choices=("absent", "build-dep", "fixed", "latest", "present")
    )
    deb: Optional[str] = optional("str", "Package file on the host, or its URL; several with commas.")
    update_cache: Optional[bool] = optional("bool", "Fetch the package lists first.", aliases=("update-cache",))
    cache_valid_time: int = optional("int", "Fetch them only when older than so many seconds.", 0)
    update_cache_retries: int = optional("int", "How often to try again where fetching fails.", 5)
    update_cache_retry_max_delay: int = optional("int", "Longest wait between two tries, in seconds.", 12)
    upgrade: str = optional("str", "Upgrade everything.", "no", choices=("dist", "full", "no", "safe", "yes"))
    purge: bool = optional("bool", "Remove configuration files too.", False)
    autoremove: bool = optional("bool", "Remove dependencies nothing needs any more.", False)
    autoclean: bool = optional("bool", "Remove outdated package files from the cache.", False)
    clean: bool = optional("bool", "Remove all package files from the cache.", False)
    default_release: Optional[str] = optional("str", "Prefer this release.", aliases=("default-release",))
    install_recommends: Optional[bool] = optional(
        "bool", "Install recommended packages too; the host's default where not given.", aliases=("install-recommends",)
    )
    force: bool = optional("bool", "Do it whatever apt says; dangerous.", False)
    allow_unauthenticated: bool = optional(
        "bool", "Accept unsigned packages.", False, aliases=("allow-unauthenticated",)
    )
    allow_downgrade: bool = optional(
        "bool",
        "Accept an older version than the installed one.",
        False,
        aliases=("allow-downgrade", "allow_downgrades", "allow-downgrades"),
    )
    allow_change_held_packages: bool = optional("bool", "Change packages on hold.", False)
    only_upgrade: bool = optional("bool", "Do not install what is not there.", False)
    fail_on_autoremove: bool = optional("bool", "Fail rather than remove anything.", False)
    dpkg_options: str = optional("str", "Options for dpkg, with commas.", "force-confdef,force-confold")
    policy_rc_d: Optional[int] = optional("int", "Exit code of policy-rc.d meanwhile: 101 keeps services stopped.")
    lock_timeout: int = optional("int", "How long to wait for another apt, in seconds.", 60)
    force_apt_get: bool = optional("bool", "Accepted; apt-get is all that is ever used.", False)
    rules = (mutually_exclusive("deb", "name", "upgrade"),)


class Work(NamedTuple):
    """The apt-get calls that remain, what they would do, and why they cannot be made, if so.

    ``sure`` is False where they were not tried in simulation: then their output tells whether they changed anything.
    """

    calls: Tuple[Tuple[str, ...], ...] = ()
    preview: str = ""
    problem: Optional[Failed] = None
    sure: bool = True


class State(NamedTuple):
    """Whether the lists are due to be fetched, when they were, and the work as far as today's lists tell.

    ``automatic`` are packages asked for that are there, but that apt would remove with whatever needed them.
    """

    update_due: bool
    updated_at: int
    work: Work
    automatic: Tuple[str, ...] = ()


def inspect(params: Params, system: System) -> State:
    """Compare dpkg's database with the wishes; ask apt only about what is missing."""
    fetched = updated_at(system)
    update = params.update_cache if params.update_cache is not None else bool(params.cache_valid_time)
    due = bool(update) and fetched + params.cache_valid_time <= time.time()
    return State(due, fetched, _work(params, system), _automatic(params, system))


def _automatic(params: Params, system: System) -> Tuple[str, ...]:
    """Return the packages that are asked for and there, and count as brought by others."""
    if not params.name or params.state not in ("present", "latest"):
        return ()
    noted = dpkg.automatic(system)
    if not noted:
        return ()
    database = dpkg.read(system)
    names = [(match.group(1) if match else each).strip() for each in params.name for match in [WISH.match(each)]]
    return tuple(
        name for name in dict.fromkeys(names) if name.partition(":")[0] in noted and _is_installed(name, database)
    )


def plan(params: Params, state: State) -> Change:
    """A list update alone counts as a change only where it brings something new, which only running tells."""
    work = state.work
    if work.problem is not None and not state.update_due:
        raise work.problem
    result: Dict[str, Any] = {"cache_updated": False, "cache_update_time": state.updated_at}
    if not state.update_due and not work.calls and not state.automatic:
        return Change(False, result=result)
    only_update = not (work.calls or work.problem or _asks_for_packages(params))
    if work.preview:
        result.update(stdout=work.preview, stderr="")
    result["changed"] = only_update or bool(work.calls) or work.problem is not None
    shown = summary(work.preview)
    settles = not (state.update_due or params.clean or params.upgrade != "no" or params.state == "build-dep")
    return Change(True, result=result, diff={"prepared": shown} if shown else None, settles=settles)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Fetch the lists where due and decide again with what they say; then make the calls."""
    params, state = change.params, change.state
    result: Dict[str, Any] = {"cache_updated": False, "cache_update_time": state.updated_at}
    work = state.work
    if state.update_due:
        _update(params, system)
        now = updated_at(system)
        result.update(cache_updated=now != state.updated_at, cache_update_time=now)
        work = _work(params, system)
        if work.problem is not None:
            raise work.problem
    result["changed"] = bool(work.calls) or (result["cache_updated"] and not _asks_for_packages(params))
    if work.calls:
        result.update(_run(params, system, work, result))
    if state.automatic:
        _keep(state.automatic, system)
    return result


def _keep(names: Sequence[str], system: System) -> None:
    """Have packages stay when what brought them goes; Ansible does not count that as a change, either."""
    done = system.commands.run(["/usr/bin/apt-mark", "manual", *names], env=ENVIRONMENT)
    if done.rc != 0:
        raise Failed("apt-mark manual failed: %s" % (done.err.strip() or done.out.strip()), rc=done.rc)


def _asks_for_packages(params: Params) -> bool:
    return bool(params.name or params.deb or params.upgrade != "no" or params.autoremove or params.state == "fixed")


def _run(params: Params, system: System, work: Work, known: Dict[str, Any]) -> Dict[str, Any]:
    out = err = ""
    changed = work.sure
    apt = _apt(params, system)
    with ServiceStartBlocked(system, params.policy_rc_d):
        for words in work.calls:
            done = apt.get(words, forward(system.emit))
            out, err = out + done.out, err + done.err
            if done.rc != 0:
                raise _failure(words, done, known)
            changed = changed or words[0] == "clean" or does_something(done)
    shown: Dict[str, Any] = {
        "stdout": out,
        "stderr": err,
        "stdout_lines": out.splitlines(),
        "stderr_lines": err.splitlines(),
    }
    shown["changed"] = changed
    if params.upgrade != "no" or params.clean:
        shown["msg"] = out
    return shown


def _failure(words: Sequence[str], done: Completed, known: Dict[str, Any]) -> Failed:
    locate = re.search(r"E: Unable to locate package (\S+)", done.err)
    if locate:
        return Failed("No package matching '%s' is available" % locate.group(1))
    version = re.search(r"E: Version '([^']+)' for '([^']+)' was not found", done.err)
    if version:
        return Failed("no available installation candidate for %s=%s" % (version.group(2), version.group(1)))
    told = {"rc": done.rc, "stdout": done.out, "stderr": done.err}
    told.update({key: known[key] for key in ("cache_updated", "cache_update_time") if key in known})
    return Failed("apt-get %s failed: %s" % (" ".join(words), done.err.strip() or done.out.strip()), **told)


def _update(params: Params, system: System) -> None:
    apt = _apt(params, system)
    for attempt in range(params.update_cache_retries + 1):
        done = apt.get(["update"], forward(system.emit))
        if done.rc == 0 and "Some index files failed to download" not in done.err:
            return
        if attempt == params.update_cache_retries or "Permission denied" in done.err:
            why = (done.err or done.out).strip()
            raise Failed("Failed to update apt cache: %s" % why, rc=done.rc, stdout=done.out, stderr=done.err)
        time.sleep(min(params.update_cache_retry_max_delay, 2**attempt) + random.random())  # noqa: S311 - a wait


def _apt(params: Params, system: System) -> Apt:
    options = ["-o", "Dpkg::Use-Pty=0"]
    for option in filter(None, (each.strip() for each in params.dpkg_options.split(","))):
        options += ["-o", "Dpkg::Options::=--" + option]
    if params.default_release:
        options += ["-t", params.default_release]
    if params.install_recommends is not None:
        options += ["-o", "APT::Install-Recommends=%s" % ("yes" if params.install_recommends else "no")]
    switches = (
        (params.force or params.allow_unauthenticated, "--allow-unauthenticated"),
        (params.force or params.allow_downgrade, "--allow-downgrades"),
        (params.force or params.allow_change_held_packages, "--allow-change-held-packages"),
        (params.force, "--allow-remove-essential"),
        (params.only_upgrade, "--only-upgrade"),
        (params.fail_on_autoremove, "--no-remove"),
        (params.purge, "--purge"),
        (params.autoremove, "--auto-remove"),
    )
    return Apt(system, options + [switch for wanted, switch in switches if wanted], params.lock_timeout)


def _work(params: Params, system: System) -> Work:
    """Return the calls that would do something, tried in simulation where somebody reads it or it alone can tell."""
    calls: List[Tuple[str, ...]] = [("clean",)] if params.clean else []
    preview = ""
    apt = _apt(params, system)
    try:
        wanted = _wanted_calls(params, system, apt)
        if params.name and not system.foretell:
            calls += [tuple(words) for words in wanted]
            return Work(tuple(calls), sure=False)
        for words in wanted:
            tried = apt.simulate(words)
            if tried.rc != 0:
                raise _failure(words, tried, {})
            if does_something(tried) or (words[0] == "autoclean" and "\nDel " in "\n" + tried.out):
                calls.append(tuple(words))
                preview += tried.out
    except Failed as problem:
        return Work((), "", problem)
    return Work(tuple(calls), preview)


def _wanted_calls(params: Params, system: System, apt: Apt) -> List[List[str]]:
    calls = []
    if params.upgrade != "no":
        calls.append(UPGRADES.get(params.upgrade, SAFE))
    elif params.deb:
        calls += _debs(params, system)
    elif params.state == "fixed":
        calls.append(["--fix-broken", "install"])
    elif params.name == ["*"] and params.state == "latest":
        calls.append(["dist-upgrade"])
    elif params.name:
        calls += _package_calls(params, system, apt)
    elif params.autoremove:
        calls.append(["autoremove"])
    if params.autoclean and not params.name:
        calls.append(["autoclean"])
    return calls


def _package_calls(params: Params, system: System, apt: Apt) -> List[List[str]]:
    names = [name.strip() for name in params.name or [] if name.strip()]
    if params.state == "build-dep":
        return [["build-dep", *names]]
    database = dpkg.read(system)
    if params.state == "absent":
        here = [name for given in names for name in _to_remove(given, database, params.purge)]
        return [["remove", *here]] if here else []
    wishes = [wish for name in names for wish in _wishes(name, apt)]
    wanted = _specs(params, wishes, database, apt)
    return [["install", *wanted]] if wanted else []


def _specs(params: Params, wishes: "List[Wish]", database: dpkg.Database, apt: Apt) -> List[str]:
    """Return what to tell apt-get; apt's policy is asked only where dpkg's database cannot tell."""
    latest = params.state == "latest"
    missing = {wish for wish in wishes if not _satisfied(wish, database)}
    asked = [wish for wish in wishes if latest or wish in missing]
    if params.only_upgrade:
        asked = [wish for wish in asked if _is_installed(wish.name, database)]
    providers = {wish.name: database.providers(wish.name) for wish in asked if wish in missing}
    known = apt.policy(_unsure(asked, providers, latest))
    specs = []
    for wish in asked:
        is_provided = _is_provided(providers.get(wish.name, []), known)
        specs.append(_spec(wish, wish in missing, known.get(wish.name), params, is_provided))
    return [spec for spec in specs if spec]


def _unsure(asked: "List[Wish]", providers: Dict[str, List[dpkg.Package]], latest: bool) -> List[str]:
    """Return the packages of which apt's policy has to be asked."""
    names = [wish.name for wish in asked if latest or wish.version or providers.get(wish.name)]
    names += [each.name for several in providers.values() for each in several if latest]
    return list(dict.fromkeys(names))


def _is_provided(providers: List[dpkg.Package], known: Dict[str, Candidate]) -> bool:
    """Tell whether installed packages provide it, none of them known to be an old one."""
    return bool(providers) and not any(_is_newer(known.get(each.name)) for each in providers)


class Wish(NamedTuple):
    """A package asked for, with the comparison and version if one was given."""

    name: str
    operator: str = ""
    version: str = ""


def _wishes(given: str, apt: Apt) -> List[Wish]:
    match = WISH.match(given)
    wish = Wish(match.group(1).strip(), match.group(2), match.group(3).strip()) if match else Wish(given)
    if not any(sign in wish.name for sign in "*?["):
        return [wish]
    found = sorted(fnmatch.filter(apt.known(), wish.name))
    if not found:
        raise Failed("No package(s) matching '%s' available" % wish.name)
    return [wish._replace(name=name) for name in found]


def _to_remove(given: str, database: dpkg.Database, purge: bool) -> List[str]:
    match = WISH.match(given)
    name = match.group(1) if match else given
    names = database.matching(name) if any(sign in name for sign in "*?[") else [name]
    here = []
    for each in names:
        package = database.find(each)
        if package is None or not (
            package.leaves_files if purge else package.state not in ("not-installed", "config-files")
        ):
            continue
        if match is None or _fits(Wish(name, match.group(2), match.group(3)), package.version):
            here.append(each)
    return here


def _fits(wish: Wish, version: str) -> bool:
    if wish.operator == ">=":
        return dpkg.compare(version, wish.version) >= 0
    if any(sign in wish.version for sign in "*?["):
        return fnmatch.fnmatchcase(version, wish.version)
    return not wish.operator or dpkg.compare(version, wish.version) == 0


def _is_installed(name: str, database: dpkg.Database) -> bool:
    package = database.find(name)
    return package is not None and package.installed


def _satisfied(wish: Wish, database: dpkg.Database) -> bool:
    package = database.find(wish.name)
    return package is not None and package.installed and _fits(wish, package.version)


def _spec(wish: Wish, missing: bool, known: Optional[Candidate], params: Params, is_provided: bool) -> str:
    """Return what to tell apt-get for one wish, or nothing where it is already fulfilled."""
    if wish.version:
        newest = params.state == "latest" and wish.operator != "="
        return _with_version(wish, known) if missing or newest else ""
    if known is None:
        return wish.name
    if missing:
        # an installed package provides it and there is no real one of that name: then it is there
        return "" if is_provided and not known.candidate and not known.versions else wish.name
    return wish.name if _is_newer(known) else ""


def _is_newer(known: Optional[Candidate]) -> bool:
    """Tell whether apt knows a newer version than the one installed."""
    return known is not None and bool(known.candidate) and dpkg.compare(known.candidate, known.installed) > 0


def _with_version(wish: Wish, known: Optional[Candidate]) -> str:
    fitting = [version for version in (known.versions if known else ()) if _fits(wish, version)]
    if known is None or not fitting:
        raise Failed("no available installation candidate for %s%s%s" % wish)
    best = known.candidate if known.candidate in fitting else fitting[0]
    return "" if best == known.installed else "%s=%s" % (wish.name, best)


def _debs(params: Params, system: System) -> List[List[str]]:
    database = dpkg.read(system)
    wanted = []
    for given in filter(None, (each.strip() for each in (params.deb or "").split(","))):
        path = _fetched(given, system) if "://" in given else given
        fields = ["Package", "Version", "Architecture"]
        done = system.commands.run(["dpkg-deb", "--show", "--showformat=${%s}" % "}\n${".join(fields), path])
        if done.rc != 0:
            raise Failed("Unable to install package: %s" % done.err.strip(), stderr=done.err)
        name, version, _ = [*done.out.splitlines(), "", "", ""][:3]
        here = database.find(name)
        order = dpkg.compare(version, here.version) if here is not None and here.installed else 1
        if order < 0 and not (params.allow_downgrade or params.force):
            raise Failed("A later version is already installed: %s %s" % (name, here.version if here else ""))
        if order:
            wanted.append(path if "/" in path else "./" + path)
    return [["install", *wanted]] if wanted else []


def _fetched(url: str, system: System) -> str:
    path = os.path.join(system.tmp, os.path.basename(url.partition("?")[0]) or "package.deb")
    if not os.path.exists(path):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer, open(path, "wb") as stream:  # noqa: S310 - as given
                stream.write(answer.read())
        except (OSError, ValueError) as error:
            raise Failed("Failed to download %s: %s" % (url, error)) from None
    return path


RETURNS = """
cache_updated: Whether the package lists were fetched.
cache_update_time: When the package lists were fetched last, in seconds since 1970.
stdout: What was written to standard output.
stderr: What was written to standard error.
stdout_lines: The same, a line an item.
stderr_lines: The same, a line an item.
msg: What was done, in words.
diff: What was before and what is after; whole with --diff.
"""

EXAMPLES = """
- name: A web server, its lists not older than an hour
  apt:
    name: [nginx, curl]
    update_cache: true
    cache_valid_time: 3600
- name: This version and no other
  apt:
    name: hello=2.10*
- name: Everything up to date
  apt:
    upgrade: dist
- name: Gone with its configuration
  apt:
    name: sl
    state: absent
    purge: true
"""
