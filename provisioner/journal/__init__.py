"""The run's append-only record, the one truth that everything else is derived from."""
