"""Have a git repository checked out at a version."""

import filecmp
import os
import re
import shlex
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, mutually_exclusive, optional, required
from ..repositories import Remote, Repository
from ..system import System
from ..system.commands import Completed

# others may push between a run and a second look, so that a second look proves nothing
TRAITS = Traits(reach="others", settles=False)
SHA = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")


class Params(Parameters):
    """The version is a branch, a tag, a commit, or HEAD for the branch that is checked out (at first: the default)."""

    repo: str = required("str", "The repository's address.", aliases=("name",))
    dest: str = optional("path", "Where it goes; needed unless clone is false.", "")
    version: str = optional("str", "Branch, tag or commit.", "HEAD")
    remote: str = optional("str", "What the repository is called in the clone.", "origin")
    refspec: Optional[str] = optional("str", "More to fetch.")
    force: bool = optional("bool", "Throw local changes away.", False)
    depth: Optional[int] = optional("int", "Fetch only so many commits.")
    clone: bool = optional("bool", "Whether to clone where nothing is yet.", True)
    update: bool = optional("bool", "Whether to fetch where a clone is already.", True)
    bare: bool = optional("bool", "Make a repository without a working tree.", False)
    single_branch: bool = optional("bool", "Clone only the version's branch.", False)
    recursive: bool = optional("bool", "Check out submodules too.", True)
    track_submodules: bool = optional("bool", "Submodules follow their branches.", False)
    reference: Optional[str] = optional("str", "A local repository to borrow objects from.")
    separate_git_dir: Optional[str] = optional("path", "Where the repository itself lies, apart from the files.")
    archive: Optional[str] = optional("path", "Also pack the files here: .zip, .tar, .tar.gz or .tgz.")
    archive_prefix: Optional[str] = optional("str", "What the names in the archive begin with.")
    accept_hostkey: bool = optional("bool", "Take any host key.", False)
    accept_newhostkey: bool = optional("bool", "Take host keys of hosts not known yet.", False)
    ssh_opts: Optional[str] = optional("str", "More options for ssh.")
    key_file: Optional[str] = optional("path", "The private key to log in with.")
    executable: Optional[str] = optional("path", "The program git.")
    verify_commit: bool = optional("bool", "Require a good signature of the version.", False)
    gpg_allowlist: List[str] = optional(
        "list", "Fingerprints of accepted signers.", (), elements="str", aliases=("gpg_whitelist",)
    )
    umask: Any = optional("raw", "File creation mask, in octal.")
    rules = (mutually_exclusive("separate_git_dir", "bare"),)


class State(NamedTuple):
    """The clone, if there is one, and where the version is now at the remote; ``leaves`` is a wrong git directory."""

    exists: bool
    before: Optional[str] = None
    url: str = ""
    dirty: bool = False
    branch: str = ""
    target: Optional[str] = None
    stale: bool = False
    unpacked: bool = False
    kind: str = ""
    leaves: str = ""


def inspect(params: Params, system: System) -> State:
    """Look at the clone; ask the remote unless the commit wished for is already there."""
    if not params.dest and params.clone:
        raise Failed("the destination directory must be specified unless clone=no")
    repository = _repository(params, system)
    if not params.dest:
        return State(False, target=repository.remote(params.repo, params.version).commit)
    git_dir = _git_dir(params, system)
    if not system.files.exists(os.path.join(git_dir, "HEAD")):
        if not params.clone:
            return State(False, target=repository.remote(params.repo, params.version).commit)
        remote = repository.remote(params.repo, params.version)
        target = remote.commit or (params.version if SHA.match(params.version) else None)
        return State(False, target=target, kind=remote.kind)
    before = repository.text(["rev-parse", "HEAD"]) or None
    url = repository.text(["config", "--get", "remote.%s.url" % params.remote])
    branch = "" if params.bare else _branch(repository, params)
    dirty = False if params.bare else repository.is_dirty(params.track_submodules)
    leaves = _leaves(params, git_dir, system)
    if not params.update:
        return State(True, before, url, dirty, branch, before, leaves=leaves)
    found = _target(params, repository, branch, before)
    stale = _stale(params, repository, system, before == found.commit) or _is_elsewhere(params, repository, found)
    if params.verify_commit and before == found.commit:
        _verify(params, repository, found.kind)
    unpacked = _is_unpacked(params, repository, system)
    return State(True, before, url, dirty, branch, found.commit, stale, unpacked, found.kind, leaves)


