"""Shows events to people and programs; derived from events and journals only."""
