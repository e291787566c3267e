"""Values of an INI or Java properties file."""

from __future__ import annotations

import configparser
import re
from typing import Any

from provisioner.remote.params import boolean
from provisioner.templating.context import LookupContext
from provisioner.templating.errors import LookupFailed
from provisioner.templating.inline_options import split_options

OPTIONS = ("type", "file", "section", "re", "encoding", "default", "case_sensitive", "allow_no_value", "allow_none",
           "interpolation")  # fmt: skip


def run(terms: list[object], context: LookupContext, **options: Any) -> list[object]:
    """Return the value of each key in a section.

    Options: file (ansible.ini), section (global), type (ini, properties), re, default, case_sensitive, encoding,
    interpolation (yes), allow_no_value; also as ``user section=integration file=users.ini``.
    """
    found: list[object] = []
    for term in terms:
        key, chosen = split_options(term, OPTIONS, options)
        if not key:
            raise LookupFailed(f"No key to lookup was provided as first term with in string inline option: {term}")
        found += _values(key, context, chosen)
    return found


def _values(key: str, context: LookupContext, options: dict[str, Any]) -> list[object]:
    name, section = str(options.get("file", "ansible.ini")), str(options.get("section", "global"))
    path = context.find(name, "files")
    if path is None:
        raise LookupFailed(f"Unable to find '{name}' in expected paths")
    text = context.settings.read_file(path).decode(str(options.get("encoding", "utf-8")))
    if options.get("type") == "properties":
        section, text = "java_properties", f"[java_properties]\n{text}"
    parser = _parser(options)
    try:
        parser.read_string(text)
    except configparser.DuplicateOptionError as error:
        raise LookupFailed(f"Duplicate option in '{path}': {error}") from error
    except configparser.Error as error:
        raise LookupFailed(f"{path}: {error}") from error
    try:
        if boolean(options.get("re", False)):
            values = [value for found, value in parser.items(section) if re.match(key, found)]
        else:
            values = [parser.get(section, key)]
    except configparser.NoOptionError:
        values = [options.get("default", "")]
    except configparser.Error as error:
        raise LookupFailed(f"{error} in {path}") from error
    return [value for value in values if value is not None]


def _parser(options: dict[str, Any]) -> configparser.ConfigParser:
    allows = boolean(options.get("allow_no_value", options.get("allow_none", False)))
    interpolates = boolean(options.get("interpolation", True))
    parser = configparser.ConfigParser(
        allow_no_value=allows, interpolation=configparser.BasicInterpolation() if interpolates else None
    )
    if boolean(options.get("case_sensitive", False)):
        parser.optionxform = str  # type: ignore[assignment,method-assign]
    return parser
