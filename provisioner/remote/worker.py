"""The worker: reads requests, runs modules one after the other, answers. One a host and become user.

A thread reads frames so that the controller is never kept waiting while a module runs; requests queue here. When one
request fails and says ``stop_chain``, the rest of its chain is answered as dropped without being run, and the
controller decides what happens then; it can also break a chain itself, to stop. When the controller closes or the link
breaks, the request under way is finished and the queue is thrown away: nobody would hear what came of it.
"""

import importlib
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time
from typing import IO, Any, Dict, Optional

from . import protocol
from .runner import Mode, run_module
from .system import System
from .system.payload import Payload, receive


class Worker:
    """Serves one connection."""

    def __init__(self, inbound: IO[bytes], outbound: IO[bytes], sources: Dict[str, str]) -> None:
        self.inbound, self.outbound, self.sources = inbound, outbound, sources
        self.requests: "queue.Queue[Any]" = queue.Queue()
        self.tmp = ""
        self.breaker: Dict[str, str] = {}
        self.memory: Dict[str, Any] = {}
        self.linked = True

    def serve(self) -> None:
        """Answer requests until the controller closes or disappears."""
        self.tmp = tempfile.mkdtemp(prefix="provisioner-")
        try:
            self.send(protocol.HELLO, _hello())
            reader = threading.Thread(target=self._read)
            reader.daemon = True
            reader.start()
            while True:
                request = self.requests.get()
                if request is None or not self.linked:
                    break
                self._answer(*request)
        finally:
            shutil.rmtree(self.tmp, ignore_errors=True)

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
        try:
            while True:
                frame = protocol.read_head(self.inbound)
                if frame is None or frame[0] == protocol.CLOSE:
                    break
                kind, head, size = frame
                if kind == protocol.LOAD:
                    self.sources.update(protocol.unpack_sources(protocol.read_exactly(self.inbound, size)))
                elif kind == protocol.BREAK:
                    self.breaker.setdefault(head["chain"], head["link"])
                else:
                    self.requests.put((head, self._payload(size)))
        except (protocol.Broken, OSError, ValueError):
            pass  # a broken link and a closed one end alike
        finally:
            self.linked = False
            self.requests.put(None)

    def _payload(self, size: int) -> Optional[Payload]:
        if not size:
            return None
        return receive(lambda length: protocol.read_exactly(self.inbound, length), size, self.tmp)

    def _answer(self, head: Dict[str, Any], payload: Optional[Payload]) -> None:
        chain, link = head.get("chain") or "", head.get("link") or ""
        if chain and self.breaker.get(chain, link) != link:
            self.send(protocol.RESULT, {"id": head["id"], "dropped": True})
            return
        if "refused" in head:
            refusal = {"failed": True, "changed": False, "msg": head["refused"]}
            self.send(protocol.RESULT, {"id": head["id"], "result": refusal, "started": time.time(), "seconds": 0})
            return
        system = System(payload=payload, emit=self._emitter(head["id"]), tmp=self.tmp)
        system.memory = self.memory
        started = time.time()
        result = self._run(head, system)
        if chain and head.get("stop_chain") and result.get("failed"):
            self.breaker[chain] = link
        reply = {"id": head["id"], "result": result, "started": started, "seconds": time.time() - started}
        self.send(protocol.RESULT, reply, system.attachment, system.attachment_size)
        if system.attachment is not None:
            system.attachment.close()
        if payload is not None:
            payload.close()

    def _run(self, head: Dict[str, Any], system: System) -> Dict[str, Any]:
        try:
            module = importlib.import_module("." + head["module"], __package__ + ".modules")
        except ImportError as error:
            return {"failed": True, "changed": False, "msg": "module %s cannot be loaded: %s" % (head["module"], error)}
        wanted = {str(k): str(v) for k, v in (head.get("environment") or {}).items()}
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            return run_module(module, head["params"], Mode(bool(head.get("check")), bool(head.get("diff"))), system)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _emitter(self, request_id: int) -> Any:
        def emit(stream: str, text: str) -> None:
            self.send(protocol.OUTPUT, {"id": request_id, "stream": stream, "text": text})

        return emit


def _hello() -> Dict[str, Any]:
    return {
        "protocol": protocol.VERSION,
        "python": list(sys.version_info[:3]),
        "executable": sys.executable,
        "pid": os.getpid(),
        "uid": os.geteuid(),
        "boot_id": _first_line("/proc/sys/kernel/random/boot_id"),
        "time": time.time(),
    }


def _first_line(path: str) -> str:
    try:
        with open(path) as stream:
            return stream.readline().strip()
    except OSError:
        return ""


def _stay(number: int, frame: Any) -> None:
    """Outlive the terminal for the request under way; unlike SIG_IGN, a handler is not inherited by programs."""


def main(inbound: IO[bytes], outbound: IO[bytes], sources: Dict[str, str]) -> None:
    """Say the marker, then serve. Whatever a module prints goes to standard error, never between frames."""
    outbound.write(protocol.MARKER)
    outbound.flush()
    os.dup2(2, 1)
    signal.signal(signal.SIGHUP, _stay)
    Worker(inbound, outbound, sources).serve()
