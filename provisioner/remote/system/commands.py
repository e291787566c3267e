"""Starting programs on the host: always an argument list, never a shell string built from data."""

import os
import shutil
import subprocess
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from ..change import Failed
from .streams import KEPT, Hearer, TooMuch, communicate

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Completed(NamedTuple):
    """How a program ended; output is decoded as UTF-8, undecodable bytes survive as surrogates."""

    rc: int
    out: str
    err: str


class Commands:
    """Runs programs. Tests put a recorded stand-in here."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: Optional[bytes] = None,
        env: Optional[Mapping[str, str]] = None,
        cwd: Optional[str] = None,
        timeout_s: Optional[float] = None,
        hear: Optional[Hearer] = None,
    ) -> Completed:
        """Run ``argv`` to its end. A program that is not there gives rc 127, a timeout raises TimeoutExpired.

        ``env`` adds to the worker's environment. The C.UTF-8 locale is not forced: pass ``PLAIN`` to parse output.
        ``hear`` gets output as it arrives. A daemon that the program leaves behind is not waited for.
        """
        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(env),
                cwd=cwd,
            )
        except FileNotFoundError as error:
            elsewhere = None if "/" in argv[0] else self.which(argv[0])  # plain users have no sbin in their PATH
            if elsewhere is not None:
                again = [elsewhere, *argv[1:]]
                return self.run(again, stdin=stdin, env=env, cwd=cwd, timeout_s=timeout_s, hear=hear)
            return Completed(127, "", "%s: %s" % (error.filename or argv[0], os.strerror(error.errno or 2)))
        except PermissionError as error:
            return Completed(126, "", "%s: %s" % (error.filename or argv[0], os.strerror(error.errno or 13)))
        try:
            out, err = communicate(process, stdin, timeout_s, hear)
        except TooMuch as error:
            message = "%s ended with %s after %d bytes of output; no more than %d MiB are kept: let it write to a file"
            told = message % (argv[0], process.returncode, error.args[0], KEPT // 1024 // 1024)
            raise Failed(told, rc=process.returncode, cmd=list(argv), changed=True) from None
        return Completed(process.returncode, _decode(out), _decode(err))

    def which(self, name: str, *extra: str) -> Optional[str]:
        """Return the full path of a program, looking in sbin folders too, or None."""
        path = os.environ.get("PATH", "") + ":" + SEARCH_PATH
        if extra:
            path = ":".join(extra) + ":" + path
        return shutil.which(name, path=path)


PLAIN = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "LANGUAGE": "C"}


def _environment(env: Optional[Mapping[str, str]]) -> Dict[str, str]:
    merged = dict(os.environ)
    merged.setdefault("PATH", SEARCH_PATH)
    if env:
        merged.update(env)
    return merged


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def lines_of(text: str) -> List[str]:
    """Return output split as results show it in ``stdout_lines``."""
    return text.splitlines()
