"""What a module accepts: typed parameters with help, declared once; checking, docs and editor schema come from it."""

import json
import os
import re
import typing
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type, TypeVar

from .wording import Wrong, sentence, sentences_of, unsupported

TRUE_WORDS = frozenset(["y", "yes", "on", "1", "true", "t"])
FALSE_WORDS = frozenset(["n", "no", "off", "0", "false", "f"])
P = TypeVar("P", bound="Parameters")


class Problem(NamedTuple):
    """One thing wrong with given parameters; ``parameter`` is the name as the user wrote it, or empty.

    ``wrong`` says the same in parts, for the result of a task: there the words are those that playbooks look for.
    """

    parameter: str
    message: str
    wrong: Wrong = Wrong("other")


class BadParameters(ValueError):
    """The given parameters are not acceptable; all problems found are in ``problems``."""

    def __init__(self, problems: Sequence[Problem], declared: "Optional[Type[Parameters]]" = None) -> None:
        self.problems, self.declared = list(problems), declared
        ValueError.__init__(self, "; ".join(p.message for p in self.problems))

    def said(self, module: str = "", declared: "Optional[Type[Parameters]]" = None) -> str:
        """Return what a task's result says: the first mistake in the words Ansible's modules use."""
        mistakes = [problem.wrong for problem in self.problems]
        text = sentence(mistakes)
        declared = declared or self.declared
        module = module or (declared.__module__.rpartition(".")[2] if declared is not None else "")
        if not text and declared is not None:
            known = [name.rstrip("_") for name in declared.declared if not name.startswith("_")]
            aliases = [alias for param in declared.declared.values() for alias in param.aliases]
            text = unsupported(module, mistakes, known if declared.names_supported else (), aliases)
        return text or str(self)


def demand(is_right: bool, message: str) -> None:
    """Raise BadParameters with ``message`` unless ``is_right``: for what no declaration can say."""
    if not is_right:
        raise BadParameters([Problem("", message)])


class NotOfKind(ValueError):
    """A value cannot be turned into the wanted kind; ``wrong`` says which and why."""

    def __init__(self, message: str, wrong: Wrong) -> None:
        ValueError.__init__(self, message)
        self.wrong = wrong


class Param:
    """One declared parameter. ``kind`` is one of the names in KINDS; ``elements`` the kind of a list's items.

    ``aliases`` are other names for it, ``choices`` the values allowed, ``no_log`` marks a secret, ``quiet`` what is
    no secret and not repeated under ``invocation`` either, and ``options`` is the Parameters class of a dictionary, or
    of the items where ``elements`` is ``dict``.
    """

    __slots__ = ("aliases", "choices", "default", "elements", "help", "kind", "no_log", "options", "quiet", "required")

    def __init__(self, kind: str, help: str, required: bool, default: object, more: Dict[str, Any]) -> None:
        self.kind, self.help, self.required, self.default = kind, help, required, default
        self.aliases: Tuple[str, ...] = tuple(more.pop("aliases", ()))
        self.choices: Optional[Tuple[object, ...]] = more.pop("choices", None)
        self.elements: Optional[str] = more.pop("elements", None)
        self.no_log: bool = more.pop("no_log", False)
        self.options: Optional[Type[Parameters]] = more.pop("options", None)
        self.quiet: bool = more.pop("quiet", False)
        if more:
            raise TypeError("a parameter has no %s" % ", ".join(sorted(more)))

    def coerce(self, value: Any) -> Any:
        """Return ``value`` in this parameter's type or raise ValueError with what was expected."""
        result = _as_kind(self.kind, value)
        if self.kind == "list" and self.elements:
            result = [_as_kind(self.elements, item, True) for item in result]
            if self.options:
                result = [self.options.parse(item) for item in result]
        elif self.kind == "dict" and self.options:
            result = self.options.parse(result)
        if self.choices is not None:
            self._check_choice(result)
        return result

    def _check_choice(self, value: Any) -> None:
        allowed = self.choices or ()
        bad = [item for item in (value if isinstance(value, list) else [value]) if item not in allowed]
        if bad:
            message = "must be one of %s, not %r" % (", ".join(str(c) for c in allowed), bad[0])
            raise NotOfKind(message, Wrong("choice", (), allowed, bad if isinstance(value, list) else value))


