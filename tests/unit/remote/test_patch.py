"""The module patch with the real program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.remote.modules import patch
from provisioner.remote.runner import Mode, run_module
from provisioner.remote.system import System
from provisioner.remote.system.payload import Payload
from tests.modules.tree import snapshot

PATCH = b"--- a/app/f\n+++ b/app/f\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n"


@pytest.fixture(name="app")
def a_file_that_can_be_patched(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/f").write_text("one\ntwo\nthree\n")
    (tmp_path / "p").write_bytes(PATCH)
    return tmp_path


def ask(root: Path, body: bytes | None = None, **params: Any) -> dict[str, Any]:
    """Run it: in check mode, which must write nothing and foretell; for real; and again, which must change nothing."""

    def once(check: bool) -> dict[str, Any]:
        system = System(str(root), payload=Payload(body) if body is not None else None)
        return run_module(patch, {"src": "/p", "remote_src": body is None, **params}, Mode(check, diff=True), system)

    before = snapshot(root)
    foretold = once(True)
    assert snapshot(root) == before, "check mode wrote"
    done = once(False)
    if not done.get("failed"):
        assert (foretold["changed"], foretold.get("diff")) == (done["changed"], done.get("diff"))
        after = snapshot(root)
        assert (once(False)["changed"], snapshot(root)) == (False, after)
    return done


def test_a_patch_goes_in_once_and_out_again(app: Path) -> None:
    assert ask(app, basedir="/", strip=1)["changed"]
    assert (app / "app/f").read_text() == "one\nzwei\nthree\n"
    assert not ask(app, basedir="/", strip=1)["changed"]
    assert ask(app, basedir="/", strip=1, state="absent")["changed"]
    assert (app / "app/f").read_text() == "one\ntwo\nthree\n"


def test_a_patch_that_was_sent_along_is_for_one_file(app: Path) -> None:
    assert ask(app, body=PATCH, dest="/app/f", backup=True)["changed"]
    assert (app / "app/f").read_text() == "one\nzwei\nthree\n"


def test_a_patch_that_does_not_fit_changes_nothing(app: Path) -> None:
    (app / "app/f").write_text("other\n")
    refused = ask(app, dest="/app/f")
    assert (refused["failed"], "does not fit" in refused["msg"]) == (True, True)
    assert (app / "app/f").read_text() == "other\n"
    assert "doesn't exist" in ask(app, dest="/none")["msg"]
