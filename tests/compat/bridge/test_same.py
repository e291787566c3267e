"""A module of ours and Ansible's of the same name do the same to the same, and say it with the same words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.compat.bridge.asking import Both, build, tree

pytestmark = pytest.mark.compat

LINES = "one\ntwo\nthree\n"
ABOUT = "uid gid owner group mode size state"
INI = "[a]\nb = 1\n\n[c]\nd = 2\n"
BESIDES = frozenset({"invocation", "_secrets", "warnings", "deprecations", "exception", "ansible_facts", "failed"})
"""Keys that say nothing of what was done."""


@dataclass(frozen=True)
class Case:
    """One call. ``without`` are keys that only Ansible gives; ``foretells``: it can say in check mode what it would do.

    Each of these differences is in docs/compat.md.
    """

    module: str
    params: dict[str, Any]
    files: dict[str, Any] = field(default_factory=lambda: {"f": LINES})
    without: frozenset[str] = frozenset()
    foretells: bool = True

    @property
    def id(self) -> str:
        """Return a name for it."""
        return f"{self.module}-{'-'.join(f'{k}={v}' for k, v in self.params.items())}".replace("{dir}/", "")[:80]


def case(
    module: str, files: dict[str, Any] | None = None, without: str = "", foretells: bool = True, **params: Any
) -> Case:
    more = {} if files is None else {"files": files}
    return Case(module, params, without=frozenset(without.split()), foretells=foretells, **more)


CASES = [
    case("ping"),
    case("ping", data="x"),
    case("file", path="{dir}/new", state="directory", mode="0750"),
    case("file", path="{dir}/f", mode="0600"),
    case("file", path="{dir}/f", mode="u=rw,go="),
    case("file", path="{dir}/f", state="absent"),
    case("file", path="{dir}/no", state="absent"),
    case("file", path="{dir}/no", mode="0600"),
    case("file", path="{dir}/no", state="file"),
    case("file", path="{dir}/l", src="f", state="link"),
    case("file", path="{dir}/h", src="{dir}/f", state="hard"),
    case("file", {"d/e/f": "x"}, path="{dir}/d", state="absent"),
    case("file", {"d/e/f": "x"}, path="{dir}/d", mode="u=rwX,go=", recurse=True, state="directory"),
    case("stat", path="{dir}/no"),
    case("lineinfile", path="{dir}/f", line="four"),
    case("lineinfile", path="{dir}/f", line="two"),
    case("lineinfile", path="{dir}/f", regexp="^tw", line="TWO"),
    case("lineinfile", path="{dir}/f", regexp="^t", state="absent"),
    case("lineinfile", path="{dir}/f", line="zero", insertbefore="BOF"),
    case("lineinfile", path="{dir}/f", line="2a", insertafter="^two"),
    case("lineinfile", path="{dir}/f", regexp="(o)ne", line=r"\1n", backrefs=True),
    case("lineinfile", path="{dir}/no", line="x"),
    case("lineinfile", path="{dir}/no", line="x", create=True, mode="0640"),
    case("blockinfile", path="{dir}/f", block="a\nb"),
    case("blockinfile", path="{dir}/f", block="a", insertbefore="^two", marker="# {mark} here"),
    case("blockinfile", path="{dir}/f", block="", state="absent"),
    case("blockinfile", path="{dir}/no", block="x"),
    case("replace", path="{dir}/f", regexp="o", replace="0"),
    case("replace", path="{dir}/f", regexp="t", replace="T", after="one", before="three"),
    case("replace", path="{dir}/f", regexp="nothing", replace="x"),
    case("replace", path="{dir}/no", regexp="a", replace="b"),
    case("find", {"a.txt": "1", "b.log": "22", "d/c.txt": "3"}, paths="{dir}", patterns="*.txt"),
    case("find", {"a.txt": "1", "d/c.txt": "3"}, paths="{dir}", patterns="*.txt", recurse=True),
    case("find", {"a.txt": "hello", "b.txt": "x"}, paths="{dir}", contains="hel.*"),
    case("find", {"d/e": "1"}, paths="{dir}", file_type="directory"),
    case("slurp", src="{dir}/f"),
    case("slurp", src="{dir}/no"),
    case("assemble", {"p/1": "a\n", "p/2": "b\n"}, foretells=False, src="{dir}/p", dest="{dir}/whole"),
    case("assemble", {"p/1": "a\n", "p/2": "b\n"}, foretells=False, src="{dir}/p", dest="{dir}/whole", delimiter="--"),
    case("copy", without="md5sum", src="{dir}/f", dest="{dir}/g", remote_src=True),
    case("copy", without="md5sum", src="{dir}/f", dest="{dir}/g", remote_src=True, mode="0600"),
    case("copy", {"f": "a", "g": "b"}, f"{ABOUT} msg", src="{dir}/f", dest="{dir}/g", remote_src=True, force=False),
    case("copy", src="{dir}/no", dest="{dir}/g", remote_src=True),
    case("command", _raw_params="echo hello", chdir="{dir}"),
    case("command", argv=["cat", "{dir}/f"]),
    case("command", _raw_params="false"),
    case("command", _raw_params="cat {dir}/f", creates="{dir}/f"),
    case("command", _raw_params="cat {dir}/f", removes="{dir}/no"),
    case("command", _raw_params="/nowhere/program"),
    case("getent", database="passwd", key="root"),
    case("getent", database="passwd", key="nobody_of_that_name"),
    case("getent", database="group", key="nobody_of_that_name", fail_key=False),
    case("tempfile", foretells=False, state="file", path="{dir}", suffix=".x"),
    case("wait_for", path="{dir}/f", timeout=2),
    case("wait_for", path="{dir}/no", timeout=1, sleep=1),
    case("known_hosts", {"kh": ""}, path="{dir}/kh", name="a.example", state="absent"),
    case("community.general.ini_file", {"i": INI}, ABOUT, path="{dir}/i", section="a", option="b", value="2"),
    case("community.general.ini_file", {"i": INI}, ABOUT, path="{dir}/i", section="a", option="b", value="1"),
    case("community.general.ini_file", {"i": INI}, ABOUT, path="{dir}/i", section="c", option="d", state="absent"),
    case("community.general.ini_file", {"i": INI}, ABOUT, path="{dir}/i", section="c", state="absent"),
    case("community.general.ini_file", {"i": INI}, ABOUT, path="{dir}/i", section="new", option="x", value="y"),
    case("community.general.archive", {"d/f": "x"}, path="{dir}/d", dest="{dir}/a.zip", format="zip"),
    case("community.general.pam_limits", {"l": "# x\n"}, "diff", dest="{dir}/l", domain="ann", limit_type="soft",
         limit_item="nofile", value="99"),
]  # fmt: skip


def _marked(asked: Case) -> object:
    """Those of a collection need the whole distribution, which ``make test`` does not install."""
    marks = (pytest.mark.campaign,) if "." in asked.module else ()
    return pytest.param(asked, id=asked.id, marks=marks)


@pytest.mark.parametrize("asked", [_marked(each) for each in CASES])
def test_the_same_is_done_and_said(both: Both, tmp_path: Path, asked: Case) -> None:
    if "." in asked.module and both.bridge.installation is not None and not both.bridge.installation.collections:
        pytest.fail("these need the collections of the ansible distribution beside ansible-core", pytrace=False)
    for round_ in ("check", "first", "second"):
        said = {}
        if round_ == "check" and not asked.foretells:
            continue
        for side, run in (("ours", both.ours), ("theirs", both.theirs)):
            folder = tmp_path / side
            if round_ != "second":
                build(folder, asked.files)
            said[side] = run(asked.module, asked.params, folder, check=round_ == "check", diff=False)
        ours, theirs = said["ours"], said["theirs"]
        assert bool(ours.get("failed")) == bool(theirs.get("failed") or theirs.get("rc") not in (None, 0)), (
            round_,
            said,
        )
        assert bool(ours.get("skipped")) == bool(theirs.get("skipped")), (round_, said)
        assert bool(ours.get("changed")) == bool(theirs.get("changed")), (round_, said)
        if round_ != "check":
            assert set(theirs) - set(ours) - BESIDES - asked.without == set(), (round_, said)
        if asked.module != "tempfile":
            mine, other = tree(tmp_path / "ours"), tree(tmp_path / "theirs")
            assert list(mine) == list(other), round_
            if asked.module != "community.general.archive":
                assert mine == other, round_