def _as_kind(kind: str, value: Any, is_element: bool = False) -> Any:
    try:
        return KINDS[kind](value)
    except (ValueError, TypeError) as error:
        raise NotOfKind(str(error), Wrong("type", (), (kind, is_element), value)) from None


def required(kind: str, help: str, **more: Any) -> Any:
    """Declare a parameter that must be given; ``more`` as in Param."""
    return Param(kind, help, True, None, more)


def optional(kind: str, help: str, default: object = None, **more: Any) -> Any:
    """Declare a parameter that may be left out; ``more`` as in Param."""
    return Param(kind, help, False, default, more)


class Rule(NamedTuple):
    """A rule over several parameters, made by the functions below."""

    kind: str
    names: Tuple[str, ...]
    when: Tuple[str, object] = ("", None)


def mutually_exclusive(*names: str) -> Rule:
    """At most one of these."""
    return Rule("mutually_exclusive", names)


def required_one_of(*names: str) -> Rule:
    """At least one of these."""
    return Rule("required_one_of", names)


def required_together(*names: str) -> Rule:
    """All or none of these."""
    return Rule("required_together", names)


def required_if(name: str, value: object, *names: str) -> Rule:
    """All of ``names`` where parameter ``name`` has ``value``."""
    return Rule("required_if", names, (name, value))


