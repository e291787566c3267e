"""Manage access control lists of files."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required
from ..system import System
from ..system.commands import PLAIN, Completed

TRAITS = Traits()


class Params(Parameters):
    """One entry of the list, as a whole or in its parts."""

    path: str = required("path", "The file or folder.", aliases=("name",))
    entry: Optional[str] = optional("str", "The entry in one: type:name:permissions.")
    etype: Optional[str] = optional("str", "The entry's type.", choices=("group", "mask", "other", "user"))
    entity: str = optional("str", "Which user or group.", "")
    permissions: Optional[str] = optional("str", "Letters of r, w, x and X, or - for none.")
    state: str = optional("str", "Ask, set or remove.", "query", choices=("absent", "present", "query"))
    follow: bool = optional("bool", "Follow links.", True)
    default: bool = optional("bool", "The entry is what new files in the folder begin with.", False)
    recursive: bool = optional("bool", "For all below the folder too.", False, aliases=("recurse",))
    recalculate_mask: str = optional(
        "str", "Whether the mask is made anew.", "default", choices=("default", "mask", "no_mask")
    )
    use_nfsv4_acls: bool = optional("bool", "Accepted; lists of NFS 4 are refused.", False)


class State(NamedTuple):
    """The list, and what setfacl says it would do to each file."""

    acl: List[str]
    rehearsal: List[str]


def inspect(params: Params, system: System) -> State:
    """Ask getfacl, and let setfacl rehearse."""
    _check(params)
    if not system.files.exists(params.path):
        raise Failed("Path not found or not accessible: %s" % params.path)
    words = ["getfacl", "--omit-header", "--absolute-names"]
    words += ["--recursive"] if params.recursive else []
    words += [] if params.follow else ["--physical"]
    words += ["--default"] if params.default else []
    listed = [line.strip() for line in _run(system, [*words, params.path]).out.splitlines()]
    acl = [line for line in listed if line and not line.startswith("#")]
    if params.state == "query":
        return State(acl, [])
    return State(acl, _run(system, _words(params, rehearse=True)).out.splitlines())


def _check(params: Params) -> None:
    if params.use_nfsv4_acls:
        raise Failed("access control lists of NFS 4 are not supported")
    parts = (params.etype, params.entity, params.permissions)
    if params.entry is not None and any(parts):
        raise Failed("'entry' MUST NOT be set when 'entity', 'etype' or 'permissions' are set.")
    if params.state == "query":
        if params.recursive:
            raise Failed("'recursive' MUST NOT be set when 'state=query'.")
        return
    if params.entry is None and params.etype is None:
        raise Failed("'entry' or 'etype' is required with state=%s" % params.state)
    if params.state == "present" and params.entry is None and params.permissions is None:
        raise Failed("'permissions' is required with state=present")


def _entry(params: Params) -> str:
    words = params.entry.split(":") if params.entry else [params.etype or "", params.entity, params.permissions or ""]
    if words[0] in ("d", "default"):
        words = ["d", *words[1:]]
    if params.state == "absent":
        width = 3 if words[0] == "d" else 2
        return ":".join(words[:width])
    return ":".join(words)


def _words(params: Params, rehearse: bool) -> List[str]:
    words = ["setfacl", *(["--test"] if rehearse else [])]
    words += {"mask": ["--mask"], "no_mask": ["--no-mask"]}.get(params.recalculate_mask, [])
    words += ["--recursive"] if params.recursive else []
    words += [] if params.follow else ["--physical"]
    words += ["--default"] if params.default else []
    return [*words, "--modify" if params.state == "present" else "--remove", _entry(params), params.path]


def _run(system: System, words: List[str]) -> Completed:
    done = system.commands.run(words, env=PLAIN)
    if done.rc == 127:
        raise Failed('Failed to find required executable "%s"; install the package acl' % words[0])
    if done.rc != 0:
        raise Failed((done.err or done.out).strip(), rc=done.rc, cmd=words)
    return done


def plan(params: Params, state: State) -> Change:
    """Compare; setfacl marks with stars what stays as it is."""
    if params.state == "query":
        return Change(False, result={"msg": "current acl", "acl": state.acl})
    differs = [line for line in state.rehearsal if line.strip() and not line.rstrip().endswith("*,*")]
    if params.state == "absent" and not _is_there(params, state):
        differs = []
    result = {"msg": "%s is %s" % (_entry(params), params.state), "acl": state.acl}
    diff = {"before": "".join(line + "\n" for line in state.acl), "after": "".join(line + "\n" for line in differs)}
    return Change(bool(differs), _words(params, rehearse=False), result, diff if differs else None)


def _is_there(params: Params, state: State) -> bool:
    """Tell whether the entry to remove is in the list; removing another one may still make the mask anew."""
    words = _entry(params).split(":")
    start = ":".join({"u": "user", "g": "group", "m": "mask", "o": "other", "d": "default"}.get(w, w) for w in words)
    return params.recursive or any(line.startswith((start, "default:" + start)) for line in state.acl)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Let setfacl do it."""
    _run(system, change.todo)
    return {"acl": inspect(change.params, system).acl}


RETURNS = """
acl: The entries there are now, or were before.
"""

EXAMPLES = """
- name: Ann may read the logs
  acl:
    path: /var/log/app
    etype: user
    entity: ann
    permissions: rx
    state: present
"""
