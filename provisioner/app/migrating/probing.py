"""Asks the service again and again while requests are switched, so that a move that hurts is noticed in numbers."""

from __future__ import annotations

import http.client
import threading
import time
from types import TracebackType
from urllib.parse import urlsplit

from provisioner.model.migration import Abort, Probe


class Prober:
    """Sends one request after the other until it is left; ``seen`` sums up."""

    def __init__(self, probe: Probe | None) -> None:
        self._probe = probe
        self._over = threading.Event()
        self._latencies: list[float] = []
        self._failures: list[str] = []
        self._thread = threading.Thread(target=self._go_on, name="probe", daemon=True)

    def __enter__(self) -> Prober:
        """Begin."""
        if self._probe is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; what is under way is waited for."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(self._probe.timeout_s + 1 if self._probe else 0)

    def seen(self) -> dict[str, object]:
        """Return how many requests were sent, the share that failed, and the middle and longest time of the others."""
        count = len(self._latencies) + len(self._failures)
        if not count:
            return {}
        ordered = sorted(self._latencies) or [0.0]
        return {
            "requests": count,
            "failed": len(self._failures),
            "error_rate": round(len(self._failures) / count, 4),
            "latency_s": round(ordered[len(ordered) // 2], 4),
            "longest_s": round(ordered[-1], 4),
            "failures": sorted(set(self._failures))[:5],
        }

    def _go_on(self) -> None:
        probe = self._probe
        if probe is None:
            return
        while not self._over.is_set():
            began = time.monotonic()
            failure = ask(probe)
            if failure:
                self._failures.append(failure)
            else:
                self._latencies.append(time.monotonic() - began)
            self._over.wait(max(0.0, probe.every_s - (time.monotonic() - began)))


def ask(probe: Probe) -> str:
    """Send one request; return what went wrong, nothing where the answer was the expected one."""
    parts = urlsplit(probe.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=probe.timeout_s)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return "" if status == probe.status else f"status {status}"


def verdict(abort: Abort, seen: dict[str, object]) -> str:
    """Return which limit was passed and by how much; nothing where all is well."""
    if not seen:
        return ""
    rate, latency = float(str(seen["error_rate"])), float(str(seen["latency_s"]))
    if abort.error_rate is not None and rate > abort.error_rate:
        return f"{rate:.1%} of {seen['requests']} probes failed, more than {abort.error_rate:.1%}"
    if abort.latency_s is not None and latency > abort.latency_s:
        return f"an answer takes {latency:.3f} s, more than {abort.latency_s:g} s"
    return ""
