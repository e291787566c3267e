"""Finds what still names a server that is to be retired: its names and addresses in the files beside the definition."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST = 1024 * 1024
MOST_FILES = 20_000
SKIPPED = frozenset({".git", ".venv", "__pycache__", "node_modules", ".cache"})


def references(folder: Path, words: Sequence[str]) -> list[tuple[str, int, str]]:
    """Return file, line and word of every place that names one of the words; binary and huge files are passed over.

    Words are found where they stand alone: ``web1`` is in ``web1.example.org`` and not in ``web10``.
    """
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in words if word))
    if not pattern.pattern:
        return []
    found = []
    for path in _files(folder):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for word in dict.fromkeys(match[0] for match in pattern.finditer(line)):
                found.append((str(path.relative_to(folder)), number, word))
    return found


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for path in sorted(folder.rglob("*")):
        if SKIPPED & set(path.relative_to(folder).parts) or path.is_symlink() or not path.is_file():
            continue
        count += 1
        if count > MOST_FILES:
            return
        if path.stat().st_size <= LARGEST:
            yield path
