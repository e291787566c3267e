"""Write files: content sent along, given as text, or already on this host; also whole directory trees.

The controller sends content as the request's raw body. Where it is large it first asks with ``_source_checksum`` and no
body; the answer holds ``_needs_content`` when it has to be sent. A tree comes as a manifest (``_tree``); the answer
lists the files ``_needed``, which are then sent in one body.
"""

import io
import os
from typing import IO, Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..change import MAX_DIFF_BYTES, Change, Failed, text_diff
from ..params import FileParameters, mutually_exclusive, optional, required
from ..system import System, attributes, trees
from ..system.attributes import Current, Wanted
from ..system.files import trimmed
from ..system.placing import Placing, check_validate, place, sha1_of


class Params(FileParameters):
    """One of ``content``, ``src`` or a body sent along says what to write."""

    dest: str = required("path", "Where to write: a file, or a directory (with a slash at its end it is made).")
    src: Optional[str] = optional("path", "What to copy; a directory without a slash at its end is copied itself.")
    content: Optional[str] = optional("str", "The content itself.", quiet=True)
    remote_src: bool = optional("bool", "Whether src is on the target.", False)
    backup: bool = optional("bool", "Whether to keep the file replaced under a name with the time in it.", False)
    force: bool = optional("bool", "Whether to replace a file that differs.", True, aliases=("thirsty",))
    validate: Optional[str] = optional("str", "A command that must accept the new file, %s, before it is put in place.")
    directory_mode: Any = optional("raw", "Permissions of directories newly made.")
    follow: bool = optional("bool", "Whether to write through a link at the destination.", False)
    local_follow: bool = optional(
        "bool", "Whether links in the source are copied as what they point to; with remote_src only if given.", True
    )
    checksum: Optional[str] = optional("str", "SHA-1 the content must have.")
    decrypt: bool = optional("bool", "Whether the controller decrypts a vaulted source.", True)
    _original_basename: Optional[str] = optional("str", "The source's name, for a destination that is a directory.")
    _source_checksum: Optional[str] = optional("str", "SHA-1 of the content that can be sent.")
    _source_mode: Optional[str] = optional("str", "The source's permissions, for mode preserve.")
    _tree: Any = optional("list", "Manifest of the tree to make.", elements="dict")
    rules = (mutually_exclusive("src", "content"),)


class FileState(NamedTuple):
    """One file: where it goes, what is there, what shall be there. ``sample`` and ``offered`` are for the diff."""

    path: str
    folders: Tuple[str, ...]
    folder_there: bool
    want: Wanted
    now: Optional[Current]
    info: Dict[str, Any]
    checksum: Optional[str]
    source_checksum: str
    content_here: bool
    replaces_link: bool
    sample: Optional[bytes]
    offered: Optional[bytes]


class TreeState(NamedTuple):
    """A tree: every entry beside what is at its place. ``source`` is None where the content is sent."""

    dest: str
    folders: Tuple[str, ...]
    want: Wanted
    entries: List[trees.Entry]
    source: Optional[str]
    content_here: bool
    info: Dict[str, Any]


State = Union[FileState, TreeState]


def inspect(params: Params, system: System) -> State:
    """Look at the source and at what is in its place."""
    check_validate(params.validate)
    if not params.dest:
        raise Failed("dest is required")
    if params._tree is not None:
        return _inspect_tree(params, system, params._tree, None)
    if params.remote_src and params.src is not None:
        if not system.files.exists(params.src):
            raise Failed("Source %s not found" % params.src)
        if system.files.is_dir(params.src):
            manifest = _manifest(params, system)
            return _inspect_tree(params, system, manifest, os.path.dirname(params.src))
        if not system.files.is_file(params.src):
            raise Failed("Source %s is not a file" % params.src)
    return _inspect_file(params, system)


def _manifest(params: Params, system: System) -> List[Dict[str, Any]]:
    source = params.src or ""
    name = os.path.basename(source)
    found = trees.scan(system, source, params.local_follow and "local_follow" in params.given)
    if name:
        top = {"path": name, "mode": "%04o" % _mode_of(system, source), "dir": True}
        found = [top] + [dict(each, path=name + "/" + each["path"]) for each in found]
    return found


def _mode_of(system: System, path: str) -> int:
    status = system.files.stat(path, follow=True)
    return status.st_mode & 0o7777 if status else 0


