"""Editing a text file in place: what all line-wise modules look at, decide and write alike."""

import io
import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..change import Change, Failed, text_diff
from ..params import FileParameters, optional, required
from . import attributes
from .attributes import Current, Wanted
from .placing import Placing, check_validate, place
from .system import System


class EditParameters(FileParameters):
    """What every module takes that edits one file."""

    path: str = required("path", "The file to edit.", aliases=("dest", "destfile", "name"))
    backup: bool = optional("bool", "Whether to keep the old file under a name with the time in it.", False)
    validate: Optional[str] = optional("str", "A command that must accept the new file, %s, before it is put in place.")


class Text(NamedTuple):
    """A file as it is: ``content`` is None where none is there."""

    path: str
    content: Optional[bytes]
    want: Wanted
    now: Optional[Current]
    folders: Tuple[str, ...]


def read(params: EditParameters, system: System) -> Text:
    """Read the file and its attributes."""
    check_validate(params.validate)
    path = params.path
    system.files.look(path)
    if system.files.is_dir(path):
        raise Failed("Path %s is a directory !" % path, rc=256)
    want = attributes.wanted(params)
    content = system.files.read_or_none(path)
    folders = attributes.missing_folders(system, os.path.dirname(path)) if content is None else ()
    return Text(path, content, want, attributes.current(system, path, want), folders)


Edit = Callable[[bytes], Tuple[bytes, str]]


def change(text: Text, edit: Edit, result: Optional[Dict[str, Any]] = None, what: str = "content") -> Change:
    """Return the change that ``edit`` makes, attributes included.

    ``edit`` returns the new content and what it did; ``what`` is said of the file above its difference. Where it would
    edit its own outcome again (a regexp that still finds what was put there), the change is not one that settles.
    """
    after, msg = edit(text.content or b"")
    delta = attributes.compare(text.want, text.now or attributes.fresh(text.want))
    edited = after != text.content
    said: List[str] = [msg] if msg else []
    if delta.changed:
        said.append("ownership, perms or SE linux context changed")
    found = dict(result or {}, msg=" and ".join(said), **attributes.unknown_names(text.want))
    sides = {"before": delta.before, "after": delta.after} if delta.changed else {}
    about = _headed(sides, text.path, "file attributes")
    found["diff"] = [_headed({"before": "", "after": ""}, text.path, what), about]
    if not edited and not delta.changed:
        return Change(False, result=found)
    diff = [about] if delta.changed else []
    if edited:
        diff.insert(0, _headed(text_diff(text.path, text.content, after), text.path, what))
    return Change(True, after if edited else None, found, diff, settles=not edited or edit(after)[0] == after)


def _headed(diff: Dict[str, Any], path: str, what: str) -> Dict[str, Any]:
    header = "%s (%s)" % (path, what) if what else path
    return dict(diff, before_header=header, after_header=header)


def write(change: Change, text: Text, params: EditParameters, system: System, backup_key: str) -> Dict[str, Any]:
    """Write what was planned and set the attributes; return where the backup went under ``backup_key``."""
    result: Dict[str, Any] = {}
    if change.todo is not None:
        if text.folders:
            attributes.make_folders(system, text.folders, Wanted(umask=text.want.umask))
        how = Placing(params.backup, params.validate, params.unsafe_writes)
        done = place(system, text.path, io.BytesIO(change.todo), text.want, how)
        if "backup_file" in done:
            result[backup_key] = done["backup_file"]
    attributes.settle(system, text.path, text.want)
    return result
