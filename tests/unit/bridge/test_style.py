"""How a module wants to be run shows in its text."""

from __future__ import annotations

import pytest

from provisioner.bridge.packing import shebang
from provisioner.bridge.style import style_of


@pytest.mark.parametrize(
    ("content", "style"),
    [
        (b"#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n", "python"),
        (b"#!/usr/bin/python\nif True:\n    import ansible.module_utils.basic as b\n", "python"),
        (b"from ..module_utils.basic import AnsibleModule\n", "python"),
        (b"from ansible_collections.a.b.plugins.module_utils.c import d\n", "python"),
        (b"#!/usr/bin/python\n# WANT_JSON\nimport sys\n", "json"),
        (b"#!/bin/sh\n. $1\n", "pairs"),
        (b"#!/usr/bin/python\nprint('{}')\n", "pairs"),
        (b"#!/usr/bin/perl\nmy $a = <<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>;\n", "inserted"),
        (b"\x7fELF\x02\x01\x01\x00", "binary"),
        (b"#!powershell\n#Requires -Module Ansible.ModuleUtils.Legacy\n", "powershell"),
    ],
)
def test_the_style_is_read_off_the_text(content: bytes, style: str) -> None:
    assert style_of(content) == style


@pytest.mark.parametrize(
    ("content", "program"),
    [
        (b"#!/usr/bin/env -S ruby -w\n", "ruby"),
        (b"#!/opt/x/bin/python3.9\n", "python3.9"),
        (b"print(1)\n", ""),
        (b"#!/usr/bin/env\n", ""),
    ],
)
def test_the_first_line_names_the_program(content: bytes, program: str) -> None:
    assert shebang(content) == program
