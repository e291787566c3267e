"""Write the reference pages of this version, or tell which are stale."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from provisioner.cli import main
from provisioner.diagnostics.errors import Exit
from provisioner.reporting.reference import page, pages, table

DEFAULT = Path("docs/reference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="where to (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is not up to date")


def run(arguments: argparse.Namespace) -> int:
    """Write or compare the pages."""
    wanted = {arguments.folder / path: text for path, text in every_page().items()}
    stale = list(_stale(arguments.folder, wanted))
    if arguments.check:
        for path in stale:
            print(f"{path} is not up to date; 'make docs' writes it")
        return Exit.ERROR if stale else Exit.OK
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    print(f"{len(wanted)} pages in {arguments.folder}, {len(stale)} of them changed")
    return Exit.OK


def every_page() -> dict[str, str]:
    """Return all reference pages by their path, those of the command line included."""
    found = pages()
    commands = main.summaries()
    for name in commands:
        found[f"cli/{name}.md"] = _command_page(name)
    rows = [(f"[provisioner {name}]({name}.md)", summary) for name, summary in commands.items()]
    found["cli/README.md"] = page("Commands", table(("command", "what it does"), rows))
    links = [f"- [{_title(text)}]({path})" for path, text in sorted(found.items()) if _is_top(path)]
    found["README.md"] = page("Reference", "\n".join(links))
    return found


def _is_top(path: str) -> bool:
    return "/" not in path or path.endswith("README.md")


def _title(text: str) -> str:
    return next(line[2:] for line in text.splitlines() if line.startswith("# "))


def _stale(folder: Path, wanted: dict[Path, str]) -> Iterator[Path]:
    """Return the pages that are missing, different, or no longer made."""
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield path
    yield from (path for path in sorted(folder.rglob("*.md")) if path not in wanted)


def _command_page(name: str) -> str:
    parser = main.parser_of(name)
    return page(f"provisioner {name}", parser.description or "", *_sections(parser))


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    positional = [(_metavar(action), _help(action)) for action in parser._actions if _is_argument(action)]
    options = [(_option(action), _help(action)) for action in parser._actions if action.option_strings]
    yield table(("argument", "meaning"), positional)
    yield table(("option", "meaning"), options)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            seen: set[int] = set()
            for verb, inner in action.choices.items():
                if id(inner) not in seen:
                    seen.add(id(inner))
                    yield "\n\n".join(
                        [f"## {inner.prog.removeprefix('provisioner ') or verb}", *filter(None, _sections(inner))]
                    )


def _is_argument(action: argparse.Action) -> bool:
    return not action.option_strings and not isinstance(action, argparse._SubParsersAction)


def _metavar(action: argparse.Action) -> str:
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return f"`{name}{' ...' if action.nargs in ('+', '*') else ''}`"


def _option(action: argparse.Action) -> str:
    value = ""
    if action.nargs != 0:
        value = (
            f" {'|'.join(map(str, action.choices))}" if action.choices else f" {action.metavar or action.dest.upper()}"
        )
    return ", ".join(f"`{name}{value}`" for name in action.option_strings)


def _help(action: argparse.Action) -> str:
    return (action.help or "") % {**vars(action), "prog": "provisioner"}