def _repository(params: Params, system: System) -> Repository:
    program = params.executable or system.commands.which("git")
    if program is None:
        raise Failed('Failed to find required executable "git" in the search path; install the package git')
    return Repository(system, program, params.dest, _environment(params), _prefix(params))


def _prefix(params: Params) -> List[str]:
    if params.umask is None:
        return []
    mask = params.umask if isinstance(params.umask, str) else "%o" % params.umask
    if not re.match(r"^[0-7]{1,4}$", mask):
        raise Failed("umask must be an octal integer", details=str(params.umask))
    return ["sh", "-c", 'umask %s && exec "$@"' % mask, "sh"]


def _environment(params: Params) -> Dict[str, str]:
    words = ["ssh", "-o", "BatchMode=yes"]
    if params.accept_hostkey or params.accept_newhostkey:
        words += ["-o", "StrictHostKeyChecking=%s" % ("no" if params.accept_hostkey else "accept-new")]
    if params.key_file:
        words += ["-i", params.key_file, "-o", "IdentitiesOnly=yes"]
    command = " ".join(shlex.quote(word) for word in words)
    return {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": " ".join(filter(None, (command, params.ssh_opts)))}


def _git_dir(params: Params, system: System) -> str:
    if params.bare:
        return params.dest
    here = os.path.join(params.dest, ".git")
    if system.files.is_file(here):  # a file that says where the repository is
        said = system.files.read(here).decode("utf-8", "surrogateescape").partition("gitdir:")[2].strip()
        return os.path.join(params.dest, said)
    return here


def _leaves(params: Params, git_dir: str, system: System) -> str:
    """Return the directory that the repository of a clone has to leave for ``separate_git_dir``, if any."""
    wanted = params.separate_git_dir
    if not wanted or system.files.real(wanted) == system.files.real(git_dir):
        return ""
    if system.files.exists(wanted):
        raise Failed("Separate-git-dir path %s already exists." % wanted)
    return git_dir


def _branch(repository: Repository, params: Params) -> str:
    """Return the branch checked out, or the remote's default branch where none is."""
    here = repository.text(["symbolic-ref", "--quiet", "--short", "HEAD"])
    if here:
        return here
    default = repository.text(["symbolic-ref", "--quiet", "--short", "refs/remotes/%s/HEAD" % params.remote])
    return default.partition("/")[2]


def _target(params: Params, repository: Repository, branch: str, before: Optional[str]) -> Remote:
    if SHA.match(params.version):
        return Remote(params.version, "")
    remote = repository.remote(params.repo, branch if params.version == "HEAD" and branch else params.version)
    if remote.commit is not None:
        return Remote(before, "") if params.bare and params.version != "HEAD" else remote
    return Remote(repository.text(["rev-parse", "--verify", "--quiet", params.version + "^{commit}"]) or None, "")


def _stale(params: Params, repository: Repository, system: System, is_there: bool) -> bool:
    """Tell whether something is to be fetched though HEAD is right: refs of a bare clone, or submodules."""
    if params.bare:
        return repository.lacks_refs(params.repo)
    has_modules = system.files.exists(os.path.join(params.dest, ".gitmodules"))
    return is_there and params.recursive and has_modules and repository.has_stale_submodules(params.track_submodules)


def _is_elsewhere(params: Params, repository: Repository, found: Remote) -> bool:
    """Tell whether the version is a branch and another one, or none, is checked out."""
    if params.bare or params.version == "HEAD" or found.kind != "heads":
        return False
    return repository.text(["symbolic-ref", "--quiet", "--short", "HEAD"]) != params.version


def _is_unpacked(params: Params, repository: Repository, system: System) -> bool:
    """Tell whether the archive asked for is missing or another than the one HEAD would make."""
    if not params.archive:
        return False
    if not system.files.is_file(params.archive):
        return True
    with tempfile.TemporaryDirectory(dir=system.tmp or None) as folder:
        trial = os.path.join(folder, "trial" + _archive_kind(params.archive))
        _pack(params, repository, trial)
        return not filecmp.cmp(trial, system.files.real(params.archive), shallow=False)


def _archive_kind(path: str) -> str:
    kind = next((each for each in (".zip", ".tar.gz", ".tgz", ".tar") if path.endswith(each)), "")
    if not kind:
        raise Failed("Unable to get file extension from archive file name : %s" % path)
    return kind


def _pack(params: Params, repository: Repository, path: str) -> None:
    version = "HEAD" if not params.bare else params.version
    repository.must(
        ["archive", "--format", _archive_kind(path)[1:], "--output", path]
        + (["--prefix", params.archive_prefix] if params.archive_prefix else [])
        + [version],
        "Failed to perform archive operation",
    )


def plan(params: Params, state: State) -> Change:
    """Compare HEAD with where the version is at the remote."""
    if params.archive_prefix and not params.archive:
        raise Failed("archive_prefix needs archive")
    if params.archive:
        _archive_kind(params.archive)
    result: Dict[str, Any] = {"before": state.before, "after": state.target, "remote_url_changed": False}
    if not state.exists:
        if not params.clone:
            return Change(False, result=dict(result, changed=True))  # told, not done: nothing is on this host
        return Change(True, "clone", result, _diff(None, state.target))
    if state.leaves:
        result.update(git_dir_before=state.leaves, git_dir_now=params.separate_git_dir)
    if not params.update:
        return Change(bool(state.leaves), "move", dict(result, after=state.before))
    if state.dirty and not params.force:
        raise Failed("Local modifications exist in the destination: %s (force=no)." % params.dest, before=state.before)
    if state.target is None and not re.match("^[0-9a-f]{4,}$", params.version):
        raise Failed("the remote %s has no branch, tag or known commit %s" % (params.repo, params.version))
    moved = state.url != params.repo
    result["remote_url_changed"] = moved
    differs = state.before != state.target
    if not (differs or moved or state.dirty or state.stale or state.unpacked or state.leaves):
        return Change(False, result=result)
    return Change(True, "update", result, _diff(state.before, state.target) if differs else None)


def _diff(before: Optional[str], after: Optional[str]) -> Dict[str, str]:
    return {"before": "" if before is None else before + "\n", "after": "" if after is None else after + "\n"}


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Move the repository, clone or fetch, switch to the version, bring submodules along, pack."""
    params, state = change.params, change.state
    repository = _repository(params, system)
    if state.leaves and params.separate_git_dir:
        _move(params.separate_git_dir, repository, system)
    if change.todo == "move":
        return None
    return _bring(params, state, change, repository, system)


def _move(git_dir: str, repository: Repository, system: System) -> None:
    system.files.makedirs(os.path.dirname(git_dir), 0o755)
    words = ["init", "--quiet", "--template=", "--separate-git-dir=%s" % git_dir]
    repository.must(words, "Failed to move the repository")


def _bring(
    params: Params, state: State, change: Change, repository: Repository, system: System
) -> Optional[Dict[str, Any]]:
    if change.todo == "clone":
        _clone(params, repository, system, state.kind)
    else:
        if change.result["remote_url_changed"]:
            repository.must(["remote", "set-url", params.remote, params.repo], "Failed to set the remote's address")
        if state.dirty:
            repository.must(["reset", "--hard", "HEAD", "--"], "Failed to throw local changes away")
        if state.target != state.before or state.stale:
            _fetch(params, repository, state)
    if params.refspec:
        repository.must(["fetch", params.remote, params.refspec], "Failed to fetch %s" % params.refspec)
    if not params.bare:
        _switch(params, repository, state.kind)
    if params.verify_commit:
        _verify(params, repository, state.kind)
    if params.recursive and not params.bare and system.files.exists(os.path.join(params.dest, ".gitmodules")):
        follow = ["--remote"] if params.track_submodules else []
        repository.must(["submodule", "sync", "--recursive"], "Failed to sync submodules")
        words = ["submodule", "update", "--init", "--recursive", *follow]
        repository.must(words + (["--force"] if params.force else []), "Failed to init/update submodules")
    if params.archive:
        _pack(params, repository, params.archive)
    return {"after": repository.text(["rev-parse", "HEAD"])}


def _clone(params: Params, repository: Repository, system: System, kind: str) -> None:
    words = ["clone", "--bare"] if params.bare else ["clone", "--origin", params.remote]
    if kind in ("heads", "tags") and params.version != "HEAD":
        words += ["--branch", params.version]
    if params.depth and not SHA.match(params.version):
        words += ["--depth", str(params.depth)]
    words += ["--single-branch"] if params.single_branch else []
    words += ["--reference", params.reference] if params.reference else []
    words += ["--separate-git-dir=%s" % params.separate_git_dir] if params.separate_git_dir else []
    system.files.makedirs(os.path.dirname(params.dest), 0o755)
    repository.must([*words, params.repo, params.dest], "Failed to clone", inside=False)
    if params.bare and params.remote != "origin":
        repository.must(["remote", "add", params.remote, params.repo], "Failed to name the remote")


def _fetch(params: Params, repository: Repository, state: State) -> None:
    wanted = state.branch if params.version == "HEAD" else params.version
    words = ["fetch", "--force", params.remote]
    if params.bare:
        words += ["--tags", "+refs/heads/*:refs/heads/*"]
    elif params.depth and state.kind == "tags":
        words += ["--depth", str(params.depth), "+refs/tags/%s:refs/tags/%s" % (wanted, wanted)]
    elif params.depth and not SHA.match(params.version):
        words += ["--depth", str(params.depth), "+refs/heads/%s:refs/remotes/%s/%s" % (wanted, params.remote, wanted)]
    else:
        words += ["--tags", "+refs/heads/*:refs/remotes/%s/*" % params.remote]
    repository.must(words, "Failed to download remote objects and refs")
    if SHA.match(params.version) and not repository.has_commit(params.version):
        repository.must(["fetch", params.remote, params.version], "Failed to download the commit")


def _switch(params: Params, repository: Repository, kind: str) -> None:
    failed = "Failed to checkout %s" % params.version
    branch = _branch(repository, params) if params.version == "HEAD" else params.version
    if params.version != "HEAD" and kind != "heads":
        repository.must(["checkout", "--force", branch], failed)
        return
    there = "%s/%s" % (params.remote, branch)
    repository.must(["checkout", "--force", "-B", branch, there, "--"], failed)


def _verify(params: Params, repository: Repository, kind: str) -> None:
    # a tag that is only a name has no signature: that of its commit counts
    is_signable = kind == "tags" and repository.text(["cat-file", "-t", "refs/tags/" + params.version]).strip() == "tag"
    words = ["verify-tag", params.version] if is_signable else ["verify-commit", "HEAD"]
    words[1:1] = ["--raw"] if params.gpg_allowlist else []
    done: Completed = repository.run(words)
    if done.rc != 0:
        said = (done.err or done.out).strip()
        raise Failed('Failed to verify GPG signature of commit/tag "%s": %s' % (params.version, said), rc=done.rc)
    signers = re.findall(r"\[GNUPG:\] VALIDSIG (\S+)", done.err)
    if params.gpg_allowlist and not set(signers) & {each.replace(" ", "").upper() for each in params.gpg_allowlist}:
        raise Failed(
            'The gpg_allowlist does not include the public key "%s" for this commit' % (signers or ["none"])[0]
        )


RETURNS = """
before: The commit before.
after: The commit now.
remote_url_changed: Whether the remote's address was another.
git_dir_before: Where the repository was, if separate_git_dir moved it.
git_dir_now: Where it is then.
"""

EXAMPLES = """
- name: The application at a release
  git:
    repo: https://git.example.org/app.git
    dest: /srv/app
    version: v1.4.2
- name: What is on a branch, with a key of its own and one commit deep
  git:
    repo: git@git.example.org:site.git
    dest: /srv/site
    version: main
    depth: 1
    key_file: /home/deploy/.ssh/id_ed25519
    accept_newhostkey: true
    force: true
"""
