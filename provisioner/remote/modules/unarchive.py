"""Unpack an archive (tar, tar.gz, tar.bz2, tar.xz, tar.zst, zip) into a directory.

Members are not trusted: absolute names, ``..``, devices and links that lead out of the directory are refused.
"""

import fnmatch
import os
import re
import shutil
import tempfile
from typing import IO, Any, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed
from ..params import FileParameters, mutually_exclusive, optional, required
from ..system import System, attributes
from ..system.archives import Archive, Member, check_links, kind_of
from ..system.attributes import Current, Wanted
from ..system.handles import Handle
from ..system.payload import Payload
from ..system.urls import UrlParameters, fetch

CHUNK = 1024 * 1024
PROVE_UP_TO = 64 * 1024 * 1024
HARMLESS = ("--overwrite", "--no-overwrite-dir", "--same-permissions", "-p", "-o", "-q", "--preserve-permissions")


class Params(FileParameters):
    """Of the programs' own options in ``extra_opts``, those that choose names and owners are understood."""

    src: str = required("path", "The archive; with remote_src also an address that the target downloads it from.")
    dest: str = required("path", "The directory to unpack into; it must be there.")
    remote_src: bool = optional("bool", "Whether src is on the target.", False)
    creates: Optional[str] = optional("path", "Do nothing where this is there.")
    list_files: bool = optional("bool", "Whether the result names the members.", False)
    exclude: List[str] = optional("list", "Members to leave out, patterns too.", (), elements="str")
    include: List[str] = optional("list", "The only members to unpack, patterns too.", (), elements="str")
    keep_newer: bool = optional("bool", "Whether to leave files that are newer than the archive's.", False)
    extra_opts: List[str] = optional(
        "list", "--strip-components=N, --no-same-owner, -j and the like.", (), elements="str"
    )
    copy: bool = optional("bool", "The old opposite of remote_src.", True)
    decrypt: bool = optional("bool", "Whether the controller decrypts a vaulted source.", True)
    validate_certs: bool = optional("bool", "Whether a server's certificate must be valid, where src is https.", True)
    io_buffer_size: int = optional("int", "Accepted and ignored.", 65536)
    rules = (mutually_exclusive("include", "exclude"),)


class Step(NamedTuple):
    """A member, where it goes, and what about it is not right yet: content, attributes, or nothing."""

    member: Member
    path: str
    want: Wanted
    content: bool
    attributes: bool
    is_new: bool
    keeps_newer: bool = False


class State(NamedTuple):
    """The members beside what is there; ``skip`` says why there is nothing to do."""

    skip: str
    needs_content: bool
    dest_there: bool
    info: Dict[str, Any]
    handler: str
    names: List[str]
    steps: List[Step]
    links: Dict[str, str]


class Options(NamedTuple):
    """What ``extra_opts`` says, in our words."""

    strip: int = 0
    keep_owner: bool = True
    flat: bool = False
    exclude: Tuple[str, ...] = ()


def inspect(params: Params, system: System) -> State:
    """Compare every member with what is in its place."""
    info = attributes.info(system, params.dest)
    there = system.files.is_dir(params.dest)
    nothing = State("", False, there, info, "", [], [], {})
    if params.creates and system.files.exists(params.creates):
        return nothing._replace(skip="skipped, since %s exists" % params.creates)
    remote = params.remote_src or not params.copy
    if system.payload is None and not remote:
        return nothing._replace(needs_content=True)
    if remote and "://" in params.src and system.payload is None:
        asked = UrlParameters.parse({"url": params.src, "validate_certs": params.validate_certs})
        system.payload = Payload(path=fetch(asked, system.tmp))  # closed by the worker, like one that was sent
    options = _options(params)
    with _Opened(params, system) as archive:
        members = archive.members()
        check_links(members)
        chosen = [(m, _target(m, params, options, archive.kind == "zip")) for m in members]
        links = {member.name: path for member, path in chosen if path}
        chosen = [(_without_target(member, members, links), path) for member, path in chosen]
        steps = [_step(params, system, archive, options, member, path) for member, path in chosen if path]
        steps = _with_hard_links(system, steps, links) + _unlisted_folders(params, system, steps)
        names = [member.name + ("/" if member.kind == "dir" else "") for member, path in chosen if path]
        return State("", False, there, info, archive.handler, names, steps, links)


