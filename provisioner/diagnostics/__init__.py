"""Where something is and what is wrong with it: positions, diagnostics, the error tree and exit codes."""
