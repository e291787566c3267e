"""One interface, to ask who has an address and to tell everybody who has it now, whatever the protocol."""

import select
import socket
import time
from typing import Optional, Sequence


class Link:
    """A raw socket on one interface; what is asked, heard and told is the protocol's."""

    ethertype = 0

    def __init__(self, name: str) -> None:
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(self.ethertype))
        self.link.bind((name, self.ethertype))
        self.mac: bytes = self.link.getsockname()[4]

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def question(self, address: str) -> bytes:
        """Return the frame that asks who has ``address``."""
        raise NotImplementedError

    def answer(self, data: bytes, address: str) -> Optional[bytes]:
        """Return the hardware address that a frame says has ``address``, or None where it says no such thing."""
        raise NotImplementedError

    def announcements(self, address: str) -> Sequence[bytes]:
        """Return the frames that tell everybody that ``address`` is here."""
        raise NotImplementedError

    def owner(self, address: str, wait_s: float = 0.2, tries: int = 2) -> Optional[bytes]:
        """Return the hardware address of another host that has ``address``, or None."""
        for _ in range(tries):
            self.link.send(self.question(address))
            deadline = time.monotonic() + wait_s
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([self.link], [], [], left)[0]:
                    break
                mac = self.answer(self.link.recv(2048), address)
                if mac is not None and mac != self.mac:
                    return mac
        return None

    def announce(self, address: str, times: int = 3, pause_s: float = 0.02) -> None:
        """Tell everybody that ``address`` is here, several times."""
        for number in range(times):
            if number:
                time.sleep(pause_s)
            for frame in self.announcements(address):
                self.link.send(frame)