class _Opened:
    """The archive, from the host or sent along, unpacked from zstd first where needed; closed at the end."""

    def __init__(self, params: Params, system: System) -> None:
        self.system, self.scratch = system, ""
        if system.payload is not None:
            stream = system.payload.open()
        elif not system.files.is_file(params.src):
            raise Failed("Source '%s' does not exist" % params.src)
        else:
            stream = system.files.open(params.src)
        if kind_of(stream) == "zst":
            stream = self._without_zstd(stream, params.src)
        self.archive = Archive(stream, params.src)

    def _without_zstd(self, stream: IO[bytes], name: str) -> IO[bytes]:
        descriptor, packed = tempfile.mkstemp(prefix="unarchive-", suffix=".zst", dir=self.system.tmp or None)
        with os.fdopen(descriptor, "wb") as copy, stream:
            shutil.copyfileobj(stream, copy, CHUNK)
        self.scratch = packed[: -len(".zst")]
        done = self.system.commands.run(["zstd", "-dqf", packed, "-o", self.scratch])
        os.unlink(packed)
        if done.rc != 0:
            raise Failed("%s needs the program zstd to be unpacked: %s" % (name, done.err.strip()))
        return open(self.scratch, "rb")  # noqa: SIM115 - closed with the archive

    def __enter__(self) -> Archive:
        return self.archive

    def __exit__(self, *_: Any) -> None:
        self.archive.close()
        if self.scratch:
            os.unlink(self.scratch)


def _options(params: Params) -> Options:
    options = Options()
    words = list(params.extra_opts)
    while words:
        word = words.pop(0)
        match = re.match(r"^--strip(?:-components)?(?:=(\d+))?$", word)
        if match:
            options = options._replace(strip=int(match.group(1) or (words.pop(0) if words else "0")))
        elif word in ("--no-same-owner", "--no-same-permissions"):
            options = options._replace(keep_owner=options.keep_owner and word != "--no-same-owner")
        elif word == "-j":
            options = options._replace(flat=True)
        elif word.startswith("--exclude="):
            options = options._replace(exclude=(*options.exclude, word[len("--exclude=") :]))
        elif word not in HARMLESS:
            raise Failed("extra_opts: %s is not supported; known are --strip-components=N, --no-same-owner, -j" % word)
    return options


def _matches(name: str, patterns: Any, below: bool) -> bool:
    """Tell whether a pattern means this member; tar means all ``below`` a directory too, unzip does not."""
    for pattern in patterns:
        plain = pattern.strip("/")
        if name == plain or fnmatch.fnmatch(name, pattern) or (below and name.startswith(plain + "/")):
            return True
    return False


def _target(member: Member, params: Params, options: Options, is_zip: bool) -> str:
    """Return where a member goes, empty where it is left out."""
    if _matches(member.name, [*params.exclude, *options.exclude], not is_zip):
        return ""
    if params.include and not _matches(member.name, params.include, not is_zip):
        return ""
    parts = member.name.split("/")[options.strip :]
    if options.flat:
        parts = [] if member.kind == "dir" else parts[-1:]
    name = "/".join(parts)
    return params.dest.rstrip("/") + "/" + name if name else ""


def _step(params: Params, system: System, archive: Archive, options: Options, member: Member, path: str) -> Step:
    want = attributes.wanted(params)
    if want.mode is None:
        exact = os.geteuid() == 0 and archive.kind != "zip" and "--no-same-permissions" not in params.extra_opts
        want = want._replace(mode=member.mode if exact else member.mode & 0o777 & ~want.umask)
    system.files.look(path)
    status = system.files.stat(path)
    if status is None:
        return Step(member, path, want, True, False, True)
    differs = _content_differs(params, system, archive, member, path)
    now = attributes.current(system, path, want, follow=member.kind == "dir")
    off = now is not None and attributes.compare(want, now).changed
    if params.keep_newer and member.kind in ("file", "hard") and status.st_mtime > member.mtime:
        differs = off = False
    return Step(member, path, want, differs, off and not differs, False, params.keep_newer)


