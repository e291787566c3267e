"""A server's replacement as a life cycle: its definition becomes plays, its record says which state it is in."""
