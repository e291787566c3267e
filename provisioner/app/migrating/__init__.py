"""The use cases of a migration: each phase is a run like any other, what it came to is in the migration's record."""
