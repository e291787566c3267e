"""One Jinja test a file; the catalog finds them."""
