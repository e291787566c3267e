"""A program that accepts connections on a local socket, lets them wait, and then leads each on to a server.

For balancers that have no way of their own to let requests wait. It obeys a file: who waits until when, and where to.
"""

import json
import re
from typing import Any, Dict, List, NamedTuple

from .system import System

FOLDER = "/run/provisioner-hold"
PROGRAM = '''\
"""Accepts connections, lets them wait while a file says so, and leads each on to a server; ends when not needed."""

import asyncio
import json
import os
import sys
import time

SOCKET, TOLD = sys.argv[1:3]
NAP_S, IDLE_S, CHUNK = 0.01, 10.0, 65536
STATE = {"till": 0.0, "to": [], "is_over": False, "open": 0, "turn": 0, "last": time.time()}


def look():
    try:
        with open(TOLD) as stream:
            STATE.update(json.load(stream))
    except (OSError, ValueError):
        pass


async def watch():
    while True:
        look()
        is_idle = not STATE["open"] and time.time() - STATE["last"] > IDLE_S
        if (STATE["is_over"] or time.time() > STATE["till"] + 3600) and is_idle:
            os._exit(0)
        await asyncio.sleep(NAP_S)


async def pump(reader, writer):
    try:
        while True:
            data = await reader.read(CHUNK)
            if not data:
                break
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (OSError, asyncio.CancelledError):
        writer.close()


async def serve(reader, writer):
    STATE["open"] += 1
    try:
        while not STATE["is_over"] and time.time() < STATE["till"]:
            await asyncio.sleep(NAP_S)
        STATE["turn"] += 1
        host, _, port = STATE["to"][STATE["turn"] % len(STATE["to"])].rpartition(":")
        there = await asyncio.open_connection(host.strip("[]"), int(port))
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
        there[1].close()
    except OSError:
        pass
    finally:
        writer.close()
        STATE["open"] -= 1
        STATE["last"] = time.time()


async def main():
    look()
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    await asyncio.start_unix_server(serve, SOCKET, backlog=4096)
    os.chmod(SOCKET, 0o666)
    await watch()


asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main())
'''


class Holding(NamedTuple):
    """What the file says: until when connections wait and since when, where they go to then, and whether it is over."""

    till: float
    since: float
    to: List[str]
    is_over: bool


class Holder:
    """The program for one name: its files, starting it, and telling it what to do."""

    def __init__(self, system: System, name: str) -> None:
        self.system = system
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        self.socket, self.told = "%s/%s.sock" % (FOLDER, plain), "%s/%s.json" % (FOLDER, plain)
        self.program, self.unit = "%s/%s.py" % (FOLDER, plain), "provisioner-hold-" + plain

    def read(self) -> Holding:
        """Return what it was told last."""
        try:
            told: Dict[str, Any] = json.loads((self.system.files.read_or_none(self.told) or b"{}").decode())
        except ValueError:
            told = {}
        return Holding(told.get("till", 0.0), told.get("since", 0.0), told.get("to", []), told.get("is_over", True))

    def tell(self, holding: Holding) -> None:
        """Tell it what to do."""
        for made in self.system.files.makedirs(FOLDER, 0o755):
            self.system.files.chmod(made, 0o755)
        self.system.files.write(self.told, json.dumps(holding._asdict()).encode(), mode=0o600)

    def start(self, python: str) -> str:
        """Start it where it does not run; return what went wrong."""
        if self.system.commands.run(["systemctl", "is-active", "--quiet", self.unit]).rc == 0:
            return ""
        self.system.files.write(self.program, PROGRAM.encode(), mode=0o600)
        argv = ["systemd-run", "--quiet", "--collect", "--unit=" + self.unit, python, self.program]
        done = self.system.commands.run([*argv, self.socket, self.told])
        return done.err.strip() if done.rc else ""
