"""Generated playbooks under ansible-core and under provisioner: same statuses, same results, same exit code.

No host is needed: what the scenarios do stays on the controller. Each side runs a whole batch in one process that has
it loaded, so that a hundred playbooks take less than a minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # the modules beside this file are no package, as no other test needs them

from comparing import differences  # noqa: E402
from scenarios import INVENTORY, Scenario, scenario  # noqa: E402
from sides import PROJECT, Ours, Outcome, Theirs, oracle_programs  # noqa: E402

PATIENCE_S = 600
BATCH = 25
known_seeds = range(60)


def run_side(side: str, python: str, made: Mapping[Path, Scenario], environment: Mapping[str, str]) -> None:
    """Run every scenario of a batch on one side."""
    options = ["--output", "json", "--mistakes", "at-run"] if side == "ours" else []
    first = ["provisioner", "run"] if side == "ours" else ["ansible-playbook"]
    jobs = [
        {
            "arguments": [*first, "site.yml", "-i", "inventory", *options, *each.arguments],
            "folder": str(folder),
            "environment": {"COMPAT_RECORD": str(folder / "theirs.jsonl"), "PROVISIONER_STATE_DIR": str(folder / "s")},
        }
        for folder, each in made.items()
    ]
    command = [python, str(HERE / "many.py"), side]
    subprocess.run(command, input=json.dumps(jobs), text=True, env=environment, check=True, timeout=PATIENCE_S)


def outcomes(folder: Path) -> tuple[Outcome, Outcome]:
    """Return what both sides did in a scenario's folder."""
    done = {}
    for side in ("ours", "theirs"):
        code, text = int((folder / f"{side}.code").read_text()), (folder / f"{side}.out").read_text("utf-8")
        done[side] = subprocess.CompletedProcess([side], code, text, "")
    record = folder / "theirs.jsonl"
    lines = [json.loads(line) for line in record.read_text("utf-8").splitlines()] if record.exists() else []
    return Ours.outcome(done["ours"], str(folder)), Theirs.outcome(done["theirs"], lines, str(folder))


def check(seeds: Sequence[int], root: Path) -> None:
    """Run the scenarios of ``seeds`` on both sides and fail with every difference."""
    made: dict[Path, Scenario] = {}
    for seed in seeds:
        folder = root / str(seed)
        folder.mkdir(parents=True)
        (folder / "inventory").write_text(INVENTORY, encoding="utf-8")
        made[folder] = scenario(seed)
        made[folder].write(folder)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "PROVISIONER_", "PYTEST"))}
    programs = oracle_programs()
    theirs = Theirs("theirs", root / "inventory", "", programs)
    run_side("theirs", str(programs / "python"), made, {**clean, **theirs.settings(root), "LC_ALL": "C.UTF-8"})
    run_side("ours", sys.executable, made, {**clean, "PYTHONPATH": str(PROJECT)})
    found = [f"{each}\n{told}" for folder, each in made.items() if (told := differences(*outcomes(folder)))]
    assert not found, f"{len(found)} of {len(made)} differ\n\n" + "\n\n".join(found[:3])


@pytest.mark.timeout(PATIENCE_S)
def test_known_playbooks_do_the_same_on_both_sides(tmp_path: Path) -> None:
    check(known_seeds[:BATCH], tmp_path)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(seeds=st.lists(st.integers(1000, 10**6), min_size=BATCH, max_size=BATCH, unique=True))
def test_any_playbooks_do_the_same_on_both_sides(tmp_path_factory: pytest.TempPathFactory, seeds: list[int]) -> None:
    check(seeds, tmp_path_factory.mktemp("generated"))
