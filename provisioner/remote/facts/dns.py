"""How the host resolves names, from resolv.conf."""

from typing import Any, Dict, List

from ..system import System
from ..system.reading import lines

SUBSET = "dns"
FACTS = ()
MINIMAL = True


def collect(system: System) -> Dict[str, Any]:
    """Read /etc/resolv.conf."""
    found: Dict[str, Any] = {}
    for line in lines(system, "/etc/resolv.conf"):
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        key, values = words[0], words[1:]
        if key == "nameserver":
            found.setdefault("nameservers", []).extend(values)
        elif key == "domain" and values:
            found["domain"] = values[0]
        elif key in ("search", "sortlist"):
            found[key] = values
        elif key == "options":
            found["options"] = _options(values)
    return {"dns": found}


def _options(words: List[str]) -> Dict[str, Any]:
    pairs = (word.partition(":") for word in words)
    return {name: value if colon else True for name, colon, value in pairs}
