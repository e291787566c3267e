"""Throw-away hosts with real systemd, sshd and apt, as systemd-nspawn machines."""
