"""Hands every template and condition of a tree to the syntax check, each text once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace

from provisioner.diagnostics.diagnostic import Findings, Found
from provisioner.diagnostics.position import position_of
from provisioner.loading.keywords import SINGLE
from provisioner.loading.reading import is_template
from provisioner.loading.reserved import reserved
from provisioner.loading.settings import CheckText, LoadSettings
from provisioner.model.keywords import Keywords
from provisioner.model.task import Task
from provisioner.records import dataclass
from provisioner.syntax.vault import VaultText

_TEXT_KEYWORDS = tuple(name for name in SINGLE if name != "retry")
_EXPRESSIONS = {"assert": "that", "debug": "var"}
"""Parameters that hold expressions without braces."""


@dataclass(frozen=True, slots=True)
class TemplateCheck:
    """Checks texts with what the settings offer; does nothing where they offer nothing."""

    settings: LoadSettings
    findings: Findings
    seen: set[tuple[bool, str]] = field(default_factory=set)

    def text(self, value: object) -> None:
        """Check a string if it is a template."""
        if isinstance(value, str) and self.settings.check_template is not None and is_template(value):
            self._check(value, self.settings.check_template, is_expression=False)

    def values(self, value: object) -> None:
        """Check every string inside a value."""
        if isinstance(value, str):
            self.text(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                self.text(key)
                self.values(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.values(item)

    def conditions(self, conditions: Iterable[object]) -> None:
        """Check bare expressions; one that holds braces is checked as a template."""
        check = self.settings.check_expression
        for each in conditions:
            if not isinstance(each, str):
                continue
            if "{{" in each or "{%" in each:
                self.text(each)
            elif check is not None and each.strip():
                self._check(each, check, is_expression=True)

    def _check(self, text: str, check: CheckText, *, is_expression: bool) -> None:
        if (is_expression, text) in self.seen or isinstance(text, VaultText):
            return
        self.seen.add((is_expression, text))
        if self.settings.defers_mistakes:
            return
        found = check(text, position_of(text))
        if found is not None:
            self.findings.add(replace(found, found=Found.RUNNING))

    def keywords(self, keywords: Keywords) -> None:
        """Check the shared keywords."""
        for name in _TEXT_KEYWORDS:
            value = getattr(keywords, name)
            if isinstance(value, str):
                self.text(value)
        self.conditions(keywords.when)
        self.values(keywords.vars)
        for each in keywords.vars:
            self.findings.extend(reserved(each))
        self.values(keywords.environment)
        self.values(keywords.module_defaults)
        self.values(keywords.notify)

    def task(self, task: Task) -> None:
        """Check what is a task's own."""
        self.text(task.name)
        expression = _EXPRESSIONS.get(task.action)
        for key, value in task.args.items():
            if key == expression:
                self.conditions(value if isinstance(value, list) else [value])
            else:
                self.values(value)
        self.conditions(task.changed_when or ())
        self.conditions(task.failed_when or ())
        if task.loop is not None:
            self.values(task.loop.value)
            self.values(task.loop.control.label)
            self.conditions(task.loop.control.break_when)
        if task.until is not None:
            self.conditions(task.until.conditions)
        for name in task.args:
            if str(name).startswith("_ansible_"):  # a key may be anything
                told = f"Invalid parameter specified beginning with keyword '_ansible_' for action '{task.action}'"
                known_as = f"{told}: '{name}'. The prefix '_ansible_' is reserved for internal use only."
                self.findings.error(f"parameter '{name}': names that begin with _ansible_ are reserved",
                                    position_of(name) or task.position, known_as=known_as)  # fmt: skip
        if task.action == "set_fact":
            self.findings.extend(reserved(task.args))
        for check in task.verify:
            self.values(check.args)
