"""One worker that runs a module of ours and the bridged one of the same name, each in a folder of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from queue import Queue
from typing import Any

from provisioner.bridge.bridge import Bridge, Place
from provisioner.bridge.library import Foreign
from provisioner.model.call import Carried, Reply, Request
from provisioner.model.target import Target
from provisioner.transport.bundle import ModuleSources
from provisioner.transport.sessions import Sessions
from provisioner.transport.worker_session import WorkerSession

ANSWER_S = 120
HERE = Target("here", connection="local", python=sys.executable)
SPECIAL = ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"]


class Both:
    """Runs modules through real workers, on this machine or two hosts; ``{dir}`` is the folder of the side."""

    def __init__(self, bridge: Bridge, our_host: Target = HERE, their_host: Target = HERE) -> None:
        self.bridge = bridge
        self.sessions = Sessions(ModuleSources())
        self.our_session = self.sessions.session(our_host)
        self.their_session = self.sessions.session(their_host)

    def ours(self, module: str, params: Mapping[str, Any], folder: Path, *, check: bool, diff: bool) -> dict[str, Any]:
        """Run our module."""
        request = Request(module.rpartition(".")[2], placed(params, folder), check=check, diff=diff)
        return _asked(self.our_session, request)

    def theirs(
        self, module: str, params: Mapping[str, Any], folder: Path, *, check: bool, diff: bool
    ) -> dict[str, Any]:
        """Run the bridged module."""
        there = self.bridge.installation
        assert there is not None
        found: object = Foreign(module, f"ansible.modules.{module}", f"{there.ansible}/modules/{module}.py")
        if "." in module:
            found = self.bridge.elsewhere(module, Place())
        assert isinstance(found, Foreign), found
        packed = self.bridge.pack(found, Place())
        known = {
            "check_mode": check, "diff": diff, "no_log": False, "debug": False, "verbosity": 0, "socket": None,
            "version": there.version, "module_name": found.name, "syslog_facility": "LOG_USER",
            "selinux_special_fs": SPECIAL, "string_conversion_action": "warn", "shell_executable": "/bin/sh",
            "keep_remote_files": False, "tmpdir": None, "remote_tmp": "~/.ansible/tmp", "ignore_unknown_opts": False,
            "target_log_info": None,
        }  # fmt: skip
        internal = {f"_ansible_{name}": value for name, value in known.items() if name in there.internal}
        how = {"style": packed.style, "entry": packed.entry, "module": found.module, "internal": internal}
        carried = Carried("foreign", how, packed.parcel)
        request = Request(found.name, placed(params, folder), check=check, diff=diff, carried=carried)
        return _asked(self.their_session, request)


def _asked(session: WorkerSession, request: Request) -> dict[str, Any]:
    replies: Queue[Reply] = Queue()
    session.submit(request, replies.put)
    reply = replies.get(timeout=ANSWER_S)
    assert reply.error is None, reply.error
    return dict(reply.result or {})


def placed(value: Any, folder: Path) -> Any:
    """Return ``value`` with ``{dir}`` replaced everywhere."""
    if isinstance(value, str):
        return value.replace("{dir}", str(folder))
    if isinstance(value, Mapping):
        return {key: placed(each, folder) for key, each in value.items()}
    return [placed(each, folder) for each in value] if isinstance(value, list) else value


def build(folder: Path, files: Mapping[str, Any]) -> None:
    """Make a folder with these files: text, None for a folder, ``-> x`` for a link."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir()
        elif content.startswith("-> "):
            path.symlink_to(content[3:])
        else:
            path.write_text(content.replace("{dir}", str(folder)), encoding="utf-8")
            path.chmod(0o644)


def tree(folder: Path) -> dict[str, object]:
    """Return what is in a folder: kind, mode and content of everything, with the folder's own name taken out."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        status = path.lstat()
        if path.is_symlink():
            found[name] = ("link", os.readlink(path).replace(str(folder), "{dir}"))
        elif path.is_dir():
            found[name] = ("folder", oct(status.st_mode & 0o7777))
        else:
            content = path.read_bytes().replace(str(folder).encode(), b"{dir}")
            found[name] = (oct(status.st_mode & 0o7777), hashlib.sha1(content).hexdigest()[:12], content[:60])
    return found
