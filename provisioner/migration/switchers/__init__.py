"""Switchers: one file for each way to send requests to another server, and back."""
