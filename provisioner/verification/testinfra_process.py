"""The process in which tests of testinfra run; started by suite.py with one end of a socket.

pytest is told of nothing but the files it gets: no settings of the folder, no plugins of the environment.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

LONG = 1500
"""How much of a test's own account is passed on."""


class Line:
    """The conversation with the controller: one frame a line."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._stream = self._socket.makefile("rwb")

    def tell(self, frame: Mapping[str, Any]) -> None:
        """Send a frame that wants no answer."""
        self._stream.write(json.dumps(frame).encode("ascii") + b"\n")
        self._stream.flush()

    def ask(self, frame: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a frame and return the answer."""
        self.tell(frame)
        line = self._stream.readline()
        if not line:
            os._exit(3)  # the controller has gone: nobody is left to hear of it
        answer: Mapping[str, Any] = json.loads(line)
        return answer


class Backend(BaseBackend):  # type: ignore[misc]
    """Runs commands by asking the controller, whose session to the host is open."""

    NAME = "provisioner"
    HAS_RUN_ANSIBLE = True

    def __init__(self, line: Line, host: str) -> None:
        super().__init__(host)
        self._line = line
        self._encoding = "utf-8"

    def run(self, command: str, *args: str, **_kwargs: Any) -> CommandResult:
        """Run a command line through the host's shell."""
        wanted = self.get_command(command, *args)
        answer = self._line.ask({"run": wanted})
        if "error" in answer:
            raise RuntimeError(answer["error"])
        out, err = (str(answer[name]).encode("utf-8", "surrogateescape") for name in ("stdout", "stderr"))
        return self.result(int(answer["rc"]), wanted.encode("utf-8", "surrogateescape"), out, err)

    def get_variables(self) -> Mapping[str, Any]:
        """Return the host's variables, each asked for when it is looked at."""
        return Variables(self._line)

    def run_ansible(self, module_name: str, module_args: str | None = None, **_kwargs: Any) -> Mapping[str, Any]:
        """Refuse: tests look, they do not change."""
        raise RuntimeError(f"host.ansible() cannot run {module_name!r} ({module_args!r}) in a check; use host.run()")


class Variables(Mapping[str, Any]):
    """The host's variables as the task sees them."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            answer = self._line.ask({"variable": name})
            if "error" in answer:
                raise KeyError(f"{name}: {answer['error']}")
            self._known[name] = answer["value"]
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._line.ask({"variable": ""})["value"])

    def __len__(self) -> int:
        return len(self._line.ask({"variable": ""})["value"])


class Plugin:
    """Gives tests their host and reports each of them."""

    def __init__(self, line: Line, name: str, folder: Path) -> None:
        self._line, self._folder = line, folder
        self._host = Host(Backend(line, name))
        self._compared: tuple[str, str] | None = None
        self._reported = 0

    @pytest.fixture(scope="session")
    def host(self) -> Host:
        """The host under test."""
        return self._host

    @pytest.fixture(scope="session")
    def variables(self) -> Mapping[str, Any]:
        """The host's variables."""
        return Variables(self._line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Keep what a failing comparison compared."""
        expected, actual = repr(right) if op == "==" else f"{op} {right!r}", repr(left)
        if op in ("in", "not in"):
            expected, actual = f"{left!r} {op} it", repr(right)
        self._compared = (_short(expected), _short(actual))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pass on what came of a test."""
        if report.when == "call" or report.outcome != "passed":
            self._report(report, report.duration, report.location)
        if report.when == "setup":
            self._compared = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Pass on that a file could not be read."""
        if report.failed:
            self._report(report, 0.0, report.location or (report.nodeid, None, report.nodeid))

    def _report(
        self, report: pytest.TestReport | pytest.CollectReport, seconds: float, location: tuple[str, int | None, str]
    ) -> None:
        self._reported += 1
        file, line, _name = location
        expected, actual = self._words(report)
        self._line.tell(
            {
                "test": report.nodeid.rpartition("/")[2],
                "passed": report.outcome != "failed",
                "expected": expected,
                "actual": actual,
                "where": _where(report, self._folder / file, line),
                "seconds": seconds,
            }
        )

    def _words(self, report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str]:
        name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        if report.outcome == "skipped":
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            return name, str(why)
        if report.outcome == "passed":
            return name, "it does"
        crash = getattr(report.longrepr, "reprcrash", None)
        told = _short(str(crash.message) if crash is not None else str(report.longrepr))
        if self._compared is not None and "assert " in told:
            expected, actual = self._compared
            return f"{expected} ({name})", f"{actual}\n{told}"
        return name, told


def _where(report: pytest.TestReport | pytest.CollectReport, file: Path, line: int | None) -> str:
    """Return the line that failed where it is in the test's own file, else the test's first line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if report.outcome == "failed" and crash is not None and Path(crash.path) == file:
        return f"{file}:{crash.lineno}"
    return f"{file}:{line + 1}" if line is not None else str(file)


def _short(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}... ({len(text)} characters)"


def main(words: Sequence[str]) -> int:
    """Run the tests; the words are the socket's number, the host's name and the files."""
    descriptor, name, *files = words
    sys.dont_write_bytecode = True
    line = Line(int(descriptor))
    folder = os.path.commonpath([str(Path(file).parent if Path(file).is_file() else Path(file)) for file in files])
    options = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={folder}", f"--confcutdir={folder}"]
    options += ["--import-mode=importlib", "-o", "python_files=test_*.py check_*.py *_test.py", "-p", "no:terminal"]
    code = pytest.main([*options, *files], plugins=[Plugin(line, name, Path(folder))])
    line.tell({"end": int(code)})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
