"""One command a file; the catalog finds them."""
