"""Load on a web site while it is moved: reads and writes through its balancer, every failure counted.

    load.py URL --seconds 60 --writes-per-second 5 --readers 4 --out result.json [--stop-file FILE]
    load.py --check URL result.json

The first form writes the result, the second makes sure that every write the site has acknowledged is still served, row
and file. A write refused with 503 and Retry-After is no failure: it is counted apart and tried again with the same
token until it is taken, so it can never be stored twice. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import random
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

READ_PAUSE_S = 0.05
SAMPLES_KEPT = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request came to: a status, or the kind of failure."""

    status: int
    body: bytes
    headers: dict[str, str]
    failure: str = ""

    @property
    def is_frozen(self) -> bool:
        """Whether the site said to come back later."""
        return self.status == 503 and "retry-after" in self.headers


@dataclass(slots=True)
class Site:
    """Where the requests go; every request has a connection of its own, as a visitor's would."""

    url: str
    timeout_s: float

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send one request; trouble is an answer too."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=self.timeout_s)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, response.read(), headers)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, b"", {}, failure_kind(error))
        finally:
            connection.close()


def failure_kind(error: Exception) -> str:
    """Name the way a request failed."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ConnectionError, http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return "reset"
    if isinstance(error, TimeoutError):
        return "timeout"
    return type(error).__name__


@dataclass(slots=True)
class Tally:
    """Counts for one sort of request, shared by its threads."""

    started: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    requests: int = 0
    ok: int = 0
    refused_while_frozen: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    served_by: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)
    successes: list[float] = field(default_factory=list)

    def count(self, path: str, answer: Answer, *, expected: int) -> bool:
        """Count one answer; tell whether it is the expected one."""
        now = time.monotonic()
        group = "/" + path.strip("/").split("/")[0].split("?")[0]
        with self.lock:
            self.requests += 1
            if answer.status == expected:
                self.ok += 1
                self.successes.append(now)
                self.served_by[answer.headers.get("x-served-by", "?")] += 1
                return True
            if answer.is_frozen:
                self.refused_while_frozen += 1
                return False
            kind = answer.failure or f"{answer.status} {group}"
            self.failures[kind] += 1
            if len(self.samples) < SAMPLES_KEPT:
                self.samples.append({"after_s": round(now - self.started, 2), "kind": kind, "path": path})
            return False

    def longest_gap(self, ended: float) -> dict[str, float]:
        """Answer the longest time without a success and when it began."""
        moments = [self.started, *sorted(self.successes), ended]
        gap, begun = max((after - before, before) for before, after in pairwise(moments))
        return {"seconds": round(gap, 3), "began_after_s": round(begun - self.started, 2)}

    def summary(self, ended: float) -> dict[str, Any]:
        """Answer everything countable."""
        return {
            "requests": self.requests,
            "ok": self.ok,
            "failed": sum(self.failures.values()),
            "failures": dict(self.failures.most_common()),
            "refused_while_frozen": self.refused_while_frozen,
            "longest_gap": self.longest_gap(ended),
            "served_by": dict(self.served_by),
            "failure_samples": self.samples,
        }


@dataclass(slots=True)
class Load:
    """One run: the site, its end, and what has been seen."""

    site: Site
    deadline: float
    stop_file: Path | None
    reads: Tally
    writes: Tally
    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    def is_over(self) -> bool:
        """Whether the time is up or somebody wants an end."""
        return time.monotonic() >= self.deadline or (self.stop_file is not None and self.stop_file.exists())

    def read_on(self) -> None:
        """Read pages, lists, single items and files until the end."""
        chance = random.Random(threading.get_ident())
        while not self.is_over():
            path = self._next_path(chance)
            self.reads.count(path, self.site.ask("GET", path), expected=200)
            time.sleep(READ_PAUSE_S)

    def _next_path(self, chance: random.Random) -> str:
        paths = ["/", "/items?limit=20", "/healthz"]
        if self.acknowledged:
            item = chance.choice(self.acknowledged)
            paths += [f"/items/{item['id']}", f"/uploads/{item['file']}"]
        return chance.choice(paths)

    def write_on(self, period_s: float) -> None:
        """Write at a steady pace until the end; what the site refuses is offered again."""
        due = time.monotonic()
        while not self.is_over():
            self._write_one()
            due = max(due + period_s, time.monotonic())
            while time.monotonic() < due and not self.is_over():
                time.sleep(min(0.1, max(0.0, due - time.monotonic())))

    def _write_one(self) -> None:
        token = str(uuid.uuid4())
        text = f"Written under load, {token}.\n"
        body = json.dumps({"title": f"Load {token[:8]}", "body": text, "token": token}).encode()
        while not self.is_over():
            answer = self.site.ask("POST", "/items", body)
            if self.writes.count("/items", answer, expected=201):
                item = json.loads(answer.body)
                digest = hashlib.sha256(text.encode()).hexdigest()
                with self.writes.lock:
                    self.acknowledged.append({"id": item["id"], "token": token, "file": item["file"], "sha256": digest})
                return
            time.sleep(min(1.0, float(answer.headers.get("retry-after", "0.3"))) if answer.is_frozen else 0.3)
        self.given_up.append(token)


def run(arguments: argparse.Namespace) -> int:
    """Put load on the site and write the result."""
    started = time.monotonic()
    load = Load(
        Site(arguments.url, arguments.timeout),
        started + arguments.seconds,
        arguments.stop_file,
        Tally(started),
        Tally(started),
    )
    writers = max(1, round(arguments.writes_per_second / 5)) if arguments.writes_per_second > 0 else 0
    threads = [threading.Thread(target=load.read_on) for _ in range(arguments.readers)]
    threads += [
        threading.Thread(target=load.write_on, args=(writers / arguments.writes_per_second,)) for _ in range(writers)
    ]
    began_at = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = time.monotonic()
    result = {
        "url": arguments.url,
        "began_at": round(began_at, 3),
        "seconds": round(ended - started, 1),
        "reads": load.reads.summary(ended) if arguments.readers else None,
        "writes": load.writes.summary(ended) if writers else None,
        "writes_given_up": len(load.given_up),
        "acknowledged": load.acknowledged,
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name in ("reads", "writes"):
        if result[name]:
            print(f"{name}: {describe(result[name])}")
    return 0


def describe(summary: dict[str, Any]) -> str:
    """Put one sort of request into a line."""
    kinds = ", ".join(f"{count} x {kind}" for kind, count in summary["failures"].items())
    frozen = summary["refused_while_frozen"]
    return (
        f"{summary['ok']} of {summary['requests']} served, {summary['failed']} failed{f' ({kinds})' if kinds else ''}"
        + (f", {frozen} asked to come back while frozen" if frozen else "")
        + f", longest gap {summary['longest_gap']['seconds']} s, served by {summary['served_by']}"
    )


def trouble_with(site: Site, item: dict[str, Any]) -> str:
    """Say what is wrong with an acknowledged item, or nothing."""
    row = site.ask("GET", f"/items/{item['id']}")
    if row.status != 200:
        return f"row answered {row.failure or row.status}"
    if json.loads(row.body)["token"] != item["token"]:
        return "row holds something else"
    file = site.ask("GET", f"/uploads/{item['file']}")
    if file.status != 200:
        return f"file answered {file.failure or file.status}"
    return "" if hashlib.sha256(file.body).hexdigest() == item["sha256"] else "file has other content"


def check(arguments: argparse.Namespace) -> int:
    """Ask for every acknowledged item; exit 1 when one is missing or altered."""
    site = Site(arguments.url, arguments.timeout)
    items = json.loads(arguments.check.read_text(encoding="utf-8"))["acknowledged"]
    troubles = [(item["id"], trouble) for item in items if (trouble := trouble_with(site, item))]
    print(f"{len(items) - len(troubles)} of {len(items)} acknowledged writes are served, row and file")
    for item_id, trouble in troubles:
        print(f"item {item_id}: {trouble}")
    return 1 if troubles else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; `--check URL RESULT` is the second form."""
    parser = argparse.ArgumentParser(description="Put load on a web site, or check what it has acknowledged.")
    parser.add_argument("url", nargs="?", help="address of the site, for example http://10.0.0.3/")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long at most")
    parser.add_argument("--writes-per-second", type=float, default=5.0, help="writes offered in a second")
    parser.add_argument("--readers", type=int, default=4, help="threads that read")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds after which a request counts as failed")
    parser.add_argument("--out", type=Path, default=Path("load.json"), help="where the result goes")
    parser.add_argument("--stop-file", type=Path, help="end as soon as this file exists")
    parser.add_argument(
        "--check", nargs=2, metavar=("URL", "RESULT"), help="check an earlier run's acknowledged writes"
    )
    found = parser.parse_args(arguments)
    if found.check:
        found.url, found.check = found.check[0], Path(found.check[1])
    if not found.url:
        parser.error("an address is needed, for example http://10.0.0.3/")
    return found


def main() -> int:
    """Run or check, whichever is asked for."""
    arguments = parse(sys.argv[1:])
    return check(arguments) if arguments.check else run(arguments)


if __name__ == "__main__":
    sys.exit(main())
