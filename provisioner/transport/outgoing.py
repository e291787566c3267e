"""Requests on their way to a worker: turned into frames, joined while small, streamed while large."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner.model.call import Reply, Request
from provisioner.records import dataclass
from provisioner.remote import protocol

from .bundle import ModuleSources, UnknownModule

Done = Callable[[Reply], None]
Output = Callable[[str, str], None]
WRITE_AT = 256 * 1024


@dataclass(slots=True)
class Outgoing:
    """One request with what to call when it is answered.

    ``losses``: how often contact was lost while it was out. ``heard``: how often it said something while it ran.
    """

    id: int
    request: Request
    done: Done
    output: Output | None = None
    losses: int = 0
    heard: int = 0


@dataclass(frozen=True, slots=True)
class Breaking:
    """Not a request: tells the worker to drop what waits of a chain, but for one link of it."""

    chain: str
    link: str


class Frames:
    """Writes requests to one worker, and before each the sources it lacks. Small frames leave in one write."""

    def __init__(self, sources: ModuleSources, write: Callable[[bytes], None]) -> None:
        self._sources, self._write = sources, write
        self._loaded = set(sources.core())
        self._stored: set[str] = set()
        self._parts: list[bytes] = []
        self._size = 0

    def send(self, items: Iterable[Outgoing | Breaking]) -> None:
        """Write all of ``items``; OSError from the pipe means that any of them may have arrived or not."""
        for item in items:
            if isinstance(item, Breaking):
                self._add(protocol.pack(protocol.BREAK, {"chain": item.chain, "link": item.link}))
            else:
                self._add_sources(item.request)
                self._add_request(item)
        self._flush()

    def send_ping(self, every_s: float) -> None:
        """Tell the worker that the controller is there, and how soon it will hear so again."""
        self._write(protocol.pack(protocol.PING, {"every": every_s}))

    def send_run(self, log: str, lease: Mapping[str, object] | None, seal: bytes) -> None:
        """Tell the worker which run it works for, before any request."""
        head = {"log": log, "lease": dict(lease) if lease else None, "seal": seal.hex()}
        self._write(self._sources.load_frame({"sealing.py"} | ({"lease.py"} if lease else set())))
        self._write(protocol.pack(protocol.RUN, head))

    def send_close(self, *, keeps_records: bool = False, finishes: bool = False) -> None:
        """Tell the worker that nothing more comes, whether what it recorded may still be needed, and whether what it
        was asked is still to be done."""
        head = {name: True for name, holds in (("keep", keeps_records), ("finish", finishes)) if holds}
        self._write(protocol.pack(protocol.CLOSE, head))

    def _add_sources(self, request: Request) -> None:
        try:
            missing = self._sources.request(request) - self._loaded
        except UnknownModule:
            return  # the worker answers that it has none, in its turn
        if missing:
            self._add(self._sources.load_frame(missing))
            self._loaded |= missing
        if request.carried is not None:
            contents = request.carried.parcel.contents
            lacking = contents.keys() - self._stored
            if lacking:
                self._add(self._sources.store_frame(contents, lacking))
                self._stored |= lacking

    def _add_request(self, item: Outgoing) -> None:
        body = item.request.body
        if isinstance(body, Path):
            self._add_file(item, body)
        else:
            self._add_head(item, len(body or b""))
            self._add(body or b"")

    def _add_head(self, item: Outgoing, size: int) -> None:
        try:
            self._add(protocol.pack_header(protocol.REQUEST, _head(item), size))
        except (TypeError, ValueError, RecursionError) as error:
            message = f"the parameters of {item.request.module} cannot be sent: {error}"
            self._add(protocol.pack_header(protocol.REQUEST, _refusal(item, message), size))

    def _add_file(self, item: Outgoing, path: Path) -> None:
        try:
            stream = path.open("rb")
        except OSError as error:
            message = f"{path} cannot be read on the controller: {error.strerror or error}"
            self._add(protocol.pack(protocol.REQUEST, _refusal(item, message)))
            return
        with stream:
            left = os.fstat(stream.fileno()).st_size
            self._add_head(item, left)
            while left:
                part = stream.read(min(left, protocol.CHUNK))
                if not part:
                    raise OSError(f"{path} shrank while it was sent")
                self._add(part)
                left -= len(part)

    def _add(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size >= WRITE_AT:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._parts)
        self._parts, self._size = [], 0
        if data:
            self._write(data)


def _refusal(item: Outgoing, message: str) -> dict[str, Any]:
    """Return the head of a request that the worker only answers as failed, so that replies keep their order."""
    return {**_head(replace(item, request=replace(item.request, params={}))), "refused": message}


def _head(item: Outgoing) -> dict[str, Any]:
    request = item.request
    head: dict[str, Any] = {"id": item.id, "module": request.module, "params": dict(request.params)}
    flags = {
        "check": request.check, "diff": request.diff, "secret": request.secret, "hold": request.hold,
        "again": request.again or item.losses, "lost": request.lost or item.losses,
    }  # fmt: skip
    head.update({name: True for name, holds in flags.items() if holds})
    if request.environment:
        head["environment"] = dict(request.environment)
    if request.carried is not None:
        head.update(
            carrier=request.carried.carrier, how=dict(request.carried.how), files=dict(request.carried.parcel.files)
        )
    if request.detach is not None:
        head["detach"] = dict(request.detach)
    if request.chain:
        head.update(chain=request.chain, link=request.link, stop_chain=request.stop_chain)
    if request.op:
        head["op"] = request.op
    if request.cwd:
        head["cwd"] = request.cwd
    if item.heard:
        head["heard"] = item.heard
    return head
