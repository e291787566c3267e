"""Names that say secret, and values that are worth hiding."""

from __future__ import annotations

import pytest

from provisioner.model.secret import says_secret, secret_in


@pytest.mark.parametrize(
    "name", ["password", "db_password", "DB_PASSWORD", "ansible_become_pass", "api_token", "aws_secret_access_key",
             "secret", "vault_api_key", "smtp_passwd", "key_passphrase", "x_apikey"]
)  # fmt: skip
def test_these_names_say_that_their_value_is_a_secret(name: str) -> None:
    assert says_secret(name)


@pytest.mark.parametrize(
    "name", ["password_file", "passwords", "secret_name", "token_url", "update_password", "no_password", "key",
             "bypass", "compass", "private_key", "public_key", "keyboard", "passed", ""]
)  # fmt: skip
def test_these_names_do_not(name: str) -> None:
    assert not says_secret(name)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("long-enough", "long-enough"), (" padded! ", "padded!"), (12345678, "12345678"), ("short", ""), (True, ""),
        (None, ""), (["long-enough"], ""), ("/etc/app/token", ""), ("~/token", ""), ("https://host/token", ""),
    ],
)  # fmt: skip
def test_only_texts_that_may_be_secrets_are_hidden(value: object, text: str) -> None:
    assert secret_in(value) == text
