"""Proves that servers are as they should be: the checks of playbooks without their tasks, or files of tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from provisioner.app.credentials import Credentials
from provisioner.app.run import run_loaded, with_settings
from provisioner.app.wiring import Ask, load, load_suite
from provisioner.diagnostics.errors import InputError
from provisioner.execution.ports import EventSink
from provisioner.model.options import RunOptions

PLAYBOOKS = frozenset({".yml", ".yaml", ".json"})


def verify(
    subjects: Sequence[str], options: RunOptions, credentials: Credentials, sinks: Sequence[EventSink], ask: Ask
) -> int:
    """Run the checks of playbooks, or tests on all hosts; return the exit code. Nothing is changed anywhere."""
    missing = [subject for subject in subjects if not Path(subject).exists()]
    if missing:
        raise InputError.at(None, f"there is no {missing[0]}")
    playbooks = [subject for subject in subjects if Path(subject).suffix in PLAYBOOKS]
    tests = [subject for subject in subjects if subject not in playbooks]
    if playbooks and tests:
        raise InputError.at(None, "verify takes playbooks or files of tests, not both at once",
                            hint=f"{tests[0]} is no playbook")  # fmt: skip
    loaded = load(playbooks, options, credentials) if playbooks else load_suite(tests, options, credentials)
    return run_loaded(replace(loaded, only_proofs=True), with_settings(options, loaded), credentials, sinks, ask)
