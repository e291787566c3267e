"""Decides what runs next: a pure state machine without I/O, clock or threads."""