class Parameters:
    """Base of every module's ``Params``: subclasses declare attributes with ``required`` and ``optional``.

    ``rules`` holds rules over several parameters. ``accepts_any`` is for modules that take free names (set_fact).
    ``free_form`` names the parameter that a free-form string (``command: ls -l``) fills.
    ``names_supported`` tells whether a result about an unknown parameter lists those that there are.
    A parameter whose name is a Python keyword is declared with a trailing underscore (``global_``).
    ``original`` is the full name of the module of a collection that this one stands for, and ``beyond`` names what only
    that one takes (a parameter, or ``parameter=value``): a task that gives any is done by that module, over the bridge.
    """

    declared: Dict[str, Param] = {}
    _accepted: Dict[str, str] = {}
    rules: Tuple[Rule, ...] = ()
    accepts_any = False
    free_form = ""
    names_supported = True
    original = ""
    beyond: typing.FrozenSet[str] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the declarations of the class and its bases."""
        super().__init_subclass__(**kwargs)
        declared: Dict[str, Param] = {}
        for base in reversed(cls.__mro__):
            for name, value in vars(base).items():
                if isinstance(value, Param):
                    declared[name] = value
        cls.declared = declared
        cls._accepted = {}
        for name, param in declared.items():
            cls._accepted.update(dict.fromkeys((name.rstrip("_"), *param.aliases), name))

    def __init__(self, values: Mapping[str, Any], extra: Mapping[str, Any], given: Iterable[str] = ()) -> None:
        self.extra = dict(extra)
        self.given = frozenset(given)
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    def names(cls) -> Mapping[str, str]:
        """Return every accepted name, aliases included, with the canonical one it stands for."""
        return cls._accepted

    @classmethod
    def parse(cls: Type[P], raw: Mapping[str, Any]) -> P:
        """Return checked parameters or raise BadParameters with everything that is wrong."""
        values, problems = cls._read(raw, _never)
        if problems:
            raise BadParameters(problems, cls)
        names = cls.names()
        extra = {k: v for k, v in raw.items() if k not in names}
        given = [names[k] for k in raw if k in names and raw[k] is not None]
        return cls(values, extra, given)

    @classmethod
    def problems(cls, raw: Mapping[str, Any], is_template: Callable[[Any], bool]) -> List[Problem]:
        """Return what is wrong with ``raw`` as far as it can be known before templates are rendered."""
        return cls._read(raw, is_template)[1]

    @classmethod
    def _read(cls, raw: Mapping[str, Any], is_template: Callable[[Any], bool]) -> Tuple[Dict[str, Any], List[Problem]]:
        names = cls.names()
        problems: List[Problem] = []
        values = {name: param.default for name, param in cls.declared.items()}
        given: Dict[str, Any] = {}
        for key, value in raw.items():
            if key not in names:
                if not cls.accepts_any:
                    problems.append(Problem(key, "unknown parameter '%s'" % key, Wrong("unknown", (key,))))
            elif value is not None:
                given[names[key]] = value
                problem = cls._set(values, names[key], key, value, is_template)
                problems.extend(problem)
        for name, param in cls.declared.items():
            if param.required and name not in given:
                shown = name.rstrip("_")
                problems.append(Problem("", "missing required parameter '%s'" % shown, Wrong("missing", (shown,))))
        for rule in cls.rules:
            problems.extend(_rule_problems(rule, given, values, is_template))
        return values, problems

    @classmethod
    def _set(
        cls, values: Dict[str, Any], name: str, key: str, value: Any, is_template: Callable[[Any], bool]
    ) -> List[Problem]:
        if is_template(value):
            values[name] = value
            return []
        try:
            values[name] = cls.declared[name].coerce(value)
        except BadParameters as error:
            words = sentences_of([p.wrong for p in error.problems]) or [str(error)]
            wrong = Wrong("option", (name,), None, words[0])
            return [Problem(key, "parameter '%s': %s" % (key, p.message), wrong) for p in error.problems]
        except NotOfKind as error:
            return [Problem(key, "parameter '%s': %s" % (key, error), error.wrong._replace(names=(name.rstrip("_"),)))]
        return []

    def raw(self) -> Dict[str, Any]:
        """Return the values by public name, secrets masked, as results show them under ``invocation``."""
        shown = {}
        for name, param in self.declared.items():
            value = getattr(self, name)
            hidden = (param.no_log or param.quiet) and value is not None
            shown[name.rstrip("_")] = "********" if hidden else _unparsed(value)
        return shown


def _unparsed(value: Any) -> Any:
    """Return parsed options of a parameter as a mapping again."""
    if isinstance(value, list):
        return [_unparsed(each) for each in value]
    return value.raw() if isinstance(value, Parameters) else value


def _never(_value: object) -> bool:
    return False


def may_vanish(template: Any) -> bool:
    """Tell whether a template may leave its parameter out: ``omit`` works where it is all that a template yields."""
    text = template.strip() if isinstance(template, str) else ""
    return text[:2] in ("{{", "{%") and text[-2:] in ("}}", "%}")


def _rule_problems(
    rule: Rule, given: Mapping[str, Any], values: Mapping[str, Any], is_template: Callable[[Any], bool]
) -> List[Problem]:
    present = [name for name in rule.names if name in given]
    sure = [name for name in present if not (is_template(given[name]) and may_vanish(given[name]))]
    names = tuple(name.rstrip("_") for name in rule.names)
    listed = ", ".join(names)
    if rule.kind == "mutually_exclusive" and len(sure) > 1:
        message = "parameters are mutually exclusive: %s" % ", ".join(sure)
        return [Problem(sure[1], message, Wrong("exclusive", names))]
    if rule.kind == "required_one_of" and not present:
        return [Problem("", "one of these parameters is required: %s" % listed, Wrong("one_of", names))]
    if rule.kind == "required_together" and sure and len(present) < len(rule.names):
        message = "parameters are required together: %s" % listed
        return [Problem(sure[0], message, Wrong("together", names))]
    if rule.kind == "required_if" and not is_template(values.get(rule.when[0])):
        return _missing_if(rule, given, values)
    return []


def _missing_if(rule: Rule, given: Mapping[str, Any], values: Mapping[str, Any]) -> List[Problem]:
    name, wanted = rule.when
    missing = [each for each in rule.names if each not in given]
    if values.get(name) != wanted or not missing:
        return []
    message = "%s is %s but missing: %s" % (name, wanted, ", ".join(missing))
    return [Problem(name, message, Wrong("if", missing, (name, wanted)))]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value)


def boolean(value: Any) -> bool:
    """Return the truth that ``value`` spells (``yes``, ``on``, ``1``, ...); ValueError where it spells none."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUE_WORDS or value == 1:
        return True
    if word in FALSE_WORDS or value == 0:
        return False
    raise ValueError("%r is not a boolean" % (value,))


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str, float)):
        raise ValueError("%r is not an integer" % (value,))
    try:
        return int(value) if not isinstance(value, float) or value == int(value) else int("x")
    except ValueError:
        raise ValueError("%r is not an integer" % (value,)) from None


