"""Jinja rendering over scopes, with filters, tests and lookups as one-file extensions."""
