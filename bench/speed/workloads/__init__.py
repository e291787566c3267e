"""What is measured; one file for each kind of work, and the list of all in ``catalogue.py``."""
