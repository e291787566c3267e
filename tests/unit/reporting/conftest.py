"""One run as the reports see it: everything that can happen, in a fixed order and at fixed times."""

from __future__ import annotations

import pytest

from provisioner.model import event as e
from provisioner.model.status import Status

FILE = "roles/nginx/tasks/main.yml"
DIFF = {"before": "a\nb\n", "after": "a\nc\n", "before_header": "/etc/x", "after_header": "/etc/x"}


def done(
    operation: str, host: str, status: Status, result: dict[str, object] | None = None, **more: object
) -> e.OperationFinished:
    return e.OperationFinished(operation, host, status, result or {}, 110.0, **more)  # type: ignore[arg-type]


@pytest.fixture
def events() -> list[e.Event]:
    failed = {"failed": True, "msg": "non-zero return code", "rc": 3, "stderr": "first\n<b>second</b>", "stdout": "out"}
    changed = {"changed": True, "diff": DIFF, "warnings": ["be careful"]}
    items = {
        "results": [{"item": "a"}, {"item": "b", "failed": True, "msg": "no b"}],
        "failed": True,
        "msg": "items failed",
    }
    return [
        e.RunStarted("20260804-171502-k3xw", 100.0, "0.1.0", ("site.yml",), ("hosts",), "ann"),
        e.PlayStarted("p0", "web", ("h1", "h2"), 100.0),
        e.OperationPlanned("o1", "p0", "Put site", "template", f"{FILE}:3:3", "nginx"),
        e.OperationPlanned("o2", "p0", "Run", "command", f"{FILE}:9:3"),
        e.OperationPlanned("o3", "p0", "Say", "debug", "site.yml:20:5"),
        e.OperationPlanned("o4", "p0", "", "meta", "site.yml:22:5"),
        e.OperationPlanned("o5", "p0", "Loop", "command", "site.yml:25:5"),
        e.OperationPlanned("o6", "p0", "restart nginx", "service", "site.yml:40:5", "nginx", True),
        e.OperationStarted("o1", "h1", "Put site", 101.0),
        e.OperationStarted("o1", "h2", "Put site", 101.0),
        done("o1", "h1", Status.CHANGED, changed, seconds=2.5),
        done("o1", "h2", Status.UNREACHABLE, {"unreachable": True, "msg": "no route to h2"}),
        e.OperationStarted("o2", "h1", "Run", 105.0),
        e.Retrying("o2", "h1", 1, 3, 5.0, 106.0),
        e.OutputReceived("o2", "h1", "stdout", "working\n"),
        done("o2", "h1", Status.IGNORED, {**failed, "changed": True}),
        e.OperationStarted("o3", "h1", "Say hello", 107.0),
        done("o3", "h1", Status.OK, {"msg": "hello", "changed": False}),
        done("o4", "h1", Status.OK),
        e.OperationStarted("o5", "h1", "Loop", 107.0),
        e.ItemFinished("o5", "h1", "a", Status.CHANGED, {"changed": True}, 108.0),
        e.ItemFinished("o5", "h1", {"n": "b"}, Status.FAILED, {"failed": True, "msg": "no b"}, 109.0),
        done("o5", "h1", Status.FAILED, items),
        e.CheckFinished("o5", "h1", "port 80 is open", False, "open", "closed <x>", "site.yml:30:5", 111.0),
        e.CheckFinished("o5", "h1", "package nginx", True, "installed", "installed", "site.yml:31:5", 111.0),
        e.HandlerOwed("o6", "h1", "the play failed before", 111.0),
        e.Noted("warning", "something is odd", 111.0, "h1"),
        done("o2", "h2", Status.NOT_RUN),
        e.PlayFinished("p0", 0, 112.0),
        e.RunFinished(
            "20260804-171502-k3xw", 2, 112.0, 12.0,
            {"h1": e.HostStats(ok=3, changed=2, failed=1, ignored=1), "h2": e.HostStats(unreachable=1)},
        ),
    ]  # fmt: skip