def _floating(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("%r is not a number" % (value,)) from None


def is_number(value: Any) -> bool:
    """Tell whether ``value`` is a number or text that is one."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _path(value: Any) -> str:
    return os.path.expandvars(os.path.expanduser(_text(value)))


def _listing(value: Any) -> List[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value else []
    if isinstance(value, (int, float)):
        return [str(value)]
    raise ValueError("%r is not a list" % (value,))


def _mapping(value: Any) -> Dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        if value.strip().startswith("{"):
            try:
                loaded = json.loads(value)
            except ValueError:
                raise ValueError("%r is not a dictionary" % (value,)) from None
            if isinstance(loaded, dict):
                return loaded
        pairs = re.findall(r"([^\s,=]+)=(\"[^\"]*\"|'[^']*'|[^\s,]*)", value)
        if pairs:
            return {key: text.strip("'\"") for key, text in pairs}
    raise ValueError("%r is not a dictionary" % (value,))


_UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}


def _size(value: Any) -> int:
    match = re.match(r"^\s*([0-9.]+)\s*([KMGTP]?)i?[Bb]?\s*$", str(value))
    if not match:
        raise ValueError("%r is not a size such as 10, 5K or 1.5G" % (value,))
    return int(float(match.group(1)) * _UNITS[match.group(2)])


def _raw(value: Any) -> Any:
    return value


KINDS: Dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "bool": boolean,
    "int": _integer,
    "float": _floating,
    "path": _path,
    "list": _listing,
    "dict": _mapping,
    "raw": _raw,
    "json": _text,
    "bytes": _size,
    "bits": _size,
}


class FileParameters(Parameters):
    """The attributes every module shares that leaves a file behind."""

    mode: Any = optional("raw", "Permissions: octal ('0644', 0o644) or symbolic ('u=rw,g=r').")
    owner: Optional[str] = optional("str", "Name or number of the user who owns it.")
    group: Optional[str] = optional("str", "Name or number of the group that owns it.")
    seuser: Optional[str] = optional("str", "SELinux user; only where SELinux is on.")
    serole: Optional[str] = optional("str", "SELinux role; only where SELinux is on.")
    setype: Optional[str] = optional("str", "SELinux type; only where SELinux is on.")
    selevel: Optional[str] = optional("str", "SELinux level; only where SELinux is on.")
    attributes: Optional[str] = optional("str", "File attributes as chattr takes them.", aliases=("attr",))
    unsafe_writes: bool = optional("bool", "Write in place where an atomic rename is not possible.", False)

    def __init__(self, values: Mapping[str, Any], extra: Mapping[str, Any], given: Iterable[str] = ()) -> None:
        Parameters.__init__(self, values, extra, given)
        if "unsafe_writes" not in self.given and os.environ.get("ANSIBLE_UNSAFE_WRITES", "").lower() in TRUE_WORDS:
            self.unsafe_writes = True
