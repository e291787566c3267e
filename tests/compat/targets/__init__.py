"""Ansible's own integration targets, run by its commands and by ours: who passes what."""
