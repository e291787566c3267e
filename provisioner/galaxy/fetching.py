"""Gets what a requirement names to this machine: clones, downloads, or just finds it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import field
from http.client import HTTPResponse
from pathlib import Path

from provisioner.diagnostics.errors import InputError
from provisioner.records import dataclass

Answer = HTTPResponse
"""An open answer; it is read and closed as a file."""

GIT_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches into a scratch folder that its owner removes. ``checks_certificates`` False accepts any server."""

    scratch: Path
    checks_certificates: bool = True
    timeout_s: float = 60.0
    headers: Mapping[str, str] = field(default_factory=dict)

    def clone(self, address: str, version: str = "", *, way: str = "git") -> Path:
        """Return a working copy of a repository at a branch, tag or commit."""
        target = self._fresh("clone")
        if way == "hg":
            self._run(["hg", "clone", address, str(target)], address)
            if version:
                self._run(["hg", "-R", str(target), "update", version], address)
            return target
        self._run([*self._git(), "clone", "--", address, str(target)], address)
        if version and version != "HEAD":
            self._run(
                [*self._git(), "-C", str(target), "checkout", "--quiet", version, "--"], address, doing="checkout"
            )
        return target

    def _git(self) -> list[str]:
        return ["git"] if self.checks_certificates else ["git", "-c", "http.sslVerify=false"]

    def _run(self, words: list[str], address: str, *, doing: str = "clone") -> None:
        if shutil.which(words[0]) is None:
            raise InputError.at(None, f"Failed to find the program '{words[0]}', which is needed for {address}")
        environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=GIT_TIMEOUT_S, env=environ
            )
        except subprocess.TimeoutExpired:
            raise InputError.at(None, f"{words[0]} gave no answer in {GIT_TIMEOUT_S} s: {address}") from None
        if done.returncode:
            what = "clone a Git repository from" if doing == "clone" else "switch a cloned Git repo"
            raise InputError.at(None, f"Failed to {what} `{address}`.", detail=done.stderr.strip())

    def download(self, address: str, name: str = "") -> Path:
        """Return a file that was downloaded."""
        target = self._fresh("download") / (name or address.rstrip("/").rsplit("/", 1)[-1].partition("?")[0] or "file")
        target.parent.mkdir()
        with self.open(address) as answer, target.open("wb") as out:
            shutil.copyfileobj(answer, out)
        return target

    def open(self, address: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the open answer to a GET; InputError where there is none."""
        if not address.startswith(("http://", "https://", "file://")):
            raise InputError.at(None, f"the address {address} is none that can be downloaded from")
        request = urllib.request.Request(address, headers={**self.headers, **(headers or {})})  # noqa: S310 - checked
        try:
            return urllib.request.urlopen(request, timeout=self.timeout_s, context=self._context())  # type: ignore[no-any-return] # noqa: S310
        except urllib.error.HTTPError as error:
            detail = error.read(2000).decode("utf-8", "replace").strip()
            raise InputError.at(None, f"{address} answers {error.code} {error.reason}", detail=detail) from None
        except (OSError, ValueError) as error:
            raise InputError.at(None, f"cannot download {address}", detail=str(error)) from None

    def _context(self) -> ssl.SSLContext | None:
        if self.checks_certificates:
            return None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _fresh(self, kind: str) -> Path:
        number = sum(1 for _ in self.scratch.iterdir())
        return self.scratch / f"{kind}-{number}"
