"""Modules that are not ours: where they lie, what style they are of, and what has to travel to run them."""
