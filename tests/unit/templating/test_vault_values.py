"""Vault values among variables: opened when used, handed to ``unvault`` as they are where no password opens them."""

from __future__ import annotations

import pytest

from provisioner.diagnostics.errors import InputError
from provisioner.syntax.vault import Vault, VaultSecret, VaultText
from provisioner.templating.renderer import Renderer
from provisioner.templating.settings import RenderSettings
from provisioner.variables.scope import Layer, Level, Scope

VAULT = Vault((VaultSecret("default", b"sesame"),))
LOCKED = VaultText(VAULT.encrypt(b"word"))
SCOPE = Scope([Layer(Level.PLAY_VARS, "v", {"secret": LOCKED, "inside": {"s": LOCKED}})])


def test_an_opened_value_is_text_that_remembers_it_was_encrypted() -> None:
    renderer = Renderer(RenderSettings(decrypt=VAULT.reveal))
    assert renderer.render("{{ secret }}!", SCOPE) == "word!"
    assert renderer.condition(["secret == 'word'", "secret is vault_encrypted", "inside.s is vault_encrypted"], SCOPE)
    assert renderer.render("{{ secret | type_debug }}", SCOPE) == "AnsibleVaultEncryptedUnicode"


def test_a_value_nobody_can_open_may_only_be_handed_to_unvault() -> None:
    renderer = Renderer()
    assert renderer.render("{{ secret | unvault('sesame') }}", SCOPE) == "word"
    assert renderer.condition(["secret is defined", "secret is vault_encrypted"], SCOPE)
    for use in ("{{ secret }}", "{{ secret | upper }}", "{{ secret ~ 'x' }}", "{{ secret == 'word' }}"):
        with pytest.raises(InputError, match="no vault password was given"):
            renderer.render(use, SCOPE)


def test_vault_with_a_salt_gives_the_same_text_each_time() -> None:
    renderer = Renderer()
    first, second = (renderer.render("{{ 'x' | vault('p', salt='7', vault_id='a') }}", SCOPE) for _ in range(2))
    assert first == second
    assert renderer.render("{{ 'x' | vault('p', wrap_object=true) | type_debug }}", SCOPE) == (
        "AnsibleVaultEncryptedUnicode"
    )
