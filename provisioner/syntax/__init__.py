"""YAML text and vault envelopes to nodes and values that know file, line and column."""
