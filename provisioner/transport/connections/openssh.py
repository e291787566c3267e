"""SSH by the system's OpenSSH client: every option and algorithm it knows, one client process for every worker."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable

from provisioner.diagnostics.errors import Unreachable
from provisioner.model.target import Target
from provisioner.transport.askpass import Askpass
from provisioner.transport.failures import where
from provisioner.transport.process_pipe import ProcessPipe

DEAD_AFTER_KEEPALIVES = 3
CLIENT_FAILED = 255
CLIENT_SPOKE = re.compile(
    r"^(ssh: |kex_|Host key verification failed|.*: Permission denied|Permission denied|Connection |Timeout, server|"
    r"client_loop|Received disconnect|Disconnected from|Unable to negotiate|Bad |command-line|.*: no such identity|"
    r"Too many auth|channel \d+: open failed|stdio forwarding failed|Could not resolve|No .* host key is known)",
    re.MULTILINE,
)
REMEDIES = (
    (
        "IDENTIFICATION HAS CHANGED",
        "a new installation, or someone between you and the host; ssh-keygen -R when explained",
    ),
    (
        "Host key verification failed",
        "compare the key, then add it with ssh-keyscan, or StrictHostKeyChecking=accept-new",
    ),
    (
        "Permission denied",
        "ansible_user, ansible_ssh_private_key_file, ansible_password (--ask-pass), or ssh-add the key",
    ),
    ("Could not resolve", "check the name, or set ansible_host to an address"),
    ("Connection refused", "is sshd running there, and is ansible_port right?"),
    ("timed out", "is the address right and the host up? a firewall that drops packets looks like this"),
    (
        "Unable to negotiate",
        "an old sshd: name its algorithms in ansible_ssh_common_args, for example -o HostKeyAlgorithms=+ssh-rsa",
    ),
)


class ClientPipe(ProcessPipe):
    """A client process with the secrets it may be asked for."""

    def __init__(self, argv: list[str], askpass: Askpass | None) -> None:
        self._askpass = askpass
        self._askpass_lock = threading.Lock()
        super().__init__(argv, environment=askpass.environment() if askpass else None)

    def finish(self) -> None:
        """End the client and forget the secrets."""
        super().finish()
        with self._askpass_lock:
            if self._askpass is not None:
                self._askpass.close()
                self._askpass = None

    def reason(self) -> str:
        """Return what the client said when it was the client that failed, not the command."""
        said = self.said()
        if self.exit_status(0.5) != CLIENT_FAILED or not CLIENT_SPOKE.search(said):
            return ""
        remedy = next((text for sign, text in REMEDIES if sign in said), "")
        shown = "\n    ".join(line for line in said.splitlines()[-8:] if line.strip("@ "))
        return f"the ssh client failed: {shown}" + (f"\n    hint: {remedy}" if remedy else "")


class Connection:
    """Starts a client for every command. Prompts are answered from the target's secrets, never by the terminal."""

    def __init__(self, target: Target, notice: Callable[[str], None]) -> None:
        self.target, self.notice = target, notice
        self._pipes: list[ClientPipe] = []
        self.alive = True

    @property
    def open_pipes(self) -> int:
        """Every client is a connection of its own: there is always room for another."""
        return 0

    def open(self) -> None:
        """See whether there is a client; the login happens at each start."""
        if shutil.which("ssh") is None:
            raise Unreachable(f"{where(self.target)}: there is no ssh program here; install openssh-client")

    def start(self, command: str, *, terminal: bool = False) -> ClientPipe:
        """Start ``command`` through a client of its own."""
        target = self.target
        secret = target.password is not None or target.private_key_passphrase is not None
        askpass = Askpass(target.password, target.private_key_passphrase) if secret else None
        argv = ["ssh", "-tt" if terminal else "-T", *self._options(batch=not secret)]
        pipe = ClientPipe([*argv, "--", target.address or target.host, command], askpass)
        self._pipes = [*(each for each in self._pipes if not each.finished), pipe]
        return pipe

    def abort(self) -> None:
        """End every client's input."""
        self.alive = False
        for pipe in self._pipes:
            pipe.close()

    def close(self) -> None:
        """End every client."""
        self.abort()
        for pipe in self._pipes:
            pipe.finish()

    def _options(self, *, batch: bool) -> list[str]:
        """Return the client's options; the first mention of one wins there, so the user's own come before ours."""
        target = self.target
        words = ["-p", str(target.port)] if target.port else []
        words += ["-l", target.user] if target.user else []
        words += ["-i", target.private_key] if target.private_key else []
        words += ["-F", target.ssh_config] if target.ssh_config else []
        words += target.ssh_args
        options = {
            "ConnectTimeout": f"{max(1, round(target.connect_timeout_s))}",
            "ServerAliveInterval": f"{max(1, round(target.keepalive_s))}" if target.keepalive_s else "0",
            "ServerAliveCountMax": f"{DEAD_AFTER_KEEPALIVES}",
            "NumberOfPasswordPrompts": "1",
            "BatchMode": "yes" if batch else "no",
        }
        if target.known_hosts:
            options["UserKnownHostsFile"] = f"{_quoted(target.known_hosts)} ~/.ssh/known_hosts"
        if target.host_key_checking != "yes":
            options["StrictHostKeyChecking"] = target.host_key_checking
        return [*words, *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
