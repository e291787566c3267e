"""Values of INI and properties files."""

from __future__ import annotations

import configparser
import re
import shlex
from typing import Any

from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the value of each key in a section.

    Options: file (ansible.ini), section (global), type (ini, properties), re, default, case_sensitive, allow_none;
    also as ``user section=integration file=users.ini``.
    """
    found: list[object] = []
    for term in terms:
        words = shlex.split(str(term)) if "=" in str(term) else [str(term)]
        chosen = {**options, **dict(word.split("=", 1) for word in words if "=" in word)}
        key = " ".join(word for word in words if "=" not in word)
        found += _values(key, context, chosen)
    return found


def _values(key: str, context: LookupContext, options: dict[str, Any]) -> list[object]:
    _, text = context.read(str(options.get("file", "ansible.ini")))
    section = str(options.get("section", "global"))
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=bool(options.get("allow_none")))
    if options.get("case_sensitive"):
        parser.optionxform = str  # type: ignore[assignment,method-assign]
    if options.get("type") == "properties":
        section, text = "java_properties", f"[java_properties]\n{text}"
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise LookupFailed(f"{options.get('file', 'ansible.ini')}: {error}") from error
    if options.get("re") and parser.has_section(section):
        return [value for name, value in parser.items(section) if re.match(key, name)]
    default = options.get("default", "")
    return [parser.get(section, key, fallback=default)] if parser.has_section(section) else [default]
