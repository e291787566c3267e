"""Make Diffie-Hellman parameters, or see that a file has some of the right size."""

import io
import re
from typing import Any, Dict, NamedTuple, Optional

from ..change import Change, Traits
from ..params import FileParameters, optional, required
from ..system import System, attributes, openssl
from ..system.attributes import Current, Wanted
from ..system.placing import Placing, place

TRAITS = Traits()


class Params(FileParameters):
    """The parameters."""

    path: str = required("path", "The file.")
    state: str = optional("str", "Whether it is there.", "present", choices=("absent", "present"))
    size: int = optional("int", "Bits of the prime.", 4096)
    force: bool = optional("bool", "Make new ones each time.", False)
    backup: bool = optional("bool", "Keep the old file under a name with the time in it.", False)
    return_content: bool = optional("bool", "Return the parameters themselves.", False)
    select_crypto_backend: str = optional(
        "str", "Accepted; the openssl program is used.", "auto", choices=("auto", "cryptography", "openssl")
    )


class State(NamedTuple):
    """The file as it is, and the size of its prime, 0 where it holds none that is sound."""

    content: Optional[bytes]
    size: int
    want: Wanted
    now: Optional[Current]


def inspect(params: Params, system: System) -> State:
    """Let openssl read and check the parameters."""
    want = attributes.wanted(params)
    system.files.look(params.path)
    content = system.files.read_or_none(params.path)
    size = 0
    if content and params.state == "present":
        done = openssl.run(system, ["dhparam", "-check", "-text", "-noout"], content)
        found = re.search(r"\((\d+) bit\)", done.out)
        said = done.out + done.err
        if done.rc == 0 and found and not re.search(r"WARNING|not a safe prime", said):
            size = int(found.group(1))
    return State(content, size, want, attributes.current(system, params.path, want))


def plan(params: Params, state: State) -> Change:
    """Compare the size, and the file's attributes."""
    result: Dict[str, Any] = {"filename": params.path, "size": params.size}
    if params.state == "absent":
        diff = {"before": "%s\n" % params.path, "after": ""}
        return Change(state.content is not None, "remove", {"filename": params.path}, diff if state.content else None)
    make = params.force or state.size != params.size
    if params.return_content and state.content is not None and not make:
        result["dhparams"] = state.content.decode("utf-8", "replace")
    delta = attributes.compare(state.want, state.now or attributes.fresh(state.want))
    if not make and not delta.changed:
        return Change(False, result=result)
    sides = {"before": "%d bits\n" % state.size if state.content else "", "after": "%d bits\n" % params.size}
    return Change(
        True,
        "make" if make else None,
        result,
        sides if make else attributes.diff_of(params.path, delta),
        settles=not params.force,
    )


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Make them, which takes its time; give the file its attributes."""
    params, state = change.params, change.state
    found: Dict[str, Any] = {}
    if params.state == "absent":
        if params.backup:
            found["backup_file"] = system.files.backup(params.path)
        system.files.remove(params.path)
        return found
    if change.todo is not None:
        content = openssl.must(system, ["dhparam", str(params.size)]).encode()
        done = place(
            system, params.path, io.BytesIO(content), state.want, Placing(params.backup, None, params.unsafe_writes)
        )
        if "backup_file" in done:
            found["backup_file"] = done["backup_file"]
        if params.return_content:
            found["dhparams"] = content.decode()
    attributes.settle(system, params.path, state.want)
    return found


RETURNS = """
filename: The file.
size: Bits of the prime.
dhparams: The content, with return_content.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: Parameters of our own
  openssl_dhparam:
    path: /etc/ssl/dhparams.pem
    size: 2048
"""
