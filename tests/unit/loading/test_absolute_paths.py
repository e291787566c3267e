"""Paths as files name them, seen from a folder."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from provisioner.diagnostics.home import expanded
from provisioner.loading.files import absolute_path

PATHS = ["a", "../a", "./a", "/x", "//x", "~", "~/a", "~no-such-user/a", "", "a//b", "..", "a/./b/../c"]
FOLDERS = ["/f", "//f", "f", "", "./f", "..", "/f/../g", "/", "f/"]


@pytest.mark.parametrize(("path", "folder"), list(product(PATHS, FOLDERS)))
def test_a_path_is_what_pathlib_makes_of_it(path: str, folder: str) -> None:
    assert absolute_path(path, folder) == os.path.normpath(Path(folder).absolute() / expanded(path))
