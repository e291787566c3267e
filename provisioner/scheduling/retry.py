"""Waiting times of the ``retry`` keyword: exponential with jitter, as tenacity computes them."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_exponential_jitter

from provisioner.model.keywords import Retry


def wait_s(policy: Retry, attempt: int) -> float:
    """Return how long to wait after try number ``attempt`` (from 1): ``wait * 2 ** (attempt - 1)`` plus jitter."""
    wait = wait_exponential_jitter(initial=policy.wait_s, max=policy.max_wait_s, jitter=policy.jitter_s)
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    return float(wait(state))
