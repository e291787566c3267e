"""Feeds mutated input to what reads foreign input: every case must end in a value or in an error meant for users.

    python -m bench.fuzz TARGET [--cpu-seconds N] [--seed S] [--cases N] [--keep FOLDER]

Targets: loader (playbooks), inventory, vault, protocol (frames on both sides), journal (replay, resume), template. A
case is a pure function of target, seed and number, so a finding is made again with ``--seed S --first N --cases 1``.
Seconds are CPU time. A case fails by any other exception, by taking longer than five of them, by more than a gigabyte,
or by the death of the process that has it: cases run in a child, and another goes on behind. What failed is printed
once for each place and kept; the exit code is the number of these places.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bench.fuzz_targets import TARGETS

CASE_S = 5.0
DEATH_S = 10
"""A case that nothing interrupts for so many seconds of CPU time is ended with its process."""
MEMORY = 1 << 30
TOKENS = (
    b"{{", b"}}", b"{%", b"%}", b"&a ", b"*a", b"<<: ", b"!vault |", b"!unsafe ", b"!!python/object:os.system ", b"- ",
    b": ", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", "\u202e\u0085".encode(), b"\x1b]0;x\x07", b"'", b'"', b"\\", b"\n",
    b"\r\n", b"\t", b"[", b"]", b"{", b"}", b"null", b"true", b"-1", b"1e999", b"9" * 400, b".nan", b"0x", b"__class__",
    b"hosts: all", b"block:", b"include_tasks: x", b"loop: ", b"$ANSIBLE_VAULT;1.1;AES256\n", b"=", b"[a:children]",
    b"host[1:99999999]",
)  # fmt: skip


class Hang(BaseException):
    """A case took too long."""


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return one of ``seeds`` with a few changes."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8, 20))):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 4, 16, 200))
        match chance.randrange(9):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * chance.choice((1, 2, 50))
            case 3:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) + 1)
                data[at:at] = other[start : start + 40 * length]
            case 4:
                data[at:at] = chance.randbytes(length)
            case 5:
                data[at:at] = chance.choice(TOKENS) * chance.choice((1, 1, 1, 3, 3000))
            case 6:
                lines = bytes(data).splitlines(keepends=True)
                chance.shuffle(lines)
                data = bytearray(b"".join(lines))
            case 7:
                del data[at:]
            case _:
                data[at:at] = chance.choice(TOKENS)
    return bytes(data[:1_000_000])


@dataclass(frozen=True, slots=True)
class Extent:
    """Which cases: from a number on, as many as there are or as fit into so many seconds of CPU time."""

    seed: int = 1
    first: int = 0
    cases: int | None = None
    seconds: float | None = None
    is_over: Callable[[], bool] = bool
    """Asked before each case: whether somebody wants it to end now."""


Tell = Callable[[int, bytes, BaseException], None]
"""Hears of a case that failed: its number, its input, and what was raised."""


def case(name: str, seed: int, number: int, seeds: Sequence[bytes]) -> bytes:
    """Return the input of a case."""
    return mutated(random.Random(f"{name} {seed} {number}"), seeds)


def fuzz(
    name: str, folder: Path, extent: Extent, tell: Tell, begins: Callable[[int], None] = lambda _number: None
) -> int:
    """Run cases of a target; return how many there were. ``begins`` hears of each before it begins."""
    target, number = TARGETS[name](folder), extent.first
    end = None if extent.seconds is None else time.process_time() + extent.seconds
    last = None if extent.cases is None else extent.first + extent.cases
    while (last is None or number < last) and (end is None or time.process_time() < end) and not extent.is_over():
        begins(number)
        data = case(name, extent.seed, number, target.seeds)
        signal.setitimer(signal.ITIMER_PROF, CASE_S)
        try:
            target.read(data)
        except target.expected:
            pass
        except (Exception, Hang) as error:  # noqa: BLE001 - whatever else is raised is what is looked for
            tell(number, data, error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        number += 1
    return number - extent.first


def place_of(error: BaseException) -> str:
    """Return what stands for the place of a failure."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/provisioner/" in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "outside"
    return f"{type(error).__name__} in {where}"


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise Hang


