"""Pack files and directories into an archive, or compress one file; unchanged content is not packed again."""

import bz2
import fnmatch
import glob
import gzip
import lzma
import os
import shutil
import stat as modes
import tarfile
import time
import zipfile
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed
from ..params import FileParameters, optional, required
from ..system import System, attributes
from ..system.archives import Archive, Member
from ..system.attributes import Current, Wanted
from ..system.files import trimmed

CHUNK = 1024 * 1024


class Params(FileParameters):
    """Names in the archive are relative to the deepest directory all paths share."""

    path: List[str] = required("list", "What to pack; shell patterns too.", elements="path")
    format: str = optional("str", "The kind of archive.", "gz", choices=("bz2", "gz", "tar", "xz", "zip"))
    dest: Optional[str] = optional("path", "The archive; path and format together where one path is given.")
    exclude_path: List[str] = optional("list", "Paths to leave out; shell patterns too.", (), elements="path")
    exclusion_patterns: List[str] = optional("list", "Names to leave out.", (), elements="path")
    force_archive: bool = optional("bool", "Whether one file is packed too rather than only compressed.", False)
    remove: bool = optional("bool", "Whether to remove what was packed.", False)


class Source(NamedTuple):
    """One file, directory or link to pack: its name in the archive and where it is."""

    name: str
    path: str
    kind: str
    link: str
    status: os.stat_result


class State(NamedTuple):
    """What shall be packed beside the archive that is there."""

    dest: str
    sources: List[Source]
    expanded: List[str]
    excluded: List[str]
    missing: List[str]
    root: str
    packs: bool
    same: bool
    want: Wanted
    now: Optional[Current]
    info: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """List what to pack and compare it with what the archive holds."""
    expanded, missing = _expand(system, params.path)
    excluded, _ = _expand(system, params.exclude_path)
    kept = [path for path in expanded if path not in excluded]
    one_file = len(params.path) == 1 and len(expanded) == 1 and not system.files.is_dir(expanded[0])
    packs = params.force_archive or not one_file
    dest = _destination(params, packs)
    system.files.look(dest)
    root = _root(kept or [path.rstrip("/") for path in params.path])
    sources = _sources(params, system, kept, [*excluded, dest], root)
    want = attributes.wanted(params)
    same = bool(sources) and system.files.is_file(dest) and _same(params, system, dest, sources, packs)
    if params.remove and sources and system.files.is_file(dest) and not same:
        same = any(_same(params, system, dest, each, True) for each in _as_packed_from_above(sources, root))
    now = attributes.current(system, dest, want)
    return State(dest, sources, kept, excluded, missing, root, packs, same, want, now, attributes.info(system, dest))


def _expand(system: System, paths: Any) -> Tuple[List[str], List[str]]:
    found: List[str] = []
    missing: List[str] = []
    skip = len(system.files.real("/").rstrip("/"))
    for path in paths:
        plain = trimmed(path)
        if glob.has_magic(plain):
            found.extend(each[skip:] for each in sorted(glob.glob(system.files.real(plain))))
        elif system.files.exists(plain):
            found.append(plain)
        else:
            missing.append(path)
    return list(dict.fromkeys(found)), missing


def _destination(params: Params, packs: bool) -> str:
    if params.dest:
        return params.dest
    if len(params.path) > 1 or glob.has_magic(params.path[0]):
        raise Failed('Error, must specify "dest" when archiving multiple files or trees', path=", ".join(params.path))
    suffix = {"gz": "tar.gz", "bz2": "tar.bz2", "xz": "tar.xz"}.get(params.format, params.format)
    return "%s.%s" % (params.path[0].rstrip("/"), suffix if packs and params.force_archive else params.format)


def _root(paths: List[str]) -> str:
    return os.path.commonpath([os.path.dirname(path) or "/" for path in paths]).rstrip("/") + "/"


def _as_packed_from_above(sources: List[Source], root: str) -> Iterator[List[Source]]:
    """Yield the sources as they are called where more of them, from other places, were packed and are removed now."""
    while root:
        yield [source._replace(name=source.path[len(root) :]) for source in sources]
        root = root.rstrip("/").rpartition("/")[0] + "/" if root != "/" else ""


