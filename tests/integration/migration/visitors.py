"""A tiny site that notes when it worked, and visitors who read and write all the time and count what fails."""

from __future__ import annotations

import http.client
import json
import select
import threading
import time
from collections import Counter
from types import TracebackType

APP = """
import http.server, json, random, socket, time
HOST, NOTES = socket.gethostname(), open("/var/tmp/requests", "a", buffering=1)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *words): pass
    def work(self, longest):
        began = time.time()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(random.uniform(0.001, longest))
        if self.path != "/healthz":
            NOTES.write("%s %.4f %.4f\\n" % (self.command, began, time.time()))
        body = json.dumps(HOST).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.work(0.02)
    def do_POST(self): self.work(0.06)
class Server(http.server.ThreadingHTTPServer):
    request_queue_size, daemon_threads = 512, True
Server(("", 8080), Handler).serve_forever()
"""
START = f"""cat > /srv/app.py <<'END'
{APP}
END
systemctl is-active --quiet app || systemd-run --quiet --unit=app python3 /srv/app.py; : > /var/tmp/requests"""


class Visitors:
    """Readers and writers, half of them with a connection for each request, half with one for all."""

    def __init__(self, host: str, port: int, each: int = 3, *, kept_open: bool = True) -> None:
        self.host, self.port = host, port
        self.failed: list[str] = []
        self.served: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._over = threading.Event()
        kinds = [(verb, keeps) for verb in ("GET", "POST") for keeps in ((True, False) if kept_open else (False,))]
        self._threads = [threading.Thread(target=self._visit, args=kind) for kind in kinds * each]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        time.sleep(0.5)
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        time.sleep(0.5)
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, verb: str, keeps: bool) -> None:
        link = http.client.HTTPConnection(self.host, self.port, timeout=25)
        while not self._over.is_set():
            began = time.monotonic()
            try:
                self._ask(link, verb, keeps)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failed.append(f"{verb} keeps={keeps}: {error!r}")
                link.close()
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            time.sleep(0.01)
        link.close()

    def _ask(self, link: http.client.HTTPConnection, verb: str, keeps: bool) -> None:
        if link.sock is not None and select.select([link.sock], [], [], 0)[0]:
            link.close()  # the other side ended it in between, as any client notices; it connects anew by itself
        link.request(verb, "/", b"x" * 2000 if verb == "POST" else None)
        answer = link.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        self.served[json.loads(body)] += 1
        if not keeps or answer.getheader("connection") == "close":
            link.close()


def overlapping(notes: str, windows: list[tuple[float, float]], verbs: str = "GET POST") -> list[str]:
    """Return the noted requests that were under way in one of the windows."""
    found = []
    for line in notes.splitlines():
        verb, begun, ended = line.split()
        if verb in verbs and any(float(begun) < end and float(ended) > start for start, end in windows):
            found.append(line)
    return found
