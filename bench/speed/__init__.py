"""How fast we are beside our peers and beside what the work costs without any tool."""
