"""Asking git about a clone and its remote."""

from typing import Dict, List, NamedTuple, Optional

from .change import Failed
from .system import System
from .system.commands import PLAIN, Completed


class Remote(NamedTuple):
    """Where a version is at the remote: its commit, and whether it is among ``heads``, ``tags`` or neither."""

    commit: Optional[str]
    kind: str


class Repository:
    """One clone at ``dest``, or the place for one; ``prefix`` are words before the program (to set an umask)."""

    def __init__(self, system: System, program: str, dest: str, environment: Dict[str, str], prefix: List[str]) -> None:
        self.system, self.program, self.dest, self.prefix = system, program, dest, prefix
        self.environment = dict(PLAIN, **environment)

    def run(self, words: List[str], inside: bool = True) -> Completed:
        """Run git, in the clone unless told otherwise."""
        where = ["-C", self.dest] if inside else []
        return self.system.commands.run([*self.prefix, self.program, *where, *words], env=self.environment)

    def text(self, words: List[str]) -> str:
        """Return what git prints, nothing where it fails."""
        done = self.run(words)
        return done.out.strip() if done.rc == 0 else ""

    def must(self, words: List[str], failed: str, inside: bool = True) -> str:
        """Run git and raise Failed, beginning with ``failed``, where it does not work."""
        done = self.run(words, inside)
        if done.rc != 0:
            said = (done.err or done.out).strip()
            raise Failed("%s: %s" % (failed, said), rc=done.rc, stdout=done.out, stderr=done.err, cmd=words)
        return done.out

    def remote(self, url: str, version: str) -> Remote:
        """Ask the remote where a version is; a tag means the commit it names."""
        full = version if version.startswith("refs/") else ""
        asked = [full, full + "^{}"] if full else [version] if version == "HEAD" else _names(version)
        listed = self.must(["ls-remote", url, *asked], "Failed to ask the remote", inside=False)
        pairs = (line.partition("\t") for line in listed.splitlines())
        refs = {name: commit for commit, tab, name in pairs if tab}
        if version == "HEAD" or full:
            return Remote(refs.get(full + "^{}") or refs.get(version), "")
        heads, tags = "refs/heads/" + version, "refs/tags/" + version
        if heads in refs:
            return Remote(refs[heads], "heads")
        commit = refs.get(tags + "^{}") or refs.get(tags)
        return Remote(commit, "tags" if commit else "")

    def has_commit(self, sha: str) -> bool:
        """Tell whether a commit is in the clone."""
        return self.run(["cat-file", "-e", sha + "^{commit}"]).rc == 0

    def is_dirty(self, moving_submodules: bool = False) -> bool:
        """Tell whether files that git knows were changed; submodules that follow their branches are none of these."""
        words = ["status", "--porcelain", "--untracked-files=no"]
        words += ["--ignore-submodules=all"] if moving_submodules else []
        listed = self.must(words, "Failed to look at the working tree")
        return any(line.strip() for line in listed.splitlines())

    def lacks_refs(self, url: str) -> bool:
        """Tell whether branches or tags of the remote are missing here or at other commits (for a bare clone)."""
        listed = self.must(["ls-remote", "--heads", "--tags", "--refs", url], "Failed to ask the remote", inside=False)
        there = {tuple(line.split("\t", 1)) for line in listed.splitlines()}
        here = self.must(["show-ref"], "Failed to list refs").splitlines() if self.text(["show-ref"]) else []
        return not there <= {tuple(line.split(" ", 1)) for line in here}

    def has_stale_submodules(self, track: bool) -> bool:
        """Tell whether a submodule is not checked out as the commit says, or, if tracked, as its branch is now."""
        listed = self.must(["submodule", "status", "--recursive"], "Failed to look at submodules").splitlines()
        if not track:
            return any(line[:1] in ("-", "+", "U") for line in listed)
        return any(line[:1] in ("-", "U") or self._is_behind(*line[1:].split(" ")[:2]) for line in listed)

    def _is_behind(self, commit: str, path: str) -> bool:
        branch = self.text(["config", "-f", ".gitmodules", "--get", "submodule.%s.branch" % path])
        asked = "refs/heads/" + branch if branch and branch != "." else "HEAD"
        listed = self.text(["-C", path, "ls-remote", "origin", asked])
        return bool(listed) and listed.split()[0] != commit


def _names(version: str) -> List[str]:
    return ["refs/heads/" + version, "refs/tags/" + version, "refs/tags/%s^{}" % version]