def _inspect_tree(
    params: Params, system: System, manifest: Sequence[Mapping[str, Any]], source: Optional[str]
) -> TreeState:
    plain = attributes.wanted(params, "0644")
    folder = plain._replace(mode=params.directory_mode)
    keep = params.mode == "preserve"

    def wants(entry: Mapping[str, Any]) -> Tuple[Wanted, Wanted]:
        if entry.get("dir"):
            as_source = keep or source is not None
            new = folder if params.directory_mode or not as_source else folder._replace(mode=entry["mode"])
            return folder._replace(mode=None), new
        want = plain._replace(mode=entry["mode"]) if keep else plain
        return want, want._replace(mode=entry["mode"]) if source is not None and want.mode is None else want

    dest = trimmed(params.dest)
    entries = trees.look(system, dest, manifest, wants)
    here = source is not None or system.payload is not None
    missing = attributes.missing_folders(system, dest)
    return TreeState(dest, missing, folder, entries, source, here, attributes.info(system, dest))


def _inspect_file(params: Params, system: System) -> FileState:
    path = _destination(params, system)
    if params.follow:
        path = system.files.resolve(path)
    system.files.look(path)
    preserved = params._source_mode
    if preserved is None and params.remote_src and params.src:
        preserved = "%04o" % _mode_of(system, params.src)
    want = attributes.wanted(params, preserved)
    is_file = system.files.is_file(path)
    if system.files.exists(path) and not is_file and not system.files.is_link(path):
        raise Failed("cannot write %s: it is not a file" % path)
    source = params._source_checksum or _hash_of_source(params, system)
    checksum = _hash_of_file(path, system) if is_file else None
    differs = checksum != source
    folder = os.path.dirname(path) or "/"
    return FileState(
        path,
        attributes.missing_folders(system, folder) if params.dest.endswith("/") else (),
        system.files.is_dir(folder),
        want,
        attributes.current(system, path, want, follow=True),
        attributes.info(system, path),
        checksum,
        source,
        _has_content(params, system),
        system.files.is_link(path),
        system.files.head(path, MAX_DIFF_BYTES + 1) if is_file and differs else None,
        _head_of_source(params, system) if differs and _has_content(params, system) else None,
    )


def _destination(params: Params, system: System) -> str:
    system.files.look(params.dest)
    name = params._original_basename or (os.path.basename(params.src) if params.src and params.remote_src else "")
    if params.dest.endswith("/") or system.files.is_dir(params.dest):
        if not name:
            raise Failed("can not use content with a dir as dest")
        return params.dest.rstrip("/") + "/" + os.path.basename(name)
    return params.dest


def _has_content(params: Params, system: System) -> bool:
    return system.payload is not None or params.content is not None or params.remote_src


def _open_source(params: Params, system: System) -> IO[bytes]:
    if system.payload is not None:
        return system.payload.open()
    if params.content is not None:
        return io.BytesIO(params.content.encode("utf-8", "surrogateescape"))
    if params.remote_src and params.src is not None:
        return system.files.open(params.src)
    if params._source_checksum is None or params._source_checksum == EMPTY_SHA1:
        return io.BytesIO(b"")
    raise Failed("nothing to write to %s: no content came, and no src on this host is named" % params.dest)


EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def _hash_of_source(params: Params, system: System) -> str:
    if not _has_content(params, system) and params._original_basename is None:
        raise Failed("src (or content) is required")
    if system.payload is not None:
        return system.payload.digests.sha1
    try:
        with _open_source(params, system) as stream:
            return sha1_of(stream)
    except OSError as error:
        raise Failed("Source %s is not readable: %s" % (params.src, error.strerror)) from error


def _hash_of_file(path: str, system: System) -> str:
    return system.placed.sha1(system.files.stat(path, follow=True)) or system.files.checksum(path)


def _head_of_source(params: Params, system: System) -> bytes:
    with _open_source(params, system) as stream:
        return stream.read(MAX_DIFF_BYTES + 1)


def plan(params: Params, state: State) -> Change:
    """Decide what to write and which attributes to set."""
    return _plan_tree(params, state) if isinstance(state, TreeState) else _plan_file(params, state)


def _plan_file(params: Params, state: FileState) -> Change:
    result: Dict[str, Any] = {"dest": state.path}
    if params.remote_src or params.src:
        result["src"] = params.src
    if state.now is not None and not params.force:
        return Change(False, result=result)
    result.update(state.info, checksum=state.source_checksum, **attributes.unknown_names(state.want))
    if state.checksum == state.source_checksum and not (state.replaces_link and not params.follow) and state.now:
        delta = attributes.compare(state.want, state.now)
        diff = {
            "before": dict({"path": state.path}, **delta.before),
            "after": dict({"path": state.path}, **delta.after),
        }
        return Change(delta.changed, "settle", dict(result, path=state.path), diff if delta.changed else None)
    diff = text_diff(state.path, state.sample, state.offered)
    if state.content_here or state.source_checksum == EMPTY_SHA1:
        return Change(True, "write", result, diff)
    return Change(True, "ask", dict(result, _needs_content=True), diff, settles=False)


