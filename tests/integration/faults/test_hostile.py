"""A host that was taken over: what it says is data, never a template, a way to another host or a terminal's command."""

from __future__ import annotations

import pytest

from tests.integration.faults.conftest import Cli, ends, play

TRAP = "{{ lookup('pipe', 'touch PWNED') }}"
TASKS = """
    - {name: evil, shell: cat /var/tmp/f-evil, register: r}
    - {name: show, debug: {msg: "{{ r.stdout }} {{ r }}"}}
    - name: facts
      set_fact: {f: "{{ r.stdout }}", g: "x {{ r.stdout }}", h: ["{{ r.stdout }}"], "{{ 'dyn' }}": "{{ r }}"}
    - name: made
      set_fact:
        k: "{{ {'a': 1} | combine({'b': r.stdout}) }}"
        l: "{{ r.stdout ~ '' }}"
        m: "{{ [r.stdout, 'a'] | join(',') }}"
        n: "{{ {'a': r.stdout} | to_json | from_json }}"
        o: "{{ '%s' | format(r.stdout) }}"
        p: "{{ r.stdout | replace('zz', '') }}"
    - {name: shown, debug: {msg: "{{ f }} {{ g }} {{ h }} {{ dyn.stdout }} {{ k }} {{ k.b }} {{ l }} {{ m }}"}}
    - {name: shown too, debug: {msg: "{{ n.a }} {{ o }} {{ p }}"}}
    - {name: when, debug: {msg: x}, when: r.stdout == 'x' or f == 'x' or k.b == 'x'}
    - {name: loop, debug: {msg: "{{ item }}"}, loop: "{{ r.stdout_lines + [f, k.b] }}"}
    - {name: with, debug: {msg: "{{ item }}"}, with_items: "{{ r.stdout_lines }}"}
    - {name: "title {{ r.stdout }}", debug: {msg: "{{ v }}"}, vars: {v: "{{ r.stdout }}"}}
    - {name: template, template: {src: t.j2, dest: /var/tmp/f-out}}
    - {name: added, add_host: {name: other, evil: "{{ r.stdout }}", deep: {list: ["{{ r.stdout }}"]}}}
    - {name: hostvars, debug: {msg: "{{ hostvars.other.evil }} {{ hostvars.other.deep }} {{ hostvars.h1.f }}"}}
    - {name: failed, fail: {msg: "{{ r.stdout }}"}, ignore_errors: true, register: e}
    - {name: error, debug: {msg: "{{ e.msg }} {{ e }}"}}
    - {name: asserted, assert: {that: r.stdout != '', success_msg: "{{ r.stdout }}"}}
    - {name: lookups, debug: {msg: "{{ lookup('vars', 'f') }} {{ lookup('template', 't.j2') }}"}}
    - {name: slurp, slurp: {src: /var/tmp/f-evil}, register: s}
    - {name: slurped, debug: {msg: "{{ s.content | b64decode }}"}}
    - {name: included, include_tasks: inner.yml, vars: {w: "{{ r.stdout }}"}, loop: "{{ r.stdout_lines }}"}
    - {name: grouped, group_by: {key: "{{ r.stdout }}"}}
    - {name: environment, shell: "echo $ZZ", environment: {ZZ: "{{ r.stdout }}"}, register: z}
    - {name: last, debug: {msg: "{{ z.stdout }}"}}
"""


def test_nothing_that_a_host_says_is_ever_a_template(cli: Cli) -> None:
    trap = TRAP.replace("PWNED", str(cli.folder / "pwned"))
    cli.write("evil", trap)
    cli.write("t.j2", "{{ r.stdout }} {{ f }} {{ k.b }}")
    cli.write("inner.yml", "- {name: inner, debug: {msg: '{{ w }} {{ item }}'}}\n")
    first = "    - {name: put, copy: {src: evil, dest: /var/tmp/f-evil}}\n"
    done = cli.run(f"- hosts: h1\n  gather_facts: false\n  tasks:\n{first}{TASKS.lstrip(chr(10))}")
    assert done.code == 0, done.text
    assert ends(cli)["last", "h1"] == "ok"
    assert not (cli.folder / "pwned").exists()


@pytest.mark.parametrize("output", ["plain", "ansible", "console"])
def test_a_host_does_not_steer_the_terminal(cli: Cli, output: str) -> None:
    evil = r"printf 'a\033]0;evil\007\033[2Jb\r\233x\n'"
    tasks = (
        "{name: evil, script: evil.sh, register: r}",
        '{name: "title {{ r.stdout }}", debug: {msg: "{{ r.stdout }}"}}',
        "{name: failing, script: failing.sh}",
    )
    cli.write("evil.sh", f"#!/bin/sh\n{evil}\n")
    cli.write("failing.sh", f"#!/bin/sh\n{evil} >&2\nexit 3\n")
    done = cli.run(play(*tasks), "-vvv", "--output", output, "--report", str(cli.folder / "report.html"))
    assert done.code == 2, done.text
    seen = done.text + (cli.folder / "report.html").read_text("utf-8")
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(seen)
    assert "evil" in seen
