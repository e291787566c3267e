"""What the user's own callback plugins are given: ``CallbackBase``, what its methods are called with, a display.

A plugin is plain Python written for Ansible's documented callback plugins. It hears of a run by the same events as any
other output, and sees no more than these say.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from provisioner.reporting.diff import diff_lines
from provisioner.reporting.result_text import Form, dumped
from provisioner.reporting.screen import Screen
from provisioner.templating import interface as templating

COLOURS = {
    "COLOR_OK": "green", "COLOR_CHANGED": "yellow", "COLOR_SKIP": "cyan", "COLOR_ERROR": "red", "COLOR_WARN": "purple",
    "COLOR_UNREACHABLE": "red", "COLOR_VERBOSE": "blue", "COLOR_HIGHLIGHT": "white", "COLOR_DEBUG": "dark gray",
    "COLOR_DEPRECATE": "purple", "COLOR_DIFF_ADD": "green", "COLOR_DIFF_REMOVE": "red", "COLOR_DIFF_LINES": "cyan",
    "COLOR_CONSOLE_PROMPT": "white",
}  # fmt: skip
"""What ``ansible.constants`` says of colours."""

INTERNAL = ("_ansible_", "invocation")


class CallbackDisplay:
    """Shows lines (``self._display``)."""

    def __init__(self, screen: Screen, verbosity: int, columns: int) -> None:
        self._screen, self.verbosity, self.columns = screen, verbosity, columns

    def display(
        self,
        msg: object,
        color: str | None = None,
        stderr: bool = False,
        *_: object,
        newline: bool = True,
        **__: object,
    ) -> None:
        """Show a line."""
        self._screen.say(str(msg), color or "", is_error=stderr)

    def banner(self, msg: object, color: str | None = None, *_: object, **__: object) -> None:
        """Show a headline."""
        self._screen.banner(str(msg))

    def warning(self, msg: object, *_: object, **__: object) -> None:
        """Show a warning, once."""
        self._screen.warn(str(msg))

    def deprecated(self, msg: object, *_: object, **__: object) -> None:
        """Show that something will be gone, once."""
        self._screen.deprecate(str(msg))

    def error(self, msg: object, *_: object, **__: object) -> None:
        """Show an error."""
        self._screen.remark("error", str(msg))

    def verbose(self, msg: object, host: object = None, caplevel: int = 2) -> None:
        """Show what only so many ``-v`` ask for."""
        self._screen.trace(f"<{host}> {msg}" if host else str(msg), caplevel + 1)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        level = len(name) - 1 if name == "v" * len(name) else 5
        return lambda msg="", *_args, **_kwargs: self.verbose(msg, caplevel=level)


class TaskResult:
    """What came of a task on a host, or of one item of its loop."""

    def __init__(self, host: Any, task: Any, result: Mapping[str, Any], *, is_unreachable: bool = False) -> None:
        self._host, self._task, self._result = host, task, dict(result)
        self._task_fields: dict[str, Any] = {"name": task.name, "action": task.action, "args": task.args}
        self._is_unreachable = is_unreachable
        self.task_name = task.get_name()

    def is_changed(self) -> bool:
        """Tell whether it changed something."""
        return bool(self._result.get("changed"))

    def is_failed(self) -> bool:
        """Tell whether it failed."""
        return bool(self._result.get("failed"))

    def is_skipped(self) -> bool:
        """Tell whether it was skipped."""
        return bool(self._result.get("skipped"))

    def is_unreachable(self) -> bool:
        """Tell whether the host was out of reach."""
        return self._is_unreachable

    def needs_debugger(self, *_: object) -> bool:
        """Tell that there is none."""
        return False

    def clean_copy(self) -> TaskResult:
        """Return the same for somebody who changes it."""
        return TaskResult(self._host, self._task, copy.deepcopy(self._result), is_unreachable=self._is_unreachable)


class Stats:
    """The recap, as ``v2_playbook_on_stats`` gets it."""

    def __init__(self, rows: Mapping[str, Mapping[str, int]], custom: Mapping[str, Any]) -> None:
        self._rows = {host: dict(row) for host, row in rows.items()}
        self.processed = dict.fromkeys(rows, 1)
        self.custom = dict(custom)
        names = {"dark": "unreachable", "failures": "failed"}
        for name in ("ok", "failures", "dark", "changed", "skipped", "rescued", "ignored"):
            counts = {host: row[names.get(name, name)] for host, row in self._rows.items()}
            setattr(self, name, {host: count for host, count in counts.items() if count})

    def summarize(self, host: str) -> dict[str, int]:
        """Return a host's row."""
        row = dict(self._rows.get(host, {}))
        return {**row, "failures": row.pop("failed", 0)} if row else {}


