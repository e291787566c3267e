"""Use cases; the only place where parts are joined. No globals."""
