"""Running a module with the real openssl and ssh-keygen, on a folder that plays the host's root."""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from tests.modules.tree import snapshot

ANEW = frozenset({"force", "regenerate"})
"""Parameters that make something anew at every run."""

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Return a function that runs a module: ``ask("openssl_csr", path="/c.csr", ...)``.

    Check mode runs first, which must write nothing and foretell the run; a second run must find nothing to do.
    """
    scratch = tmp_path_factory.mktemp("scratch")

    def once(module: str, check: bool, params: dict[str, Any]) -> dict[str, Any]:
        loaded = importlib.import_module(f"provisioner.remote.modules.{module}")
        system = System(root=str(tmp_path), tmp=str(scratch))
        result = run_module(loaded, params, Mode(check, diff=True), system)
        assert list(scratch.iterdir()) == [], "secrets were left behind"
        return result

    def run(module: str, check: bool = False, **params: Any) -> dict[str, Any]:
        before = snapshot(tmp_path)
        foretold = once(module, True, params)
        assert snapshot(tmp_path) == before, "check mode wrote"
        if check:
            return foretold
        result = once(module, False, params)
        if not result.get("failed"):
            assert (foretold["changed"], told(foretold)) == (result["changed"], told(result))
            after = snapshot(tmp_path)
            again = once(module, False, params)
            if not ANEW.intersection(params):
                assert again["changed"] is False, again
                assert snapshot(tmp_path) == after, "the second run wrote although it reported no change"
        return result

    return run


@pytest.fixture
def key(ask: Ask) -> str:
    """Return the path of a private key, quickly made."""
    assert ask("openssl_privatekey", path="/k.pem", type="ECC", curve="secp256r1")["changed"]
    return "/k.pem"


def told(result: dict[str, Any]) -> str:
    """Return the diff without what is written: a signature of elliptic curves is another one each time."""
    return re.sub(r"-----BEGIN CERTIFICATE.*?-----END", "", json.dumps(result.get("diff")))


def spoil_signature(request: Path) -> None:
    """Change the last bit of a signing request, which is its signature's."""
    begin, *lines, end = request.read_text().splitlines()
    content = bytearray(base64.b64decode("".join(lines)))
    content[-1] ^= 1
    request.write_text("\n".join([begin, base64.encodebytes(content).decode().strip(), end]) + "\n")
