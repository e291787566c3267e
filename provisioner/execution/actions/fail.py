"""Fail with a message."""

from __future__ import annotations

from provisioner.execution.needs import Result
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, optional

TRAITS = Traits()


class Params(Parameters):
    """The message."""

    msg: object = optional("raw", "Why it fails.", "Failed as requested from task")


def answer(call: ActionCall) -> Result:
    """Return a failed result."""
    return {"failed": True, "changed": False, "msg": Params.parse(call.args).msg}


EXAMPLES = """
- name: Only Debian is supported
  fail:
    msg: "{{ ansible_distribution }} is not supported"
  when: ansible_os_family != 'Debian'
"""
