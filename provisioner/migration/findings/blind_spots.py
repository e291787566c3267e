"""What could not be seen, so that nothing can be said of it, and snapshots that are too old to count."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.discovery.snapshot import Coverage
from provisioner.migration.sight import DAY_S, Finding, Severity, Sight, lines

OLD_S = 7 * DAY_S


def look(sight: Sight) -> Iterator[Finding]:
    """Yield scopes that were not or only partly seen, and the age of old snapshots."""
    for side, snapshot in sight.sides:
        unseen = lines(
            f"{name}: {'; '.join(scope.why)}"
            for name, scope in snapshot.scopes.items()
            if scope.coverage is Coverage.NONE
        )
        partly = lines(
            f"{name}: {'; '.join(scope.why)}"
            for name, scope in snapshot.scopes.items()
            if scope.coverage is Coverage.PARTLY
        )
        if unseen:
            yield Finding(
                f"not-seen:{side}",
                Severity.MEDIUM,
                f"parts of the {side} server could not be looked at",
                "nothing is known of them, good or bad",
                unseen,
                "look at them by hand, or discover again as root",
            )
        if partly:
            yield Finding(
                f"partly-seen:{side}",
                Severity.INFO,
                f"parts of the {side} server were seen only partly",
                "there may be more than what is told here",
                partly,
                "see each reason; as root (-b) most of it is seen",
            )
        age = sight.now - snapshot.taken.at
        if snapshot.taken.at and age > OLD_S:
            yield Finding(
                f"snapshot-old:{side}",
                Severity.LOW,
                f"the snapshot of the {side} server is {age / DAY_S:.0f} days old",
                "it may have changed since",
                (),
                "take a new one with 'provisioner discover'",
            )
