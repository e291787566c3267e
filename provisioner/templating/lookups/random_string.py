"""A random text."""

from __future__ import annotations

import random
import secrets
import string
from base64 import b64encode
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed

KINDS = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "numbers": string.digits,
    "special": string.punctuation,
}
SIMILAR = "lLI1O0o"


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return one random text.

    Options: length (8), upper, lower, numbers, special (each true), min_upper, min_lower, min_numeric, min_special,
    override_special, override_all, ignore_similar_chars, similar_chars, base64, seed.
    """
    del terms, context
    get = options.get
    source = random.Random(get("seed")) if get("seed") is not None else secrets.SystemRandom()  # noqa: S311
    kinds = dict(KINDS, special=str(get("override_special") or KINDS["special"]))
    if get("ignore_similar_chars"):
        dropped = str(get("similar_chars") or SIMILAR)
        kinds = {kind: "".join(c for c in letters if c not in dropped) for kind, letters in kinds.items()}
    every = str(get("override_all") or "".join(kinds[kind] for kind in kinds if get(kind, True)))
    length = int(get("length", 8))
    if not every:
        raise LookupFailed("random_string: no characters are left to choose from")
    wanted: list[str] = []
    for kind, option in (("upper", "min_upper"), ("lower", "min_lower"), ("numbers", "min_numeric"),
                         ("special", "min_special")):  # fmt: skip
        wanted += [source.choice(kinds[kind]) for _ in range(int(get(option, 0)))]
    wanted += [source.choice(every) for _ in range(length - len(wanted))]
    source.shuffle(wanted)
    text = "".join(wanted)
    return [b64encode(text.encode()).decode() if get("base64") else text]
