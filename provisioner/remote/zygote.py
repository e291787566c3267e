"""Runs foreign Python modules: a process of its own that forks a child for each of them.

The worker starts it with the text of this file (``python -c``), so it imports nothing of ours. It sees the host's
site-packages, which the worker does not; nothing of a foreign module ever enters the worker. It has one thread, so that
forking is safe, and keeps compiled code by digest: a module used again costs a fork and its own work.

Messages on both sides are a struct (length of JSON, length of body), the JSON and the body.
"""

import atexit
import base64
import fcntl
import getpass
import glob
import grp
import hashlib
import importlib
import importlib.machinery
import io
import json
import locale
import logging
import os
import platform
import pwd
import random
import re
import resource
import runpy
import select
import selectors
import shlex
import shutil
import stat
import struct
import subprocess
import sys
import syslog
import tempfile
import threading
import time
import traceback
import types
import zipfile
from typing import IO, Any, Dict, Optional, Tuple

HEADER = struct.Struct("!IQ")
WARM = (
    base64, fcntl, getpass, glob, grp, hashlib, io, locale, logging, platform, pwd, re, runpy, select, selectors,
    shlex, shutil, stat, subprocess, syslog, threading, time,
)  # fmt: skip
"""What nearly every module imports: here it is imported once for all."""
KEPT = 64 * 1024 * 1024
CORE = "ansible.module_utils.basic"


class ForeignFinder:
    """Imports the files that came with a module, and nothing else of their packages."""

    def __init__(self, place: str, files: Dict[str, str], texts: Dict[str, bytes], codes: Dict[Any, Any]) -> None:
        self.place, self.files, self.texts, self.codes = place, files, texts, codes

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002 - Python's interface
        """Return how to load ``fullname``, or None where it did not come with the module."""
        name = self.file(fullname)
        if name is None:
            return None
        loader: Any = self
        spec = importlib.machinery.ModuleSpec(
            fullname, loader, origin=self.shown(name), is_package=name.endswith("__init__.py")
        )
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(os.path.dirname(self.shown(name)))
        spec.has_location = True
        return spec

    def create_module(self, spec: Any) -> None:  # noqa: ARG002 - Python's interface
        """Leave making the module to Python."""

    def exec_module(self, module: Any) -> None:
        """Run a module's code."""
        exec(self.get_code(module.__spec__.name), module.__dict__)  # noqa: S102 - what was asked for

    def get_code(self, fullname: str) -> Any:
        """Return the code of ``fullname``."""
        name = self.file(fullname)
        if name is None:
            raise ImportError("no source for %s" % fullname, name=fullname)
        key = (name, self.files[name])
        if key not in self.codes:
            self.codes[key] = compile(self.texts[self.files[name]], self.shown(name), "exec", 0, True)
        return self.codes[key]

    def get_source(self, fullname: str) -> Optional[str]:
        """Return the text of ``fullname``, for tracebacks."""
        name = self.file(fullname)
        return None if name is None else self.texts[self.files[name]].decode("utf-8", "replace")

    def get_data(self, path: str) -> bytes:
        """Return a file that came with the module, by the path that its modules show."""
        name = os.path.relpath(path, self.place)
        if name not in self.files:
            raise OSError(2, "No such file", path)
        return self.texts[self.files[name]]

    def is_package(self, fullname: str) -> bool:
        """Tell whether ``fullname`` is a package."""
        return str(self.file(fullname)).endswith("__init__.py")

    def file(self, fullname: str) -> Optional[str]:
        """Return the path of the file that ``fullname`` is."""
        stem = fullname.replace(".", "/")
        for name in (stem + ".py", stem + "/__init__.py"):
            if name in self.files:
                return name
        return None

    def shown(self, name: str) -> str:
        """Return how tracebacks and ``__file__`` call a file."""
        return os.path.join(self.place, name)

    def prepare(self) -> None:
        """Compile everything, so that children inherit it; what is wrong shows where it is imported."""
        for name, digest in self.files.items():
            if (name, digest) not in self.codes:
                try:
                    self.codes[name, digest] = compile(self.texts[digest], self.shown(name), "exec", 0, True)
                except (SyntaxError, ValueError):
                    continue


