"""Download a file from a web server, only when it changed there."""

import email.utils
import hashlib
import os
import re
import tempfile
import time
import urllib.parse
from typing import IO, Any, Dict, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import optional, required
from ..system import System, attributes
from ..system.attributes import Current, Wanted
from ..system.placing import Placing, copy_hashing, place
from ..system.urls import Answer, Question, UrlParameters, ask, name_of

TRAITS = Traits(predictable="partly")


class Params(UrlParameters):
    """With ``checksum`` the server is asked only where the file differs from it."""

    dest: str = required("path", "Where to write: a file, or a directory (the name is the server's then).")
    checksum: str = optional("str", "algorithm:hash, or algorithm: and the URL of a list of hashes.", "")
    backup: bool = optional("bool", "Whether to keep the file replaced under a name with the time in it.", False)
    timeout: int = optional("int", "Seconds the server may be silent.", 10)
    tmp_dest: Optional[str] = optional("path", "Accepted; the content is written beside dest and renamed.")


class State(NamedTuple):
    """``answer`` is what the server said where it had to be asked to know; ``scratch`` then holds the content."""

    path: str
    want: Wanted
    now: Optional[Current]
    info: Dict[str, Any]
    algorithm: str
    digest: str
    is_right: bool
    checksum: Optional[str]
    answer: Optional[Answer]
    scratch: Optional[str]
    scratch_checksum: Optional[str]
    seconds: float


def inspect(params: Params, system: System) -> State:
    """Look at the file; ask the server where only it can say whether there is something new."""
    started = time.monotonic()
    algorithm, digest = _expected(params)
    want = attributes.wanted(params)
    path = params.dest
    system.files.look(path)
    into_folder = system.files.is_dir(path)
    there = system.files.is_file(path)
    is_right = bool(digest and there and not params.force and system.files.checksum(path, algorithm) == digest)
    answer: Optional[Answer] = None
    scratch = scratch_checksum = None
    if into_folder or (there and not digest) or (there and params.force):
        answer = _download(params, system, path if there and not params.force else None)
        if into_folder:
            path = path.rstrip("/") + "/" + name_of(answer)
        if answer.status != 304:
            scratch, scratch_checksum = _keep(answer, system, algorithm, digest)
    elif system.checks and not is_right:
        answer = _foretold(params)
    checksum = system.files.checksum(path) if system.files.is_file(path) else None
    if scratch and scratch_checksum == checksum:
        os.unlink(scratch)
        scratch = None
    return State(
        path,
        want,
        attributes.current(system, path, want),
        attributes.info(system, path),
        algorithm,
        digest,
        is_right,
        checksum,
        answer,
        scratch,
        scratch_checksum,
        time.monotonic() - started,
    )


def _expected(params: Params) -> Any:
    if not params.checksum:
        return "", ""
    algorithm, colon, digest = (part.strip() for part in params.checksum.partition(":"))
    if not colon or algorithm not in hashlib.algorithms_available:
        raise Failed("The checksum parameter has to be in format <algorithm>:<checksum>", url=params.url)
    if urllib.parse.urlsplit(digest).scheme in ("http", "https", "ftp", "file"):
        digest = _listed(params, digest)
    digest = re.sub(r"\W+", "", digest).lower()
    try:
        int(digest, 16)
    except ValueError:
        raise Failed("The checksum format is invalid", url=params.url) from None
    return algorithm, digest


def _listed(params: Params, address: str) -> str:
    """Return the hash of our file from a list as sha256sum writes it."""
    own = type(params).parse(dict({"url": address, "dest": params.dest}, headers=params.headers))
    own.validate_certs, own.ca_path, own.use_proxy = params.validate_certs, params.ca_path, params.use_proxy
    answer = ask(own, Question(timeout_s=params.timeout))
    if answer.status != 200:
        raise Failed("Unable to read the checksum list %s: %s" % (address, answer.msg), url=params.url)
    name = os.path.basename(urllib.parse.urlsplit(params.url).path)
    lines = answer.stream.read().decode("utf-8", "replace").splitlines()
    answer.stream.close()
    words = [line.split(None, 1) for line in lines if line.strip()]
    if len(words) == 1 and len(words[0]) == 1:
        return words[0][0]
    for word in words:
        if len(word) == 2 and word[1].lstrip("*./ ").strip() in (name, urllib.parse.unquote(name)):
            return word[0]
        bsd = re.match(r"^\((.+)\) = ([0-9a-fA-F]+)$", word[1]) if len(word) == 2 else None
        if bsd and bsd.group(1) == name:
            return bsd.group(2)
    raise Failed("Unable to find a checksum for file '%s' in '%s'" % (name, address), url=params.url)


def _download(params: Params, system: System, newer_than: Optional[str]) -> Answer:
    headers = {}
    status = system.files.stat(newer_than, follow=True) if newer_than else None
    if status is not None:
        headers["If-modified-since"] = email.utils.formatdate(status.st_mtime, usegmt=True)
    answer = ask(params, Question(headers=headers, timeout_s=params.timeout))
    return answer if answer.status == 304 else _granted(params, answer)


