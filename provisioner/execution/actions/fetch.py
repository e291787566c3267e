"""Bring a file from hosts to the controller."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path
from posixpath import normpath
from typing import Any

from provisioner.diagnostics.errors import InputError
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Need, Result, Steps, locally
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.modules.fetch import EXAMPLES, Params
from provisioner.remote.params import demand

__all__ = ["EXAMPLES", "TRAITS", "Params", "run"]

TRAITS = Traits(predictable="no")
UNSUPPORTED = "check mode not (yet) supported for this module: fetch does not support check mode"


def run(call: ActionCall) -> Steps:
    """Ask for the content unless the controller has it; it is streamed to its place."""
    demand(bool(call.args.get("src") and call.args.get("dest")), "src and dest are required")
    for name, what in (("src", "source"), ("dest", "destination")):
        demand(isinstance(call.args[name], str), f"Invalid type supplied for {what} option, it must be a string")
    params = Params.parse(call.args)
    if call.check:
        return {"changed": False, "skipped": True, "msg": UNSUPPORTED}
    dest = _destination(call, params)
    have = yield from _sums(call, dest)
    written = {name: value for name, value in call.args.items() if name in ("src", "path", "fail_on_missing")}
    if have is not None:
        written["_have_checksum"] = have[0]
    if not dest.parent.is_dir():
        _make_folder(call, dest.parent)
    result = result_of((yield call.remote("fetch", written, reply_path=dest, last=False)))
    if result.get("failed") or "checksum" not in result:
        return result
    return (yield from _described(call, params, result, dest))


def _make_folder(call: ActionCall, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError.at(call.run.operation.position, f"fetch: {folder}: {error.strerror or error}") from None


def _destination(call: ActionCall, params: Params) -> Path:
    written = str(params.dest)
    where = call.run.operation.position
    dest = Path(call.run.play.compiled.play.basedir) / Path(written).expanduser()
    source = normpath(f"/{params.src}").lstrip("/")  # whatever it says, it stays below the host's folder
    if call.host in ("", ".", "..") or "/" in call.host:
        raise InputError.at(where, f"fetch: the host's name '{call.host}' cannot name a folder")
    if not params.flat:
        dest = dest / call.host / source
    elif written.endswith("/"):
        dest = dest / Path(source).name
    elif dest.is_dir():
        more = "use a trailing slash if you want to fetch src into that directory"
        raise InputError.at(where, f"fetch: dest is an existing directory, {more}: {dest}")
    if dest.is_dir():
        more = "use another path that does not point to an existing directory"
        raise InputError.at(where, f"fetch: calculated dest '{dest}' is an existing directory, {more}")
    return dest


def _sums(call: ActionCall, path: Path) -> Generator[Need, Any, tuple[str, str] | None]:
    """Return SHA-1 and MD5 of the file, None where it is missing."""
    if not path.is_file():
        return None

    def sums() -> tuple[str, str]:
        sha1, md5 = hashlib.sha1(usedforsecurity=False), hashlib.md5(usedforsecurity=False)
        with path.open("rb") as stream:
            while part := stream.read(1 << 20):
                sha1.update(part)
                md5.update(part)
        return sha1.hexdigest(), md5.hexdigest()

    found: tuple[str, str] | None = yield from _locally(call, path, sums)
    return found


def _locally(call: ActionCall, path: Path, work: Any) -> Generator[Need, Any, Any]:
    try:
        return (yield from locally(work))
    except OSError as error:
        raise InputError.at(call.run.operation.position, f"fetch: {path}: {error.strerror or error}") from None


def _described(call: ActionCall, params: Params, result: Result, dest: Path) -> Steps:
    shown: Result = {"changed": result["changed"], "dest": str(dest.resolve()), "checksum": result["checksum"]}
    if not result["changed"]:
        shown["file"] = params.src
    if result["changed"] and result.get("size") == 0:
        yield from _locally(call, dest, lambda: dest.write_bytes(b""))
    have = yield from _sums(call, dest)
    shown.update(md5sum=have[1] if have else None)
    if result["changed"]:
        shown.update(remote_checksum=result["checksum"], remote_md5sum=None)
    if params.validate_checksum and (have is None or have[0] != result["checksum"]):
        return {**shown, "failed": True, "msg": "checksum mismatch", "file": params.src}
    return shown
