"""While root works in a folder, its owner swaps it for a link over and over: nothing behind the link ever changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from provisioner.lab.lab import Lab
from tests.e2e.conftest import Cli

SWAPPER = """
import ctypes, os
os.chdir("/srv/swapped")
swap, libc = (-100, b"d", -100, b"link", 2), ctypes.CDLL(None)
while True:
    libc.renameat2(*swap)
"""
# What is there under the names that root works with makes each module stop that sees the protected folder from the
# start (a link that is there is followed, by Ansible too): a change there is one by who saw the other folder before.
BEFORE = f"""
set -e
mkdir -p /srv/swapped/d/g /srv/protected/g /srv/protected/h
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/srv/protected/f")'
rmdir /srv/swapped/d/g
ln -s /srv/protected /srv/swapped/link
for name in f g h; do echo old > /srv/swapped/d/$name; done
mkdir /srv/packed && echo new > /srv/packed/g && tar -C /srv/packed -cf /srv/packed.tar g
chown -Rh nobody: /srv/swapped
cat > /srv/swapper.py <<'END'{SWAPPER}END
"""
START = "setsid runuser -u nobody -- python3 /srv/swapper.py < /dev/null > /dev/null 2>&1 & echo $!"
SHOW = r"cd /srv/protected; find . -printf '%p %y %m %U %G %n %s %T@ %C@\n' | sort"
PLAY = """
- hosts: h1
  gather_facts: false
  ignore_errors: true
  tasks:
    - copy: {content: "{{ item }}\\n", dest: /srv/swapped/d/f, mode: "0644", backup: "{{ item % 7 == 0 }}"}
      loop: "{{ range(40) }}"
    - template: {src: it.j2, dest: /srv/swapped/d/f}
      loop: "{{ range(40) }}"
    - lineinfile: {path: /srv/swapped/d/f, line: "{{ item }}"}
      loop: "{{ range(40) }}"
    - file: {path: /srv/swapped/d/h, state: file, mode: "06{{ item % 2 * 4 }}0", owner: "{{ 1000 + item }}"}
      loop: "{{ range(40) }}"
    - unarchive: {src: /srv/packed.tar, dest: /srv/swapped/d, remote_src: true, mode: "06{{ item % 2 * 4 }}0"}
      loop: "{{ range(40) }}"
"""


@pytest.fixture
def swapping(on: Callable[..., str], lab: Lab) -> Iterator[str]:
    """Let the owner of a folder swap it from now on; gives what the protected folder is like."""
    lab.reset("h1")
    on("h1", BEFORE)
    before = on("h1", SHOW)
    process = on("h1", START).strip()
    yield before
    on("h1", f"kill -- -{process} || kill {process}")
    lab.reset("h1")


def test_what_a_link_put_there_meanwhile_leads_to_is_not_changed(
    cli: Cli, on: Callable[..., str], swapping: str
) -> None:
    cli.write("it.j2", "{{ item }}\n")
    done = cli.run(PLAY)
    assert done.code in (0, 2), done.text
    assert on("h1", SHOW) == swapping, done.text
    assert on("h1", "ls -A /srv/swapped/d /srv/swapped/link/ | grep -c prov- || true").strip() == "0"
