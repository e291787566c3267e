"""Replace every match of a regular expression in a file, or between two others."""

import re
from typing import Any, Dict, Optional, Tuple

from ..change import Change, Failed
from ..params import optional, required
from ..system import System
from ..system.editing import EditParameters, Text, change, read, write


class Params(EditParameters):
    """``^`` and ``$`` match at lines; with ``after`` or ``before`` only what lies there is searched."""

    regexp: str = required("str", "What to replace.")
    replace: str = optional("str", "What to put there; may use groups of regexp.", "")
    after: Optional[str] = optional("str", "Only what follows the first match of this.")
    before: Optional[str] = optional("str", "Only what comes before the first match of this.")
    encoding: str = optional("str", "The file's character encoding.", "utf-8")


State = Text


def inspect(params: Params, system: System) -> Text:
    """Read the file."""
    found = read(params, system)
    if found.content is None:
        raise Failed("Path %s does not exist !" % params.path, rc=257)
    return found


def plan(params: Params, state: Text) -> Change:
    """Decide what the text becomes."""
    return change(state, lambda content: _edit(params, content, state.path), {"rc": 0}, what="")


def _edit(params: Params, content: bytes, path: str) -> Tuple[bytes, str]:
    try:
        text = content.decode(params.encoding, "surrogateescape")
    except (UnicodeError, LookupError) as error:
        raise Failed("%s cannot be read as %s: %s" % (path, params.encoding, error), rc=1) from None
    pattern = _compile(params.regexp, "regexp", re.MULTILINE)
    start, end = 0, len(text)
    around = _around(params)
    if around:
        match = _compile(around, "after/before", re.DOTALL).search(text)
        if match is None:
            return content, "Pattern for before/after params did not match the given file: %s" % around
        start, end = match.span("subsection")
    try:
        new, count = pattern.subn(params.replace, text[start:end], 0)
    except (re.error, IndexError) as error:
        text = "Unable to process replace due to error: '%s' cannot be filled from regexp: %s"
        raise Failed(text % (params.replace, error), rc=1) from None
    after = (text[:start] + new + text[end:]).encode(params.encoding, "surrogateescape")
    return after, "%d replacements made" % count if after != content else ""


def _compile(text: str, name: str, flags: int) -> Any:
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise Failed("%s '%s' is not a regular expression: %s" % (name, text, error), rc=1) from None


def _around(params: Params) -> str:
    """Return the expression that finds the part to search, empty where that is all."""
    if params.after and params.before:
        return "%s(?P<subsection>.*?)%s" % (params.after, params.before)
    if params.after:
        return "%s(?P<subsection>.*)" % params.after
    return "(?P<subsection>.*)%s" % params.before if params.before else ""


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Write the new text."""
    return write(change, change.state, change.params, system, "backup_file")


RETURNS = """
rc: The exit code.
msg: What was done, in words.
diff: What was before and what is after; whole with --diff.
backup_file: Where the file replaced was kept.
"""

EXAMPLES = """
- name: The database moved
  replace:
    path: /etc/app/settings.ini
    regexp: '^(host\\s*=\\s*)db1$'
    replace: '\\1db2'
    after: '\\[database\\]'
"""
