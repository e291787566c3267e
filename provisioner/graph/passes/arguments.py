"""Before a role runs, its variables are held against ``meta/argument_specs.yml``, where it has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provisioner.model.keywords import Keywords
from provisioner.model.task import RoleUse, Task


def arguments_checked(use: RoleUse) -> Iterator[Task]:
    """Yield the task that checks a role's arguments for its entry point, tagged ``always`` as Ansible's is."""
    role = use.role
    spec = role.argument_specs.get(role.entry_point)
    if not isinstance(spec, Mapping) or not spec.get("options"):
        return
    about = str(spec.get("short_description") or "")
    name = role.name.rpartition(".")[2] if role.collection else role.name
    context = {"type": "role", "name": name, "argument_spec_name": role.entry_point, "path": role.path}
    yield Task(
        action="validate_argument_spec",
        args={"argument_spec": spec["options"], "validate_args_context": context},
        position=use.position,
        name=f"Validating arguments against arg spec '{role.entry_point}'" + (f" - {about}" if about else ""),
        keywords=Keywords(tags=("always",)),
    )
