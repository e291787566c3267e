"""One graph pass a file; compile.py lists them in order."""
