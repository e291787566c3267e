"""Apply a patch file that lies on the host, or take it back.

The program patch does the work. With ``remote_src: false`` the file is sent along first.
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_one_of
from ..system import System
from ..system.commands import PLAIN

TRAITS = Traits()


class Params(Parameters):
    """The patch and what it is for."""

    src: str = required("path", "The patch.", aliases=("patchfile",))
    dest: Optional[str] = optional("path", "The file that is patched.", aliases=("originalfile",))
    basedir: Optional[str] = optional("path", "The folder in which files are patched.")
    remote_src: bool = optional("bool", "Whether the patch lies on the host.", False)
    strip: int = optional("int", "How many folders to take off the names in the patch.", 0)
    backup: bool = optional("bool", "Keep the old files with .orig behind their names.", False)
    binary: bool = optional("bool", "Leave the ends of lines as they are.", False)
    ignore_whitespace: bool = optional("bool", "Do not mind blanks.", False)
    state: str = optional("str", "Whether the patch is in.", "present", choices=("absent", "present"))
    rules = (required_one_of("dest", "basedir"),)


class State(NamedTuple):
    """Whether the patch is in, and whether it would go in or out; the patch itself where it was sent."""

    is_in: bool
    fits: bool
    problem: str


def inspect(params: Params, system: System) -> State:
    """Try it, both ways, without touching anything."""
    if system.commands.which("patch") is None:
        raise Failed("Failed to find required executable patch; install the package patch")
    if params.remote_src and not system.files.is_file(params.src):
        raise Failed("src %s doesn't exist or not readable" % params.src)
    if params.dest and not system.files.exists(params.dest):
        raise Failed("dest %s doesn't exist or not writable" % params.dest)
    if params.basedir and not system.files.is_dir(params.basedir):
        raise Failed("basedir %s doesn't exist" % params.basedir)
    undone = _run(params, system, ["--dry-run", "--reverse", "--force"])
    if undone.rc == 0:
        return State(True, True, "")
    done = _run(params, system, ["--dry-run", "--forward"])
    return State(False, done.rc == 0, (done.out + done.err).strip())


def _run(params: Params, system: System, more: List[str]) -> Any:
    words = ["patch", "--quiet", "--batch", "--reject-file=-", "--strip=%d" % params.strip, *more]
    words += ["--binary"] if params.binary else []
    words += ["--ignore-whitespace"] if params.ignore_whitespace else []
    folder = params.basedir or os.path.dirname(params.dest or "") or "/"
    words.append("--directory=" + system.files.real(folder))
    content = _content(params, system)
    if params.dest:
        words.append(system.files.real(params.dest))
    return system.commands.run(words, stdin=content, env=PLAIN)


def _content(params: Params, system: System) -> bytes:
    if not params.remote_src and system.payload is not None:
        with system.payload.open() as stream:
            return stream.read()
    return system.files.read(params.src)


def plan(params: Params, state: State) -> Change:
    """Decide by whether it could be taken back."""
    wanted = params.state == "present"
    if state.is_in == wanted:
        return Change(False)
    if wanted and not state.fits:
        raise Failed("the patch does not fit: %s" % state.problem)
    how = "in" if wanted else "out"
    return Change(
        True,
        ["--forward"] if wanted else ["--reverse", "--force"],
        None,
        {"before": "", "after": "%s goes %s\n" % (params.src, how)},
    )


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Apply it, or take it back."""
    backup = ["--backup", "--version-control=numbered"] if change.params.backup else []
    done = _run(change.params, system, [*change.todo, *backup])
    if done.rc != 0:
        raise Failed((done.out + done.err).strip() or "patch failed", rc=done.rc, changed=True)
    return None


EXAMPLES = """
- name: Mend the program
  patch:
    src: /usr/local/src/fix.patch
    remote_src: true
    basedir: /opt/app
    strip: 1
"""