class Zygote:
    """Answers one request after the other, each in a child of its own."""

    def __init__(self, inbound: IO[bytes], outbound: IO[bytes]) -> None:
        self.inbound, self.outbound = inbound, outbound
        self.texts: Dict[str, bytes] = {}
        self.codes: Dict[Any, Any] = {}

    def serve(self) -> None:
        """Serve until the worker closes its end."""
        while True:
            header = self.inbound.read(HEADER.size)
            if len(header) < HEADER.size:
                return
            length, size = HEADER.unpack(header)
            asked = json.loads(self.inbound.read(length).decode("utf-8"))
            body = self.inbound.read(size)
            for digest, part in asked["new"]:
                self.texts[digest], body = body[:part], body[part:]
            rc, out, err = self.run(asked)
            head = json.dumps([rc, len(out), len(err)]).encode()
            self.outbound.write(HEADER.pack(len(head), len(out) + len(err)) + head + out + err)
            self.outbound.flush()

    def run(self, asked: Dict[str, Any]) -> Tuple[int, bytes, bytes]:
        """Run a module in a child and return its exit code and what it wrote."""
        finder = ForeignFinder(asked["place"], asked["files"], self.texts, self.codes)
        finder.prepare()
        if any(name.endswith("/common/respawn.py") for name in asked["files"]) and not os.path.exists(asked["place"]):
            archive(asked["place"], asked["files"], self.texts)
        with tempfile.TemporaryFile(dir=asked["tmp"]) as out, tempfile.TemporaryFile(dir=asked["tmp"]) as err:
            pid = os.fork()
            if not pid:
                self.child(asked, finder, (out, err))
            status = os.waitpid(pid, 0)[1]
            rc = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            out.seek(0)
            err.seek(0)
            return rc, out.read(KEPT), err.read(KEPT)

    def child(self, asked: Dict[str, Any], finder: ForeignFinder, streams: Tuple[Any, Any]) -> None:
        """Be the module's process to its end."""
        code = 1
        try:
            os.setsid()
            self.inbound.close()
            self.outbound.close()
            for number, stream in enumerate(streams, start=1):
                os.dup2(stream.fileno(), number)
            _surround(asked)
            meta: Any = finder
            sys.meta_path.insert(0, meta)
            code = _execute(asked, finder)
        except BaseException:  # noqa: BLE001 - the border of the module's process: its errors go to its standard error
            traceback.print_exc()
        finally:
            _end(code)


def _surround(asked: Dict[str, Any]) -> None:
    """Set up what a module may see of its request."""
    limit = asked.get("open_files")
    if limit:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        if wanted != soft:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if asked.get("cwd") and os.access(asked["cwd"], os.X_OK):
        os.chdir(asked["cwd"])
    os.environ.update(asked["environment"])
    if "TZ" in asked["environment"]:
        time.tzset()
    random.seed()


def _execute(asked: Dict[str, Any], finder: ForeignFinder) -> int:
    """Run the module as the main program; return its exit code."""
    name = asked["module"]
    path = finder.shown(finder.file(name) or name)
    sys.argv = [path]
    if finder.file(CORE):
        core: Any = importlib.import_module(CORE)
        core._ANSIBLE_ARGS = asked["arguments"].encode("utf-8")
        core._ANSIBLE_PROFILE = "legacy"
    main = types.ModuleType("__main__")
    spec = finder.find_spec(name)
    values: Dict[str, Any] = {"__file__": path, "__spec__": spec, "__loader__": finder, "__cached__": None}
    main.__dict__.update(values, __package__=name.rpartition(".")[0], _module_fqn=name, _modlib_path=asked["place"])
    sys.modules["__main__"] = main
    try:
        try:
            exec(finder.get_code(name), main.__dict__)  # noqa: S102 - what was asked for
        except SystemExit:
            raise
        except BaseException:  # noqa: BLE001 - as Python does it with a program's error: modules set a hook of their own
            sys.excepthook(*sys.exc_info())
            return 1
    except SystemExit as ended:
        return _code_of(ended)
    return 0


def _code_of(ended: SystemExit) -> int:
    if ended.code is None or isinstance(ended.code, int):
        return ended.code or 0
    sys.stderr.write("%s\n" % (ended.code,))
    return 1


def _end(code: int) -> None:
    """End the module's process as Python would, without taking apart what the parent still uses."""
    try:
        for ending in (getattr(threading, "_shutdown", None), getattr(atexit, "_run_exitfuncs", None)):
            if ending is not None:
                ending()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - the process ends whatever its last steps do
        traceback.print_exc()
    finally:
        os._exit(code)


def archive(path: str, files: Dict[str, str], texts: Dict[str, bytes]) -> None:
    """Write the files as a zip archive, for modules that start themselves again under another interpreter."""
    with zipfile.ZipFile(path, "w") as packed:
        for name, digest in sorted(files.items()):
            packed.writestr(name, texts[digest])


def main(inbound: IO[bytes]) -> None:
    """Take the worker's streams away from what modules inherit, then serve."""
    outbound = os.fdopen(os.dup(1), "wb", 65536)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    Zygote(inbound, outbound).serve()


if __name__ == "__main__":
    main(globals()["i"])  # the stream this text was read from, see carriers/foreign.py