def _granted(params: Params, answer: Answer) -> Answer:
    if answer.status == -1:
        raise Failed(answer.msg, url=params.url, dest=params.dest, elapsed=0)
    if answer.status != 200 and not params.url.startswith("ftp:"):
        raise Failed("Request failed", status_code=answer.status, response=answer.msg, url=params.url, dest=params.dest)
    return answer


def _foretold(params: Params) -> Optional[Answer]:
    """Ask without taking the content whether the server has it; None where it only says so to those who take it."""
    answer = ask(params, Question(method="HEAD", timeout_s=params.timeout))
    answer.stream.close()
    if answer.status in (405, 501):
        return None
    return _granted(params, answer)


class Checked:
    """A stream that fails at its end where its content has another hash than expected."""

    def __init__(self, stream: IO[bytes], algorithm: str, digest: str) -> None:
        self.stream, self.digest = stream, digest
        self.hash = hashlib.new(algorithm) if algorithm else None

    def read(self, size: int = -1) -> bytes:
        """Read on; at the end compare."""
        part = self.stream.read(size)
        if self.hash is not None:
            self.hash.update(part)
            if not part and self.hash.hexdigest() != self.digest:
                found = self.hash.hexdigest()
                raise Failed("The checksum for the content did not match %s; it was %s." % (self.digest, found))
        return part


def _keep(answer: Answer, system: System, algorithm: str, digest: str) -> Any:
    descriptor, scratch = tempfile.mkstemp(prefix="download-", dir=system.tmp or None)
    with os.fdopen(descriptor, "wb") as stream, answer.stream:
        done = copy_hashing(Checked(answer.stream, algorithm, digest), stream)  # type: ignore[arg-type]  # it reads
    return scratch, done.sha1


def plan(params: Params, state: State) -> Change:
    """Write what is new; set attributes in any case."""
    result: Dict[str, Any] = {"url": params.url, "dest": state.path, "elapsed": int(state.seconds)}
    result.update(state.info, checksum_dest=state.checksum, **attributes.unknown_names(state.want))
    if state.answer is not None:
        result.update(status_code=state.answer.status, msg=state.answer.msg, checksum_src=state.scratch_checksum)
    same = state.is_right or (state.now is not None and _is_old_news(state))
    if same and state.now is not None:
        delta = attributes.compare(state.want, state.now)
        result.setdefault("msg", "file already exists")
        return Change(delta.changed, "settle", result, attributes.diff_of(state.path, delta), settles=False)
    diff = {
        "before": {"path": state.path, "checksum": state.checksum},
        "after": {"path": state.path, "url": params.url},
    }
    return Change(True, "write", result, diff, settles=False)


def _is_old_news(state: State) -> bool:
    if state.answer is None:
        return False
    return state.answer.status == 304 or state.scratch_checksum == state.checksum


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Download if not done yet, check, put in place."""
    params: Params = change.params
    state: State = change.state
    result: Dict[str, Any] = {}
    if change.todo == "write":
        folder = os.path.dirname(state.path) or "/"
        if not system.files.is_dir(folder):
            raise Failed("Destination %s does not exist" % folder, url=params.url, dest=state.path)
        started = time.monotonic()
        how = Placing(params.backup, None, params.unsafe_writes)
        if state.scratch:
            with open(state.scratch, "rb") as stream:
                result = place(system, state.path, stream, state.want, how)
            os.unlink(state.scratch)
        else:
            answer = _download(params, system, None)
            checked: Any = Checked(answer.stream, state.algorithm, state.digest)
            with answer.stream:
                result = place(system, state.path, checked, state.want, how)
            result.update(status_code=answer.status, msg=answer.msg)
        result.update(checksum_src=result.pop("checksum"), elapsed=int(state.seconds + time.monotonic() - started))
    attributes.settle(system, state.path, state.want)
    return dict(result, **attributes.info(system, state.path))


RETURNS = """
url: The address.
dest: The file.
src: Where it was before it was put in place.
status_code: The answer's status.
msg: The status in words.
elapsed: Seconds it took.
checksum_src: SHA-1 of what came.
checksum_dest: SHA-1 of what was there.
md5sum: MD5 of the content, where that is not switched off.
backup_file: Where the file replaced was kept.
size: The file's size in bytes.
mode: The file's permissions in octal.
owner: Name of the file's owner.
group: Name of the file's group.
uid: Number of the file's owner.
gid: Number of the file's group.
state: What is there now, or what was asked for.
"""

EXAMPLES = """
- name: The release, checked
  get_url:
    url: https://example.com/app-1.2.tar.gz
    dest: /opt/app-1.2.tar.gz
    checksum: sha256:https://example.com/SHA256SUMS
    mode: "0644"
"""
