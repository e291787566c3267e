"""Carrying out what a container needs: create, start, stop, remove, connect, wait; step by step, through the engine."""

import time
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ..change import Failed
from .docker import Engine, Refused, named, pull

READABLE_LOGS = ("json-file", "journald", "local")
STEADY_S = 0.1


class Container:
    """The container a task is about, and how it is handled; ``warnings`` gathers what the engine has to say."""

    def __init__(self, engine: Engine, name: str, params: Any) -> None:
        self.engine, self.name, self.params = engine, name, params
        self.warnings: List[str] = []

    def look(self) -> Optional[Dict[str, Any]]:
        """Return what the engine tells of it, None where there is none."""
        return self.engine.look("/containers/%s/json" % named(self.name))

    def carry_out(self, todo: List[Tuple[Any, ...]]) -> None:
        """Do the steps of a plan in their order."""
        for verb, *values in todo:
            try:
                getattr(self, "_" + verb)(*values)
            except Refused as refused:
                raise Failed("Error %s container %s: %s" % (DOING.get(verb, verb), self.name, refused)) from None

    def _at(self, verb: str = "") -> str:
        return "/containers/%s%s" % (named(self.name), "/" + verb if verb else "")

    def _pull(self, image: str) -> None:
        pull(self.engine, image)

    def _create(self, body: Mapping[str, Any]) -> None:
        told = self.engine.ask("POST", "/containers/create", {"name": self.name}, dict(body)) or {}
        self.warnings += told.get("Warnings") or []

    def _update(self, body: Mapping[str, Any]) -> None:
        told = self.engine.ask("POST", self._at("update"), None, dict(body)) or {}
        self.warnings += told.get("Warnings") or []

    def _connect(self, network: str, endpoint: Mapping[str, Any]) -> None:
        body = {"Container": self.name, "EndpointConfig": dict(endpoint)}
        self.engine.ask("POST", "/networks/%s/connect" % named(network), None, body)

    def _disconnect(self, network: str) -> None:
        self.engine.ask("POST", "/networks/%s/disconnect" % named(network), None, {"Container": self.name})

    def _start(self) -> None:
        self.engine.ask("POST", self._at("start"))

    def _restart(self) -> None:
        self.engine.ask("POST", self._at("restart"), {"t": self.params.stop_timeout})

    def _stop(self) -> None:
        if self.params.force_kill:
            self.engine.ask("POST", self._at("kill"), {"signal": self.params.kill_signal})
        else:
            self.engine.ask("POST", self._at("stop"), {"t": self.params.stop_timeout})

    def _unpause(self) -> None:
        self.engine.ask("POST", self._at("unpause"))

    def _pause(self) -> None:
        self.engine.ask("POST", self._at("pause"))

    def _remove(self) -> None:
        try:
            self.engine.ask("DELETE", self._at(), {"v": not self.params.keep_volumes, "link": False, "force": False})
        except Refused as refused:  # one that removes itself may be on its way already
            if refused.status not in (404, 409) or (refused.status == 409 and "in progress" not in str(refused)):
                raise
        self._until_gone()

    def _until_gone(self) -> None:
        limit = self.params.removal_wait_timeout
        began = time.monotonic()
        while self.look() is not None:
            if limit is not None and time.monotonic() - began > limit:
                raise Failed("Cannot remove container %s: timeout after %s seconds" % (self.name, limit))
            time.sleep(STEADY_S)

    def _healthy(self) -> None:
        limit = self.params.healthy_wait_timeout
        began = time.monotonic()
        while True:
            state = (self.look() or {}).get("State") or {}
            health = (state.get("Health") or {}).get("Status", "none")
            if health == "healthy":
                return
            if health in ("none", "unhealthy") or not state.get("Running"):
                raise Failed("Container %s is not healthy: %s" % (self.name, health))
            if limit and limit > 0 and time.monotonic() - began > limit:
                raise Failed('Timeout of %g seconds exceeded while waiting for container "%s"' % (limit, self.name))
            time.sleep(STEADY_S)

    def finish(self) -> Tuple[int, str]:
        """Wait for the end; return the exit code and what was printed."""
        told = self.engine.ask("POST", self._at("wait")) or {}
        container = self.look() or {}
        driver = ((container.get("HostConfig") or {}).get("LogConfig") or {}).get("Type", "")
        if driver not in READABLE_LOGS:
            return int(told.get("StatusCode", 0)), "Result logged using `%s` driver" % driver
        with self.engine.open("GET", self._at("logs"), {"stdout": True, "stderr": True}) as answer:
            data = answer.read()
        is_plain = (container.get("Config") or {}).get("Tty")
        return int(told.get("StatusCode", 0)), (data if is_plain else unframed(data)).decode("utf-8", "replace")


DOING = {"create": "creating", "start": "starting", "stop": "stopping", "remove": "removing", "restart": "restarting",
         "update": "updating", "pause": "pausing", "unpause": "unpausing"}  # fmt: skip


def unframed(data: bytes) -> bytes:
    """Return a log without the eight bytes before each piece that say which stream it is of."""
    pieces, place = [], 0
    while place + 8 <= len(data):
        length = int.from_bytes(data[place + 4 : place + 8], "big")
        pieces.append(data[place + 8 : place + 8 + length])
        place += 8 + length
    return b"".join(pieces)
