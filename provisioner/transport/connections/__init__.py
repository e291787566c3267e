"""One connection type a file; the catalog finds them."""
