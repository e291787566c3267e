"""Runs an operation once, however often it is asked for: what was done is answered from the host's record."""

import importlib
import json
import time
from typing import Any, Dict, Optional

from . import protocol
from .oplog import OpLog, open_log
from .spool import ENDING, Listening, Spool
from .system import System

LOOK_S = 0.1
SHOWN = ("changed", "failed", "rc", "skipped")


class Unknown(Exception):
    """An operation was begun before, and what came of it cannot be known."""


class Recording:
    """A worker's way to the record; until the controller names it, and where none can be kept, nothing is recorded."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._log: Optional[OpLog] = None
        self._spool: Optional[Spool] = None
        self._seal_key = b""

    def begin(self, head: Dict[str, Any]) -> None:
        """Open the record that the controller names."""
        self._log = open_log(head["log"])
        self._spool = Spool(self._log.path + ENDING) if self._log is not None else None
        self._seal_key = bytes.fromhex(head.get("seal") or "")

    def remove(self) -> None:
        """Forget everything: the controller has it all."""
        if self._log is not None:
            self._log.remove()
        if self._spool is not None:
            self._spool.remove()

    def hear(self, head: Dict[str, Any], stream: str, text: str) -> None:
        """Keep what an operation says while it runs, for a controller that has to find it again."""
        if self._spool is not None and head.get("op") and not head.get("secret"):
            self._spool.keep(head["op"], stream, text)

    def once(self, head: Dict[str, Any], system: System) -> Dict[str, Any]:
        """Run an operation that was not run before; return the recorded result of one that was."""
        key = head.get("op")
        if not key:
            return dict(self._worker.run(head, system))
        if self._log is None:
            return self._unrecorded(head, system)
        try:
            recorded = self._recorded(self._log, key, head)
        except OSError:
            return self._unrecorded(head, system)  # a full disk: what is to make room there must still run
        if recorded is not None:
            return recorded
        result: Dict[str, Any] = self._worker.run(head, system)
        kept = self._sealed(result) if head.get("secret") else result
        try:
            self._log.end(key, None if system.attachment is not None else kept)
        except OSError:
            pass  # it was done, and the controller hears so now; only a lost answer would leave it open
        return result

    def _unrecorded(self, head: Dict[str, Any], system: System) -> Dict[str, Any]:
        """Run what cannot be noted, unless it may have been run before and must not be run twice."""
        if head.get("again") and not _is_repeatable(head):
            raise Unknown("the host keeps no record of what was done (no folder there that could be written)")
        return dict(self._worker.run(head, system))

    def _recorded(self, log: OpLog, key: str, head: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """Return the result in the record, waiting for a worker that still runs it; None: to be run, and noted so."""
        is_repeatable = _is_repeatable(head)
        record = log.claim(key, again=False, durable=not is_repeatable)
        said = Listening(log.path + ENDING, key, int(head.get("heard") or 0)) if record is not None else None
        while record is not None and not record.ended and log.lives(record) and self._worker.linked:
            self._retell(head, said)
            time.sleep(LOOK_S)
            record = log.look(key)
        self._retell(head, said)
        if record is None:
            if head.get("lost") and log.is_fresh and not is_repeatable:
                raise Unknown("the host's record of what was done is gone")
            return None
        if record.ended and record.result is not None:
            return self._opened(record.result)
        if is_repeatable:
            log.claim(key, again=True, durable=False)
            return None
        if record.ended:
            raise Unknown("it was done, and its result was too large to be kept on the host")
        if log.began_before_boot(record):
            raise Unknown("the host was booted while it ran")
        raise Unknown("the worker that ran it ended in the middle of it")

    def _retell(self, head: Dict[str, Any], said: Optional[Listening]) -> None:
        """Pass on what an operation that another worker began has said and the controller has not heard."""
        for stream, text in said.more() if said is not None else ():
            self._worker.send(protocol.OUTPUT, {"id": head["id"], "stream": stream, "text": text})

    def _sealed(self, result: Dict[str, Any]) -> Dict[str, Any]:
        """Return what may be kept of a result that is secret: how it ended, and the rest for the controller's eyes."""
        kept: Dict[str, Any] = {name: result[name] for name in SHOWN if name in result}
        if self._seal_key:
            text = json.dumps(result, default=str)
            kept["sealed"] = _sealing().seal(self._seal_key, text.encode("utf-8"))
        return kept

    def _opened(self, result: Dict[str, Any]) -> Dict[str, Any]:
        """Return a recorded result as it was; only how it ended, where it was sealed for another controller."""
        sealed = result.pop("sealed", None)
        if sealed is None:
            return result
        try:
            opened: Dict[str, Any] = json.loads(_sealing().unseal(self._seal_key, sealed).decode("utf-8"))
        except ValueError:
            return dict(result, censored="the result is sealed in the host's record, and not for this controller")
        return opened


def _is_repeatable(head: Dict[str, Any]) -> bool:
    """Tell whether running the module a second time does no harm."""
    if head.get("carrier") or head.get("detach"):
        return False
    try:
        module = importlib.import_module("." + head["module"], __package__ + ".modules")
    except ImportError:
        return True  # it cannot have run
    return bool(getattr(getattr(module, "TRAITS", None), "rerun", True))


def _sealing() -> Any:
    return importlib.import_module(".sealing", __package__)
