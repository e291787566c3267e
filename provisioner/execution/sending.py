"""What actions share that bring the controller's content to a host: reading, and sending it in few round trips."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from provisioner.diagnostics.errors import InputError
from provisioner.execution.files import SMALL, KnownFile, md5_of, sha1_of
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Need, Result, Steps, locally
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import MAX_DIFF_BYTES
from provisioner.remote.system.parcel import heading
from provisioner.syntax.vault import Vault

NEEDS_CONTENT = "_needs_content"
CHUNK = 256 * 1024


def read(call: ActionCall, path: Path, *, decrypts: bool = True) -> Generator[Need, Any, KnownFile]:
    """Return a controller file; a large one not known yet is hashed in a thread, a small one costs no need."""
    vault = _vault(call) if decrypts else None
    cache = call.run.play.run.files
    try:
        if path.stat().st_size <= SMALL or cache.has(path, decrypts=vault is not None):
            return cache.file(path, vault)
        found: KnownFile = yield from locally(lambda: cache.file(path, vault), call.resolved.route)
    except OSError as error:
        raise unreadable(call, path, error) from None
    return found


def _vault(call: ActionCall) -> Vault | None:
    """Return the run's vault; without passwords an encrypted file is refused with the way out."""
    return call.run.play.run.loading.vault or Vault()


def unreadable(call: ActionCall, path: Path, error: OSError) -> InputError:
    """Return the error of a controller file that cannot be read."""
    return InputError.at(call.run.operation.position, f"cannot read {path}: {error.strerror or error}")


def write_file(call: ActionCall, args: Mapping[str, Any], body: bytes, origin: str) -> Steps:
    """Write content through the module ``copy``: small content in one call, large only where the host lacks it.

    ``origin`` is what the difference says the new content comes from.
    """
    if len(body) > SMALL and not _wants_diff(call, len(body)):
        result = yield from _offered(call, args, sha1_of(body), body)
    else:
        params = {**args, "content": ""} if not body else dict(args)
        result = result_of((yield call.remote("copy", params, body=body or None)))
    return _from(origin, described(result, body))


def offer_file(call: ActionCall, args: Mapping[str, Any], known: KnownFile) -> Steps:
    """Write a large file: its checksum first, the content only where the host has another."""
    if _wants_diff(call, known.size):
        result = result_of((yield call.remote("copy", args, body=known.body)))
    else:
        result = yield from _offered(call, args, known.sha1, known.body)
    return _from(str(known.path), result)


def _wants_diff(call: ActionCall, size: int) -> bool:
    """Tell whether check mode has to show a difference, for which the host needs the content."""
    return call.check and call.diff and size <= MAX_DIFF_BYTES


def _offered(call: ActionCall, args: Mapping[str, Any], sha1: str, body: bytes | Path) -> Steps:
    reply = yield call.remote("copy", {**args, "_source_checksum": sha1}, last=False)
    result = result_of(reply)
    if not result.pop(NEEDS_CONTENT, False) or call.check:
        return result
    return result_of((yield call.remote("copy", args, body=body)))


def _from(origin: str, result: Result) -> Result:
    diff = result.get("diff")
    if isinstance(diff, dict) and "after_header" in diff:
        result["diff"] = [{**diff, "after_header": origin}]
    elif result.get("changed"):
        result.setdefault("diff", [])
    return result


def described(result: Result, body: bytes) -> Result:
    """Return the result with the checksums Ansible shows for content that was sent."""
    if result.get("failed"):
        return result
    result.setdefault("checksum", sha1_of(body))
    if result.get("changed"):
        result.setdefault("md5sum", md5_of(body))
    return result


def pack(call: ActionCall, contents: Sequence[tuple[str, KnownFile]]) -> Path:
    """Return a file in the run's private folder that holds ``contents``; the caller removes it."""
    with tempfile.NamedTemporaryFile(dir=call.run.play.run.scratch, suffix=".parcel", delete=False) as stream:
        for name, known in contents:
            stream.write(heading(name, known.size))
            if known.content is not None:
                stream.write(known.content)
            else:
                _stream(known, stream)
        return Path(stream.name)


def _stream(known: KnownFile, parcel: IO[bytes]) -> None:
    """Write a large file's content, as much of it as stands before it."""
    left = known.size
    with known.path.open("rb") as content:
        while left:
            part = content.read(min(left, CHUNK))
            if not part:
                raise OSError(f"{known.path} shrank while it was sent")
            parcel.write(part)
            left -= len(part)
