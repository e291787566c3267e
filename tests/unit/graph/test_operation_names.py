"""Titles of tasks name their role as Ansible does."""

from __future__ import annotations

from provisioner.graph.operation import RoleContext


def test_a_role_of_a_collection_is_named_in_full_once() -> None:
    assert RoleContext("web", "/roles/web").full_name == "web"
    assert RoleContext("web", "/roles/web", collection="acme.tools").full_name == "acme.tools.web"
    assert RoleContext("acme.tools.web", "/roles/web", collection="acme.tools").full_name == "acme.tools.web"
