"""Hosts in bad shape: no space, read-only, noexec, strange shells, no Python, loud commands, a clock that is wrong."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from provisioner.model.event import OperationFinished
from tests.integration.faults.conftest import Cli, On, assert_clean, checked, ends, extra, message, play

SMALL = "/mnt/f-small"


@pytest.fixture
def small(on: On) -> Iterator[str]:
    """A file system of 64 KiB on the host."""
    on("h1", f"mkdir -p {SMALL}; mount -t tmpfs -o size=64k none {SMALL}; echo old > {SMALL}/file")
    yield SMALL
    on("h1", f"umount -l {SMALL}; rmdir {SMALL}")


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(cli: Cli, on: On, small: str) -> None:
    cli.write("big", "x" * 200_000)
    done = cli.run(play(f"{{name: copy, copy: {{src: big, dest: {small}/file}}}}"))
    assert done.code == 2, done.text
    assert "No space left" in message(cli, "h1", "failed")
    assert on("h1", f"cat {small}/file; ls -A {small}") == "old\nfile\n"


def test_a_read_only_file_system_is_told(cli: Cli, on: On, small: str) -> None:
    on("h1", f"mount -o remount,ro {small}")
    done = cli.run(play(f"{{name: copy, copy: {{content: new, dest: {small}/file}}}}"))
    assert done.code == 2, done.text
    assert "Read-only file system" in message(cli, "h1", "failed")


def test_a_worker_without_room_for_a_large_body_says_so_and_goes_on(cli: Cli, on: On) -> None:
    on("h1", "for d in /tmp /var/tmp; do mount -t tmpfs -o size=2m none $d; done")
    try:
        (cli.folder / "big").write_bytes(b"x" * 6_000_000)
        tasks = (
            "{name: copy, copy: {src: big, dest: /root/f-big}, ignore_errors: true}",
            "{name: after, copy: {content: small, dest: /root/f-small}}",
        )
        done = cli.run(play(*tasks))
    finally:
        on("h1", "umount -l /tmp /var/tmp; rm -f /root/f-*")
    assert done.code == 0, done.text
    assert "cannot be stored: No space left" in message(cli, "h1", "ignored")
    assert ends(cli)["after", "h1"] == "changed"


def test_noexec_on_tmp_does_not_keep_scripts_from_running(cli: Cli, on: On) -> None:
    on("h1", "mount -t tmpfs -o noexec none /tmp")
    cli.write("hello.sh", "#!/bin/sh\necho hello $1\n")
    try:
        done = cli.run(
            play("{name: script, script: hello.sh world, register: r}", "{name: said, debug: {var: r.stdout}}")
        )
    finally:
        on("h1", "umount -l /tmp")
    assert done.code == 0, done.text
    assert "hello world" in done.out


NOISE = "echo welcome; printf '\\033[1m'; echo to h1 >&2"
SHAPES = {
    "noisy": f'echo "{NOISE}" > /root/.bashrc',
    "homeless": "mkdir /var/f-home; cp -a /root/.ssh /var/f-home/; usermod -d /var/f-home root; chmod 0 /root",
    "sh": "usermod -s /bin/sh root",
}
RESTORE = "chmod 700 /root; usermod -d /root -s /bin/bash root; rm -rf /root/.bashrc /var/f-home"


@pytest.mark.parametrize("shape", SHAPES)
def test_strange_logins_do_not_matter(cli: Cli, on: On, shape: str) -> None:
    on("h1", SHAPES[shape])
    try:
        done = cli.run(play("{name: who, command: id -un, register: r}", "{name: said, debug: {var: r.stdout}}"))
    finally:
        on("h1", RESTORE)
    assert done.code == 0, done.text
    assert "root" in done.out


def test_a_host_without_python_is_told_with_what_was_looked_for(cli: Cli) -> None:
    done = cli.run(play("{name: ping, ping: {}}"), *extra(ansible_python_interpreter="/opt/none/python3"))
    assert done.code == 4, done.text
    told = message(cli, "h1", "unreachable")
    assert "/opt/none/python3" in told
    assert "root@" in told
    assert "ansible_python_interpreter" in told


def test_output_that_is_no_text_travels_and_is_recorded(cli: Cli) -> None:
    cli.write("odd.sh", "#!/bin/sh\nprintf 'a\\000b\\377\\376c\\n'\nhead -c 300000 /dev/zero | tr '\\0' x\n")
    done = cli.run(
        play("{name: odd, script: odd.sh, register: r}", "{name: size, debug: {msg: '{{ r.stdout | length }}'}}")
    )
    assert done.code == 0, done.text
    assert "300007" in done.out
    assert checked(cli)


def test_two_hundred_megabytes_of_output_do_not_fill_the_memory(cli: Cli, on: On) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    tasks = ("{name: loud, shell: yes | head -c 200000000; touch /var/tmp/f-ended}", "{name: last, command: 'true'}")
    done = cli.run(play(*tasks))
    assert done.code == 2, done.text
    told = message(cli, "h1", "failed")
    assert "200000000 bytes" in told
    assert "write to a file" in told
    assert on("h1", "ls /var/tmp/f-ended").strip(), "it is not killed half-way"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < max(before, 400 * 1024)
    assert_clean(on, "h1")


def test_a_user_who_may_not_become_root_is_told(cli: Cli, on: On) -> None:
    on(
        "h1",
        "useradd -m f-plain; mkdir -p ~f-plain/.ssh; cp ~/.ssh/auth* ~f-plain/.ssh; chown -R f-plain ~f-plain",
    )
    try:
        done = cli.run(play("{name: ping, ping: {}}", more="  become: true\n"), *extra(ansible_user="f-plain"))
    finally:
        on("h1", "pkill -u f-plain; userdel -rf f-plain 2>/dev/null; true")
    assert done.code in {2, 4}, done.text
    assert "f-plain could not become root by sudo" in done.text
    assert "hint:" in done.text


@pytest.mark.campaign
def test_a_hundred_names_of_two_hosts_keep_threads_and_memory_bounded(cli: Cli, on: On) -> None:
    way = "{{ hostvars['h%d'].ansible_host }}"
    lines = "".join(f'    n{number}: {{ansible_host: "{way % (number % 2 + 1)}"}}\n' for number in range(100))
    cli.write("more.yml", f"all:\n  hosts:\n{lines}")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    text = play("{name: ping, ping: {}}", "{name: two, command: 'true'}", hosts="all:!h1:!h2:!h3")
    done = cli.run(text, "-i", str(cli.folder / "more.yml"), "-f", "20")
    assert done.code == 0, done.text
    finished = [event for event in cli.events() if isinstance(event, OperationFinished)]
    assert len(finished) == 200
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < max(before, 300 * 1024)
    for host in ("h1", "h2"):
        assert_clean(on, host)
