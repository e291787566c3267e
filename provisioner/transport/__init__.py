"""Real connections: sessions, the worker's start, frames; Fabric, OpenSSH and local beneath one interface."""