def _sources(params: Params, system: System, paths: List[str], excluded: List[str], root: str) -> List[Source]:
    found: List[Source] = []
    for path in paths:
        _collect(params, system, path, excluded, root, found)
    return found


def _collect(params: Params, system: System, path: str, excluded: List[str], root: str, found: List[Source]) -> None:
    status = system.files.stat(path)
    if status is None or path in excluded:
        return
    if any(fnmatch.fnmatch(path, p) or fnmatch.fnmatch(os.path.basename(path), p) for p in params.exclusion_patterns):
        return
    name = path[len(root) :]
    if modes.S_ISLNK(status.st_mode):
        found.append(Source(name, path, "link", system.files.readlink(path), status))
    elif modes.S_ISDIR(status.st_mode):
        found.append(Source(name, path, "dir", "", status))
        for each in system.files.listdir(path):
            _collect(params, system, path.rstrip("/") + "/" + each, excluded, root, found)
    elif modes.S_ISREG(status.st_mode):
        found.append(Source(name, path, "file", "", status))


COMPRESSED: Dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}


def _same(params: Params, system: System, dest: str, sources: List[Source], packs: bool) -> bool:
    try:
        if not packs and params.format in COMPRESSED:
            with system.files.open(dest) as raw, COMPRESSED[params.format](raw, "rb") as old:
                with system.files.open(sources[0].path) as new:
                    return _equal(old, new)
        archive = Archive(system.files.open(dest), dest)
    except (OSError, EOFError, lzma.LZMAError, Failed):
        return False  # what is there is no such archive: it is replaced
    try:
        kind = "" if params.format == "tar" else params.format
        return archive.kind == kind and _same_members(params, system, archive, sources)
    except Failed:
        return False  # it holds what no archive of ours holds
    finally:
        archive.close()


def _same_members(params: Params, system: System, archive: Archive, sources: List[Source]) -> bool:
    members = {member.name: member for member in archive.members()}
    names = {source.name for source in sources}
    if not (names <= set(members) if params.remove else names == set(members)):
        return False  # a removal that was cut short leaves less than was packed, which must not replace that
    is_zip = archive.kind == "zip"
    if not all(_same_member(members[source.name], source, is_zip) for source in sources):
        return False
    for source in sources:
        if source.kind == "file":
            with archive.open(members[source.name]) as old, system.files.open(source.path) as new:
                if not _equal(old, new):
                    return False
    return True


def _same_member(member: Member, source: Source, is_zip: bool) -> bool:
    status = source.status
    if member.kind != source.kind or member.target != source.link:
        return False
    if member.kind == "file" and member.size != status.st_size:
        return False
    if is_zip:
        return member.kind == "link" or member.mode == modes.S_IMODE(status.st_mode)
    mode_fits = member.kind == "link" or member.mode == modes.S_IMODE(status.st_mode)
    return mode_fits and (member.uid, member.gid) == (status.st_uid, status.st_gid)


def _equal(one: IO[bytes], other: IO[bytes]) -> bool:
    while True:
        left, right = one.read(CHUNK), other.read(CHUNK)
        if left != right:
            return False
        if not left:
            return True


def plan(params: Params, state: State) -> Change:
    """Pack where the archive is missing or holds something else."""
    result = _told(params, state)
    result.update(state.info)
    if not state.sources:
        if state.now is None:
            raise Failed(
                "Error, no source paths were found",
                **{key: result[key] for key in ("expanded_paths", "expanded_exclude_paths", "missing")},
            )
        delta = attributes.compare(state.want, state.now)
        return Change(delta.changed, "settle", result, attributes.diff_of(state.dest, delta))
    diff: Dict[str, Any] = {"before": {"path": state.dest}, "after": {"path": state.dest}}
    todo = []
    if not state.same:
        todo.append("pack")
        diff["before"]["state"] = "absent" if state.now is None else "file"
        diff["after"].update(state="file", archived=[source.path for source in state.sources])
    elif state.now is not None:
        delta = attributes.compare(state.want, state.now)
        todo += ["settle"] if delta.changed else []
        diff = attributes.diff_of(state.dest, delta) or diff
    if params.remove:
        todo.append("remove")
        diff["after"]["removed"] = state.expanded
    return Change(bool(todo), todo, result, diff if todo else None)


