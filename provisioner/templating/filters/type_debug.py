"""Names the type of a value."""

from __future__ import annotations

from provisioner.diagnostics.position import Text, Unsafe
from provisioner.templating.values import FinalText, FinalUnsafe
from provisioner.templating.vaulted import ciphertext_of


def type_debug(value: object) -> str:
    """Return the name of the value's type, for finding mistakes; any string is ``str``.

    >>> type_debug([1]), type_debug("x"), type_debug(1.5)
    ('list', 'str', 'float')
    """
    if ciphertext_of(value) is not None:
        return "AnsibleVaultEncryptedUnicode"
    if isinstance(value, FinalText):
        return "NativeJinjaUnsafeText" if isinstance(value, FinalUnsafe) else "NativeJinjaText"
    if type(value) in (Text, Unsafe):
        return "AnsibleUnsafeText" if type(value) is Unsafe else "AnsibleUnicode"
    return "str" if isinstance(value, str) else type(value).__name__
