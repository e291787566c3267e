"""How things are shown under Ansible's names: colour, width, the log file and the callbacks' settings."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from provisioner.configuration.configuration import Configuration, read_configuration
from provisioner.diagnostics.errors import InputError
from provisioner.journal.places import runs_dir
from provisioner.reporting.renderer import DEFAULT_WIDTH, Display, Settings
from provisioner.reporting.screen import Screen

CALLBACK = "callback/default/"


def configuration_of(environ: Mapping[str, str]) -> Configuration:
    """Return the configuration; one that cannot be read shows nothing differently."""
    try:
        return read_configuration(environ)
    except InputError:
        return Configuration(environ, Path.cwd())


def settings_of(found: Configuration, verbosity: int = 0, *, diff: bool = False) -> Settings:
    """Return what renderers need to know."""
    return Settings(
        stream=sys.stdout,
        errors=sys.stderr,
        verbosity=verbosity,
        diff=diff or found.flag("DIFF_ALWAYS"),
        is_coloured=is_coloured(found),
        width=_width(),
        runs=runs_dir(os.environ),
        log=log_to(Path(path)) if (path := found.text("DEFAULT_LOG_PATH")) else None,
        log_verbosity=int(found.number("LOG_VERBOSITY") or 0),
        display=display_of(found),
    )


def display_of(found: Configuration) -> Display:
    """Return what the settings of the default output say."""
    pretty = found.value(CALLBACK + "pretty_results")
    return Display(
        skipped_hosts=found.flag(CALLBACK + "display_skipped_hosts"),
        ok_hosts=found.flag(CALLBACK + "display_ok_hosts"),
        failed_stderr=found.flag(CALLBACK + "display_failed_stderr"),
        custom_stats=found.flag(CALLBACK + "show_custom_stats"),
        per_host_start=found.flag(CALLBACK + "show_per_host_start"),
        check_mode_markers=found.flag(CALLBACK + "check_mode_markers"),
        path_on_failure=found.flag(CALLBACK + "show_task_path_on_failure"),
        result_format=found.text(CALLBACK + "result_format") or "json",
        pretty=None if pretty is None else bool(pretty),
    )


def is_coloured(found: Configuration) -> bool:
    """Tell whether to use colour: asked for, or on a terminal where nobody forbids it."""
    if found.flag("ANSIBLE_FORCE_COLOR"):
        return True
    return not found.flag("ANSIBLE_NOCOLOR") and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def screen(environ: Mapping[str, str] = os.environ) -> Screen:
    """Return where a command writes that shows no run."""
    return Screen(replace(settings_of(configuration_of(environ)), display=Display()))


class LogFile:
    """Appends lines as Ansible's log has them; a file that cannot be written is told once and then let be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._user = getpass.getuser()
        self._is_open = True

    def __call__(self, level: str, text: str) -> None:
        """Append one entry."""
        if not self._is_open:
            return
        now = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now)) + f",{int(now % 1 * 1000):03d}"
        head = f"{stamp} p={os.getpid()} u={self._user} n=ansible {level}| "
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(head + text + "\n")
        except OSError as error:
            self._is_open = False
            sys.stderr.write(f"[WARNING]: log file at {self._path} is not writeable: {error.strerror}\n")


def log_to(path: Path) -> LogFile:
    """Return the log file of that path."""
    return LogFile(path)


def _width() -> int:
    return max(DEFAULT_WIDTH, shutil.get_terminal_size().columns - 1) if sys.stdout.isatty() else DEFAULT_WIDTH
