"""What a foreign module said: the JSON object in its output, among whatever else it or its programs print."""

import json
from typing import Any, Dict, Tuple

NOTHING = "No start of json char found"
UNREADABLE = "No end of json char found"
INTERNAL = "_ansible_"


def parse(text: str) -> Tuple[Dict[str, Any], str]:
    """Return the object in ``text`` and what stands behind it; ValueError where there is none.

    The object begins at a line that begins with ``{``; what stands before it is noise.
    """
    decoder = json.JSONDecoder()
    begun, start = False, 0
    for line in text.splitlines(True):
        if line.lstrip().startswith("{"):
            begun = True
            try:
                value, end = decoder.raw_decode(text, start + len(line) - len(line.lstrip()))
            except ValueError:
                value, end = None, 0
            if isinstance(value, dict):
                return value, text[end:].strip()
        start += len(line)
    raise ValueError(UNREADABLE if begun else NOTHING)


def result_of(rc: int, out: bytes, err: bytes) -> Dict[str, Any]:
    """Return a foreign module's result; what is none becomes a failure that shows everything it said."""
    text, errors = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    try:
        result, behind = parse(text)
    except ValueError as error:
        return _failure(rc, text, errors, str(error))
    result = {key: _without_internal(value) for key, value in result.items() if not key.startswith(INTERNAL)}
    if behind:
        warnings = result.get("warnings")
        told = "Module invocation had junk after the JSON data: %s" % behind
        result["warnings"] = (warnings if isinstance(warnings, list) else []) + [told]
    return result


def _without_internal(value: Any) -> Any:
    """Return a value without what Ansible keeps to itself, at any depth."""
    if isinstance(value, dict):
        return {key: _without_internal(each) for key, each in value.items() if not key.startswith(INTERNAL)}
    return [_without_internal(each) for each in value] if isinstance(value, list) else value


def _failure(rc: int, out: str, err: str, why: str) -> Dict[str, Any]:
    result = {
        "failed": True,
        "changed": False,
        "msg": "MODULE FAILURE: %s\nSee stdout/stderr for the exact error" % why,
        "module_stdout": out,
        "module_stderr": err,
        "rc": rc,
    }
    if "Traceback" in err:
        result["exception"] = err
    return result
