"""Provision, configure and migrate servers: Ansible's language, run as a task dependency graph over SSH."""

__version__ = "0.1.0"
