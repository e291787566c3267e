"""Answers to Ansible's own command names: the same options, output and exit codes, so that scripts need no change."""
