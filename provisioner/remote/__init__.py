"""RUNS ON THE TARGET. Standard library only, Python 3.6 syntax, imports nothing else of ours."""
