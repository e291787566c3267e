"""Carries out what the scheduler decides: resolve, decide, call, judge, record."""
