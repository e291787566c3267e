"""Bytes: one large file, and a tree of many small ones. The floors are ``scp`` and ``rsync -a``."""

from __future__ import annotations

import random
from pathlib import Path

from bench.speed.workloads.workload import ROOT, write_play

LARGE_MIB = 200
SMALL_FILES = 2000
A_FOLDER = 50
SEED = 7


def write_large(folder: Path) -> None:
    """Write 200 MB that cannot be compressed, and how it is copied."""
    source = folder / "files" / "large.bin"
    source.parent.mkdir()
    numbers = random.Random(SEED)
    with source.open("wb") as sink:
        for _ in range(LARGE_MIB):
            sink.write(numbers.randbytes(1 << 20))
    task = {"src": "files/large.bin", "dest": f"{ROOT}/large.bin", "mode": "0644"}
    write_play(folder, {"hosts": "all", "gather_facts": False,
                        "tasks": [{"name": "Large file", "ansible.builtin.copy": task}]})  # fmt: skip
    (folder / "deploy.py").write_text("from pyinfra.operations import files\n"
        f"files.put(src='files/large.bin', dest='{ROOT}/large.bin', mode='644')\n")  # fmt: skip
    (folder / "floor.sh").write_text(f"exec scp -q $OPTIONS files/large.bin $HOST:{ROOT}/large.bin\n")


def write_tree(folder: Path) -> None:
    """Write 2,000 small files in 40 folders, and how they are copied."""
    numbers = random.Random(SEED)
    for number in range(SMALL_FILES):
        path = folder / "files" / "tree" / f"d{number // A_FOLDER}" / f"f{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"file {number}\n" * numbers.randint(1, 400), encoding="utf-8")
        path.chmod(0o644)
    task = {"src": "files/tree", "dest": f"{ROOT}/", "mode": "0644", "directory_mode": "0755"}
    write_play(folder, {"hosts": "all", "gather_facts": False,
                        "tasks": [{"name": "Tree", "ansible.builtin.copy": task}]})  # fmt: skip
    (folder / "deploy.py").write_text("from pyinfra.operations import files\n"
        f"files.sync(src='files/tree', dest='{ROOT}/tree', mode='644', dir_mode='755')\n")  # fmt: skip
    (folder / "floor.sh").write_text(f'exec rsync -a -e "ssh $OPTIONS" files/tree $HOST:{ROOT}/\n')
