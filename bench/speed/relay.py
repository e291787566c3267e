"""A long way in between: a TCP relay on this machine that holds back everything for a while, each way.

    relay.py TARGET PORT MILLISECONDS      listens at 127.0.0.1; prints the port it listens at, ends with its input

The kernel of a lab need not have netem. The first byte comes two ways later than all others: a real connection would
take a round trip to be made, one to the relay does not. How much may be on the way is not bounded.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ONCE = 1 << 16
NODELAY = True


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    """Pass on what comes, each piece ``delay_s`` after it came."""
    clock = asyncio.get_running_loop().time
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - clock()))
            if not data:
                break
            writer.write(data)
        if writer.can_write_eof():
            writer.write_eof()

    delivery = asyncio.create_task(deliver())
    try:
        while data := await reader.read(ONCE):
            waiting.put_nowait((clock() + delay_s, data))
    except ConnectionError:
        pass  # one side is gone, which the other is told
    waiting.put_nowait((clock() + delay_s, b""))
    try:
        await delivery
    except (ConnectionError, OSError):
        pass


async def serve(target: str, port: int, delay_s: float) -> None:
    """Relay until standard input ends."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * delay_s)
        far_reader, far_writer = await asyncio.open_connection(target, port)
        await asyncio.gather(carry(reader, far_writer, delay_s), carry(far_reader, writer, delay_s))
        far_writer.close()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def relay(target: str, delay_ms: float, port: int = 22) -> Iterator[int]:
    """Run a relay in a process of its own; gives the port of this machine where it listens."""
    command = [sys.executable, "-I", str(Path(__file__)), target, str(port), str(delay_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())  # type: ignore[union-attr]
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000))
