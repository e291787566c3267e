"""SSH by Fabric and Paramiko, the default: one connection for all users of a host, every command a channel."""

from __future__ import annotations

import logging
import shlex
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from provisioner.transport.fabric_import import fabric

# isort: split
import paramiko
from paramiko.config import SSHConfig
from paramiko.ssh_exception import ChannelException, IncompatiblePeer, SSHException

from provisioner.diagnostics.errors import TargetError, Unreachable
from provisioner.model.target import Target
from provisioner.transport.channel_pipe import ChannelPipe
from provisioner.transport.failures import where
from provisioner.transport.known_hosts import HostKeys
from provisioner.transport.liveness import HeardSocket, Pulse, pulse_of
from provisioner.transport.proxy_command import ProxyCommand
from provisioner.transport.ssh_login import Login
from provisioner.transport.ssh_options import Route, route
from provisioner.transport.ssh_words import client_options

logging.getLogger("paramiko").addHandler(logging.NullHandler())

DEAD_AFTER_KEEPALIVES = 3
AUTH_S = 30.0
CHANNEL_S = 30.0
CLOSING_S = 2.0
OWN_TO_TARGET = frozenset(["port", "user", "hostname", "proxyjump", "proxycommand", "hostkeyalias"])
REMEDIES = {
    ConnectionRefusedError: "is sshd running there, and is ansible_port right?",
    TimeoutError: "is the address right and the host up? a firewall that drops packets looks like this",
    socket.gaierror: "check the name, or set ansible_host to an address",
}


