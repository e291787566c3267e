"""Where a transfer between two hosts keeps its key, settings, lists and marks, and how its rsync is called.

All connections are made by one host (``new`` of a migration), whichever way the data go: it has the private key, and
the other has a line in authorized_keys that allows nothing but an rsync daemon with exactly these trees. The connection
is kept open for a while, as a login costs more than looking through some thousand files.
"""

import hashlib
import os
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from .change import Failed
from .params import Parameters, optional, required
from .system import System

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\Z")
PEER = "peer"
KEPT_OPEN_S = 1800
LISTS = "lists"
OLD_LIMITS = "no-pty,no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-user-rc"
"""What ``restrict`` stands for, for servers before OpenSSH 7.2."""
SAFE_ADDRESS = re.compile(r"[A-Za-z0-9.:%_/*?,-]+\Z")


class TransferParameters(Parameters):
    """What names a transfer."""

    folder: str = required("path", "Where the transfer's own files are kept on this host; for root alone.")
    name: str = required("str", "The transfer's name: letters, digits, ``_``, ``-`` and ``.``.")


class Tree(Parameters):
    """One directory to move."""

    path: str = required("str", "The directory on the old host.")
    to: str = optional("str", "The directory on the new host; the same where not given.")


class Transfer(NamedTuple):
    """The files of one transfer, all in one folder."""

    folder: str
    name: str

    def file(self, ending: str) -> str:
        """Return the path of one of its files."""
        return "%s/%s.%s" % (self.folder.rstrip("/"), self.name, ending)

    @property
    def mark(self) -> str:
        """Return the comment that tells its line in authorized_keys from others."""
        return "provisioner-transfer-%s-%s" % (os.path.basename(self.folder.rstrip("/")), self.name)

    @property
    def socket(self) -> str:
        """Return where the open connection listens: short, as such paths may not be long."""
        return "/run/provisioner/%s" % hashlib.sha256(self.file("key").encode()).hexdigest()[:16]

    @property
    def shell(self) -> List[str]:
        """Return the command that logs in at the other host."""
        return ["ssh", "-F", self.file("ssh")]

    def place(self, tree: object) -> str:
        """Return what rsync calls a tree (its number), or the folder of lists, on the other host."""
        return "%s::%s" % (PEER, section(self.name, tree))

    def rsync(self, *words: str) -> List[str]:
        """Return a call of rsync that talks to the other host."""
        return ["rsync", "--rsh=" + " ".join(_quoted(word) for word in self.shell), *words]


def transfer(params: TransferParameters) -> Transfer:
    """Return the transfer that parameters name."""
    if not PLAIN.match(params.name):
        raise Failed("'%s' is no name of a transfer: letters, digits, _, - and . are" % params.name)
    if not params.folder.startswith("/"):
        raise Failed("the folder of a transfer is an absolute path, not '%s'" % params.folder)
    return Transfer(params.folder, params.name)


def file_name(text: str) -> str:
    """Return a text as the name of a transfer: itself where it is one, else what is left of it and a checksum."""
    if PLAIN.match(text):
        return text
    left = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:40]
    return "%s-%s" % (left or "x", hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8])


def section(name: str, tree: Any) -> str:
    """Return the name of a part of the daemon's settings."""
    return "%s-%s" % (name, tree if isinstance(tree, str) else "%04d" % tree)


def _quoted(word: str) -> str:
    return '"%s"' % word if re.search(r"[\s']", word) else word


def daemon_settings(moved: Transfer, trees: Sequence[Mapping[str, str]], writable: bool) -> str:
    """Return the settings of the daemon: these trees, seen as they are, and the lists made of them."""
    text = "uid = 0\ngid = 0\nuse chroot = yes\nnumeric ids = yes\nmunge symlinks = no\nlist = no\n"
    text += "reverse lookup = no\ntransfer logging = no\nlog file = %s\n" % moved.file("rsyncd.log")
    parts: List[Tuple[object, str, bool]] = [(LISTS, moved.file(LISTS), False)]
    parts += [(number, tree["path"], writable) for number, tree in enumerate(trees)]
    for tree, path, is_writable in parts:
        read_only = "no" if is_writable else "yes"
        text += "\n[%s]\npath = %s\nread only = %s\n" % (section(moved.name, tree), path, read_only)
    return text


def daemon_command(moved: Transfer) -> str:
    """Return the command that is the daemon."""
    return "rsync --server --daemon --config=%s ." % moved.file("rsyncd")


def key_line(moved: Transfer, key: str, source: Sequence[str], command: str, limits: str) -> str:
    """Return the line of authorized_keys that lets ``key`` run one command and do nothing else."""
    came_from = ",".join(source)
    if not SAFE_ADDRESS.match(came_from) and "{{" not in came_from:
        raise Failed("'%s' is no list of addresses" % came_from)
    return '%s,from="%s",command="%s" %s %s' % (limits, came_from, command, key, moved.mark)


def own_folder(system: System, path: str) -> None:
    """Make the folder, for root alone."""
    for made in system.files.makedirs(path, 0o700):
        system.files.chmod(made, 0o700)


def hang_up(system: System, moved: Transfer) -> None:
    """Close the open connection: it may be a dead one. None there is fine."""
    system.commands.run([*moved.shell, "-O", "exit", PEER], timeout_s=10)


def trees_of(given: List[Any]) -> List[Dict[str, str]]:
    """Return the trees as path and destination, refused where no daemon's setting can hold them."""
    trees = []
    for tree in given:
        for path in (tree.path, tree.to or tree.path):
            if not path.startswith("/") or os.path.normpath(path) == "/":
                raise Failed("the path of a tree is absolute and not the whole host, not %r" % path)
            if "\n" in path or "\r" in path or path != path.strip() or path.endswith("\\") or "%" in path:
                raise Failed("%r cannot be written in rsync's settings: move the directory above it" % path)
            if len(os.fsencode(path)) > 1000:
                raise Failed("the path %s... is too long" % path[:60])
        trees.append({"path": os.path.normpath(tree.path), "to": os.path.normpath(tree.to or tree.path)})
    return trees
