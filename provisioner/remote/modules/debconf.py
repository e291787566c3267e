"""Answer the questions packages ask when they are configured."""

from typing import Any, Dict, List, NamedTuple, Optional

from ..change import Change, Failed, Traits
from ..params import Parameters, optional, required, required_together
from ..system import System

TRAITS = Traits(locks=("dpkg",))
ANSWERS, PASSWORDS = "/var/cache/debconf/config.dat", "/var/cache/debconf/passwords.dat"
TYPES = ("boolean", "error", "multiselect", "note", "password", "seen", "select", "string", "text", "title")


class Params(Parameters):
    """A package, one of its questions and the answer."""

    name: str = required("str", "The package.", aliases=("pkg",))
    question: Optional[str] = optional("str", "The question.", aliases=("selection", "setting"))
    vtype: Optional[str] = optional("str", "The answer's type.", choices=TYPES)
    value: Any = optional("raw", "The answer.", aliases=("answer",))
    unseen: bool = optional("bool", "Ask the question again all the same.", False)
    rules = (required_together("question", "vtype", "value"),)


class State(NamedTuple):
    """The package's answers by question, and which of the questions count as asked."""

    answers: Dict[str, str]
    seen: List[str]


def inspect(params: Params, system: System) -> State:
    """Read debconf's own files; passwords are in one that only root may read."""
    answers: Dict[str, str] = {}
    seen: List[str] = []
    for path in (ANSWERS, PASSWORDS):
        content = (system.files.read_or_none(path) or b"").decode("utf-8", "replace")
        for block in content.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            owners = [owner.strip() for owner in fields.get("Owners", "").split(",")]
            name = fields.get("Name", "")
            if params.name not in owners and name != params.question:
                continue
            answers[name] = fields.get("Value", "")
            if "seen" in fields.get("Flags", ""):
                seen.append(name)
    return State(answers, seen)


def plan(params: Params, state: State) -> Change:
    """Compare the answer; passwords are neither returned nor shown."""
    hidden = params.vtype == "password"
    shown = {} if hidden else state.answers
    if params.question is None:
        return Change(False, result={"msg": "", "current": shown})
    if params.vtype == "multiselect" and isinstance(params.value, list):
        bad = [each for each in params.value if not isinstance(each, str)]
        if bad:
            raise Failed("Invalid value provided for multiselect: expected text, not %r" % (bad[0],))
    wanted = _spelled(params)
    if params.vtype == "seen":
        same = (wanted == "true") == (params.question in state.seen)
    else:
        same = params.question in state.answers and _alike(params, state.answers[params.question], wanted)
    if same:
        return Change(False, result={"msg": "", "current": shown})
    before = {params.question: state.answers.get(params.question, "")}
    after = {params.question: wanted}
    result = {} if hidden else {"current": after, "previous": before}
    line = " ".join((params.name, params.question, params.vtype or "", wanted))
    return Change(True, line, result, None if hidden else _diff(before, after))


def _spelled(params: Params) -> str:
    value = params.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    text = str(value)
    if params.vtype in ("boolean", "seen"):
        return {"yes": "true", "no": "false"}.get(text.lower(), text.lower())
    return text


def _alike(params: Params, here: str, wanted: str) -> bool:
    if params.vtype == "multiselect" and isinstance(params.value, list):
        return sorted(part.strip() for part in here.split(",")) == sorted(part.strip() for part in wanted.split(","))
    return here == wanted


def _diff(before: Dict[str, str], after: Dict[str, str]) -> Dict[str, str]:
    return {
        side: "".join("%s: %s\n" % item for item in values.items())
        for side, values in (("before", before), ("after", after))
    }


def apply(change: Change, system: System) -> Optional[Dict[str, Any]]:
    """Hand the answer to debconf-set-selections on its standard input."""
    unseen = ["-u"] if change.params.unseen else []
    done = system.commands.run(["debconf-set-selections", *unseen], stdin=(change.todo + "\n").encode())
    if done.rc != 0:
        said = (done.err or done.out).strip()
        raise Failed("debconf-set-selections failed: %s" % said, rc=done.rc)
    return {"msg": done.out.strip()}


RETURNS = """
msg: What was done, in words.
current: The answers now.
previous: The answers before.
diff: What was before and what is after; whole with --diff.
"""

EXAMPLES = """
- name: Postfix delivers nowhere but here
  debconf:
    name: postfix
    question: postfix/main_mailer_type
    vtype: select
    value: Local only
"""