class Connection:
    """One login. Unknown host keys are refused unless the target says otherwise; a silent peer is noticed."""

    def __init__(self, target: Target, notice: Callable[[str], None], through: Connection | None = None) -> None:
        self.target, self.notice = target, notice
        self._through = through
        self._hops: list[Connection] = []
        self._socket: Any = None
        self._proxy: ProxyCommand | None = None
        self._fabric: Any = None
        self._thread: paramiko.Transport | None = None
        self._pipes: list[ChannelPipe] = []
        self._pulse: Pulse | None = None
        self._aborted = False

    @property
    def alive(self) -> bool:
        """Tell whether channels can be opened."""
        return self._fabric is not None and self._fabric.is_connected and not self._aborted

    @property
    def open_pipes(self) -> int:
        """Return how many channels are open."""
        self._pipes = [pipe for pipe in self._pipes if not pipe.closed]
        return len(self._pipes)

    def open(self) -> None:
        """Connect, check the host's key, log in."""
        way = route(self.target, self.notice)
        self.target = replace(self.target, address=way.host, port=way.port, user=way.user)
        try:
            self._socket = self._reach(way)
            self._log_in(way)
        except TargetError:
            self.close()
            raise
        except (OSError, EOFError, SSHException) as error:
            text = self._text(way, error)
            self.close()
            raise Unreachable(text) from None

    def start(self, command: str, *, terminal: bool = False) -> ChannelPipe:
        """Start a command on a channel of its own."""
        transport = self._transport()
        began = time.monotonic()
        try:
            channel = transport.open_session(timeout=CHANNEL_S)
            latency_s = time.monotonic() - began
            if terminal:
                channel.get_pty()
            pipe = ChannelPipe(channel, transport, latency_s, self._pulse)
            channel.exec_command(command)
        except ChannelException as error:
            hint = "sshd's MaxSessions may be reached"
            raise Unreachable(
                f"{where(self.target)}: no channel could be opened: {error.text}\n    hint: {hint}"
            ) from None
        except (SSHException, EOFError) as error:
            raise Unreachable(f"{where(self.target)}: no command could be started: {error}") from None
        self._pipes.append(pipe)
        return pipe

    def tunnel(self, host: str, port: int) -> paramiko.Channel:
        """Return a channel from this host to another, for a connection that goes through it."""
        try:
            return self._transport().open_channel("direct-tcpip", (host, port), ("", 0), timeout=CHANNEL_S)
        except SSHException as error:
            raise Unreachable(f"{where(self.target)}, the jump host, does not reach {host}:{port}: {error}") from None

    def abort(self) -> None:
        """Shut the socket, which wakes everything that waits for it; the ways to it first, as they may be stuck too."""
        self._aborted = True
        for hop in self._hops:
            hop.abort()
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except (OSError, EOFError, AttributeError):
                pass  # not connected yet, or a channel through another host, which is cut already

    def close(self) -> None:
        """Close everything, the ways through other hosts included."""
        self._aborted = True
        for part in (self._fabric.client if self._fabric is not None else None, self._socket):
            try:
                if part is not None:
                    part.close()
            except (OSError, EOFError, SSHException):
                pass  # what it goes through is gone already
        if self._thread is not None:
            self._thread.packetizer.complete_handshake()  # Paramiko's timer outlives a handshake that failed
            if self._thread.is_alive():
                self._thread.join(CLOSING_S)
        if self._proxy is not None:
            self._proxy.close()
            self._proxy = None
        for hop in reversed(self._hops):
            hop.close()

    def _transport(self) -> paramiko.Transport:
        if self._fabric is None or self._fabric.transport is None:
            raise Unreachable(f"{where(self.target)}: not connected")
        transport: paramiko.Transport = self._fabric.transport
        return transport

    def _log_in(self, way: Route) -> None:
        keys = HostKeys(self.target, way, self.notice)
        self._pulse = pulse_of(way.keepalive_s, self.abort)
        plug = HeardSocket(self._socket, self._pulse)

        def make_transport(sock: Any, **more: Any) -> paramiko.Transport:
            transport = paramiko.Transport(sock, **more)
            transport.daemon = True
            self._thread = transport
            keys.prefer_known(transport)
            _prefer_fast(transport)
            return transport

        self._fabric = fabric.Connection(
            way.host,
            user=way.user,
            port=way.port,
            config=fabric.Config(ssh_config=SSHConfig(), lazy=True),
            gateway=False,
            connect_kwargs={
                "sock": plug,
                "timeout": way.connect_timeout_s,
                "banner_timeout": way.connect_timeout_s,
                "auth_timeout": AUTH_S,
                "channel_timeout": CHANNEL_S,
                "compress": way.compression,
                "transport_factory": make_transport,
                "auth_strategy": Login(self.target, way),
            },
        )
        self._fabric.client.set_missing_host_key_policy(keys)
        self._fabric.open()
        plug.watch(self._transport())

    def _reach(self, way: Route) -> Any:
        """Return something like a socket to the host: direct, through a command, or through other hosts."""
        if self._through is not None:
            return self._through.tunnel(way.host, way.port)
        if way.jumps:
            return self._jump(way)
        if way.proxy_command:
            self._proxy = ProxyCommand(way.proxy_command)
            return self._proxy.socket
        return self._connected(way)

    def _jump(self, way: Route) -> paramiko.Channel:
        for hop in way.jumps:
            target = _hop_target(self.target, hop)
            connection = Connection(target, self.notice, self._hops[-1] if self._hops else None)
            self._hops.append(connection)
            connection.open()
        return self._hops[-1].tunnel(way.host, way.port)

    def _connected(self, way: Route) -> socket.socket:
        error: OSError = OSError("no address")
        for family, kind, number, _name, address in socket.getaddrinfo(way.host, way.port, type=socket.SOCK_STREAM):
            plug = self._socket = socket.socket(family, kind, number)
            if self._aborted:
                break
            try:
                plug.settimeout(way.connect_timeout_s)
                _tune(plug, way.keepalive_s)
                plug.connect(address)
            except OSError as problem:
                plug.close()
                error = problem
            else:
                return plug
        raise error

    def _text(self, way: Route, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        remedy = next((text for kind, text in REMEDIES.items() if isinstance(error, kind)), "")
        if isinstance(error, TimeoutError):
            reason = f"no answer within {way.connect_timeout_s:g} s"
        elif isinstance(error, OSError) and error.strerror:
            reason = error.strerror
        elif isinstance(error, IncompatiblePeer):
            remedy = "an old sshd: ansible_connection=openssh uses the system's client and its legacy algorithms"
        elif "banner" in reason:
            remedy = "something answers there, but not as sshd does in time: is it the right port?"
        if self._proxy is not None and (said := self._proxy.said()):
            remedy = f"the proxy command said: {said}"
        if self._aborted:
            reason, remedy = "given up because the run ends", ""
        return f"{where(self.target)}: cannot connect: {reason}" + (f"\n    hint: {remedy}" if remedy else "")


def _prefer_fast(transport: paramiko.Transport) -> None:
    """Ask for ciphers that authenticate by themselves: the others cost a checksum in Python for every packet."""
    options = transport.get_security_options()
    options.ciphers = sorted(options.ciphers, key=lambda name: "gcm" not in name)


def _tune(plug: socket.socket, keepalive_s: float) -> None:
    """Send small frames at once, and notice a peer that is gone though nobody said so."""
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if keepalive_s:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            limit_ms = int(keepalive_s * DEAD_AFTER_KEEPALIVES * 1000)
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)


def _hop_target(target: Target, hop: str) -> Target:
    """Return the target for a host on the way; it has the same keys and rules, but a user and port of its own."""
    user, _at, place = hop.removeprefix("ssh://").rpartition("@")
    host, _colon, port = place.rpartition(":") if place.count(":") == 1 else (place, "", "")
    words = [
        f"-o{name}={value}" for name, value in client_options(target.ssh_args) if name.lower() not in OWN_TO_TARGET
    ]
    return replace(
        target,
        host=f"{host} on the way to {target.host}",
        address=host.strip("[]"),
        port=int(port) if port else None,
        user=user or None,
        password=None,
        ssh_args=tuple(shlex.quote(word) if " " in word else word for word in words if not word.startswith("-o-")),
    )
