"""Controller-side halves of modules, one a file; the catalog finds them."""
