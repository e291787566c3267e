"""What a module may use: files, commands, accounts, the request's payload, streamed output."""

from typing import IO, Any, Callable, Dict, Optional

from .commands import Commands
from .files import Files
from .payload import Payload
from .placed import Placed


def _no_output(stream: str, text: str) -> None:
    """Drop streamed output where nobody listens."""


class System:
    """One host as modules see it.

    ``root`` is ``/`` on a host and a temporary folder in tests: every path goes through ``files``, which maps it.
    ``payload`` holds the request's raw body (a file's content), or what a module downloaded in its place;
    ``attachment`` holds the reply's.
    ``foretell`` tells whether somebody will read the plan (check mode, diff); where not, a costly preview is wasted.
    ``checks`` tells that nothing will be applied (check mode).
    ``placed`` knows the files that this request wrote.
    ``emit(stream, text)`` streams output of long work. ``tmp`` is a private folder of this worker, made
    by ``scratch`` when first asked for.
    """

    def __init__(
        self,
        root: str = "/",
        commands: Optional[Commands] = None,
        payload: Optional[Payload] = None,
        emit: Callable[[str, str], None] = _no_output,
        tmp: str = "",
        scratch: Optional[Callable[[], str]] = None,
    ) -> None:
        self.root = root
        self.files = Files(root)
        self.commands = commands or Commands()
        self.payload = payload
        self.placed = Placed()
        self.emit = emit
        self._tmp, self._scratch = tmp, scratch
        self.attachment: Optional[IO[bytes]] = None
        self.attachment_size = 0
        self.memory: Dict[str, Any] = {}
        self.foretell, self.checks = True, False

    @property
    def tmp(self) -> str:
        """Return a private folder that is removed when the worker ends; empty where there is none (in tests)."""
        if not self._tmp and self._scratch is not None:
            self._tmp = self._scratch()
        return self._tmp

    def attach(self, stream: IO[bytes], size: int) -> None:
        """Send ``size`` bytes of ``stream`` as the raw body of the result."""
        self.attachment, self.attachment_size = stream, size
