"""Waiting until a host answers again: shared by the actions that take contact away or wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from provisioner.diagnostics.errors import TargetError
from provisioner.execution.judge import result_of
from provisioner.execution.needs import Call, Need, ResetConnection, Result, Sleep
from provisioner.execution.task_run import ActionCall
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """A module to run until its result satisfies; it runs in check mode too, as it changes nothing."""

    module: str
    params: Mapping[str, Any]
    suffices: Callable[[Result], bool]


class GaveUp(Exception):
    """Time is over; the text says what the last try said."""


def really(call: Call) -> Call:
    """Return a call that only looks: it runs in check mode too, and its failure does not stop what was sent behind."""
    return replace(call, request=replace(call.request, check=False, stop_chain=False))


def answered(call: ActionCall, probe: Probe, timeout_s: float, pause_s: float) -> Generator[Need, Any, Result]:
    """Connect anew and run the probe until it suffices; GaveUp when ``timeout_s`` is over."""
    deadline = time.monotonic() + timeout_s
    while True:
        yield ResetConnection(call.resolved.route.target.host)
        try:
            result = result_of((yield really(call.remote(probe.module, probe.params, last=False))))
        except TargetError as error:
            said = str(error)
        else:
            if probe.suffices(result):
                return result
            said = str(result.get("msg") or result.get("stderr") or "the host has not changed yet")
        if time.monotonic() + pause_s > deadline:
            raise GaveUp(said)
        yield Sleep(pause_s)
