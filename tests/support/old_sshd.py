"""An SSH server as they were twenty years ago: SHA-1 and CBC only. Commands run on a lab host behind it."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

KEX, CIPHER, MAC, KEY = "diffie-hellman-group14-sha1", "aes128-cbc", "hmac-sha1", "ssh-rsa"
LEGACY = (
    f"-o KexAlgorithms=+{KEX} -o Ciphers=+{CIPHER} -o MACs=+{MAC} "
    f"-o HostKeyAlgorithms=+{KEY} -o PubkeyAcceptedAlgorithms=+{KEY}"
)
"""What an OpenSSH client of today has to be told, so that it speaks with such a server."""


@dataclass(frozen=True)
class OldSshd:
    """Where the server listens, the key that logs in, and the file with the server's own key."""

    port: int
    login_key: Path
    known_hosts: Path


@contextmanager
def old_sshd(folder: Path, behind: Sequence[str]) -> Iterator[OldSshd]:
    """Run such a server; ``behind`` is the command line to which a command is added as last word."""
    host_key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    login_key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    login_key.write_private_key(str(folder / "login"))
    (folder / "login").chmod(0o600)
    login_key.write_public_key(str(folder / "login.pub"))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="old sshd", daemon=True)
    thread.start()

    async def answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
        inner = await asyncio.create_subprocess_exec(
            *behind, process.command or "true",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        await process.redirect(stdin=inner.stdin, stdout=inner.stdout, stderr=inner.stderr)
        code = await inner.wait()
        await process.stdout.drain()
        process.exit(code)

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[host_key], authorized_client_keys=str(folder / "login.pub"),
            process_factory=answer, encoding=None, kex_algs=[KEX], encryption_algs=[CIPHER], mac_algs=[MAC],
            signature_algs=[KEY],
        )  # fmt: skip

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(20)
    public = host_key.export_public_key().decode("ascii").split()
    known = folder / "known_hosts"
    port = server.get_port()
    known.write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n", encoding="ascii")
    try:
        yield OldSshd(port, folder / "login", known)
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
