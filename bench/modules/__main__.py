"""Measure tasks that find nothing to do, here and with ansible-core: ``python -m bench.modules [MODULE...]``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.speed.results import this_machine
from provisioner import __version__
from provisioner.catalog import exists_elsewhere, names
from provisioner.lab.lab import Lab
from tests.compat.targets.expectations import expectations
from tests.compat.targets.suite import RELEASE, open_suite

from . import ours, theirs
from .coverage import Coverage, covered
from .noops import Noops, read_noops
from .table import ALONE, BRIDGED, NATIVE, Row, markdown

HOST = "h1"


def main(argv: Sequence[str]) -> int:
    """Measure and print the table."""
    options = _options(argv)
    noops = read_noops().only(options.modules)
    lab = Lab(options.lab, say=_say, packages=noops.packages)
    lab.up([HOST])
    try:
        with tempfile.TemporaryDirectory(prefix="provisioner-modules-") as made:
            text = _table(noops, lab, Path(made), options)
    finally:
        if not options.keep_lab:
            lab.down()
    print(text)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.modules", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="default: all of noops.yml")
    parser.add_argument(
        "--theirs", type=Path, metavar="PROGRAMS", help="folder with ansible-playbook (collections, too)"
    )
    parser.add_argument("--rounds", type=int, default=7, help="how often each task is run here")
    parser.add_argument("--repeats", type=int, default=5, help="how often each of ansible-core's files is run")
    parser.add_argument("--results", type=Path, metavar="FILE", help="what a run of the targets found (ours.json)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to this file")
    parser.add_argument("--lab", default="noops", metavar="NAME", help="name of the lab")
    parser.add_argument("--keep-lab", action="store_true", help="leave the host up")
    return parser.parse_args(argv)


def _table(noops: Noops, lab: Lab, folder: Path, options: argparse.Namespace) -> str:
    os.environ["PROVISIONER_STATE_DIR"] = str(folder / "state")
    if options.theirs:
        os.environ.setdefault("PROVISIONER_ANSIBLE_PYTHON", str(options.theirs / "python"))
    facts = {**this_machine(), "provisioner": __version__}
    _say("making what the tasks need")
    _told(ours.ran(noops.preparation(folder), lab.inventory_path), "while preparing")
    _say(f"running them {options.rounds} times here")
    mine = ours.ran(noops.rounds(folder, options.rounds), lab.inventory_path)
    _told(mine, "here")
    left: Mapping[str, theirs.Left] = {}
    if options.theirs:
        _say("running them with ansible-core, and its files on the host")
        facts["ansible-core"] = theirs.version(options.theirs)
        book = noops.apart(folder, theirs.PLACE)
        left = theirs.timed(options.theirs, book, lab, lab.host(HOST), options.repeats)
        for name in sorted(set(noops.tasks) - set(left)):
            _say(f"with ansible-core: {name}: nothing was left on the host")
        for name, each in left.items():
            if each.ended != "ok":
                _say(f"with ansible-core: {name}: {each.ended}")
    facts["targets of"] = f"ansible-core {RELEASE}"
    return markdown(_rows(mine, left, _coverage(options.results)), facts, vars(options))


def _told(found: Mapping[str, ours.Found], when: str) -> None:
    for name, each in found.items():
        if each.said or "changed" in each.ended[1:]:
            _say(f"{when}: {name}: {' '.join(each.ended)} {each.said}")


def _coverage(results: Path | None) -> Mapping[str, Coverage]:
    passed = {each["target"]: each["passed"] for each in json.loads(results.read_text("utf-8"))} if results else {}
    return covered(open_suite().runnable(), expectations(), passed, names("module") | names("action"))


def _rows(
    mine: Mapping[str, ours.Found], left: Mapping[str, theirs.Left], coverage: Mapping[str, Coverage]
) -> list[Row]:
    kinds = dict.fromkeys(names("module") | (names("action") & set(mine)), NATIVE)
    kinds |= {name: ALONE for name in kinds if not exists_elsewhere(name)}
    kinds |= {name: BRIDGED for name, each in mine.items() if each.bridged}
    return [
        Row(name, kinds[name], coverage.get(name), mine.get(name), left.get(name))
        for name in sorted(kinds, key=lambda name: (kinds[name] == BRIDGED, name))
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
