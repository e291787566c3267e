"""Reading modes: octal, symbolic as chmod reads it, and what is refused."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.remote.change import Failed
from provisioner.remote.params import FileParameters
from provisioner.remote.system import System, attributes
from provisioner.remote.system.attributes import Current, permission_bits

FILE = Current(0o644, 0, 0)
FOLDER = Current(0o755, 0, 0, is_dir=True)


@pytest.mark.parametrize(
    ("mode", "now", "expected"),
    [
        ("0640", FILE, 0o640),
        ("640", FILE, 0o640),
        (0o640, FILE, 0o640),
        ("1777", FOLDER, 0o1777),
        ("u=rw,g=r,o=", FILE, 0o640),
        ("u+x", FILE, 0o744),
        ("a-w", FILE, 0o444),
        ("ugo=r", FILE, 0o444),
        ("g=u", FILE, 0o664),
        ("u=rwX,g=rX,o=", FILE, 0o640),
        ("u=rwX,g=rX,o=", FOLDER, 0o750),
        ("a-x,u+x,g+X", FILE, 0o754),
        ("u+s,g+s,o+t", FOLDER, 0o7755),
        ("u=rwxs", FILE, 0o4744),
        ("go-rwx,u+x", FILE, 0o700),
        ("+x", FILE, 0o755),
        ("=", FILE, 0),
    ],
)
def test_a_mode_means_what_chmod_makes_of_it(mode: object, now: Current, expected: int) -> None:
    assert permission_bits(mode, now, 0o022) == expected


@pytest.mark.parametrize(
    "mode", ["0888", "u+z", "rwxr-xr-x", "u", ["0644"], True, "u=rw;g=r", "preserve", "ao=r", "oa=r"]
)
def test_a_mode_that_is_none_is_refused_by_name(mode: object) -> None:
    with pytest.raises(Failed) as caught:
        permission_bits(mode, FILE, 0)
    assert "mode must be in octal or symbolic form" in caught.value.msg


def test_a_number_beyond_permissions_is_refused() -> None:
    with pytest.raises(Failed) as caught:
        permission_bits("100644", FILE, 0)
    assert "only permission info is allowed" in caught.value.msg


CLAUSES = st.builds(
    lambda who, operator, what: who + operator + what,
    st.sampled_from(["u", "g", "o", "a", "ug", "go", "ugo", ""]),
    st.sampled_from(["+", "-", "="]),
    st.one_of(st.sampled_from(["u", "g", "o"]), st.text("rwxX", max_size=4)),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clauses=st.lists(CLAUSES, min_size=1, max_size=3), start=st.integers(0, 0o777))
def test_symbolic_modes_agree_with_the_program_chmod(tmp_path: Path, clauses: list[str], start: int) -> None:
    path = tmp_path / "file"
    path.write_text("")
    path.chmod(start)
    mode = ",".join(clauses)
    done = subprocess.run(["chmod", "--", mode, str(path)], capture_output=True, check=False)
    expected = stat.S_IMODE(path.stat().st_mode)
    if done.returncode == 0:
        assert permission_bits(mode, Current(start, 0, 0), attributes.umask()) == expected, mode


def test_new_things_are_never_wider_than_in_the_end(tmp_path: Path) -> None:
    params = FileParameters.parse({"mode": "0640", "group": "7"})
    want = attributes.wanted(params)
    attributes.make_folders(System(root=str(tmp_path)), ["/d"], want._replace(mode="0700"))
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o700
    assert os.stat(tmp_path / "d").st_gid == 7


def test_a_folder_inherits_set_group_id_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "g").mkdir()
    os.chown(tmp_path / "g", 0, 7)
    (tmp_path / "g").chmod(0o2775)
    attributes.make_folders(System(root=str(tmp_path)), ["/g/d"], attributes.wanted(FileParameters.parse({})))
    made = (tmp_path / "g/d").stat()
    assert (stat.S_IMODE(made.st_mode), made.st_gid) == (0o2755, 7)