def _told(params: Params, state: State) -> Dict[str, Any]:
    files = [source.path for source in state.sources if source.kind != "dir"]
    what = "archive" if state.packs else "compress"
    return {
        "archived": files,
        "arcroot": state.root,
        "dest": state.dest,
        "dest_state": "absent" if not state.sources and state.now is None else "incomplete" if state.missing else what,
        "expanded_paths": state.expanded,
        "expanded_exclude_paths": state.excluded,
        "missing": state.missing,
    }


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Pack beside the archive, put in place in one step, remove the sources last."""
    params: Params = change.params
    state: State = change.state
    try:
        if "pack" in change.todo:
            _pack(params, state, system)
        attributes.settle(system, state.dest, state.want)
        if "remove" in change.todo:
            for path in state.expanded:
                system.files.remove(path)
    except OSError as error:
        raise Failed("cannot pack %s: %s" % (state.dest, error), dest=state.dest) from error
    return attributes.info(system, state.dest)


def _pack(params: Params, state: State, system: System) -> None:
    start = state.now or attributes.fresh(state.want)
    owner = attributes.owner_ids(state.want)
    with system.files.replacing(state.dest, mode=attributes.final_mode(state.want, start), owner=owner) as stream:
        if params.format == "zip":
            _pack_zip(state, system, stream)
            return
        with _Compressor(params.format, stream) as packed:
            if state.packs or params.format == "tar":
                _pack_tar(state, system, packed)
            else:
                with system.files.open(state.sources[0].path) as source:
                    shutil.copyfileobj(source, packed, CHUNK)


class _Compressor:
    """A stream that compresses into another, with nothing of the present time in it."""

    def __init__(self, kind: str, stream: IO[bytes]) -> None:
        self.stream: Any = stream
        if kind == "gz":
            self.stream = gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0)
        elif kind == "bz2":
            self.stream = bz2.BZ2File(stream, "wb")
        elif kind == "xz":
            self.stream = lzma.LZMAFile(stream, "wb")
        self.is_ours = self.stream is not stream

    def __enter__(self) -> Any:
        return self.stream

    def __exit__(self, *_: Any) -> None:
        if self.is_ours:
            self.stream.close()


def _pack_tar(state: State, system: System, stream: Any) -> None:
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for source in state.sources:
            member = archive.gettarinfo(system.files.real(source.path), source.name)
            if member.islnk():
                member.type, member.linkname, member.size = tarfile.REGTYPE, "", source.status.st_size
            member.mtime = int(member.mtime)
            if source.kind == "file":
                with system.files.open(source.path) as content:
                    archive.addfile(member, content)
            else:
                archive.addfile(member)


def _pack_zip(state: State, system: System, stream: IO[bytes]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for source in state.sources:
            when = time.localtime(max(source.status.st_mtime, 315619200))[:6]
            name = source.name + ("/" if source.kind == "dir" else "")
            member = zipfile.ZipInfo(name, when)
            member.external_attr = source.status.st_mode << 16 | (0x10 if source.kind == "dir" else 0)
            member.compress_type = zipfile.ZIP_DEFLATED
            if source.kind == "file":
                with system.files.open(source.path) as content, archive.open(member, "w", force_zip64=True) as packed:
                    shutil.copyfileobj(content, packed, CHUNK)
            else:
                archive.writestr(member, source.link.encode("utf-8", "surrogateescape"))


RETURNS = """
state: What dest is now: absent, archive, compress (only one file) or incomplete.
dest_state: The same for dest alone.
missing: Paths that are not there.
archived: Files that were packed.
arcroot: The folder that all names in the archive begin below.
expanded_paths: What path means, patterns resolved.
expanded_exclude_paths: What exclude_path means, patterns resolved.
dest: The archive.
size: The file's size in bytes.
mode: The file's permissions in octal.
owner: Name of the file's owner.
group: Name of the file's group.
uid: Number of the file's owner.
gid: Number of the file's group.
"""

EXAMPLES = """
- name: The site's files before the move
  archive:
    path: /srv/site
    dest: /root/site.tar.gz
    exclude_path: /srv/site/cache
    mode: "0600"
"""
