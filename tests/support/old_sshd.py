"""An SSH server as they were twenty years ago: SHA-1 and CBC only. Commands run on a lab host behind it.

The server is a process of its own, ``python old_sshd.py FOLDER COMMAND...``, which writes its port when it listens.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
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

    def variables(self) -> str:
        """Return the variables of an inventory that reach it, but for the algorithms."""
        return (f"ansible_host=127.0.0.1 ansible_port={self.port} ansible_user=root ansible_connection=openssh "
                f"ansible_ssh_private_key_file={self.login_key}")  # fmt: skip


@contextmanager
def old_sshd(folder: Path, behind: Sequence[str]) -> Iterator[OldSshd]:
    """Run such a server; ``behind`` is the command line to which a command is added as last word."""
    argv = [sys.executable, "-W", "ignore", __file__, str(folder), *behind]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield OldSshd(int(server.stdout.readline()), folder / "login", folder / "known_hosts")
        finally:
            server.terminate()


async def serve(folder: Path, behind: Sequence[str]) -> None:
    """Listen until the process is ended."""
    host_key, login_key = (asyncssh.generate_private_key("ssh-rsa", key_size=2048) for _key in range(2))
    login_key.write_private_key(str(folder / "login"))
    (folder / "login").chmod(0o600)
    login_key.write_public_key(str(folder / "login.pub"))

    async def answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
        inner = await asyncio.create_subprocess_exec(
            *behind, process.command or "true",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        await process.redirect(stdin=inner.stdin, stdout=inner.stdout, stderr=inner.stderr)
        code = await inner.wait()
        await process.stdout.drain()
        process.exit(code)

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host_key], authorized_client_keys=str(folder / "login.pub"),
        process_factory=answer, encoding=None, kex_algs=[KEX], encryption_algs=[CIPHER], mac_algs=[MAC],
        signature_algs=[KEY],
    )  # fmt: skip
    public = host_key.export_public_key().decode("ascii").split()
    known = f"[127.0.0.1]:{server.get_port()} {public[0]} {public[1]}\n"
    (folder / "known_hosts").write_text(known, encoding="ascii")
    sys.stdout.write(f"{server.get_port()}\n")
    sys.stdout.flush()
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2:]))
