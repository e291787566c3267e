"""A crontab as text: jobs under ``#Ansible: NAME`` markers and environment lines, changed without touching the rest."""

import re
from typing import List, Optional

MARKER = "#Ansible: "
ENVIRONMENT = re.compile(r"^(\w+)\s*=(.*)$")


class Crontab:
    """The lines of one crontab."""

    def __init__(self, text: str) -> None:
        self.lines: List[str] = text.splitlines()

    def text(self) -> str:
        """Return it with a newline at its end, or nothing where it is empty."""
        return "\n".join(self.lines) + "\n" if self.lines else ""

    def jobs(self) -> List[str]:
        """Return the names of all marked jobs."""
        return [line[len(MARKER) :] for line in self.lines if line.startswith(MARKER)]

    def variables(self) -> List[str]:
        """Return the names of all environment variables."""
        return [match.group(1) for match in map(ENVIRONMENT.match, self.lines) if match]

    def set_job(self, name: str, line: str) -> None:
        """Put ``line`` under its marker, where it was or at the end; an older entry without a marker is adopted."""
        at = self._marker(name)
        if at is None:
            if line in self.lines:
                self.lines.insert(self.lines.index(line), MARKER + name)
                return
            self.lines += [MARKER + name, line]
        elif at + 1 < len(self.lines):
            self.lines[at + 1] = line
        else:
            self.lines.append(line)

    def remove_job(self, name: str) -> None:
        """Remove a marker and the line below it."""
        at = self._marker(name)
        if at is not None:
            del self.lines[at : at + 2]

    def set_variable(self, name: str, line: str, after: Optional[str], before: Optional[str]) -> None:
        """Replace a variable, or insert it on top or beside another; LookupError where that one is not there."""
        at = self._variable(name)
        if at is not None:
            self.lines[at] = line
            return
        beside = after or before
        if beside is None:
            self.lines.insert(0, line)
            return
        found = self._variable(beside)
        if found is None:
            raise LookupError("Variable named '%s' not found." % beside)
        self.lines.insert(found + 1 if after else found, line)

    def remove_variable(self, name: str) -> None:
        """Remove a variable."""
        at = self._variable(name)
        if at is not None:
            del self.lines[at]

    def _marker(self, name: str) -> Optional[int]:
        for number, line in enumerate(self.lines):
            if line == MARKER + name:
                return number
        return None

    def _variable(self, name: str) -> Optional[int]:
        for number, line in enumerate(self.lines):
            match = ENVIRONMENT.match(line)
            if match and match.group(1) == name:
                return number
        return None
