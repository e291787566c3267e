"""A small stand-in for a NetBox: a local server that answers the REST questions pynetbox asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef"

SITES = [
    {"id": 1, "name": "Berlin 1", "slug": "ber1", "region": {"id": 2, "name": "Germany", "slug": "germany"}},
    {"id": 2, "name": "Paris 1", "slug": "par1", "region": None},
]
REGIONS = [
    {"id": 1, "name": "Europe", "slug": "europe", "parent": None},
    {"id": 2, "name": "Germany", "slug": "germany", "parent": {"id": 1, "name": "Europe", "slug": "europe"}},
]
DEVICES = [
    {
        "id": 10, "name": "web1", "status": {"value": "active", "label": "Active"}, "serial": "S-1",
        "site": {"id": 1, "name": "Berlin 1", "slug": "ber1"}, "role": {"id": 1, "name": "Web", "slug": "web"},
        "device_type": {"id": 3, "model": "R640", "slug": "r640", "manufacturer": {"id": 1, "slug": "dell"}},
        "platform": {"id": 1, "name": "Debian 12", "slug": "debian-12"}, "tenant": None,
        "tags": [{"id": 1, "name": "Public", "slug": "public"}], "custom_fields": {"owner": "team-a"},
        "primary_ip": {"id": 5, "address": "10.1.0.10/24", "dns_name": "web1.example.org"},
        "primary_ip4": {"id": 5, "address": "10.1.0.10/24", "dns_name": "web1.example.org"}, "primary_ip6": None,
        "config_context": {"ntp": ["10.0.0.1"]}, "local_context_data": None,
    },
    {
        "id": 11, "name": "db1", "status": {"value": "staged", "label": "Staged"}, "serial": "",
        "site": {"id": 2, "name": "Paris 1", "slug": "par1"}, "role": {"id": 2, "name": "Database", "slug": "db"},
        "device_type": {"id": 4, "model": "DL360", "slug": "dl360", "manufacturer": {"id": 2, "slug": "hpe"}},
        "platform": None, "tenant": {"id": 1, "name": "Shop", "slug": "shop"}, "tags": [], "custom_fields": {},
        "primary_ip": None, "primary_ip4": None, "primary_ip6": None, "config_context": {}, "local_context_data": None,
    },
]  # fmt: skip
MACHINES = [
    {
        "id": 20, "name": "vm1", "status": {"value": "active", "label": "Active"}, "site": None,
        "role": {"id": 1, "name": "Web", "slug": "web"},
        "cluster": {"id": 1, "name": "Main", "slug": "main",
                    "group": {"id": 1, "slug": "prod"}, "type": {"slug": "kvm"}},
        "platform": None, "tenant": None, "tags": [], "custom_fields": {}, "config_context": {},
        "primary_ip": {"id": 6, "address": "10.1.0.20/24", "dns_name": ""}, "primary_ip4": None, "primary_ip6": None,
        "local_context_data": None,
    },
]  # fmt: skip
TABLES: dict[str, list[dict[str, Any]]] = {
    "/api/dcim/sites/": SITES,
    "/api/dcim/regions/": REGIONS,
    "/api/dcim/devices/": DEVICES,
    "/api/virtualization/virtual-machines/": MACHINES,
}
PAGE = 1
"""How many records one answer holds: the others are behind ``next``."""


class StandIn(ThreadingHTTPServer):
    """The server; ``questions`` are what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.questions: list[str] = []

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        self.server.questions.append(self.path)
        if TOKEN not in self.headers.get("Authorization", ""):
            return self._answer(403, {"detail": "Invalid token"})
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        if asked.path not in TABLES:
            return self._answer(404, {"detail": "Not found."})
        found = [each for each in TABLES[asked.path] if _is_wanted(each, query)]
        start = int(query.get("offset", ["0"])[0])
        further = "&".join(f"{k}={v}" for k, values in query.items() if k not in ("offset", "limit") for v in values)
        following = f"{self.server.address}{asked.path}?{further}&limit={PAGE}&offset={start + PAGE}"
        answer = {"count": len(found), "previous": None, "results": found[start : start + PAGE]}
        return self._answer(200, {**answer, "next": following if start + PAGE < len(found) else None})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("API-Version", "4.2")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _is_wanted(record: dict[str, Any], query: dict[str, list[str]]) -> bool:
    for field in ("site", "role", "name", "status", "tenant"):
        value = record.get(field)
        told = value.get("slug") or value.get("value") if isinstance(value, dict) else value
        if field in query and told not in query[field]:
            return False
    return True


@contextmanager
def netbox() -> Iterator[StandIn]:
    """Run a stand-in as long as the block lasts."""
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
