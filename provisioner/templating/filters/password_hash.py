"""Hashes a password as /etc/shadow holds it."""

from __future__ import annotations

from provisioner.templating.passwords import hashed


def password_hash(
    password: object,
    hashtype: str = "sha512",
    salt: str | None = None,
    salt_size: int | None = None,
    rounds: int | None = None,
    ident: str | None = None,
) -> str:
    """Return the hash; give a ``salt`` (derived from the host's name, say) so that it does not change every run.

    ``hashtype``: md5, sha256, sha512, bcrypt (also blowfish), yescrypt where the system knows it.

    >>> password_hash("secret", "sha512", "mysecretsalt")[:22]
    '$6$mysecretsalt$UxXf96'
    """
    return hashed(
        str(password),
        hashtype,
        salt=None if salt is None else str(salt),
        salt_size=salt_size,
        rounds=rounds,
        ident=ident,
    )
