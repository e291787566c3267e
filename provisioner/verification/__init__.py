"""Declarative checks and testinfra suites behind one interface."""
