"""What configuration says about how plays run: the settings of ``ansible.cfg`` that no command line option repeats."""

from __future__ import annotations

from provisioner.model.target import Files
from provisioner.records import dataclass


@dataclass(frozen=True, slots=True)
class FactCache:
    """Where facts are kept between runs. ``plugin`` is ``memory`` (not at all), ``jsonfile`` or ``redis``.

    ``connection`` is the folder, or ``host:port:db[:password]``; ``timeout_s`` 0 keeps facts for ever.
    """

    plugin: str = "memory"
    connection: str = ""
    prefix: str = ""
    timeout_s: float = 86400.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How plays run where they do not say it themselves.

    ``gathering``: ``implicit`` gathers unless a play says no, ``explicit`` only where it says yes, ``smart`` only where
    nothing is known yet. ``facts_modules`` are the modules that gather (``smart`` is ours). ``inject_facts`` shows
    facts as variables of their own too. ``retry_folder`` is where names of failed hosts are written, None for nowhere.
    ``files`` is how programs are put on hosts where that is asked for.
    """

    strategy: str = "linear"
    gathering: str = "implicit"
    facts_modules: tuple[str, ...] = ("smart",)
    inject_facts: bool = True
    any_errors_fatal: bool = False
    missing_handler_fails: bool = True
    retry_folder: str | None = None
    task_timeout_s: float = 0.0
    cache: FactCache = FactCache()
    files: Files = Files()
