"""Bounded things that operations wait for: slots for hosts, named locks, throttles."""

from __future__ import annotations


class Slots:
    """How many hosts may work at once; a host holds one slot however many operations it has under way."""

    def __init__(self, size: int) -> None:
        self.free = max(1, size)
        self._holders: dict[str, int] = {}

    def take(self, host: str) -> bool:
        """Take a slot for ``host`` or add to the one it has; False where none is free."""
        if host in self._holders:
            self._holders[host] += 1
            return True
        if self.free == 0:
            return False
        self.free -= 1
        self._holders[host] = 1
        return True

    def give_back(self, host: str) -> None:
        """Undo one ``take``."""
        self._holders[host] -= 1
        if self._holders[host] == 0:
            del self._holders[host]
            self.free += 1


class Locks:
    """Named things that a limited number of holders may have at once."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def take(self, names: tuple[tuple[str, int], ...]) -> bool:
        """Take all of ``names`` (name, how many may hold it) or none."""
        if any(self._held.get(name, 0) >= size for name, size in names):
            return False
        for name, _ in names:
            self._held[name] = self._held.get(name, 0) + 1
        return True

    def give_back(self, names: tuple[tuple[str, int], ...]) -> None:
        """Undo one ``take``."""
        for name, _ in names:
            self._held[name] -= 1
            if self._held[name] == 0:
                del self._held[name]

    @property
    def held(self) -> dict[str, int]:
        """What is held now, for inspection."""
        return dict(self._held)
