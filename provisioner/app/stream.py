"""Where the events of a run go: redacted once, then to its journal and to everybody who shows something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provisioner.diagnostics.errors import ProvisionerError, UnmetNeed
from provisioner.execution.ports import EventSink
from provisioner.journal.journal import Journal
from provisioner.journal.kept import Kept
from provisioner.journal.redaction import Redactor
from provisioner.model import event
from provisioner.reporting.recap import Recap


class Stream:
    """Where events go: redacted once, then to the journal, the recap and everybody who shows something."""

    def __init__(self, redactor: Redactor, journal: Journal, kept: Kept, sinks: Sequence[EventSink]) -> None:
        self._redactor, self._journal, self._kept, self._sinks = redactor, journal, kept, list(sinks)
        journal.before_sync = kept.sync
        self.recap = Recap()
        self.failure: ProvisionerError | None = None
        self.stop: Callable[[], None] = lambda: None

    def handle(self, happened: event.Event) -> None:
        """Take one event."""
        clean = self._redactor.event(happened)
        self._recorded(lambda: self._write(happened, clean))
        self.show(clean)

    def _write(self, happened: event.Event, clean: event.Event) -> None:
        """Write to the journal; what a resumed run would miss of it is kept, encrypted, before that."""
        kinds = (event.OperationFinished, event.ItemFinished, event.Answered)
        is_kept = clean is not happened and isinstance(happened, kinds)
        if is_kept:
            self._kept.keep(self._journal.number + 1, happened)
        self._journal.write(clean, is_kept=is_kept)

    def close(self) -> None:
        """Close what is written to."""
        if self.failure is None:
            self._journal.close()
        self._kept.close()

    def idle(self) -> None:
        """Use a quiet moment."""
        self._recorded(self._journal.tick)

    def _recorded(self, write: Callable[[], None]) -> None:
        """Write; where the journal cannot be written any more, begin nothing else, but still show what is done."""
        if self.failure is not None:
            return
        try:
            write()
        except UnmetNeed as error:
            self.failure = error
            self.stop()

    def show(self, clean: event.Event) -> None:
        """Pass on an event that is redacted and recorded already."""
        self.recap.add(clean)
        for sink in list(self._sinks):
            try:
                sink.handle(clean)
            except BrokenPipeError:
                self._sinks.remove(sink)  # whoever read the output went away; the run and its record go on
