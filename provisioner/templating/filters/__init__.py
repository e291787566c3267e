"""One filter a file; the catalog finds them."""