class CallbackBase:
    """The class that plugins derive from: methods for everything that may happen, none of which does anything."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = ""
    disabled = False
    wants_implicit_tasks = False

    made_for: CallbackDisplay
    """The display of the run: set before a plugin is made."""

    def __init__(self, display: Any = None, options: Mapping[str, Any] | None = None) -> None:
        self._display = display or self.made_for
        self._plugin_options: dict[str, Any] = dict(options or {})
        self.playbook: Any = None

    # ------------------------------------------------------------------ settings

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Take the plugin's options; called once before anything else."""
        self._plugin_options.update(direct or {})

    def set_option(self, option: str, value: Any) -> None:
        """Set one option."""
        self._plugin_options[option] = value

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        """Return an option that the plugin's DOCUMENTATION declares."""
        return self._plugin_options[option]

    def set_play_context(self, play_context: Any) -> None:
        """Take how hosts are reached."""

    # ------------------------------------------------------------------ texts

    def _run_is_verbose(self, result: TaskResult, verbosity: int = 0) -> bool:
        always = "_ansible_verbose_always" in result._result
        return self._display.verbosity > verbosity or always

    def _dump_results(
        self,
        result: Mapping[str, Any],
        indent: int | None = None,
        sort_keys: bool = True,
        keep_invocation: bool = False,
    ) -> str:
        hidden = [each for each in INTERNAL if not (keep_invocation and each == "invocation")]
        kept = {key: value for key, value in result.items() if not str(key).startswith(tuple(hidden))}
        pretty = indent is not None or bool(result.get("_ansible_verbose_always")) or self._display.verbosity > 2
        return dumped(kept, Form("json", pretty))

    def _get_diff(self, difflist: Any) -> str:
        lines = list(diff_lines({"diff": difflist}))
        return "\n".join(lines) + "\n" if lines else ""

    def _get_item_label(self, result: Mapping[str, Any]) -> Any:
        if result.get("_ansible_no_log", False):
            return "(censored due to no_log)"
        return result.get("_ansible_item_label", result.get("item"))

    _get_item = _get_item_label

    def _handle_warnings(self, res: Mapping[str, Any]) -> None:
        for text in res.get("warnings") or ():
            self._display.warning(text)

    def _handle_exception(self, result: Mapping[str, Any], use_stderr: bool = False) -> None:
        if "exception" in result:
            self._display.display(f"An exception occurred during task execution: {result['exception']}", "red")

    def _clean_results(self, result: dict[str, Any], task_name: str) -> None:
        if task_name == "debug":
            for name in ("changed", "invocation", "failed", "skipped"):
                result.pop(name, None)

    def _process_items(self, result: Any) -> None:
        """Leave items to the methods that are called for each of them."""

    @staticmethod
    def host_label(result: TaskResult) -> str:
        """Return the host, and the one its work was delegated to."""
        place = result._result.get("_ansible_delegated_vars") or {}
        label = result._host.get_name()
        return f"{label} -> {place['ansible_delegated_host']}" if place.get("ansible_delegated_host") else label

    # ------------------------------------------------------------------ what may happen

    def v2_on_any(self, *args: Any, **kwargs: Any) -> None:
        """Something happened."""
        self.on_any(*args, **kwargs)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task failed on a host."""
        self.runner_on_failed(result._host.get_name(), result._result, ignore_errors)

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task ended well on a host."""
        self.runner_on_ok(result._host.get_name(), result._result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """A task was skipped on a host."""
        self.runner_on_skipped(result._host.get_name(), self._get_item_label(result._result))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host was out of reach."""
        self.runner_on_unreachable(result._host.get_name(), result._result)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """The run begins."""
        self.playbook_on_start()

    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        """A handler was notified."""
        self.playbook_on_notify(host, handler)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """A play has no hosts."""
        self.playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        """A play has no hosts left."""
        self.playbook_on_no_hosts_remaining()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins."""
        self.playbook_on_task_start(task.name, is_conditional)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """A play begins."""
        self.playbook_on_play_start(play.name)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The run is over."""
        self.playbook_on_stats(stats)

    def v2_on_file_diff(self, result: Any) -> None:
        """A task changed something inside a file."""
        if "diff" in result._result:
            self.on_file_diff(result._host.get_name(), result._result["diff"])

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name in OLD:
            return lambda *_args, **_kwargs: None
        raise AttributeError(name)


_WHOLE_RUN = "start notify no_hosts_matched no_hosts_remaining task_start play_start stats"
OLD = frozenset(
    {
        "on_any", "on_file_diff",
        *(f"runner_on_{name}" for name in ("failed", "ok", "skipped", "unreachable")),
        *(f"playbook_on_{name}" for name in _WHOLE_RUN.split()),
    }
)  # fmt: skip
"""What plugins of the first version are called by; here nothing, unless the plugin has it."""

SILENT = (
    *(f"v2_runner_on_{name}" for name in ("async_poll", "async_ok", "async_failed", "start")),
    *(f"v2_runner_item_on_{name}" for name in ("ok", "failed", "skipped")),
    *(f"v2_playbook_on_{name}" for name in ("cleanup_task_start", "handler_task_start", "vars_prompt", "include")),
    *(f"v2_playbook_on_{name}" for name in ("import_for_host", "not_import_for_host")),
    "v2_runner_retry",
)
"""Methods that nothing of the first version stands for."""


def _nothing(_self: CallbackBase, *_args: Any, **_kwargs: Any) -> None:
    """Do nothing."""


for _name in SILENT:
    setattr(CallbackBase, _name, _nothing)


class DefaultCallback(CallbackBase):
    """What stands for ``ansible.plugins.callback.default``: its methods show what Ansible shows by default."""

    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "default"

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__(options=_defaults())

    def show_as_usual(self) -> None:
        """Show what happened last as our own renderer does; whoever made the plugin says how."""


def _as_usual(self: DefaultCallback, *_args: Any, **_kwargs: Any) -> None:
    """Show it as usual."""
    self.show_as_usual()


for _name in [name for name in vars(CallbackBase) if name.startswith("v2_") and name != "v2_on_any"]:
    setattr(DefaultCallback, _name, _as_usual)


def _defaults() -> dict[str, Any]:
    on = ("display_skipped_hosts", "display_ok_hosts")
    off = ("display_failed_stderr", "show_custom_stats", "show_per_host_start", "check_mode_markers",
           "show_task_path_on_failure", "pretty_results")  # fmt: skip
    return {**dict.fromkeys(on, True), **dict.fromkeys(off, False), "result_format": "json"}


def interface(display: CallbackDisplay, constants: Mapping[str, Any]) -> dict[str, Any]:
    """Return the modules that callback plugins import, and what is in them; parents first."""
    paint = display._screen.paint
    colours = {
        "stringc": lambda text, color, *_args, **_kwargs: paint(str(text), color or ""),
        "colorize": lambda lead, number, color: paint(f"{lead}={number!s:<4}", color if number else ""),
        "hostcolor": lambda host, _stats, *_args: f"{host!s:<26}",
    }
    base = templating.interface()
    base["ansible.constants"].update(COLOURS, **constants)
    base["ansible.utils.display"] = {"Display": lambda *_args, **_kwargs: display, "display": display}
    strip = {"strip_internal_keys": lambda result, **_kwargs: _stripped(result)}
    whole = {"CallbackBase": CallbackBase, "module_response_deepcopy": copy.deepcopy, **strip}
    return {
        **base,
        "ansible": {**base["ansible"], "constants": SimpleNamespace(**base["ansible.constants"])},
        "ansible.utils.color": colours,
        "ansible.vars.clean": {"module_response_deepcopy": copy.deepcopy, **strip},
        "ansible.playbook": {}, "ansible.playbook.task_include": {"TaskInclude": SimpleNamespace},
        "ansible.plugins.callback": whole,
        "ansible.plugins.callback.default": {"CallbackModule": DefaultCallback, "json": json},
    }  # fmt: skip


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _stripped(each) for key, each in value.items() if not str(key).startswith("_ansible_")}
    return [_stripped(each) for each in value] if isinstance(value, list) else value
