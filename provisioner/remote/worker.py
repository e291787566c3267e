"""The worker: reads requests, runs modules one after the other, answers. One a host and become user.

A thread reads frames so that the controller is never kept waiting while a module runs; requests queue here. When one
request fails and says ``stop_chain``, the rest of its chain is answered as dropped without being run, and the
controller decides what happens then; it can also break a chain itself, to stop. When the controller closes or the link
breaks, the request under way is finished and the queue is thrown away: nobody would hear what came of it; unless the
requests came all at once and somebody waits for every answer (``finish``). A link that breaks without a word is
noticed, too: while the controller is silent nothing is begun, after a long silence it is over.
"""

import importlib
import os
import queue
import signal
import sys
import threading
import time
from typing import IO, Any, Dict, Optional

from . import protocol
from .oplog import Superseded, boot_id
from .recording import Recording, Unknown
from .runner import Mode, run_module
from .scratch import Scratch
from .system import System
from .system.payload import Payload, Unstorable, receive

HOLDS_AFTER = 3
"""After how many missed signs of life nothing new is begun."""
LEAVES_AFTER = 40
"""After how many the worker leaves; many, as a controller may be stopped for a while (Ctrl-Z)."""
LOOK_S = 0.1


class Worker:
    """Serves one connection."""

    def __init__(self, inbound: IO[bytes], outbound: IO[bytes], sources: Dict[str, str]) -> None:
        self.inbound, self.outbound, self.sources = inbound, outbound, sources
        self.requests: "queue.Queue[Any]" = queue.Queue()
        self.scratch = Scratch()
        self.every, self.heard = 0.0, time.monotonic()
        self.breaker: Dict[str, str] = {}
        self.memory: Dict[str, Any] = {}
        self.held: Dict[str, bytes] = {}
        self.left: Any = None
        self.linked, self.abandoned = True, False
        self.recording = Recording(self)
        self.lease: Any = None
        self.closed = self.unheard = False

    def serve(self) -> None:
        """Answer requests until the controller closes or disappears."""
        try:
            self.send(protocol.HELLO, _hello())
            reader = threading.Thread(target=self._read)
            reader.daemon = True
            reader.start()
            while self.linked:
                request = self._next()
                if request is not None:
                    self._take_lease()
                if request is None or not self.linked:
                    break
                self._answer(*request)
            if self.closed and not self.unheard:
                self.recording.remove()
        finally:
            self.scratch.remove()

    def _next(self) -> Any:
        """Return the next request, or None at the end; while the controller is silent, wait."""
        waiting: Any = None
        while True:
            silence = time.monotonic() - self.heard
            if self.every and silence > LEAVES_AFTER * self.every:
                self.abandoned = True
                return None
            if self.lease is not None and self.every and silence > HOLDS_AFTER * self.every:
                self.lease.release()  # another run need not wait for one that may never be heard of again
            if waiting is None:
                try:
                    waiting = (self.requests.get(timeout=self.every or None),)
                except queue.Empty:
                    pass
            elif not self.linked or not self.every or silence <= HOLDS_AFTER * self.every:
                return waiting[0]
            else:
                time.sleep(LOOK_S)

    def send(self, kind: int, head: Dict[str, Any], stream: Optional[IO[bytes]] = None, size: int = 0) -> None:
        """Send one frame, with ``size`` bytes of ``stream`` as its body; a broken link is remembered, not raised."""
        try:
            self.outbound.write(protocol.pack_header(kind, head, size))
            while size and stream is not None:
                part = stream.read(min(size, protocol.CHUNK))
                part = part or b"\0" * min(size, protocol.CHUNK)  # a file that shrank meanwhile keeps the frame whole
                self.outbound.write(part)
                size -= len(part)
            self.outbound.flush()
        except OSError:
            self.linked = False

    def _read(self) -> None:
        finishes = False
        try:
            while True:
                frame = protocol.read_head(self.inbound)
                if frame is None or frame[0] == protocol.CLOSE:
                    self.closed = frame is not None and not frame[1].get("keep")
                    finishes = frame is not None and bool(frame[1].get("finish"))
                    break
                kind, head, size = frame
                self.heard = time.monotonic()
                if kind == protocol.PING:
                    self.every = float(head["every"])
                elif kind == protocol.LOAD:
                    self.sources.update(protocol.unpack_sources(protocol.read_exactly(self.inbound, size)))
                elif kind == protocol.STORE:
                    self.held.update(protocol.unpack_files(head, protocol.read_exactly(self.inbound, size)))
                elif kind == protocol.RUN:
                    self.requests.put((dict(head, run=True), None))
                elif kind == protocol.BREAK:
                    self.breaker.setdefault(head["chain"], head["link"])
                else:
                    self.requests.put((head, self._payload(head, size)))
        except (protocol.Broken, OSError, ValueError, KeyError, TypeError):
            pass  # a broken link and a closed one end alike
        finally:
            self.linked = finishes
            self.requests.put(None)

    def _payload(self, head: Dict[str, Any], size: int) -> Optional[Payload]:
        """Take the request's body; where there is no room for it, the request is to be answered with that."""
        if not size:
            return None
        try:
            return receive(self._body, size, self.scratch.path)
        except Unstorable as error:
            head["refused"] = str(error)
            return None

    def _body(self, length: int) -> bytes:
        data = protocol.read_exactly(self.inbound, length)
        self.heard = time.monotonic()
        return data

    def _answer(self, head: Dict[str, Any], payload: Optional[Payload]) -> None:
        if "run" in head:
            self._begin(head)
        elif self.breaker.get(head.get("chain") or "", head.get("link") or "") != (head.get("link") or ""):
            self.send(protocol.RESULT, {"id": head["id"], "dropped": True})
        elif "refused" in head:
            refusal = {"failed": True, "changed": False, "msg": head["refused"]}
            self._break_chain(head, refusal)
            self.send(protocol.RESULT, {"id": head["id"], "result": refusal, "started": time.time(), "seconds": 0})
        else:
            self._carry_out(head, payload)

    def _break_chain(self, head: Dict[str, Any], result: Dict[str, Any]) -> None:
        if head.get("chain") and head.get("stop_chain") and result.get("failed"):
            self.breaker[head["chain"]] = head.get("link") or ""

    def _carry_out(self, head: Dict[str, Any], payload: Optional[Payload]) -> None:
        system = System(payload=payload, emit=self._emitter(head), scratch=self.scratch.path)
        system.memory = self.memory
        started = time.time()
        try:
            result = self.recording.once(head, system)
        except Superseded:
            self._leave()
            return
        except Unknown as unknown:
            self._break_chain(dict(head, stop_chain=True), {"failed": True})
            self.send(protocol.RESULT, {"id": head["id"], "unknown": str(unknown)})
            return
        self._break_chain(head, result)
        self.unheard |= self.closed  # the controller went before it could hear this: the record must stay
        reply = {"id": head["id"], "result": result, "started": started, "seconds": time.time() - started}
        self.send(protocol.RESULT, reply, system.attachment, system.attachment_size)
        if system.attachment is not None:
            system.attachment.close()
        if system.payload is not None:  # the one that came, or one that a module fetched
            system.payload.close()

    def _begin(self, head: Dict[str, Any]) -> None:
        """Open the run's record, and take the host for the run where it wants it."""
        self.recording.begin(head)
        if head.get("lease"):
            self.lease = importlib.import_module(".lease", __package__).Lease(head["lease"])
            self._take_lease()

    def _leave(self) -> None:
        """End by itself, while the reader still waits for the controller."""
        self.linked, self.abandoned = False, True

    def _take_lease(self) -> None:
        """Take the host for the run, if need be again; where another run has it this worker ends."""
        if self.lease is None or self.lease.is_held:
            return
        holder = self.lease.take()
        if holder is not None:
            self.send(protocol.REFUSED, {"holder": holder})
            self._leave()

    def run(self, head: Dict[str, Any], system: System) -> Dict[str, Any]:
        """Run what a request asks for: here, or as a job that is left alone."""
        how = head.get("detach")
        if how is None:
            return self._work(head, system)
        detached = importlib.import_module(".carriers.detached", __package__)
        result: Dict[str, Any] = detached.start(how, lambda: self._work(head, system), self)
        return result

    def _work(self, head: Dict[str, Any], system: System) -> Dict[str, Any]:
        try:
            os.chdir(head.get("cwd") or ".")
        except OSError:
            pass  # whoever it runs as may not go there
        if head.get("carrier"):
            carrier = importlib.import_module("." + head["carrier"], __package__ + ".carriers")
            held = head.get("hold")
            carried: Dict[str, Any] = carrier.carry(dict(head, check=True) if held else head, self)
            if held and carried.get("changed"):
                carried.update(failed=True, unplanned=True, msg="the plan says that nothing changes here: not done")
            return carried
        try:
            module = importlib.import_module("." + head["module"], __package__ + ".modules")
        except ImportError as error:
            return {"failed": True, "changed": False, "msg": "module %s cannot be loaded: %s" % (head["module"], error)}
        wanted = {str(k): str(v) for k, v in (head.get("environment") or {}).items()}
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            return run_module(
                module, head["params"], Mode(*(bool(head.get(name)) for name in ("check", "diff", "hold"))), system
            )
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def abandon(self) -> None:
        """In a process of its own now: let go of everything that belongs to the worker it was forked from."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        self.left = (self.inbound, self.outbound, self.memory)  # their descriptors are closed with the others
        self.inbound, self.outbound = open(os.devnull, "rb"), open(os.devnull, "wb")  # noqa: SIM115 - to the end
        self.memory = {}
        self.scratch.forget()

    def _emitter(self, head: Dict[str, Any]) -> Any:
        def emit(stream: str, text: str) -> None:
            self.recording.hear(head, stream, text)
            self.send(protocol.OUTPUT, {"id": head["id"], "stream": stream, "text": text})

        return emit


def _hello() -> Dict[str, Any]:
    return {
        "protocol": protocol.VERSION,
        "python": list(sys.version_info[:3]),
        "executable": sys.executable,
        "pid": os.getpid(),
        "uid": os.geteuid(),
        "boot_id": boot_id(),
        "time": time.time(),
    }


def _stay(number: int, frame: Any) -> None:
    """Outlive the terminal for the request under way; unlike SIG_IGN, a handler is not inherited by programs."""


def main(inbound: IO[bytes], outbound: IO[bytes], sources: Dict[str, str]) -> None:
    """Say the marker, then serve. Whatever a module prints goes to standard error, never between frames."""
    outbound.write(protocol.MARKER)
    outbound.flush()
    os.dup2(2, 1)
    signal.signal(signal.SIGHUP, _stay)
    worker = Worker(inbound, outbound, sources)
    worker.serve()
    if worker.abandoned:
        os._exit(0)  # a thread still waits for the controller, and Python would wait for what it holds
