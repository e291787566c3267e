"""From a snapshot to a first playbook, role and tests: runnable as they are, honest about what they leave out."""
