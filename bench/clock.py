"""A clock that can be set for single processes, so that it can jump without the machine's clock being touched.

Lab hosts share the kernel's clock with the machine they run on: ``date -s`` in one of them would set it for everybody
(they may not, either), and a time namespace moves only the monotonic clocks. So a small library is loaded before the C
library (LD_PRELOAD) and adds an offset, read from a mapped file, to what the processes that have it are told of the
time of day. The monotonic clock goes on as it does when somebody sets the date. What the kernel itself stamps (times
of files) does not jump; a record that is too old for the jumped clock is what that amounts to, and is meant to be met.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *offset;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_OFFSET");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *place = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (place != MAP_FAILED) offset = place;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int code = syscall(SYS_clock_gettime, clock, now);
    if (!code && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
    return code;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *place) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (place) *place = exact.tv_sec;
    return exact.tv_sec;
}
"""
FOLDER = "/opt/clock"
INTERPRETER = f"{FOLDER}/python"
WRAPPER = f'#!/bin/sh\nexport LD_PRELOAD={FOLDER}/clock.so CLOCK_OFFSET={FOLDER}/offset\nexec /usr/bin/python3 "$@"\n'
SET = f"python3 -c \"import struct; open('{FOLDER}/offset', 'r+b').write(struct.pack('q', %d))\""
INSTALL = (
    f"mkdir -p {FOLDER} && cd {FOLDER} && cat > clock.so.new && mv clock.so.new clock.so"
    f" && head -c 8 /dev/zero > offset && cat > python <<'END' && chmod 755 python\n{WRAPPER}END"
)
"""What a host is told, with the library on standard input; it must know the same C library as this machine."""


def compiler() -> str | None:
    """Return the C compiler, or None: without one no clock can jump."""
    return shutil.which("cc") or shutil.which("gcc")


@dataclass(frozen=True, slots=True)
class Clock:
    """The library, and the clock of processes of this machine."""

    library: Path
    offset: Path

    @classmethod
    def build(cls, folder: Path) -> Clock:
        """Compile the library; ``folder`` is to have nothing of that name."""
        source, library, offset = folder / "clock.c", folder / "clock.so", folder / "clock.offset"
        source.write_text(SOURCE, encoding="ascii")
        command = [compiler() or "cc", "-O1", "-fPIC", "-shared", "-o", str(library), str(source)]
        subprocess.run(command, check=True)
        offset.write_bytes(struct.pack("q", 0))
        return cls(library, offset)

    def environment(self) -> dict[str, str]:
        """Return what gives a process of this machine this clock."""
        return {"LD_PRELOAD": str(self.library), "CLOCK_OFFSET": str(self.offset)}

    def set(self, seconds: int) -> None:
        """Set the clock of these processes ahead or back, from the true time."""
        with self.offset.open("r+b") as stream:
            stream.write(struct.pack("q", seconds))
