"""Measurements, load and faults; ``python -m bench`` measures speed."""
