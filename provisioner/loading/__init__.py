"""Nodes to the model: playbooks, tasks, roles, inventories and variable files, with all mistakes at once."""
