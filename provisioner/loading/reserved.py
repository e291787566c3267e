"""Names that mean something already: a variable of such a name is allowed, and worth a warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.diagnostics.diagnostic import Diagnostic, Severity
from provisioner.diagnostics.position import position_of

_NAMES = """
    action any_errors_fatal args async async_val become become_exe become_flags become_method become_user block
    changed_when check_mode collections connection cycler debugger delay delegate_facts delegate_to dict diff
    environment fact_path failed_when force_handlers gather_facts gather_subset gather_timeout handlers hosts
    ignore_errors ignore_unreachable joiner lipsum listen local_action lookup loop loop_control loop_with
    max_fail_percentage module_defaults name namespace no_log notify now order poll port post_tasks pre_tasks q query
    range register remote_user rescue retries roles run_once serial strategy tags tasks throttle timeout undef until
    vars_files vars_prompt when with_
"""
NAMES = frozenset(_NAMES.split())
"""Keywords of plays, blocks and tasks, and the functions of templates."""


def reserved(names: Iterable[object]) -> Iterator[Diagnostic]:
    """Yield a warning for each name that is taken."""
    for name in names:
        if isinstance(name, str) and name in NAMES:
            summary = f"Found variable using reserved name: {name}"
            hint = "in templates and keywords the name means something else; call the variable another name"
            yield Diagnostic(summary, position_of(name), hint=hint, severity=Severity.WARNING)
