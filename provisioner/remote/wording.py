"""What is wrong with given parameters, in the words that results of Ansible's modules hold: playbooks look for them."""

from typing import Any, Iterable, List, NamedTuple, Sequence

_ORDER = ("exclusive", "missing", "type", "together", "one_of", "if", "choice", "option", "other", "unknown")
BOOLEANS = "0, 1, 'no', 'f', 'n', 'off', 't', '0', '1', 'on', 'yes', 'y', 'true', 'false'"


class Wrong(NamedTuple):
    """One mistake in parts: its kind, the parameters it names, what was expected and what came instead."""

    kind: str
    names: Sequence[str] = ()
    expected: Any = None
    value: Any = None


def sentence(mistakes: Iterable[Wrong]) -> str:
    """Return the sentence about the first mistake in the order they are looked for; empty where none has words."""
    sentences = sentences_of(mistakes)
    return sentences[0] if sentences else ""


def sentences_of(mistakes: Iterable[Wrong]) -> List[str]:
    """Return all sentences about the mistakes; those of one kind that make one sentence are joined."""
    found = sorted((wrong for wrong in mistakes), key=lambda wrong: _ORDER.index(wrong.kind))
    sentences: List[str] = []
    for kind, words in (
        ("exclusive", "parameters are mutually exclusive: "),
        ("missing", "missing required arguments: "),
    ):
        same = [wrong for wrong in found if wrong.kind == kind]
        if same:
            joined = ["|".join(wrong.names) for wrong in same]
            sentences.append(words + ", ".join(joined if kind == "exclusive" else sorted(joined)))
    sentences.extend(_said(wrong) for wrong in found if wrong.kind in _SAID)
    return sentences


def unsupported(module: str, mistakes: Iterable[Wrong], accepted: Iterable[str], aliases: Iterable[str]) -> str:
    """Return the sentence about parameters the module does not have; empty where there is none."""
    unknown = sorted(name for wrong in mistakes if wrong.kind == "unknown" for name in wrong.names)
    if not unknown:
        return ""
    text = "Unsupported parameters for (%s) module: %s" % (module, ", ".join(unknown))
    names, others = ", ".join(sorted(accepted)), ", ".join(sorted(aliases))
    if not names:
        return text
    return "%s. Supported parameters include: %s%s." % (text, names, " (%s)" % others if others else "")


def _type(wrong: Wrong) -> str:
    kind, is_element = wrong.expected
    text = "Elements value for option '%s'" if is_element else "argument '%s'"
    text += " is of type %s and we were unable to convert to %s: %s"
    return text % (wrong.names[0], _plain_type(wrong.value), kind, _why(kind, wrong.value))


def _plain_type(value: Any) -> type:
    """Return Python's own type that a value is of, on the controller, too, where text knows its place."""
    return next((kind for kind in (bool, int, float, str, list, dict) if isinstance(value, kind)), type(value))


def _why(kind: str, value: Any) -> str:
    if kind == "bool":
        return "The value '%s' is not a valid boolean.  Valid booleans include: %s" % (value, BOOLEANS)
    if kind == "str":
        return "'%s' is not a string and conversion is not allowed" % (value,)
    if kind == "int":
        return '"%r" cannot be converted to an int' % (str.__str__(value) if isinstance(value, str) else value,)
    if kind == "float":
        return "%s cannot be converted to a float" % _plain_type(value)
    if kind == "dict":
        if isinstance(value, str):
            is_json = value.lstrip().startswith("{")
            return "unable to evaluate string as dictionary" if is_json else _NO_PAIRS
        return "%s cannot be converted to a dict" % _plain_type(value)
    if kind == "bits":
        return "%s cannot be converted to a Bit value" % type(value)
    if kind == "bytes":
        return "%s cannot be converted to a Byte value" % _plain_type(value)
    return "%s cannot be converted to a %s" % (_plain_type(value), kind)


_NO_PAIRS = "dictionary requested, could not parse JSON or key=value"


def _choice(wrong: Wrong) -> str:
    allowed = ", ".join(str(choice) for choice in wrong.expected)
    if isinstance(wrong.value, list):
        bad = ", ".join(str(value) for value in wrong.value)
        return "value of %s must be one or more of: %s. Got no match for: %s" % (wrong.names[0], allowed, bad)
    return "value of %s must be one of: %s, got: %s" % (wrong.names[0], allowed, wrong.value)


def _if(wrong: Wrong) -> str:
    name, value = wrong.expected
    return "%s is %s but all of the following are missing: %s" % (name, value, ", ".join(wrong.names))


def _option(wrong: Wrong) -> str:
    return "%s found in %s" % (wrong.value, wrong.names[0])


_SAID = {
    "type": _type,
    "choice": _choice,
    "together": lambda wrong: "parameters are required together: " + ", ".join(wrong.names),
    "one_of": lambda wrong: "one of the following is required: " + ", ".join(wrong.names),
    "if": _if,
    "option": _option,
}


def _said(wrong: Wrong) -> str:
    return _SAID[wrong.kind](wrong)