def _content_differs(params: Params, system: System, archive: Archive, member: Member, path: str) -> bool:
    files = system.files
    kind = attributes.state_of(files.stat(path))
    if member.kind == "dir":
        if not files.is_dir(path):
            raise Failed("cannot make the directory %s: a file is in the way" % path)
        return False
    if kind == "directory":
        raise Failed("cannot write %s: a directory is in the way" % path)
    if member.kind == "link":
        return kind != "link" or files.readlink(path) != member.target
    if member.kind == "hard":
        return False  # judged by its target, once all are known
    if kind == "link" or files.size(path) != member.size:
        return True
    with archive.open(member) as one, files.open(path) as other:
        return not _equal(one, other)


def _without_target(member: Member, members: List[Member], links: Dict[str, str]) -> Member:
    """Return a hard link whose target is left out as the file it stands for; any other member as it is."""
    if member.kind != "hard" or member.target in links:
        return member
    files = {each.name: each for each in members if each.kind == "file"}
    target = files.get(member.target)
    if target is None:
        raise Failed("the hard link %s names %s, which is no file of this archive" % (member.name, member.target))
    return member._replace(kind="file", size=target.size, raw=target.raw)


def _with_hard_links(system: System, steps: List[Step], links: Dict[str, str]) -> List[Step]:
    """Return the steps with those hard links to make that are not the same file as their target will be."""
    rewritten = {step.path for step in steps if step.content}
    judged = []
    for step in steps:
        if step.member.kind == "hard" and not step.is_new:
            target = links.get(step.member.target, "")
            own, other = system.files.stat(step.path), system.files.stat(target) if target else None
            same = own is not None and other is not None and (own.st_dev, own.st_ino) == (other.st_dev, other.st_ino)
            kept = own is not None and step.keeps_newer and own.st_mtime > step.member.mtime
            if (not same or target in rewritten) and not kept:
                judged.append(step._replace(content=True, attributes=False))
                continue
        judged.append(step)
    return judged


def _unlisted_folders(params: Params, system: System, steps: List[Step]) -> List[Step]:
    """Return the folders there are that no member names, only lies in, and that have another owner than asked for."""
    if params.owner is None and params.group is None:
        return []
    want = _ownership(attributes.wanted(params))
    top = params.dest.rstrip("/")
    listed = {step.path.rstrip("/") for step in steps}
    found: Dict[str, Step] = {}
    for step in steps:
        folder = os.path.dirname(step.path.rstrip("/"))
        while folder.startswith(top + "/") and folder not in listed and folder not in found:
            now = attributes.current(system, folder, want)
            member = Member(folder, "dir", 0, 0, 0, None, None, "", "", "", None)
            is_off = now is not None and attributes.compare(want, now).changed
            found[folder] = Step(member, folder, want, False, is_off, False)
            folder = os.path.dirname(folder)
    return list(found.values())


def _ownership(want: Wanted) -> Wanted:
    return want._replace(mode=None, flags=None)


def _equal(one: IO[bytes], other: IO[bytes]) -> bool:
    while True:
        left, right = one.read(CHUNK), other.read(CHUNK)
        if left != right:
            return False
        if not left:
            return True


