"""How often a task is tried and how long it waits between: ``until/retries/delay`` and ``retry``. Pure."""

from __future__ import annotations

from collections.abc import Callable

from provisioner import catalog
from provisioner.diagnostics.errors import Lost, TargetError
from provisioner.execution.needs import Result
from provisioner.execution.task_run import TaskRun
from provisioner.model.keywords import Retry
from provisioner.variables.scope import Scope


class Patience:
    """Counts the tries of one task (or loop item). ``attempts`` is how many there may be in all."""

    def __init__(self, until: tuple[int, float] | None, retry: Retry | None) -> None:
        self._until, self._retry = until, retry
        self.attempt = 0
        self.attempts = max(until[0] if until else 1, retry.attempts if retry else 1)
        self._held = True

    def retries(self, error: TargetError) -> bool:
        """Tell whether the policy takes this error up."""
        outcome = "lost" if isinstance(error, Lost) else "unreachable"
        return self._retry is not None and outcome in self._retry.on

    def next_wait(self, result: Result, error: TargetError | None, holds: Callable[[Result], bool]) -> float | None:
        """Return how long to wait before the next try, or None where there is none."""
        self.attempt += 1
        wanted = error is not None
        if error is None and self._until is not None:
            self._held = holds(result)
            wanted = not self._held
        if error is None and self._retry is not None and result.get("failed") and "failed" in self._retry.on:
            wanted = True
        if not wanted or self.attempt >= self.attempts:
            return None
        if self._retry is not None:
            # tenacity computes it, which few runs need
            return float(catalog.part("provisioner.scheduling.retry").wait_s(self._retry, self.attempt))
        return self._until[1] if self._until else 0.0

    def counted(self, result: Result) -> Result:
        """Return a try's result with its number, which conditions may ask for."""
        if self._until is not None and self.attempts > 1:
            result["attempts"] = self.attempt + 1
        return result

    def final(self, result: Result) -> Result:
        """Return the last try's result with the number of attempts; failed where ``until`` never held."""
        if self._until is not None and self.attempts > 1 and not result.get("skipped"):
            result["attempts"] = self.attempt
            if not self._held:
                # what Ansible reports: the tries after the first
                result.update(failed=True, attempts=max(1, self.attempt - 1))
        return result


def patience(run: TaskRun, scope: Scope) -> Patience:
    """Return the patience of a task, its numbers rendered."""
    until = None
    if run.task.until is not None:
        written = run.task.until.retries
        tries = 4 if written is None else max(0, int(str(run.renderer.render(written, scope)))) + 1
        until = (tries, float(str(run.renderer.render(run.task.until.delay, scope))))
    retry = run.operation.keywords.retry
    return Patience(until, retry if isinstance(retry, Retry) else None)
