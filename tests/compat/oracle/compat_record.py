"""Writes what ansible-playbook did as JSON lines into the file that COMPAT_RECORD names.

ansible-core loads this file by itself (ANSIBLE_CALLBACKS_ENABLED, ANSIBLE_CALLBACK_PLUGINS); nothing else imports it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: compat_record
type: notification
short_description: writes results as JSON lines
description: Writes results as JSON lines into the file that COMPAT_RECORD names.
"""


class CallbackModule(CallbackBase):
    """One line for each thing that is compared."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "compat_record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._path = Path(os.environ["COMPAT_RECORD"])

    def _write(self, kind, **fields):
        with self._path.open("a", encoding="utf-8") as record:
            record.write(json.dumps({"kind": kind, **fields}, default=str) + "\n")

    def _result(self, status, result, kind="task", ignored=False):
        values = result._result
        if status == "ok" and values.get("changed"):
            status = "changed"
        self._write(
            kind,
            host=result._host.get_name(),
            task=result._task.get_name(),
            action=result._task.action,
            status="ignored" if ignored else status,
            label=values.get("_ansible_item_label", values.get("item")) if kind == "item" else None,
            result=values,
        )

    def v2_playbook_on_play_start(self, play):
        self._write("play", name=play.get_name().strip())

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("failed", result, ignored=ignore_errors)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_runner_item_on_ok(self, result):
        self._result("ok", result, "item")

    def v2_runner_item_on_skipped(self, result):
        self._result("skipped", result, "item")

    def v2_runner_item_on_failed(self, result):
        self._result("failed", result, "item")

    def v2_runner_retry(self, result):
        self._write("retry", host=result._host.get_name(), task=result._task.get_name())

    def v2_playbook_on_stats(self, stats):
        self._write("recap", stats={host: stats.summarize(host) for host in sorted(stats.processed)})
