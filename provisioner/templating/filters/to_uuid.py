"""A UUID made from text."""

from __future__ import annotations

import uuid

NAMESPACE = "361E6D51-FAEC-444A-9079-341386DA8E2E"


def to_uuid(string: object, namespace: str = NAMESPACE) -> str:
    """Return the UUID (version 5) of text in a namespace: the same text, the same UUID.

    >>> to_uuid("www.example.com")
    '69680a13-a686-5d20-a166-0e7b3b17ef84'
    """
    try:
        known = uuid.UUID(str(namespace))
    except ValueError:
        raise ValueError(f"Invalid value '{namespace}' for 'namespace': it must be a UUID") from None
    return str(uuid.uuid5(known, str(string)))
