"""One renderer a file; the catalog finds them."""