def _plan_tree(params: Params, state: TreeState) -> Change:
    needed = trees.needed(state.entries, state.dest)
    shown = trees.differences(state.entries)
    if not params.force:
        there = [entry for entry in state.entries if entry.is_there and entry.kind == "file"]
        needed = [path for path in needed if state.dest.rstrip("/") + "/" + path not in {e.path for e in there}]
        shown = {key: paths for key, paths in shown.items() if key == "created"}
    result = dict(state.info, dest=os.path.join(state.dest, ""), **attributes.unknown_names(state.want))
    if params.src:
        result["src"] = params.src
    if not shown and not state.folders:
        return Change(False, result=result)
    diff: Dict[str, Dict[str, Any]] = {"before": {"path": state.dest}, "after": dict({"path": state.dest}, **shown)}
    if state.folders:
        diff["before"]["state"], diff["after"]["state"] = "absent", "directory"
    if needed and not state.content_here:
        return Change(True, "ask", dict(result, _needed=needed), diff, settles=False)
    return Change(True, ("tree", needed), result, diff)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write what was planned; where the content has not come yet, nothing is touched."""
    params: Params = change.params
    state: State = change.state
    if change.todo == "ask":
        return None
    if isinstance(state, TreeState):
        return _apply_tree(params, state, change.todo[1], system)
    if change.todo == "settle":
        attributes.settle(system, state.path, state.want)
        return attributes.info(system, state.path)
    return _write(params, state, system)


def _write(params: Params, state: FileState, system: System) -> Dict[str, Any]:
    folder = os.path.dirname(state.path)
    if params.checksum and params.checksum != state.source_checksum:
        raise Failed(
            "Copied file does not match the expected checksum. Transfer failed.",
            checksum=state.source_checksum,
            expected_checksum=params.checksum,
        )
    if state.folders:
        attributes.make_folders(system, state.folders, state.want._replace(mode=params.directory_mode))
    elif not state.folder_there:
        raise Failed("Destination directory %s does not exist" % folder, checksum=state.source_checksum)
    known = system.payload.digests if system.payload is not None else None
    how = Placing(params.backup, params.validate, params.unsafe_writes, params.follow, state.source_checksum, known)
    want = state.want
    if want.mode is None and params.remote_src and params.src and state.now is not None:
        want = want._replace(mode=_mode_of(system, params.src))  # a copy over a file takes the source's mode along
    with _open_source(params, system) as source:
        result = place(system, state.path, source, want, how)
    attributes.settle(system, state.path, state.want)
    result.update(attributes.info(system, state.path), dest=state.path)
    return result


def _apply_tree(params: Params, state: TreeState, needed: List[str], system: System) -> Dict[str, Any]:
    if state.source is not None and len(state.folders) > 1 and not params.dest.endswith("/"):
        raise Failed("Destination directory %s does not exist" % os.path.dirname(state.dest))
    attributes.make_folders(system, state.folders, state.want)
    entries = state.entries
    if not params.force:
        entries = [entry for entry in entries if not entry.is_there]
    contents: Iterator[Tuple[str, IO[bytes]]] = iter(())
    if needed and state.source is not None:
        name = os.path.basename(params.src or "")
        source = state.source if name else params.src or ""
        contents = trees.read(system, source, needed, state.dest)
    elif needed and system.payload is not None:
        contents = trees.unpack(system.payload.open(), state.dest)
    how = Placing(params.backup, params.validate, params.unsafe_writes, params.follow)
    backups = trees.realize(system, entries, contents, how)
    result = attributes.info(system, state.dest)
    if backups:
        result["backup_files"] = backups
    return result


RETURNS = """
dest: The file written.
src: Where the content came from.
checksum: SHA-1 of the content.
md5sum: MD5 of the content, where that is not switched off.
uid: Number of the file's owner.
gid: Number of the file's group.
owner: Name of the file's owner.
group: Name of the file's group.
mode: The file's permissions in octal.
state: What is there now, or what was asked for.
size: The file's size in bytes.
path: The path worked on.
msg: What was done, in words.
diff: What was before and what is after; whole with --diff.
backup_file: Where the file replaced was kept.
backup_files: Where the files of a folder that were replaced were kept.
"""

EXAMPLES = """
- name: A configuration file, checked before it replaces the old one
  copy:
    src: sudoers
    dest: /etc/sudoers
    owner: root
    group: root
    mode: "0440"
    validate: /usr/sbin/visudo -cf %s
- name: Text given here
  copy:
    content: "managed\\n"
    dest: /etc/motd
- name: A copy on the host
  copy:
    src: /etc/app/app.conf.example
    dest: /etc/app/app.conf
    remote_src: true
"""
