"""Join the files of a folder, in the order of their names, into one file on the host."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Steps, locally
from provisioner.execution.sending import unreadable, write_file
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.modules.assemble import EXAMPLES, Params
from provisioner.remote.params import demand

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]

TRAITS = Traits()
OWN = frozenset({"src", "delimiter", "regexp", "ignore_hidden", "remote_src", "decrypt"})


def run(call: ActionCall) -> Steps:
    """Join fragments of the controller and send the whole; with ``remote_src`` the host does all of it."""
    demand(bool(call.args.get("src") and call.args.get("dest")), "src and dest are required")
    params = Params.parse(call.args)
    if params.remote_src:
        return result_of((yield call.remote("assemble", call.args)))
    folder = call.find_file(params.src, "files")
    if not folder.is_dir():
        raise InputError.at(call.run.operation.position, f"assemble: {folder} is not a folder")
    try:
        whole = yield from locally(lambda: joined(list(_fragments(call, folder, params)), params.delimiter))
    except OSError as error:
        raise unreadable(call, folder, error) from None
    args = {name: value for name, value in call.args.items() if name not in OWN}
    result = yield from write_file(call, args, whole, str(folder))
    diff = result.get("diff")
    return {**result, "diff": diff[0] if diff else {}} if isinstance(diff, list) else result


def _fragments(call: ActionCall, folder: Path, params: Params) -> Iterator[bytes]:
    try:
        pattern = re.compile(params.regexp) if params.regexp else None
    except re.error as error:
        raise InputError.at(call.run.operation.position, f"assemble: regexp: {error}") from None
    run = call.run.play.run
    for path in sorted(folder.iterdir()):
        is_left_out = (params.ignore_hidden and path.name.startswith(".")) or not path.is_file()
        if is_left_out or (pattern and not pattern.search(path.name)):
            continue
        known = run.files.file(path, run.loading.vault if params.decrypt else None)
        yield known.content if known.content is not None else path.read_bytes()


def joined(fragments: list[bytes], delimiter: str | None) -> bytes:
    """Return the fragments one after the other, each on lines of its own, ``delimiter`` between two."""
    between = b""
    if delimiter:
        between = codecs.escape_decode(delimiter.encode())[0]
        between += b"" if between.endswith(b"\n") else b"\n"
    whole = b""
    for number, fragment in enumerate(fragments):
        if number:
            whole += b"" if not whole or whole.endswith(b"\n") else b"\n"
            whole += between
        whole += fragment
    return whole
