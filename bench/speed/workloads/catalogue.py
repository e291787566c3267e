"""The list of all workloads."""

from __future__ import annotations

from bench.speed.workloads import files, nginx
from bench.speed.workloads.small import SmallTasks, write_connecting, write_facts, write_loop
from bench.speed.workloads.workload import CLEAN, ROOT, Workload

STARTUP = "W7"
SCHEDULING = "W10"
SECOND_PLAY = "W1open"
WORKLOADS = (
    Workload("W1", "100 small tasks, 1 host", SmallTasks(100).write),
    Workload("W1k", "1,000 small tasks, 1 host", SmallTasks(1000).write),
    Workload("W2", "20 small tasks with facts, 20 hosts", SmallTasks(20, with_facts=True).write, hosts=20),
    Workload("W3", "one task looping over 100 items, 1 host", write_loop),
    Workload("W4file", "a file of 200 MB, 1 host", files.write_large, floor_here=True),
    Workload("W4tree", "a tree of 2,000 small files, 1 host", files.write_tree, floor_here=True),
    Workload("W5", "nginx with three sites, 4 hosts", nginx.write, hosts=4, clean=nginx.UNDO, state=nginx.STATE,
             ready=nginx.READY),
    Workload("W6", "100 small tasks behind 50 ms, 1 host", SmallTasks(100).write, delay_ms=25),
    Workload("W8", "10 small tasks, 200 names on 20 hosts", SmallTasks(10, is_shared=True).write, hosts=20, aliases=200,
             clean=f"{CLEAN} && cd {ROOT} && mkdir $(seq -f a%03g 0 199)"),
    Workload("W9", "facts only, 20 hosts", write_facts, hosts=20),
    Workload("W9none", "connecting only, 20 hosts", write_connecting, hosts=20),
)  # fmt: skip
OTHERS = {
    STARTUP: "start-up: --version, --help, --syntax-check and --list-tasks of 1,000 tasks",
    SECOND_PLAY: "100 small tasks, 1 host: a second play through the Python API on the open session",
    SCHEDULING: "scheduling alone: 1,000 fake hosts x 500 tasks in memory",
}
