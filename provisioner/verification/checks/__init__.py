"""Kinds of checks that ``verify`` knows, one a file; the catalog finds them."""
