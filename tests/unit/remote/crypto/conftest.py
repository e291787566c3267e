"""Running a module with the real openssl and ssh-keygen, on a folder that plays the host's root."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Return a function that runs a module: ``ask("openssl_csr", path="/c.csr", ...)``."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def run(module: str, check: bool = False, **params: Any) -> dict[str, Any]:
        loaded = importlib.import_module(f"provisioner.remote.modules.{module}")
        system = System(root=str(tmp_path), tmp=str(scratch))
        result = run_module(loaded, params, Mode(check, diff=True), system)
        assert list(scratch.iterdir()) == [], "secrets were left behind"
        return result

    return run


@pytest.fixture
def key(ask: Ask) -> str:
    """Return the path of a private key, quickly made."""
    assert ask("openssl_privatekey", path="/k.pem", type="ECC", curve="secp256r1")["changed"]
    return "/k.pem"


def spoil_signature(request: Path) -> None:
    """Change the last bit of a signing request, which is its signature's."""
    begin, *lines, end = request.read_text().splitlines()
    content = bytearray(base64.b64decode("".join(lines)))
    content[-1] ^= 1
    request.write_text("\n".join([begin, base64.encodebytes(content).decode().strip(), end]) + "\n")
