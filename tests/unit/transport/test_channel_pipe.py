"""A channel whose connection is gone: what Paramiko raises then is a broken pipe, and closing is done already."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn

import paramiko
import pytest

from provisioner.transport.channel_pipe import ChannelPipe


class GoneChannel:
    """Paramiko's channel of a connection that ended a moment ago."""

    def __init__(self, error: Exception) -> None:
        self.error, self.closed = error, False
        self.in_buffer = self.in_stderr_buffer = self

    def set_event(self, event: threading.Event) -> None:
        self.event = event

    def _gone(self, *_: object) -> NoReturn:
        raise self.error

    sendall = shutdown_write = _gone

    def close(self) -> None:
        self.closed = True
        self._gone()


ERRORS = (EOFError(), paramiko.SSHException("Key-exchange timed out"), OSError("Socket is closed"))


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("act", [lambda pipe: pipe.write(b"x"), lambda pipe: pipe.end_input()], ids=["write", "end"])
def test_writing_ends_in_an_os_error(error: Exception, act: Callable[[ChannelPipe], None]) -> None:
    channel: Any = GoneChannel(error)
    with pytest.raises(OSError, match=r"gone|timed out|closed"):
        act(ChannelPipe(channel, channel, 0.0))


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_closing_is_no_error_and_wakes_who_reads(error: Exception) -> None:
    channel: Any = GoneChannel(error)
    ChannelPipe(channel, channel, 0.0).finish()
    assert channel.closed
    assert channel.event.is_set()
