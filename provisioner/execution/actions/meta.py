"""Steer the run itself: end hosts or the play, flush handlers, forget facts, reconnect."""

from __future__ import annotations

from provisioner.diagnostics.errors import InputError
from provisioner.execution.needs import ResetConnection, Result, Steps
from provisioner.execution.task_run import ActionCall
from provisioner.remote.change import Traits
from provisioner.remote.params import Parameters, required
from provisioner.scheduling.stimuli import Ends

TRAITS = Traits()
ENDS = {"end_host": Ends.HOST, "end_play": Ends.PLAY, "end_batch": Ends.BATCH, "end_role": Ends.ROLE}
WORDS = (*ENDS, "clear_facts", "clear_host_errors", "flush_handlers", "noop", "refresh_inventory", "reset_connection")


DONE = {
    "end_host": "ending play for {host}",
    "end_play": "ending play",
    "end_batch": "ending batch",
    "end_role": "ending role for {host}",
    "clear_facts": "facts cleared",
    "clear_host_errors": "cleared host errors",
    "flush_handlers": "triggered running handlers for {host}",
    "refresh_inventory": "inventory refreshed",
}
LEFT = {
    "end_host": "continuing execution for {host}",
    "end_play": "continuing play",
    "end_batch": "continuing current batch",
    "end_role": "continuing role for {host}",
    "clear_facts": "not clearing facts and fact cache for {host}",
    "clear_host_errors": "not clearing host error state for {host}",
}
"""What is told where the word's condition does not hold."""


class Params(Parameters):
    """One word."""

    free_form_: str = required("str", "What to do.", aliases=("free_form", "_raw_params"), choices=WORDS)
    free_form = "free_form"


def run(call: ActionCall) -> Steps:
    """Do what the word says."""
    word = str(next(iter(call.args.values()), ""))
    if word in ENDS:
        call.effects.ends = ENDS[word]
    elif word == "clear_facts":
        call.effects.clear_facts = True
    elif word == "clear_host_errors":
        call.effects.clear_errors = True
    elif word == "refresh_inventory":
        call.effects.refresh_inventory = True
    elif word == "reset_connection":
        yield ResetConnection(call.resolved.route.target.host)
    elif word not in WORDS:
        raise InputError.at(call.run.operation.position, f"meta has no '{word}'", hint=f"one of {', '.join(WORDS)}")
    return {"changed": False, "msg": DONE.get(word, word.replace("_", " ")).format(host=call.host)}


def left(word: str, host: str) -> Result:
    """Return the result of a word whose condition does not hold."""
    reason = f"{word} conditional evaluated to False, {LEFT.get(word, 'going on').format(host=host)}"
    return {"changed": False, "skipped": True, "msg": word, "skip_reason": reason}


EXAMPLES = """
- name: Let handlers run now
  meta: flush_handlers
"""