class Watch:
    """Has a child run cases, and another one those behind the case at which it died."""

    def __init__(self, name: str, extent: Extent, keep: Path | None) -> None:
        self.name, self.extent, self.keep = name, extent, keep
        self.found: dict[str, int] = {}
        self.cases, self.cpu_s = 0, 0.0
        self._at = mmap.mmap(-1, 8)  # the number of the case that the child is at
        self._child = 0
        self._is_over = False

    def run(self) -> None:
        """Run all of them."""
        end, number = self.extent.seconds, self.extent.first
        last = None if self.extent.cases is None else number + self.extent.cases
        while not self._is_over and (last is None or number < last) and (end is None or self.cpu_s < end):
            left = None if end is None else end - self.cpu_s
            fallen = self._run_child(replace(self.extent, first=number, seconds=left,
                                             cases=None if last is None else last - number))  # fmt: skip
            if fallen is None:
                return
            number = fallen[0] + 1
            if fallen[1] != signal.SIGXCPU or not self._is_quick(fallen[0]):
                self._tell_death(*fallen)

    def end(self, _number: int, _frame: FrameType | None) -> None:
        """Have it end after the case under way."""
        self._is_over = True
        if self._child:
            os.kill(self._child, signal.SIGTERM)

    def _run_child(self, extent: Extent) -> tuple[int, int] | None:
        """Run cases in a child until it ends; return the case and the signal it died of, None where it did not."""
        receiving, sending = os.pipe()
        sys.stdout.flush()
        self._child = os.fork()
        if self._child == 0:
            os.close(receiving)
            _child(self.name, extent, self.keep, _Report(sending, self._at))
        os.close(sending)
        if self._is_over:
            os.kill(self._child, signal.SIGTERM)
        with open(receiving, encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
            for line in stream:
                place = json.loads(line)
                self.found[place] = self.found.get(place, 0) + 1
        _, status, used = os.wait4(self._child, 0)
        self._child = 0
        self.cpu_s += used.ru_utime + used.ru_stime
        number = int.from_bytes(self._at[:8], "big")
        self.cases += number + 1 - extent.first
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            self.found["outside of all cases"] = 1
        return (number, os.WTERMSIG(status)) if os.WIFSIGNALED(status) else None

    def _is_quick(self, number: int) -> bool:
        """Tell whether a case of which the clock says that it took too long ends in time when it is made again."""
        found, self.found = self.found, {}
        fallen = self._run_child(replace(self.extent, first=number, seconds=None, cases=1))
        found, self.found = self.found, found
        return fallen is None and not found

    def _tell_death(self, number: int, by: int) -> None:
        place = f"death by {signal.Signals(by).name}"
        if place not in self.found:
            print(f"case {number}: {place}", flush=True)
        self.found[place] = self.found.get(place, 0) + 1
        if self.keep:
            with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
                data = case(self.name, self.extent.seed, number, TARGETS[self.name](Path(scratch)).seeds)
            _keep(self.keep, f"{self.name}-{self.extent.seed}-{number}", data)


class _Report:
    """What a child tells: the case it is at, and where cases failed."""

    def __init__(self, descriptor: int, at: mmap.mmap) -> None:
        self._descriptor, self._at = descriptor, at
        self._used = -1

    def begins(self, number: int) -> None:
        self._at[:8] = number.to_bytes(8, "big")
        used = int(time.process_time())
        if used != self._used:
            resource.setrlimit(resource.RLIMIT_CPU, (used + DEATH_S, resource.RLIM_INFINITY))
            self._used = used

    def failed(self, place: str) -> None:
        os.write(self._descriptor, json.dumps(place).encode() + b"\n")


def _child(name: str, extent: Extent, keep: Path | None, report: _Report) -> NoReturn:
    """Run cases and end the process."""
    asked: list[int] = []
    known: set[str] = set()

    def tell(number: int, data: bytes, error: BaseException) -> None:
        place = place_of(error)
        if place not in known:
            print(f"case {number}: {place}: {str(error)[:200]!r}", flush=True)
            traceback.print_tb(error.__traceback__, limit=-6)
            if keep:
                _keep(keep, f"{name}-{extent.seed}-{number}", data)
        known.add(place)
        report.failed(place)

    signal.signal(signal.SIGPROF, _too_long)
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent passes it on
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    code = 1
    try:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
            fuzz(name, Path(scratch), replace(extent, is_over=lambda: bool(asked)), tell, report.begins)
        code = 0
    except Exception:  # noqa: BLE001 - a child ends here, whatever it is
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _keep(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)


def main() -> int:
    """Fuzz one target and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--cpu-seconds", "--seconds", type=float, dest="seconds", metavar="N",
                        help="of CPU time; without it and --cases: one minute")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--keep", type=Path, help="folder for inputs that failed")
    options = parser.parse_args()
    seconds = options.seconds or (None if options.cases else 60.0)
    os.environ.setdefault("PROVISIONER_STATE_DIR", "/nonexistent")
    watch = Watch(options.target, Extent(options.seed, options.first, options.cases, seconds), options.keep)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, watch.end)
    watch.run()
    found = json.dumps(watch.found) if watch.found else "nothing found"
    print(f"{options.target}: {watch.cases} cases, seed {options.seed}, {watch.cpu_s:.0f} s CPU, {found}")
    return len(watch.found)


if __name__ == "__main__":
    sys.exit(main())
