"""One lookup a file; the catalog finds them."""
