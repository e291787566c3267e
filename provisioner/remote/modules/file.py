"""Manage files, directories and links: existence, kind, permissions and owner."""

import os
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed
from ..params import FileParameters, optional, required
from ..system import System, attributes, flags
from ..system.attributes import Current, Wanted
from ..system.files import trimmed

STATES = ("absent", "directory", "file", "hard", "link", "touch")


class Params(FileParameters):
    """Without ``state``: the state it has now, ``directory`` with ``recurse``, else ``file``."""

    path: str = required("path", "What to manage.", aliases=("dest", "name"))
    state: Optional[str] = optional("str", "What it shall be.", choices=STATES)
    src: Optional[str] = optional("path", "What a link points to.")
    recurse: bool = optional("bool", "Whether to set the attributes on all content of a directory.", False)
    force: bool = optional("bool", "Link even where the source is missing or another file is in the way.", False)
    follow: bool = optional("bool", "Whether attributes go to what a link points to.", True)
    modification_time: Optional[str] = optional("str", "now, preserve, or a time in modification_time_format.")
    modification_time_format: str = optional("str", "Format of modification_time, as strftime has it.", "%Y%m%d%H%M.%S")
    access_time: Optional[str] = optional("str", "now, preserve, or a time in access_time_format.")
    access_time_format: str = optional("str", "Format of access_time, as strftime has it.", "%Y%m%d%H%M.%S")
    _original_basename: Optional[str] = optional("str", "Name of the file a controller copies; set by copy.")
    _diff_peek: Optional[str] = optional("str", "Accepted and ignored.")


class State(NamedTuple):
    """What is at ``path`` (``kind`` as results name it, ``shown`` the path they name), and at the source of a link.

    ``tree`` holds the attributes of everything below a directory, only with ``recurse``; ``below`` the names of what
    would go with a directory, only where somebody wants to see it.
    """

    path: str
    shown: str
    kind: str
    want: Wanted
    now: Optional[Current]
    info: Dict[str, Any]
    link: Optional[str] = None
    source: Optional[str] = None
    source_there: bool = False
    same_inode: bool = False
    entries: Tuple[str, ...] = ()
    missing: Tuple[str, ...] = ()
    tree: Tuple[Tuple[str, Current], ...] = ()
    times_ns: Tuple[int, int] = (0, 0)
    below: Optional[Dict[str, List[str]]] = None


def inspect(params: Params, system: System) -> State:
    """Look at the path, at a link's source and, with ``recurse``, at all that lies below."""
    files = system.files
    want = attributes.wanted(params)
    path, shown, wish = _resolve(params, files)
    status = files.stat(path)
    kind = attributes.state_of(status)
    follow = wish in ("link", "hard") and params.follow and files.stat(path, follow=True) is not None
    source, source_path = _source(params, files, path, kind)
    source_status = files.stat(source_path, follow=True) if source_path is not None else None
    return State(
        path,
        shown,
        kind,
        want,
        attributes.current(system, path, want, follow),
        attributes.info(system, shown),
        files.readlink(path) if kind == "link" else None,
        source,
        source_status is not None,
        _same(status, source_status),
        tuple(files.listdir(path)) if kind == "directory" and wish in ("link", "hard") else (),
        attributes.missing_folders(system, path) if wish == "directory" and kind == "absent" else (),
        _tree(system, path, params.follow, want) if params.recurse and kind == "directory" else (),
        (status.st_atime_ns, status.st_mtime_ns) if status else (0, 0),
        _content(system, path) if wish == "absent" and kind == "directory" and system.foretell else None,
    )


def _content(system: System, top: str) -> Dict[str, List[str]]:
    directories: List[str] = []
    files: List[str] = []
    for folder, inner, names in system.files.walk(top):
        directories.extend(folder + "/" + name for name in inner)
        files.extend(folder + "/" + name for name in names)
    return {"directories": directories, "files": files}


def _resolve(params: Params, files: Any) -> Tuple[str, str, str]:
    """Return the path to work on, the path results name, and the state wanted."""
    path = trimmed(params.path)
    files.look(path)
    kind = attributes.state_of(files.stat(path))
    wish = _wish(params, kind)
    if params.src and wish not in ("link", "absent") and files.is_dir(path):
        path = path + "/" + os.path.basename(params.src)
        files.look(path)
        kind = attributes.state_of(files.stat(path))
    if kind == "link" and params.follow and wish in ("file", "directory", "touch"):
        target = files.resolve(path)
        files.look(target)
        return target, path if wish == "touch" else target, wish
    return path, path, wish


