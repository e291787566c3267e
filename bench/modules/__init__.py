"""What every module costs on a host where it finds nothing to do, and which of Ansible's targets speak of it."""
