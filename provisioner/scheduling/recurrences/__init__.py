"""Ways to say when a span of time comes again, one file each; a file is imported only where a window uses it."""
