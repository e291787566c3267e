"""One fact collector a file."""
