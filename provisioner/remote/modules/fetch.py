"""Bring a file to the controller: this half hashes it and sends its content unless the controller has it."""

from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Failed
from ..params import Parameters, optional, required
from ..system import System


class Params(Parameters):
    """``dest``, ``flat`` and ``validate_checksum`` are the controller's; here they are only accepted."""

    src: str = required("path", "The file to bring.", aliases=("path",))
    dest: Optional[str] = optional("str", "Where it goes on the controller.")
    flat: bool = optional("bool", "Whether dest is the file itself rather than a folder by host.", False)
    fail_on_missing: bool = optional("bool", "Whether a missing file is a failure.", True)
    validate_checksum: bool = optional("bool", "Whether the controller compares hashes afterwards.", True)
    _have_checksum: Optional[str] = optional("str", "SHA-1 of what the controller has already.")


class State(NamedTuple):
    """The file's SHA-1 (None where it is missing) and size."""

    checksum: Optional[str]
    size: int
    trouble: str = ""


def inspect(params: Params, system: System) -> State:
    """Hash the file."""
    try:
        status = system.files.stat(params.src, follow=True)
    except OSError as error:
        return State(None, 0, "file is not readable: %s: %s" % (params.src, error.strerror or error))
    if status is None:
        return State(None, 0, "the remote file does not exist")
    if system.files.is_dir(params.src):
        return State(None, 0, "remote file is a directory, fetch cannot work on directories")
    try:
        return State(system.files.checksum(params.src), status.st_size)
    except OSError as error:
        return State(None, 0, "file is not readable: %s: %s" % (params.src, error.strerror or error))


def plan(params: Params, state: State) -> Change:
    """Send the content where the controller has another or none."""
    if state.checksum is None:
        if params.fail_on_missing:
            raise Failed(state.trouble, file=params.src)
        return Change(False, result={"file": params.src, "msg": state.trouble + ", not transferring, ignored"})
    result = {"file": params.src, "checksum": state.checksum, "remote_checksum": state.checksum, "size": state.size}
    return Change(state.checksum != params._have_checksum, result=result, settles=False)


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Attach the content to the answer."""
    stream = system.files.open(change.params.src)
    size = system.files.size_of(stream)
    system.attach(stream, size)
    return {"size": size}


RETURNS = """
dest: The file written.
checksum: SHA-1 of the content.
md5sum: MD5 of the content, where that is not switched off.
remote_checksum: SHA-1 of the file on the host.
remote_md5sum: Never known; for scripts that look for it.
file: The file that was there already.
size: The file's size in bytes.
"""

EXAMPLES = """
- name: Keep the old server's configuration
  fetch:
    src: /etc/nginx/nginx.conf
    dest: saved/
"""