def plan(params: Params, state: State) -> Change:
    """Write what is missing or differs."""
    if state.skip:
        return Change(False, result={"msg": state.skip})
    result: Dict[str, Any] = {"dest": params.dest, "src": params.src}
    if state.needs_content:
        return Change(True, "ask", dict(result, _needs_content=True), settles=False)
    result.update(state.info, handler=state.handler)
    if not os.path.isabs(params.dest):
        result["warnings"] = ["dest is no absolute path: %s is taken from the folder that tasks run in" % params.dest]
    if params.list_files:
        result["files"] = state.names
    new = [step.path for step in state.steps if step.is_new]
    changed = [step.path for step in state.steps if step.content and not step.is_new]
    other = [step.path for step in state.steps if step.attributes]
    if not new and not changed and not other:
        return Change(False, result=result)
    after: Dict[str, Any] = {"path": params.dest}
    after.update({k: v for k, v in (("created", new), ("changed", changed), ("attributes", other)) if v})
    small = sum(step.member.size for step in state.steps) <= PROVE_UP_TO
    return Change(True, "unpack", result, {"before": {"path": params.dest}, "after": after}, settles=small)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Unpack, then set the attributes of directories from the inside out."""
    params: Params = change.params
    state: State = change.state
    if change.todo == "ask":
        return None
    if not state.dest_there:
        raise Failed("dest '%s' must be an existing dir" % params.dest)
    keep_owner = _options(params).keep_owner and os.geteuid() == 0
    with _Opened(params, system) as archive:
        for step in state.steps:
            try:
                _realize(params, state, system, archive, step, keep_owner)
            except OSError as error:
                raise Failed("cannot unpack %s: %s" % (step.path, error.strerror or error)) from error
    for step in reversed(state.steps):
        if step.content and step.member.kind == "dir":
            _finish_folder(system, step)
        elif step.attributes:
            attributes.settle(system, step.path, step.want, follow=step.member.kind != "link")
    outcome = {"cmd": [], "rc": 0, "out": "", "err": ""}
    return dict(attributes.info(system, params.dest), extract_results=outcome)


def _realize(params: Params, state: State, system: System, archive: Archive, step: Step, keep_owner: bool) -> None:
    if not step.content:
        return
    folder = os.path.dirname(step.path)
    attributes.make_folders(system, attributes.missing_folders(system, folder), _ownership(step.want))
    member = step.member
    if member.kind == "dir":
        if not system.files.is_dir(step.path):
            system.files.mkdir(step.path, 0o700)
    elif member.kind == "link":
        system.files.symlink(member.target, step.path)
    elif member.kind == "hard":
        system.files.hard_link(state.links[member.target], step.path)
    else:
        _write(system, archive, step, keep_owner)
    if member.kind in ("dir", "link"):
        with system.files.hold(step.path, False) as handle:
            _give(handle, step, keep_owner)


def _write(system: System, archive: Archive, step: Step, keep_owner: bool) -> None:
    """Put a file in place that has its owner, mode and time already; flags come last, as they may forbid that."""
    with system.files.renewing(step.path) as (stream, handle):
        with archive.open(step.member) as content:
            shutil.copyfileobj(content, stream, CHUNK)
        stream.flush()
        _give(handle, step._replace(want=step.want._replace(flags=None)), keep_owner)
    if step.want.flags:
        attributes.settle(system, step.path, step.want, follow=False)


def _give(handle: Handle, step: Step, keep_owner: bool) -> None:
    """Set owner, mode and time; the file has been ours alone until here. Directories get theirs at the end."""
    member = step.member
    owner, group = attributes.owner_ids(step.want)
    if keep_owner and member.uid is not None:
        uid = attributes.user_id(member.user)
        gid = attributes.group_id(member.group)
        owner = (member.uid if uid is None else uid) if owner == -1 else owner
        group = ((member.gid or 0) if gid is None else gid) if group == -1 else group
    if (owner, group) != (-1, -1):
        handle.chown(owner, group)
    if member.kind != "dir":
        _finish(handle, step)


def _finish(handle: Handle, step: Step) -> None:
    """Set the mode (a symbolic one starts from the archive's), then what else was asked for, then the time."""
    member = step.member
    packed = Current(member.mode & 0o777, 0, 0, is_dir=member.kind == "dir")
    handle.chmod(attributes.final_mode(step.want, packed))
    attributes.give(handle, attributes.owner_ids(step.want), step.want)
    if member.kind != "link":
        handle.set_times((int(member.mtime * 10**9),) * 2)


def _finish_folder(system: System, step: Step) -> None:
    with system.files.hold(step.path, False) as handle:
        _finish(handle, step)
    if step.want.flags:
        attributes.settle(system, step.path, step.want, follow=False)


RETURNS = """
dest: The directory.
src: The archive, or the address it came from.
handler: What kind of archive it is, in Ansible's words.
files: The members, with list_files.
extract_results: Empty; no program is started to unpack.
size: The directory's size in bytes.
mode: The directory's permissions in octal.
owner: Name of its owner.
group: Name of its group.
uid: Number of its owner.
gid: Number of its group.
state: directory.
"""

EXAMPLES = """
- name: Unpack what is on the controller
  unarchive:
    src: app-1.2.tar.gz
    dest: /opt
- name: Unpack what is on the host, without its first folder
  unarchive:
    src: /tmp/app.tar.xz
    dest: /opt/app
    remote_src: true
    extra_opts: [--strip-components=1]
    creates: /opt/app/bin/app
- name: Unpack a release that the host downloads itself
  unarchive:
    src: https://example.com/app-1.2.tar.gz
    dest: /opt
    remote_src: true
"""