def _wish(params: Params, kind: str) -> str:
    if params.state:
        return params.state
    if kind != "absent":
        return kind
    return "directory" if params.recurse else "file"


def _same(one: Optional[os.stat_result], other: Optional[os.stat_result]) -> bool:
    return one is not None and other is not None and (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _source(params: Params, files: Any, path: str, kind: str) -> Tuple[Optional[str], Optional[str]]:
    source = params.src
    if source is None and kind == "link" and params.state in (None, "link"):
        source = files.readlink(path)
    if source is None:
        return None, None
    return source, os.path.join(path if kind == "directory" else os.path.dirname(path), source)


def _tree(system: System, top: str, follow: bool, want: Wanted) -> Tuple[Tuple[str, Current], ...]:
    """Return all below a directory, links as themselves; with ``follow`` also what they point to, by its own path."""
    found: List[Tuple[str, Current]] = []
    waiting, seen = [top], set()
    system.files.look_into(top, system.files.stat(top))
    while waiting:
        folder = waiting.pop()
        for name in system.files.listdir(folder):
            path = folder.rstrip("/") + "/" + name
            paths = [path]
            if follow and system.files.is_link(path) and system.files.stat(path, follow=True):
                paths.append(system.files.resolve(path))
            for each in paths:
                system.files.look(each)
                status = system.files.stat(each)
                if status is None or (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                letters = flags.flags_of(system.files.real(each)) if want.flags else None
                now = attributes.of_status(status, letters)
                found.append((each, now))
                if now.is_dir:
                    system.files.look_into(each, status)
                    waiting.append(each)
    return tuple(found)


def plan(params: Params, state: State) -> Change:
    """Decide by the state wanted."""
    wish = _wish(params, state.kind)
    if params.recurse and wish != "directory":
        raise Failed("recurse option requires state to be 'directory'", path=params.path, **state.info)
    if params.src is not None and wish not in ("link", "hard"):
        raise Failed("src option requires state to be 'link' or 'hard'", path=params.path, **state.info)
    return PLANS[wish](params, state)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Run the steps planned, then say what is there."""
    state: State = change.state
    attributes.owner_ids(state.want)
    try:
        for step, arguments in change.todo:
            STEPS[step](system, state, *arguments)
    except (OSError, Failed) as error:
        if state.kind == "absent" and _wish(change.params, state.kind) == "touch":
            system.files.remove(state.path)  # an owner or a mode that cannot be given leaves no half-made file
        if isinstance(error, Failed):
            raise
        raise Failed(_trouble(error, change.params, state), path=state.path) from error
    found = attributes.info(system, state.shown)
    return found or {"state": "absent"}


def _trouble(error: OSError, params: Params, state: State) -> str:
    wish = _wish(params, state.kind)
    why = error.strerror or str(error)
    if wish == "touch":
        return "Error, could not touch target: %s: %s" % (why, state.path)
    if wish in ("link", "hard"):
        return "Error while linking: %s: %s -> %s" % (why, state.source, state.path)
    if wish == "directory":
        return "There was an issue creating %s as requested: %s" % (error.filename or state.path, why)
    return "%s failed: %s: %s" % ("removing" if wish == "absent" else "changing", why, state.path)


def _change(state: State, todo: List[Any], before: Dict[str, Any], after: Dict[str, Any], key: str = "path") -> Change:
    """Join the kind's change with the attributes' into one."""
    result = dict(state.info)
    result[key] = state.shown
    result.update(attributes.unknown_names(state.want))
    diff = {"before": dict({"path": state.path}, **before), "after": dict({"path": state.path}, **after)}
    result["diff"] = diff
    return Change(bool(todo), todo, result, diff if todo else None)


def _attributes(state: State, follow: bool, todo: List[Any]) -> attributes.Delta:
    now = state.now or attributes.fresh(state.want)
    delta = attributes.compare(state.want, now)
    if delta.changed:
        todo.append(("settle", (follow,)))
    return delta


def _plan_absent(params: Params, state: State) -> Change:
    if state.kind == "absent":
        return Change(False, result={"path": state.path, "state": "absent"})
    before: Dict[str, Any] = {"state": state.kind}
    if state.kind == "directory":
        before.update({"path_content": state.below} if state.below is not None else {})
    change = _change(state, [("remove", ())], before, {"state": "absent"})
    change.result = {"path": state.path, "state": "absent", "diff": change.diff}
    return change


def _plan_directory(params: Params, state: State) -> Change:
    if state.kind == "absent":
        fresh = attributes.fresh(state.want, is_dir=True)
        delta = attributes.compare(state.want, fresh)
        before, after = dict({"state": "absent"}, **delta.before), dict({"state": "directory"}, **delta.after)
        todo: List[Any] = [("make", ())]
        if params.access_time or params.modification_time:
            _stamps(params, state, "preserve", todo, (before, after))
        return _change(state, todo, before, after)
    if state.kind != "directory":
        raise Failed("%s already exists as a %s" % (state.path, state.kind), path=state.path, **state.info)
    todo = []
    delta = _attributes(state, True, todo)
    before, after = dict(delta.before), dict(delta.after)
    settles = _stamps(params, state, "preserve", todo, (before, after))
    below = [path for path, now in state.tree if attributes.compare(state.want, now).changed]
    if below:
        todo.append(("settle_below", (below,)))
        after["below"] = below
        before["below"] = []
    change = _change(state, todo, before, after)
    change.settles = settles
    return change


def _plan_file(params: Params, state: State, key: str = "path") -> Change:
    if state.kind == "absent":
        raise Failed("file (%s) is absent, cannot continue" % state.path, path=state.path, state="absent")
    if state.kind not in ("file", "hard"):
        raise Failed("file (%s) is %s, cannot continue" % (state.path, state.kind), **dict(state.info, path=state.path))
    todo: List[Any] = []
    delta = _attributes(state, True, todo)
    before, after = dict(delta.before), dict(delta.after)
    settles = _stamps(params, state, "preserve", todo, (before, after))
    change = _change(state, todo, before, after, key)
    change.settles = settles
    return change


def _plan_touch(params: Params, state: State) -> Change:
    absent = state.kind == "absent"
    todo: List[Any] = [("create", ())] if absent else []
    before, after = {"state": state.kind}, {"state": "touch"}
    settles = _stamps(params, state, "now", todo, (before, after))
    delta = _attributes(state, True, todo)
    before.update(delta.before)
    after.update(delta.after)
    change = _change(state, todo, before, after, "dest")
    change.settles = settles
    return change


def _stamps(params: Params, state: State, otherwise: str, todo: List[Any], sides: Tuple[Dict[str, Any], ...]) -> bool:
    """Add the step that sets the times, where they shall be others; tell whether they are the same next time."""
    asked = [params.access_time or otherwise, params.modification_time or otherwise]
    formats = [params.access_time_format, params.modification_time_format]
    times = [_time(text, form, now) for text, form, now in zip(asked, formats, state.times_ns)]
    if state.kind != "absent" and all(t is not None and t == now for t, now in zip(times, state.times_ns)):
        return True
    todo.append(("stamp", (times,)))
    before, after = sides
    for key, text, time_, old in zip(("atime", "mtime"), asked, times, state.times_ns):
        if text != "preserve":
            before[key], after[key] = old / 1e9, "now" if time_ is None else time_ / 1e9
    return None not in times


def _time(text: str, form: str, now: int) -> Optional[int]:
    if text == "now":
        return None
    if text == "preserve":
        return now or None
    try:
        return int(time.mktime(time.strptime(text, form))) * 10**9
    except (ValueError, OverflowError):
        raise Failed("Error while obtaining timestamp for time %s using format %s" % (text, form)) from None


def _plan_link(params: Params, state: State) -> Change:
    if state.source is None:
        raise Failed("src is required for creating new symlinks", path=state.path, **state.info)
    if not params.force:
        if not state.source_there and params.src is not None:
            _refuse(state, 'src file does not exist, use "force=yes" if you really want to create the link: %s')
        if state.kind not in ("absent", "link"):
            _refuse(state, "refusing to convert from %s to symlink for %s" % (state.kind, state.path))
    if state.kind == "directory" and state.entries:
        _refuse(state, "the directory %s is not empty, refusing to convert it" % state.path)
    todo: List[Any] = []
    before: Dict[str, Any] = {}
    after: Dict[str, Any] = {}
    if state.kind != "link":
        todo.append(("link", ()))
        before, after = {"state": state.kind}, {"state": "link"}
    elif state.link != state.source:
        todo.append(("link", ()))
        before, after = {"src": state.link}, {"src": state.source}
    if not params.follow or state.source_there:
        _link_attributes(params, state, todo, before, after)
    change = _change(state, todo, before, after, "dest")
    change.result["src"] = state.source
    return change


def _link_attributes(
    params: Params, state: State, todo: List[Any], before: Dict[str, Any], after: Dict[str, Any]
) -> None:
    """Add what attributes need: after a new link they are looked at again, an old one's are compared here."""
    if todo:
        todo.append(("settle", (params.follow,)))
        return
    delta = _attributes(state, params.follow, todo)
    before.update(delta.before)
    after.update(delta.after)


def _refuse(state: State, msg: str) -> None:
    source = os.path.join(state.path if state.kind == "directory" else os.path.dirname(state.path), state.source or "")
    raise Failed(msg % source if "%s" in msg else msg, **dict(state.info, path=state.path, src=state.source))


def _plan_hard(params: Params, state: State) -> Change:
    if params.src is None:
        if state.kind == "hard":
            return _plan_file(params, state, "dest")
        raise Failed("src is required for creating new hardlinks", path=state.path)
    if not state.source_there:
        raise Failed("src does not exist", dest=state.path, src=params.src, **state.info)
    todo: List[Any] = []
    before: Dict[str, Any] = {}
    after: Dict[str, Any] = {}
    if not state.same_inode:
        if state.kind == "directory" and state.entries:
            _refuse(state, "the directory %s is not empty, refusing to convert it" % state.path)
        if state.kind not in ("absent", "link") and not params.force:
            different = "Cannot link, different hard link exists at destination"
            _refuse(state, different if state.kind == "hard" else "Cannot link, %s exists at destination" % state.kind)
        todo.append(("hard", ()))
        before, after = {"state": state.kind}, {"state": "hard"}
    if state.same_inode:
        delta = _attributes(state, True, todo)
        before.update(delta.before)
        after.update(delta.after)
    elif any(v is not None for v in (state.want.mode, state.want.owner, state.want.group, state.want.flags)):
        todo.append(("settle", (True,)))
    change = _change(state, todo, before, after, "dest")
    change.result["src"] = params.src
    return change


PLANS: Dict[str, Callable[[Params, State], Change]] = {
    "absent": _plan_absent,
    "directory": _plan_directory,
    "file": _plan_file,
    "touch": _plan_touch,
    "link": _plan_link,
    "hard": _plan_hard,
}


def _remove(system: System, state: State) -> None:
    system.files.remove(state.path)


def _settle(system: System, state: State, follow: bool) -> None:
    attributes.settle(system, state.path, state.want, follow)


def _settle_below(system: System, state: State, paths: List[str]) -> None:
    for path in paths:
        attributes.settle(system, path, state.want, follow=False)


def _make(system: System, state: State) -> None:
    attributes.make_folders(system, state.missing, state.want)


def _create(system: System, state: State) -> None:
    mode = attributes.final_mode(state.want, attributes.fresh(state.want))
    system.files.touch(state.path, mode & 0o777)


def _stamp(system: System, state: State, times_ns: List[Optional[int]]) -> None:
    now = int(time.time() * 10**9)
    access, modification = (now if each is None else each for each in times_ns)
    with system.files.hold(state.path, True) as handle:
        handle.set_times(None if times_ns == [None, None] else (access, modification))


def _link(system: System, state: State) -> None:
    if state.kind == "directory":
        system.files.rmdir(state.path)
    system.files.symlink(state.source or "", state.path)


def _hard(system: System, state: State) -> None:
    source = os.path.join(os.path.dirname(state.path), state.source or "")
    if state.kind == "directory":
        system.files.rmdir(state.path)
    system.files.hard_link(source, state.path)


STEPS: Dict[str, Callable[..., None]] = {
    "remove": _remove,
    "settle": _settle,
    "settle_below": _settle_below,
    "make": _make,
    "create": _create,
    "stamp": _stamp,
    "link": _link,
    "hard": _hard,
}

RETURNS = """
path: The path worked on.
state: What is there now, or what was asked for.
diff: What was before and what is after; whole with --diff.
uid: Number of the file's owner.
gid: Number of the file's group.
owner: Name of the file's owner.
group: Name of the file's group.
mode: The file's permissions in octal.
size: The file's size in bytes.
dest: The file written.
src: Where the content came from.
msg: What was done, in words.
"""

EXAMPLES = """
- name: A directory for the application's data
  file:
    path: /srv/app/data
    state: directory
    owner: root
    group: root
    mode: "0750"
- name: The release in use
  file:
    src: /srv/app/releases/7
    dest: /srv/app/current
    state: link
- name: No default site
  file:
    path: /etc/nginx/sites-enabled/default
    state: absent
"""
