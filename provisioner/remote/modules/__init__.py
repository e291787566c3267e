"""One module a file, in the inspect/plan/apply shape."""
