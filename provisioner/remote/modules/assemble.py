"""Join the files of a directory, in the order of their names, into one file."""

import codecs
import hashlib
import io
import re
from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, text_diff
from ..params import FileParameters, optional, required
from ..system import System, attributes
from ..system.attributes import Current, Wanted
from ..system.placing import Placing, check_validate, md5_of, place


class Params(FileParameters):
    """Fragments that do not end with a newline get one before the next."""

    src: str = required("path", "The directory with the fragments.")
    dest: str = required("path", "The file to make.")
    delimiter: Optional[str] = optional("str", "What stands between two fragments; backslash escapes are read.")
    regexp: Optional[str] = optional("str", "Only fragments whose name this finds.")
    ignore_hidden: bool = optional("bool", "Whether names that begin with a dot are left out.", False)
    remote_src: bool = optional("bool", "Whether src is on the target.", True)
    backup: bool = optional("bool", "Whether to keep the old file under a name with the time in it.", False)
    validate: Optional[str] = optional("str", "A command that must accept the new file, %s, before it is put in place.")
    decrypt: bool = optional("bool", "Whether the controller decrypts vaulted fragments.", True)


class State(NamedTuple):
    """The joined content beside the file that is there."""

    wanted: bytes
    content: Optional[bytes]
    want: Wanted
    now: Optional[Current]
    info: Dict[str, Any]


def inspect(params: Params, system: System) -> State:
    """Read the fragments and the file."""
    check_validate(params.validate)
    system.files.look(params.dest)
    if not system.files.exists(params.src):
        raise Failed("Source (%s) does not exist" % params.src)
    if not system.files.is_dir(params.src):
        raise Failed("Source (%s) is not a directory" % params.src)
    if system.files.is_dir(params.dest):
        raise Failed("cannot write %s: it is a directory" % params.dest)
    want = attributes.wanted(params)
    return State(
        _join(params, _fragments(params, system)),
        system.files.read_or_none(params.dest),
        want,
        attributes.current(system, params.dest, want),
        attributes.info(system, params.dest),
    )


def _fragments(params: Params, system: System) -> List[bytes]:
    try:
        pattern = re.compile(params.regexp) if params.regexp else None
    except re.error as error:
        raise Failed("Invalid Regexp (%s) in '%s'" % (error, params.regexp)) from None
    found = []
    for name in system.files.listdir(params.src):
        if (pattern and not pattern.search(name)) or (params.ignore_hidden and name.startswith(".")):
            continue
        path = params.src.rstrip("/") + "/" + name
        if system.files.is_file(path):
            found.append(system.files.read(path))
    return found


def _join(params: Params, fragments: List[bytes]) -> bytes:
    delimiter = b""
    if params.delimiter:
        delimiter = codecs.escape_decode(params.delimiter.encode("utf-8"))[0]
        if not delimiter.endswith(b"\n"):
            delimiter += b"\n"
    whole = b""
    for index, fragment in enumerate(fragments):
        if index and whole and not whole.endswith(b"\n"):
            whole += b"\n"
        whole += (delimiter if index else b"") + fragment
    return whole


def plan(params: Params, state: State) -> Change:
    """Write where the joined content or the attributes differ."""
    result: Dict[str, Any] = {"src": params.src, "dest": params.dest, "msg": "OK"}
    result.update(state.info, md5sum=md5_of(state.wanted), checksum=hashlib.sha1(state.wanted).hexdigest())  # noqa: S324 - the documented value
    if state.now is not None and state.content == state.wanted:
        delta = attributes.compare(state.want, state.now)
        return Change(delta.changed, "settle", result, attributes.diff_of(params.dest, delta))
    return Change(True, "write", result, text_diff(params.dest, state.content, state.wanted))


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write it."""
    params: Params = change.params
    result: Dict[str, Any] = {}
    if change.todo == "write":
        how = Placing(params.backup, params.validate, params.unsafe_writes)
        result = place(system, params.dest, io.BytesIO(change.state.wanted), change.state.want, how)
    attributes.settle(system, params.dest, change.state.want)
    return dict(result, **attributes.info(system, params.dest))


RETURNS = """
src: Where the content came from.
dest: The file written.
checksum: SHA-1 of the content.
md5sum: MD5 of the content, where that is not switched off.
msg: What was done, in words.
uid: Number of the file's owner.
gid: Number of the file's group.
owner: Name of the file's owner.
group: Name of the file's group.
mode: The file's permissions in octal.
state: What is there now, or what was asked for.
size: The file's size in bytes.
diff: What was before and what is after; whole with --diff.
"""

EXAMPLES = """
- name: One configuration of many parts
  assemble:
    src: /etc/app/conf.d
    dest: /etc/app/app.conf
    regexp: '\\.conf$'
"""
