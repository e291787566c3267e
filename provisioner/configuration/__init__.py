"""What is configured outside playbooks: one table of settings, and the files and variables that set them."""
