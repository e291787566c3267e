"""Tests of testinfra hold; their commands run over the session that is open, as the user the tasks run as."""

from __future__ import annotations

from provisioner.remote.params import optional, required
from provisioner.verification.assertions import CheckParams


class Params(CheckParams):
    """The files, and what their tests find in their environment."""

    files: list[str] = required(
        "list", "Files or folders with tests; looked for beside the task, in the role, beside the playbook.",
        elements="str", aliases=("value", "file"),
    )  # fmt: skip
    env: dict[str, object] = optional("dict", "Environment of the tests on the controller.", {})
    timeout: float = optional("float", "Seconds for all tests together.", 600)
    free_form = "files"
